// What a caller is told of a call that is not allowed: the rule that decided, and the smallest change that would help.
import type { Unmet } from '../core/constraint-check.ts';
import type { Decision } from '../core/policy.ts';
import { Problem } from '../core/problem.ts';

/** The agent and the service of a call. */
interface Names {
  readonly agent: string;
  readonly service: string;
}

export function refusal(decision: Decision, { agent, service }: Names): Problem {
  if (decision.effect === 'allow') return new Problem('unauthenticated'); // the agent was removed in between
  switch (decision.problem) {
    case 'frozen':
      return new Problem('frozen', {
        detail: FROZEN[decision.rule],
        extensions: {
          rule: decision.rule,
          ...('revision' in decision ? { revision: decision.revision } : {}),
        },
      });
    case 'no-grant':
      // Alike for a service that does not exist and one that others may call.
      return new Problem('no-grant', {
        detail:
          'This agent has no grant on a service of that name. Retrying does not help; ask for one with POST /v1/access-requests, or ask an administrator.',
        extensions: { rule: decision.rule },
      });
    case 'not-allowed':
      if (decision.rule === 'guard') return guarded(decision, service);
      if ('unmet' in decision) return unmetProblem(decision.unmet, { agent, service, ...decision });
      return new Problem('not-allowed', {
        detail: DETAIL[decision.rule](`${agent} ${service}`, decision),
        extensions: {
          rule: decision.rule,
          ...(decision.rule === 'scope'
            ? { needed_scope: decision.needed } // the token decided, which has no revision
            : { needed_grant: decision.needed, revision: decision.revision }),
        },
      });
  }
}

const FROZEN = {
  'agent-frozen': 'This agent is frozen. Retrying does not help; ask an administrator.',
  'grant-frozen':
    "This agent's grant on the service is frozen. Retrying does not help; ask an administrator.",
} as const;

/** No grant changes it, so none is named; how guards are changed is in the documentation, not in every agent's ear. */
function guarded({ rule, guard, revision }: Extract<Decision, { rule: 'guard' }>, service: string): Problem {
  return new Problem('not-allowed', {
    detail: `A guard of the service ${service} denies this call, whatever is granted: ${guard}. Retrying does not help; ask an administrator.`,
    extensions: { rule, guard, revision },
  });
}

/** The refusal of a call that its grant covers but for a constraint. */
export function unmetProblem(
  { constraint, reason, change }: Unmet,
  { agent, service, revision }: Names & { readonly revision: number },
): Problem {
  const command = `doorward grant set ${agent} ${service} ${change}`;
  return new Problem('not-allowed', {
    detail: `The grant of ${agent} on ${service} does not cover this call: ${reason}. An administrator can change it: ${command}`,
    extensions: { rule: `constraint:${constraint}`, revision, needed_change: change },
  });
}

interface Lack {
  readonly needed: string;
  readonly covered: readonly string[] | undefined;
}

/** What happened, and the command that would change it; `pair` is the agent and the service, as commands take them. */
const DETAIL = {
  scope: (_pair: string, { needed }: Lack) =>
    `The token's scope does not cover this call; it needs ${needed}.`,
  grant: (pair: string, lack: Lack) =>
    `The grant of ${pair.replace(' ', ' on ')} does not cover this call. An administrator can allow it: doorward grant set ${pair} ${allowing(lack)}`,
  'grant-expired': (pair: string) =>
    `The grant of ${pair.replace(' ', ' on ')} has ended. An administrator can give it another end: doorward grant set ${pair} --expires 8h`,
} as const;

const MAX_PATTERNS_TOLD = 8;

/** The options that keep what a grant covers and add what is needed. */
function allowing({ needed, covered = [] }: Lack): string {
  if (covered.length > MAX_PATTERNS_TOLD) return `--also ${quoted(needed)}`;
  return [...covered, needed].map((pattern) => `--allow ${quoted(pattern)}`).join(' ');
}

/** For a shell: the agent chose the path, and someone else pastes the command. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
