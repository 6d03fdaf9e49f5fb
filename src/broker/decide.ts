// Steps 2 and 3: what is called, and whether it may be. Only `decideCall` makes an `Allowed`, and only with one can a
// credential be injected.
import { canonicalAddress, type CanonicalAddress, requestMethod } from '../core/address.ts';
import type { Service } from '../core/entities.ts';
import { decide, type Decision } from '../core/policy.ts';
import { Problem } from '../core/problem.ts';
import type { CallingAgent } from './caller.ts';
import type { BrokeredCall } from './call.ts';
import type { BrokerDeps } from './deps.ts';

export interface Target {
  readonly service: Service | undefined;
  readonly method: string;
  readonly address: CanonicalAddress;
  readonly isWebSocket: boolean;
}

declare const allowedBrand: unique symbol;
/** Proof that this call of this agent was decided and allowed. */
export interface Allowed {
  readonly [allowedBrand]: true;
  readonly caller: CallingAgent;
  readonly service: Service;
  readonly target: Target;
  readonly decision: Extract<Decision, { effect: 'allow' }>;
  /** The vault's epoch in which it was decided. */
  readonly epoch: bigint;
}

/** Throws `invalid-address` or `method-not-allowed`. */
export function findTarget(
  call: Pick<BrokeredCall, 'method' | 'address' | 'isWebSocket'>,
  service: Service | undefined,
): Target {
  const { method, address, isWebSocket = false } = call;
  return { service, method: requestMethod(method), address: canonicalAddress(address), isWebSocket };
}

/** Throws `database-unavailable`, `unauthenticated`, `not-ready`, `frozen`, `no-grant` or `not-allowed`. */
export function decideCall(deps: BrokerDeps, caller: CallingAgent, target: Target): Allowed {
  const { authority, lease } = deps;
  const { service } = target;
  if (!lease.isValid()) throw blind(); // before the intent, which would wait for a database that may not answer
  // Much may have changed since the caller was authenticated: a run looked up, an intent written.
  const gone = goneProblem(deps, caller, service);
  if (gone !== undefined) throw gone;
  const agent = authority.agent(caller.agent.id);
  const decision = ask(deps, caller, target);
  if (decision.effect === 'deny' || service === undefined || agent === undefined) {
    throw toProblem(decision, caller, target);
  }
  const allowed = { caller, service, target, decision, epoch: authority.epoch };
  return allowed as Allowed; // the one place where the brand is given
}

/**
 * The last look, synchronous, directly before the first byte: may memory still be acted on, and does it still allow
 * this very call?
 */
export function recheck(deps: BrokerDeps, allowed: Allowed): Problem | undefined {
  return deps.lease.isValid() ? revoked(deps, allowed) : blind();
}

function blind(): Problem {
  return new Problem('database-unavailable', { detail: 'Rights can not be checked now. Try again shortly.' });
}

/** Why memory, as it stands, does not allow this very call any more; for calls under way, after each change of rights. */
export function revoked(deps: BrokerDeps, allowed: Allowed): Problem | undefined {
  const { authority } = deps;
  if (authority.epoch === allowed.epoch) return undefined;
  const { caller, target } = allowed;
  const gone = goneProblem(deps, caller, allowed.service);
  if (gone !== undefined) return gone;
  const decision = ask(deps, caller, { ...target, service: authority.service(allowed.service.id) });
  return decision.effect === 'allow' ? undefined : toProblem(decision, caller, target);
}

/** Whether nothing may be called at all, or the run, the agent and the service are no longer those the call came with. */
function goneProblem(
  { authority }: BrokerDeps,
  caller: CallingAgent,
  service: Service | undefined,
): Problem | undefined {
  if (authority.frozen !== undefined) {
    return new Problem('frozen', {
      detail:
        'The whole vault is frozen, as it is after a restore. Retrying does not help; an administrator can run: doorward restore accept',
      extensions: { rule: 'vault-frozen' },
    });
  }
  const run = caller.run;
  if (run !== undefined && authority.run(run.placeholderHash) === undefined) {
    return new Problem('unauthenticated', { detail: 'The run this placeholder belongs to is over.' });
  }
  const { placeholder } = caller;
  if (placeholder !== undefined && authority.placeholder(placeholder.hash) === undefined) {
    return new Problem('unauthenticated', { detail: 'The placeholder was revoked.' });
  }
  const agent = authority.agent(caller.agent.id);
  if (agent === undefined || agent.generation !== caller.agent.generation) {
    return new Problem('unauthenticated', { detail: 'The token is not valid here any more.' });
  }
  const present = service === undefined ? undefined : authority.service(service.id);
  if (present !== undefined && present.revision !== service?.revision) {
    return new Problem('not-ready', {
      detail: 'The service changed while the call was on its way. Try again.',
    });
  }
  return undefined;
}

function ask(deps: BrokerDeps, caller: CallingAgent, target: Target): Decision {
  const { service, method, address } = target;
  const agent = deps.authority.agent(caller.agent.id) ?? caller.agent;
  const grant = service === undefined ? undefined : deps.authority.grant(agent.id, service.id);
  const { scope } = caller;
  const question = { agent, service, grant, scope, method, address, now: deps.ids.clock.now() };
  const decision = decide(question);
  if (decision.effect === 'deny' || !target.isWebSocket) return decision;
  // Its handshake is a GET, but what is sent over it may change anything: whoever may only read may not open it.
  const writing = decide({ ...question, method: 'POST' });
  return writing.effect === 'deny' ? writing : decision;
}

function toProblem(decision: Decision, caller: CallingAgent, target: Target): Problem {
  if (decision.effect === 'allow') return new Problem('unauthenticated'); // the agent was removed in between
  const agent = caller.agent.name;
  const service = target.service?.name ?? '';
  switch (decision.problem) {
    case 'frozen':
      return new Problem('frozen', {
        detail: 'An administrator has frozen this agent. Retrying does not help; ask them.',
        extensions: { rule: decision.rule },
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
      return new Problem('not-allowed', {
        detail: DETAIL[decision.rule](`${agent} ${service}`, decision),
        extensions: {
          rule: decision.rule,
          ...(decision.rule === 'scope'
            ? { needed_scope: decision.needed }
            : { needed_grant: decision.needed }),
        },
      });
  }
}

/** No grant changes it, so none is named; how guards are changed is in the documentation, not in every agent's ear. */
function guarded({ rule, guard }: Extract<Decision, { rule: 'guard' }>, service: string): Problem {
  return new Problem('not-allowed', {
    detail: `A guard of the service ${service} denies this call, whatever is granted: ${guard}. Retrying does not help; ask an administrator.`,
    extensions: { rule, guard },
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
