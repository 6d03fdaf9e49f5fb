// The smallest grants that cover what an agent called, by what the log holds of it. Nothing is changed by it: who means it,
// updates the grant.
import { readEntry } from '../catalogue/catalogue.ts';
import { parsePattern } from '../core/address-pattern.ts';
import type { Agent, Grant, Service } from '../core/entities.ts';
import type { Id } from '../core/ids.ts';
import { type CalledPlace, LeastGrant } from '../core/least-grant.ts';
import { coversAll } from '../core/pattern-cover.ts';
import { Problem } from '../core/problem.ts';
import { addSeconds } from '../core/time.ts';
import { agentText, type RecordedCall, readRecordedCalls, runText } from '../vault/audit/recorded-calls.ts';
import { birthOf } from '../vault/audit/read.ts';
import { noteRead } from './audit.ts';
import { grantTighten, type TightService } from './contracts/replays.ts';
import { decideAgain, inSlices, NOT_RECORDED, serviceOf, wasRefusedByPolicy } from './decide-again.ts';
import { type OperationDeps, reading } from './operation.ts';

const DEFAULT_SECONDS = 7 * 86_400;
/** Replicas' clocks may differ by this much. */
const CLOCK_MARGIN_SECONDS = -60;

export const tightenGrant = reading(grantTighten, async (deps, input, caller) => {
  const { authority, ids } = deps;
  const agent = authority.agentByName(input.agent);
  if (agent === undefined)
    throw new Problem('not-found', { detail: `There is no agent named ${input.agent}.` });
  await noteRead(deps, caller, `grant.tighten ${agent.name}`);
  const since = input.since === undefined ? beginning(ids.clock.now(), input.run) : new Date(input.since);
  const texts = [input.run === undefined ? agentText(agent.id) : runText(input.run)];
  const { calls, cutAt } = await readRecordedCalls(deps, { since, texts });
  const own = byService(
    deps,
    calls.filter((call) => call.agent === agent.id), // a run's id may be anybody's
  );
  const services = servicesOf(deps, agent, [...own.keys()]).filter(
    ({ name }) => input.service === undefined || name === input.service,
  );
  if (input.service !== undefined && services.length === 0) {
    throw new Problem('not-found', { detail: `${agent.name} has no grant on ${input.service}.` });
  }
  const tight: TightService[] = [];
  for (const service of services) {
    const grant = authority.grant(agent.id, service.id);
    tight.push(await tighten(deps, service, { grant, calls: own.get(service.id) ?? [] }));
  }
  return {
    agent: agent.name,
    since: since.toISOString(),
    cutAt: cutAt?.toISOString() ?? null,
    notRecorded: [...NOT_RECORDED],
    services: tight,
  };
});

function byService(deps: OperationDeps, calls: readonly RecordedCall[]): Map<Id<'svc'>, RecordedCall[]> {
  const found = new Map<Id<'svc'>, RecordedCall[]>();
  for (const call of calls) {
    const id = serviceOf(deps, call)?.id;
    if (id === undefined) continue;
    const list = found.get(id) ?? [];
    list.push(call);
    found.set(id, list);
  }
  return found;
}

/** Of the run, or a while back. */
function beginning(now: Date, run: Id<'run'> | undefined): Date {
  return run === undefined
    ? addSeconds(now, -DEFAULT_SECONDS)
    : addSeconds(birthOf(run), CLOCK_MARGIN_SECONDS);
}

/** Those it has a grant on, and those it called in vain, by name. */
function servicesOf(
  { authority }: OperationDeps,
  agent: Agent,
  called: readonly Id<'svc'>[],
): readonly Service[] {
  const granted = authority.grantsOf(agent.id).map(({ serviceId }) => serviceId);
  return [...new Set([...granted, ...called])]
    .flatMap((id) => authority.service(id) ?? [])
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

interface OfService {
  readonly grant: Grant | undefined;
  readonly calls: readonly RecordedCall[];
}

async function tighten(
  deps: OperationDeps,
  service: Service,
  { grant, calls }: OfService,
): Promise<TightService> {
  const isAllowedBy = (call: RecordedCall, by: Grant | undefined) =>
    decideAgain(deps, call, { service, grant: by })?.effect === 'allow';
  const allowed = { least: new LeastGrant(grant?.allow), calls: 0, refusedNow: 0, refusedNext: 0 };
  const refused = { least: new LeastGrant(undefined), calls: 0 };
  for await (const slice of inSlices(calls)) {
    for (const call of slice) {
      if (call.refusal === undefined) {
        allowed.calls += 1;
        if (!isAllowedBy(call, grant)) allowed.refusedNow += 1;
        else for (const place of toPlaces(call)) allowed.least.add(place);
      } else if (wasRefusedByPolicy(call) && call.refusal.rule !== 'guard') {
        refused.calls += 1; // what a guard denies no grant would allow
        for (const place of toPlaces(call)) refused.least.add(place);
      }
    }
  }
  const allow = grant === undefined ? [] : allowed.least.patterns();
  const patterns = allow.map((text) => parsePattern(text));
  const next = grant === undefined ? undefined : { ...grant, allow: patterns };
  for await (const slice of inSlices(calls)) {
    const lost = slice.filter((call) => call.refusal === undefined && !isAllowedBy(call, next));
    allowed.refusedNext += lost.length;
  }
  return {
    service: service.name,
    present: grant === undefined ? null : { allow: textsOf(grant), revision: grant.revision },
    calls: allowed.calls,
    allow: [...allow],
    actions: actionsAmong(service, allow),
    isSmaller: grant !== undefined && allow.length > 0 && !coversAll(patterns, grant.allow),
    wouldRefuse: allowed.refusedNext,
    refusedAlready: allowed.refusedNow,
    refused: { calls: refused.calls, allow: [...refused.least.patterns()] },
  };
}

function textsOf({ allow }: Grant): string[] | null {
  return allow?.map(({ text }) => text) ?? null;
}

/** A WebSocket is opened by a GET, and only by who may change things there. */
function toPlaces({ method, address, isWebSocket }: RecordedCall): readonly CalledPlace[] {
  return isWebSocket
    ? [
        { method, address },
        { method: 'POST', address },
      ]
    : [{ method, address }];
}

/** Actions of which every pattern is there, up to the names of its parameters. */
function actionsAmong({ catalogueId }: Service, allow: readonly string[]): TightService['actions'] {
  const actions = catalogueId === null ? undefined : readEntry(catalogueId)?.actions;
  const found = new Map(allow.map((text) => [nameless(text), text]));
  return Object.entries(actions ?? {}).flatMap(([name, action]) => {
    const own = action.allow.flatMap((text) => found.get(nameless(parsePattern(text).text)) ?? []);
    return own.length === action.allow.length ? [{ name, allow: own }] : [];
  });
}

function nameless(pattern: string): string {
  return pattern.replaceAll(/\{[A-Za-z0-9_]+/g, '{');
}
