// What became of one call: told from its events, and held against what would be decided now.
import { canonicalAddress, EVERY_OPT_IN } from '../core/address.ts';
import { smallestPattern } from '../core/address-pattern.ts';
import { type Decision, decideOpening } from '../core/policy.ts';
import { Problem } from '../core/problem.ts';
import type { Principal } from '../core/principal.ts';
import { type CallRefused, readCallTrail, type Send } from '../vault/audit/call-trail.ts';
import { noteRead } from './audit.ts';
import { adviseOn } from './call-advice.ts';
import { callExplain, type CallExplanation } from './contracts/calls.ts';
import { type OperationDeps, reading } from './operation.ts';

/** Of one event; a call that was sent twice has two. */
const MAX_FLAGS = 64;

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
  const present = decideNow(deps, { ...intent, service: service.name });
  return {
    ...beginning(intent),
    service: service.name,
    method,
    path,
    decision: { ...decision, problem: null },
    secret: { id: secret.id, name: deps.authority.secret(secret.id)?.name ?? null, version: secret.version },
    sends: sends.map(toSend),
    flags: sends.flatMap(({ outcome }) => outcome?.flags ?? []).slice(0, MAX_FLAGS),
    now: toNow(present),
    advice:
      last?.problem === undefined
        ? null
        : adviseOn({
            problem: last.problem,
            rule: undefined,
            agent: nameOf(intent.principal),
            present,
            approval: last.approval,
          }),
  };
}

function explainRefused(deps: OperationDeps, refused: CallRefused): CallExplanation {
  const { problem, rule, principal, method, path, approval } = refused;
  // A name that no service had is in the log as a keyed hash only.
  const service = refused.service?.startsWith('#') === true ? undefined : refused.service;
  const present = decideNow(deps, { ...refused, service, method, path });
  const needed =
    method === undefined || path === undefined
      ? undefined
      : smallestPattern(method, canonicalAddress(path, EVERY_OPT_IN));
  return {
    ...beginning(refused),
    service: service ?? null,
    method: method ?? null,
    path: path ?? null,
    decision: {
      effect: 'deny',
      rule: rule ?? null,
      problem,
      grant: null,
      grantRevision: refused.grantRevision ?? null,
    },
    secret: null,
    sends: [],
    flags: refused.flags ?? [],
    now: toNow(present),
    advice: adviseOn({ problem, rule, agent: nameOf(principal), service, needed, present, approval }),
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
    preview: toPreview(outcome?.preview),
  };
}

function toPreview(
  preview: NonNullable<Send['outcome']>['preview'],
): CallExplanation['sends'][number]['preview'] {
  return preview === undefined ? null : { request: preview.request ?? null, answer: preview.answer ?? null };
}

interface Asked {
  readonly principal: Principal;
  readonly service: string | undefined;
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly client?: string | undefined;
  readonly webSocket?: true | undefined;
}

/** Decided from memory as it stands, without a token's scope, which is not on record. */
function decideNow({ authority, ids }: OperationDeps, asked: Asked): Decision | undefined {
  const { principal, method, path } = asked;
  const agent = principal.type === 'agent' ? authority.agent(principal.id) : undefined;
  const service = authority.serviceByName(asked.service ?? '');
  if (agent === undefined || service === undefined || method === undefined || path === undefined)
    return undefined;
  const grant = authority.grant(agent.id, service.id);
  const address = canonicalAddress(path, EVERY_OPT_IN); // it is in the log because it was canonical
  const facts = { client: asked.client };
  return decideOpening(
    { agent, service, grant, scope: undefined, method, address, now: ids.clock.now(), facts },
    asked.webSocket === true,
  );
}

function toNow(decision: Decision | undefined): CallExplanation['now'] {
  if (decision === undefined) return null;
  const { effect, rule } = decision;
  if (effect === 'allow') return { effect, rule, grantRevision: decision.grantRevision };
  const isOfGrant = 'revision' in decision && rule !== 'guard';
  return { effect, rule, grantRevision: isOfGrant ? decision.revision : null };
}

function nameOf(principal: Principal): string | undefined {
  return 'name' in principal ? principal.name : undefined;
}
