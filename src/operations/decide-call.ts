// What would be decided on a call that nobody makes: for administrators about any agent, for an agent about itself. An agent
// learns of services it has a grant on, and of no other whether it is there.
import { type CanonicalAddress, canonicalAddress, requestMethod } from '../core/address.ts';
import { smallestPattern } from '../core/address-pattern.ts';
import type { Agent, Service } from '../core/entities.ts';
import { type Decision, decideOpening } from '../core/policy.ts';
import { Problem } from '../core/problem.ts';
import type { Scope } from '../core/scope.ts';
import { adviseOn } from './call-advice.ts';
import { type AskedCall, callDecide, type CallDecision } from './contracts/calls.ts';
import { type Called, findCalled } from './find-called.ts';
import { type OperationDeps, reading } from './operation.ts';

export const decideCall = reading(callDecide, async (deps, { agent: name, ...asked }) => {
  const agent = deps.authority.agentByName(name);
  if (agent === undefined) throw new Problem('not-found', { detail: `There is no agent named ${name}.` });
  const services = deps.authority.services();
  const decision = decideFor(deps, { agent, scope: undefined, client: undefined, services }, asked);
  return { ...decision, undecided: [BODY, SOURCE, SCOPE] };
});

/** Throws `invalid-input` or `method-not-allowed`. */
export function decideOwnCall(
  deps: OperationDeps,
  { agent, scope, client }: Omit<Asking, 'services'>,
  asked: AskedCall,
): CallDecision {
  const services = deps.authority.grantsOf(agent.id).flatMap(({ serviceId }) => {
    return deps.authority.service(serviceId) ?? [];
  });
  const decision = decideFor(deps, { agent, scope, client, services }, asked);
  const isUnknown = decision.rule === 'no-grant';
  return { ...decision, advice: isUnknown ? UNKNOWN : decision.advice, undecided: [BODY] };
}

const BODY = 'Rules about a body are tried only on a call that has one.';
const SOURCE = 'Where a call comes from is not known here.';
const SCOPE = 'A token may carry less than all of its agent’s grants.';
/** Alike for a service that does not exist and one that others may call. */
const UNKNOWN = {
  sentence:
    'This agent has no grant on a service of that name or address. Ask for one with POST /v1/access-requests.',
  neededGrant: null,
  command: null,
};

interface Asking {
  readonly agent: Agent;
  readonly scope: Scope | undefined;
  /** The address that it asks from. */
  readonly client: string | undefined;
  /** Those that the asker may know. */
  readonly services: readonly Service[];
}

type Decided = Omit<CallDecision, 'undecided'>;

function decideFor(deps: OperationDeps, asking: Asking, asked: AskedCall): Decided {
  const method = requestMethod(asked.method.toUpperCase());
  const called = calledBy(deps, asking, asked);
  const decided = called.map((one) => decideOne(deps, asking, { ...one, method }));
  const chosen = decided.find(({ effect }) => effect === 'allow') ?? decided[0];
  if (chosen === undefined) {
    const nothing = { service: undefined, target: '/', isWebSocket: false };
    return { ...decideOne(deps, asking, { ...nothing, method }), path: null };
  }
  const others = decided.flatMap(({ service }) =>
    service === null || service === chosen.service ? [] : [service],
  );
  return { ...chosen, others };
}

function calledBy(deps: OperationDeps, { services }: Asking, asked: AskedCall): readonly Called[] {
  const { url, service, path } = asked;
  if ((url === undefined) === (service === undefined)) {
    throw new Problem('invalid-input', { detail: 'Name what would be called: url, or service and path.' });
  }
  if (url !== undefined) return findCalled(deps, url, services);
  const found = services.find(({ name }) => name === service);
  return [{ service: found, target: path ?? '/', isWebSocket: false }];
}

function decideOne(
  { authority, ids }: OperationDeps,
  { agent, scope, client }: Asking,
  { service, target, isWebSocket, method }: Called & { readonly method: string },
): Decided {
  const general = {
    agent: agent.name,
    service: service?.name ?? null,
    method,
    serviceRevision: service?.revision ?? null,
    others: [],
  };
  const grant = service === undefined ? undefined : authority.grant(agent.id, service.id);
  // What a service takes as an address is nobody's business without a grant, here as in a call.
  const address = addressOf(target, grant === undefined ? undefined : service);
  if (address instanceof Problem) return { ...general, ...refusedAddress(address) };
  const { path } = address;
  if (authority.frozen !== undefined) {
    const advice = adviseOn({
      problem: 'frozen',
      rule: 'vault-frozen',
      agent: agent.name,
      present: undefined,
    });
    return { ...general, ...DENIED, path, rule: 'vault-frozen', problem: 'frozen', advice };
  }
  const now = ids.clock.now();
  const decision = decideOpening(
    { agent, service, grant, scope, method, address, now, facts: { client, query: address.decodedQuery } },
    isWebSocket,
  );
  const asked = { agent: agent.name, service: service?.name, needed: smallestPattern(method, address) };
  return { ...general, path, ...toAnswer(decision, asked) };
}

function addressOf(target: string, service: Service | undefined): CanonicalAddress | Problem {
  try {
    return canonicalAddress(target, service?.protection.address);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

const DENIED = { effect: 'deny', guard: null, grantRevision: null, neededScope: null } as const;

function refusedAddress({ code, detail, extensions }: Problem) {
  const { rule } = extensions;
  const advice = { sentence: detail ?? 'The address is refused.', neededGrant: null, command: null };
  return { ...DENIED, path: null, rule: typeof rule === 'string' ? rule : code, problem: code, advice };
}

function toAnswer(
  decision: Decision,
  asked: { readonly agent: string; readonly service: string | undefined; readonly needed: string },
): Omit<Decided, 'agent' | 'service' | 'method' | 'path' | 'serviceRevision' | 'others'> {
  if (decision.effect === 'allow') {
    const { rule, grantRevision } = decision;
    return { ...DENIED, effect: 'allow', rule, grantRevision, problem: null, advice: null };
  }
  const { problem, rule } = decision;
  return {
    ...DENIED,
    rule,
    problem,
    guard: rule === 'guard' ? decision.guard : null,
    grantRevision: 'revision' in decision && rule !== 'guard' ? decision.revision : null,
    neededScope: rule === 'scope' ? decision.needed : null,
    advice: adviseOn({ ...asked, problem, rule, present: decision }),
  };
}
