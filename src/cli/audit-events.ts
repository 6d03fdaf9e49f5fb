// Reading audit events page by page, and picking up those that arrive.
import { idBytes, newId } from '../core/ids.ts';
import type { Id } from '../core/ids.ts';
import { auditList } from '../operations/contracts/audit.ts';
import type { Client } from './client.ts';

export type EventRecord = Readonly<Record<string, unknown>>;

interface EventFilter {
  readonly kind?: string | undefined;
  readonly run?: string | undefined;
  /** RFC 3339; without it the newest `limit` events are read. */
  readonly since?: string | undefined;
  readonly limit?: number | undefined;
}

const PAGE = 500;

/** Events of several replicas reach the log in another order than their ids by at most this much. */
const LATE_MS = 2_000;

export async function readEvents(client: Client, filter: EventFilter): Promise<readonly EventRecord[]> {
  const { since, limit } = filter;
  if (since !== undefined) {
    // The server looks at `at`; the ids only say where to begin.
    const events = await readAfter(client, filter, floorId(Date.parse(since) - LATE_MS));
    return limit === undefined ? events : events.slice(-limit);
  }
  return (await client.call(auditList, { limit: limit ?? 50, ...toInput(filter) })).items;
}

/** Every event after the newest one known, each once. `known` holds ids already handed out and is kept small. */
export async function readFresh(
  client: Client,
  filter: EventFilter,
  known: Map<string, number>,
): Promise<readonly EventRecord[]> {
  const newestMs = Math.max(0, ...known.values());
  const events =
    newestMs === 0
      ? (await client.call(auditList, { limit: PAGE, ...toInput(filter) })).items
      : await readAfter(client, filter, floorId(newestMs - LATE_MS));
  const fresh = events.filter((event) => !known.has(eventId(event)));
  remember(known, fresh);
  return fresh;
}

/** Notes events as handed out, and forgets those too old to come again. */
export function remember(known: Map<string, number>, events: readonly EventRecord[]): void {
  for (const event of events) {
    const id = eventId(event) as Id<'evt'>; // the server's contract; idBytes throws on anything else
    known.set(id, idBytes(id).readUIntBE(0, 6));
  }
  const newestMs = Math.max(0, ...known.values());
  for (const [id, ms] of known) if (ms < newestMs - 2 * LATE_MS) known.delete(id);
}

async function readAfter(
  client: Client,
  filter: EventFilter,
  from: Id<'evt'>,
): Promise<readonly EventRecord[]> {
  const events: EventRecord[] = [];
  let after: Id<'evt'> | null = from;
  while (after !== null) {
    const page: { items: readonly EventRecord[]; nextAfter: Id<'evt'> | null } = await client.call(
      auditList,
      {
        limit: PAGE,
        after,
        ...toInput(filter),
      },
    );
    events.push(...page.items);
    after = page.items.length < PAGE ? null : page.nextAfter;
  }
  return events;
}

function toInput({ kind, run, since }: EventFilter) {
  return {
    ...(kind === undefined ? {} : { kind }),
    ...(run === undefined ? {} : { run: run as Id<'run'> }), // the contract's schema checks it
    ...(since === undefined ? {} : { since }),
  };
}

/** The smallest id of a millisecond: what sorts after it was born then or later. */
function floorId(ms: number): Id<'evt'> {
  const clock = { now: () => new Date(Math.max(0, ms)), monotonicMs: () => 0 };
  return newId({ clock, randomness: { bytes: (length) => Buffer.alloc(length) } }, 'evt');
}

function eventId(event: EventRecord): string {
  return String(event['id']);
}
