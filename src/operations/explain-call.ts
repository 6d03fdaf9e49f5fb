// What became of one call: told from its events, and held against what would be decided now.
import { canonicalAddress } from '../core/address.ts';
import { smallestPattern } from '../core/address-pattern.ts';
import { type Decision, decide } from '../core/policy.ts';
import { Problem } from '../core/problem.ts';
import type { Principal } from '../core/principal.ts';
import { type CallRefused, readCallTrail, type Send } from '../vault/audit/call-trail.ts';
import { noteRead } from './audit.ts';
import { adviseOn } from './call-advice.ts';
import { callExplain, type CallExplanation } from './contracts/calls.ts';
import { type OperationDeps, reading } from './operation.ts';

export const explainCall = reading(callExplain, async (deps, { id }, caller) => {
  await noteRead(deps, caller, 'call.explain');
  const trail = await readCallTrail(deps, id);
  if (trail === undefined) {
    throw new Problem('not-found', {
      detail:
        'Nothing is on record under that id. A request without a valid token is counted by address only; the lists are ' +
        '`doorward log` and `doorward audit list`.',
    });
  }
  if (typeof trail === 'string') {
    throw new Problem('not-found', {
      detail: `That event is no call but ${trail}: see doorward audit list.`,
    });
  }
  return trail.kind === 'sent' ? explainSent(deps, trail.sends) : explainRefused(deps, trail.refused);
});

function explainSent(deps: OperationDeps, sends: readonly [Send, ...Send[]]): CallExplanation {
  const [{ intent }] = sends;
  const { service, secret, method, path, decision } = intent;
  const last = sends.at(-1)?.outcome;
  const present = decideNow(deps, { principal: intent.principal, service: service.name, method, path });
  return {
    ...beginning(intent),
    service: service.name,
    method,
    path,
    decision: { ...decision, problem: null },
    secret: { id: secret.id, name: deps.authority.secret(secret.id)?.name ?? null, version: secret.version },
    sends: sends.map(toSend),
    now: toNow(present),
    advice:
      last?.problem === undefined
        ? null
        : adviseOn({ problem: last.problem, rule: undefined, agent: nameOf(intent.principal), present }),
  };
}

function explainRefused(deps: OperationDeps, refused: CallRefused): CallExplanation {
  const { problem, rule, principal, method, path } = refused;
  // A name that no service had is in the log as a keyed hash only.
  const service = refused.service?.startsWith('#') === true ? undefined : refused.service;
  const present = decideNow(deps, { principal, service, method, path });
  const needed =
    method === undefined || path === undefined ? undefined : smallestPattern(method, canonicalAddress(path));
  return {
    ...beginning(refused),
    service: service ?? null,
    method: method ?? null,
    path: path ?? null,
    decision: { effect: 'deny', rule: rule ?? null, problem, grant: null, grantRevision: null },
    secret: null,
    sends: [],
    now: toNow(present),
    advice: adviseOn({ problem, rule, agent: nameOf(principal), service, needed, present }),
  };
}

function beginning({ id, request, at, principal, client }: Send['intent'] | CallRefused) {
  const isAgent = principal.type === 'agent';
  return {
    id,
    request: request ?? null,
    at,
    agent: nameOf(principal) ?? null,
    run: (isAgent ? principal.run : undefined) ?? null,
    token: (isAgent ? principal.token : undefined) ?? null,
    client: client ?? null,
  };
}

function toSend({ intent, outcome }: Send): CallExplanation['sends'][number] {
  return {
    event: intent.id,
    secretVersion: intent.secret.version,
    result: outcome?.result ?? 'running',
    status: outcome?.status ?? null,
    problem: outcome?.problem ?? null,
    requestBytes: outcome?.requestBytes ?? null,
    responseBytes: outcome?.responseBytes ?? null,
    totalMs: outcome?.totalMs ?? null,
    redacted: outcome?.leaks?.matches ?? 0,
  };
}

interface Asked {
  readonly principal: Principal;
  readonly service: string | undefined;
  readonly method: string | undefined;
  readonly path: string | undefined;
}

/** Decided from memory as it stands, without a token's scope, which is not on record. */
function decideNow({ authority, ids }: OperationDeps, asked: Asked): Decision | undefined {
  const { principal, method, path } = asked;
  const agent = principal.type === 'agent' ? authority.agent(principal.id) : undefined;
  const service = authority.serviceByName(asked.service ?? '');
  if (agent === undefined || service === undefined || method === undefined || path === undefined)
    return undefined;
  const grant = authority.grant(agent.id, service.id);
  const address = canonicalAddress(path); // it is in the log because it was canonical
  return decide({ agent, service, grant, scope: undefined, method, address, now: ids.clock.now() });
}

function toNow(decision: Decision | undefined): CallExplanation['now'] {
  if (decision === undefined) return null;
  const grantRevision = decision.effect === 'allow' ? decision.grantRevision : null;
  return { effect: decision.effect, rule: decision.rule, grantRevision };
}

function nameOf(principal: Principal): string | undefined {
  return 'name' in principal ? principal.name : undefined;
}
