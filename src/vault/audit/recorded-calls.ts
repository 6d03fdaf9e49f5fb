// The calls that the log holds, as decisions see them: what was asked for, by whom, and whether it was allowed. Bounded: the
// newest come first, and where it stopped is told.
import { type CanonicalAddress, canonicalAddress, EVERY_OPT_IN } from '../../core/address.ts';
import type { AuditEvent } from '../../core/audit-event.ts';
import type { Id } from '../../core/ids.ts';
import type { Database } from '../../store/database.ts';
import { readCallsBefore } from '../../store/recorded-calls.ts';
import { birthOf, lowestIdAt, toEvent } from './read.ts';

export interface RecordedCall {
  readonly at: Date;
  readonly agent: Id<'agt'>;
  /** Undefined where it was refused before it was known. */
  readonly serviceId: Id<'svc'> | undefined;
  /** Its name then. */
  readonly service: string;
  readonly method: string;
  readonly address: CanonicalAddress;
  /** Names of parameters, each once; undefined where they are not on record. */
  readonly queryKeys: readonly string[] | undefined;
  readonly isWebSocket: boolean;
  readonly client: string | undefined;
  /** Undefined: it was allowed. */
  readonly refusal: { readonly problem: string; readonly rule: string | undefined } | undefined;
}

export interface RecordedCalls {
  readonly calls: readonly RecordedCall[];
  /** More was recorded than was looked at: nothing before this moment was. */
  readonly cutAt: Date | undefined;
}

interface Wanted {
  readonly since: Date;
  /** Texts of which the event of a call must hold one. */
  readonly texts: readonly string[];
}

interface Bounds {
  readonly calls: number;
  /** Other agents' calls are looked at as well, to be passed over. */
  readonly looked: number;
  /** Parsed in one go, while calls wait. */
  readonly span: number;
}

const BOUNDS: Bounds = { calls: 100_000, looked: 500_000, span: 200 };

export async function readRecordedCalls(
  { database }: { readonly database: Database },
  { since, texts }: Wanted,
  bounds = BOUNDS,
): Promise<RecordedCalls> {
  const from = lowestIdAt(since);
  const requests = new Set<string>();
  const calls: RecordedCall[] = [];
  let before = 'evt_~'; // behind every id: the clock of another replica may be ahead
  let looked = 0;
  for (;;) {
    const step = await readCallsBefore(database.adminSql, { from, before, texts, span: bounds.span });
    for (const text of step.calls) {
      const event = toEvent(text);
      // Sent twice while a key was rotated, it is one call.
      if (!('request' in event) || event.request === undefined || requests.has(event.request)) continue;
      const call = toCall(event);
      if (call === undefined) continue;
      if (calls.length === bounds.calls) return { calls, cutAt: calls.at(-1)?.at };
      requests.add(event.request);
      calls.push(call);
    }
    looked += step.looked;
    if (step.oldest === undefined || step.looked < bounds.span) return { calls, cutAt: undefined };
    before = step.oldest;
    if (looked >= bounds.looked) return { calls, cutAt: birthOf(step.oldest) };
  }
}

/** As canonical JSON has them; inside a string the quotes would be escaped, so nothing else reads like them. */
export function agentText(agent: Id<'agt'>): string {
  return `"principal":{"id":"${agent}"`;
}

/** By its id where it was allowed, by its name where it was refused. */
export function serviceTexts(service: { readonly id: Id<'svc'>; readonly name: string }): readonly string[] {
  return [`"service":{"id":"${service.id}"`, `"service":"${service.name}"`];
}

export function runText(run: Id<'run'>): string {
  return `"run":"${run}"`;
}

/** Undefined for what was nobody's call, or at an address that can not be read any more. */
function toCall(event: AuditEvent): RecordedCall | undefined {
  if (event.kind !== 'call.intent' && event.kind !== 'call.refused') return undefined;
  const { principal, method, path } = event;
  const address = path === undefined ? undefined : readAddress(path);
  if (principal.type !== 'agent' || method === undefined || address === undefined) return undefined;
  const asked = {
    at: new Date(event.at),
    agent: principal.id,
    method,
    address,
    isWebSocket: event.webSocket === true,
    client: event.client,
  };
  if (event.kind === 'call.intent') {
    const { service, queryKeys } = event;
    return { ...asked, queryKeys, serviceId: service.id, service: service.name, refusal: undefined };
  }
  const { service = '', problem, rule } = event;
  return { ...asked, queryKeys: undefined, serviceId: undefined, service, refusal: { problem, rule } };
}

function readAddress(path: string): CanonicalAddress | undefined {
  try {
    return canonicalAddress(path, EVERY_OPT_IN);
  } catch {
    return undefined; // recorded by rules that took more than those of now
  }
}
