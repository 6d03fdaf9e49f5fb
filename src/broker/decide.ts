// Steps 2 and 3: what is called, and whether it may be. Only `decideCall` makes an `Allowed`, and only with one can a
// credential be injected.
import { type CanonicalAddress, requestMethod } from '../core/address.ts';
import { bodyRulesOf, type CallFacts } from '../core/constraint-check.ts';
import type { Constraints } from '../core/constraints.ts';
import type { Grant, Service } from '../core/entities.ts';
import { type Decision, decideOpening } from '../core/policy.ts';
import { Problem } from '../core/problem.ts';
import type { CallingAgent } from './caller.ts';
import type { BrokeredCall } from './call.ts';
import type { CallBody } from './call-body.ts';
import { factsOf } from './call-facts.ts';
import type { BrokerDeps } from './deps.ts';
import { refusal } from './refusal.ts';

export interface Target {
  readonly service: Service | undefined;
  readonly method: string;
  readonly address: CanonicalAddress;
  readonly isWebSocket: boolean;
  /** What constraints are held against, as far as it is known by now. */
  readonly facts: () => CallFacts;
}

declare const allowedBrand: unique symbol;
/** Proof that this call of this agent was decided and allowed. */
export interface Allowed {
  readonly [allowedBrand]: true;
  readonly caller: CallingAgent;
  readonly service: Service;
  readonly target: Target;
  readonly decision: Extract<Decision, { effect: 'allow' }>;
  /** Of the grant that allows it. */
  readonly constraints: Constraints;
  /** The vault's epoch in which it was decided. */
  readonly epoch: bigint;
}

/** The service that a caller names, and what it is asked for. */
interface Named {
  readonly service: Service | undefined;
  /** The raw address below the service. */
  readonly address: string;
  /** Whether the caller has a grant on it: what a service takes as an address is nobody else's business. */
  readonly isGranted: boolean;
}

/** Throws `invalid-address` or `method-not-allowed`. */
export function findTarget(
  call: Pick<BrokeredCall, 'method' | 'isWebSocket' | 'client' | 'headers' | 'memory'>,
  body: CallBody,
  { service, address: raw, isGranted }: Named,
): Target {
  const { isWebSocket = false } = call;
  const method = requestMethod(call.method);
  const address = call.memory.addresses.read(raw, isGranted ? service?.protection.address : undefined);
  const facts = () => factsOf(call, body, { service, address });
  return { service, method, address, isWebSocket, facts };
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
  const grant = grantOf(deps, caller, service);
  const decision = ask(deps, caller, target);
  if (decision.effect === 'deny' || service === undefined || agent === undefined || grant === undefined) {
    throw refusal(decision, namesOf(caller, target));
  }
  const { constraints } = grant;
  const allowed = { caller, service, target, decision, constraints, epoch: authority.epoch };
  return allowed as Allowed; // the one place where the brand is given
}

/**
 * The last look, synchronous, directly before the first byte: may memory still be acted on, and does it still allow
 * this very call?
 */
export function recheck(deps: BrokerDeps, allowed: Allowed): Problem | undefined {
  if (!deps.lease.isValid()) return blind();
  const grant = grantOf(deps, allowed.caller, allowed.service);
  return grant !== undefined && hangsOnTime(grant) ? refusedNow(deps, allowed) : revoked(deps, allowed);
}

/** What nobody changes may still end while a body is held or an intent written. */
function hangsOnTime({ expiresAt, constraints }: Grant): boolean {
  return expiresAt !== undefined || constraints.hours !== undefined || constraints.days !== undefined;
}

function blind(): Problem {
  return new Problem('database-unavailable', { detail: 'Rights can not be checked now. Try again shortly.' });
}

/** Why memory, as it stands, does not allow this very call any more; for calls under way, after each change of rights. */
export function revoked(deps: BrokerDeps, allowed: Allowed): Problem | undefined {
  return deps.authority.epoch === allowed.epoch ? undefined : refusedNow(deps, allowed);
}

function refusedNow(deps: BrokerDeps, allowed: Allowed): Problem | undefined {
  const { caller, target } = allowed;
  const gone = goneProblem(deps, caller, allowed.service);
  if (gone !== undefined) return gone;
  const service = deps.authority.service(allowed.service.id);
  const decision = ask(deps, caller, { ...target, service });
  if (decision.effect === 'deny') return refusal(decision, namesOf(caller, target));
  return undecidable(deps, allowed, allowed.constraints);
}

/** Why the grant, where it was changed since, can not be held against a body that is on its way; undefined: it can. */
export function undecidable(
  deps: BrokerDeps,
  { caller, service, target }: Allowed,
  before: Constraints,
): Problem | undefined {
  const constraints = grantOf(deps, caller, service)?.constraints;
  if (constraints === undefined || constraints === before) return undefined;
  const { body } = target.facts();
  if (body?.kind !== 'bytes' || body.held !== undefined) return undefined;
  const { maxBodyBytes } = constraints;
  const isCounted = maxBodyBytes === undefined || maxBodyBytes === before.maxBodyBytes;
  const isRuled = bodyRulesOf(constraints, target.address).length > 0;
  return isCounted && !isRuled ? undefined : changedProblem('grant');
}

function grantOf(deps: BrokerDeps, caller: CallingAgent, service: Service | undefined): Grant | undefined {
  return service === undefined ? undefined : deps.authority.grant(caller.agent.id, service.id);
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
  return present === undefined || present.revision === service?.revision
    ? undefined
    : changedProblem('service');
}

export function changedProblem(what: 'service' | 'grant'): Problem {
  return new Problem('not-ready', {
    detail: `The ${what} changed while the call was on its way. Try again.`,
  });
}

function ask(deps: BrokerDeps, caller: CallingAgent, target: Target): Decision {
  const { service, method, address } = target;
  const agent = deps.authority.agent(caller.agent.id) ?? caller.agent;
  const grant = grantOf(deps, caller, service);
  const { scope } = caller;
  const isConstrained = grant !== undefined && Object.keys(grant.constraints).length > 0;
  const facts = isConstrained ? target.facts() : {};
  const question = { agent, service, grant, scope, method, address, facts, now: deps.ids.clock.now() };
  return decideOpening(question, target.isWebSocket);
}

function namesOf(caller: CallingAgent, { service }: Target) {
  return { agent: caller.agent.name, service: service?.name ?? '' };
}
