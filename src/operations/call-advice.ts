// What would change a refusal: the smallest grant, or whoever must act instead.
import type { Decision } from '../core/policy.ts';
import { type ProblemCode, PROBLEMS } from '../core/problem.ts';
import type { CallExplanation } from './contracts/calls.ts';

interface Refusal {
  readonly problem: string;
  readonly rule: string | undefined;
  readonly agent: string | undefined;
  readonly service?: string | undefined;
  /** The smallest pattern that covers the call. */
  readonly needed?: string | undefined;
  /** What would be decided now. */
  readonly present: Decision | undefined;
  /** The question that it was refused for. */
  readonly approval?: string | undefined;
}

type Advice = NonNullable<CallExplanation['advice']>;

/** Whether such a call would be allowed now can not be said: only what it was refused for is on record. */
const UNRECORDED: ReadonlySet<string> = new Set([
  'constraint:query',
  'constraint:contentTypes',
  'constraint:maxBodyBytes',
  'constraint:body',
]);

/** What a decision on method and path tells; whatever else refuses a call looks at what the log does not hold. */
const DECIDED: ReadonlySet<string> = new Set(['no-grant', 'not-allowed', 'frozen']);

export function adviseOn(refusal: Refusal): Advice {
  const { problem, present, rule, approval } = refusal;
  if (approval !== undefined) return adviseApproval(problem, approval);
  if (rule !== undefined && UNRECORDED.has(rule) && present?.effect === 'allow') {
    return {
      sentence: `The call was not what the grant asks for besides method and path (${rule}); the log does not hold what is asked about.`,
      neededGrant: null,
      command: null,
    };
  }
  if (present?.effect === 'allow' && DECIDED.has(problem)) {
    return only(`It would be allowed now, by ${present.rule}.`);
  }
  switch (problem) {
    case 'no-grant':
      return adviseGrant(refusal);
    case 'not-allowed':
      return adviseAllow(refusal);
    case 'frozen':
      return adviseThaw(refusal);
    default:
      return only(PROBLEMS[knownCode(problem)].help);
  }
}

function adviseGrant({ agent, service, needed, present }: Refusal): Advice {
  if (agent === undefined || service === undefined || needed === undefined || present === undefined) {
    return {
      sentence: 'There is no service of that name, or no longer: add its key first.',
      neededGrant: null,
      command: 'doorward add SERVICE',
    };
  }
  return {
    sentence: `The agent ${agent} has no grant on ${service}.`,
    neededGrant: needed,
    command: `doorward grant add ${agent} ${service} --allow ${quoted(needed)}`,
  };
}

function adviseAllow({ agent, service, rule, present }: Refusal): Advice {
  const pair = `${agent ?? 'AGENT'} ${service ?? 'SERVICE'}`;
  if (rule === 'grant-expired') {
    return {
      sentence: 'The grant has ended.',
      neededGrant: null,
      command: `doorward grant set ${pair} --expires 8h`,
    };
  }
  if (rule === 'scope')
    return only('The token was asked for with too small a scope: ask for one with more, or with none.');
  if (present?.effect === 'deny' && present.rule === 'guard') {
    return only(
      `No grant changes this: a guard of the service denies it to everybody: ${present.guard}. See doorward service show.`,
    );
  }
  if (present?.effect === 'deny' && present.problem === 'not-allowed' && 'unmet' in present) {
    const { reason, change } = present.unmet;
    return {
      sentence: `The grant covers this method and path, but not this call: ${reason}.`,
      neededGrant: null,
      command: change === undefined ? null : `doorward grant set ${pair} ${change}`,
    };
  }
  const isLack = present?.effect === 'deny' && present.rule === 'grant';
  if (!isLack) return only(PROBLEMS['not-allowed'].help);
  return {
    sentence: 'The grant does not cover this method and path.',
    neededGrant: present.needed,
    command: `doorward grant set ${pair} --also ${quoted(present.needed)}`,
  };
}

function adviseThaw({ agent, service, rule }: Refusal): Advice {
  if (rule === 'grant-frozen') {
    return {
      sentence: "The agent's grant on this service is frozen.",
      neededGrant: null,
      command: `doorward grant unfreeze ${agent ?? 'AGENT'} ${service ?? 'SERVICE'}`,
    };
  }
  const isVault = rule === 'vault-frozen';
  return {
    sentence: isVault
      ? 'The whole vault is frozen, as it is after a restore.'
      : 'An administrator has frozen this agent.',
    neededGrant: null,
    command: isVault ? 'doorward restore accept' : `doorward agent unfreeze ${agent ?? 'AGENT'}`,
  };
}

function adviseApproval(problem: string, approval: string): Advice {
  return {
    sentence:
      problem === 'text-blocked'
        ? 'A person was asked whether the answer to this call may hold what was found in it.'
        : PROBLEMS[knownCode(problem)].title + '.',
    neededGrant: null,
    command: `doorward approval show ${approval}`,
  };
}

function only(sentence: string): Advice {
  return { sentence, neededGrant: null, command: null };
}

/** The log may hold codes of another version. */
function knownCode(code: string): ProblemCode {
  return code in PROBLEMS ? (code as ProblemCode) : 'internal';
}

/** For a shell: the agent chose the path, and someone else pastes the command. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
