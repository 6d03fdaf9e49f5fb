// Reading the audit log for people: lists, and the figures of one run.
import { parseAuditEvent } from '../../core/audit-event.ts';
import type { AuditEvent } from '../../core/audit-event.ts';
import type { Id } from '../../core/ids.ts';
import { addSeconds } from '../../core/time.ts';
import { countCalls, listEventTexts } from '../../store/audit-reading.ts';
import type { CallCounts, EventText } from '../../store/audit-reading.ts';
import type { Database } from '../../store/database.ts';

export interface ListFilter {
  /** Ids strictly after this one, the oldest of them first to be given; without it the newest events are given. */
  readonly after?: Id<'evt'> | undefined;
  readonly before?: Id<'evt'> | undefined;
  /** At most 1,000. */
  readonly limit: number;
  readonly kinds?: readonly string[] | undefined;
  /** The run's own events and those of its calls. */
  readonly run?: Id<'run'> | undefined;
  readonly since?: Date | undefined;
  /** Only events before it. */
  readonly until?: Date | undefined;
}

const MAX_LIMIT = 1000;
/** Replicas' clocks may differ by this much; ids carry the time of the replica that made them. */
const CLOCK_MARGIN_SECONDS = -60;
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_CHARACTERS = 10;
const RANDOM_CHARACTERS = 16;

/** Events in the order of their ids, newest last. */
export async function listEvents(deps: { database: Database }, filter: ListFilter): Promise<AuditEvent[]> {
  const { run, since, until, kinds, after } = filter;
  const texts = await listEventTexts(deps.database.adminSql, {
    after,
    before: earlier(filter.before, until),
    kinds,
    limit: Math.min(filter.limit, MAX_LIMIT),
    from: lowestId(since, run),
    texts: run === undefined ? undefined : [principalText(run), `"id":"${run}"`],
  });
  return texts.map(toEvent);
}

/**
 * The calls of a run: `calls` went out or were about to, `refused` never left, `failed` of the calls got no answer or
 * an unknown one.
 */
export function countRunCalls(
  deps: { database: Database },
  run: Id<'run'>,
  startedAt: Date,
): Promise<CallCounts> {
  const from = lowestIdAt(addSeconds(startedAt, CLOCK_MARGIN_SECONDS));
  return countCalls(deps.database.adminSql, from, principalText(run));
}

/** As it stands in canonical JSON; inside a string the quotes would be escaped, so nothing else reads like it. */
function principalText(run: Id<'run'>): string {
  return `"run":"${run}"`;
}

function lowestId(since: Date | undefined, run: Id<'run'> | undefined): string | undefined {
  const starts = [
    ...(since === undefined ? [] : [lowestIdAt(since)]),
    ...(run === undefined ? [] : [lowestIdAt(addSeconds(birthOf(run), CLOCK_MARGIN_SECONDS))]),
  ];
  return starts.sort().at(-1);
}

/** The earlier of two places that events must lie before. */
function earlier(before: string | undefined, until: Date | undefined): string | undefined {
  const ends = [
    ...(before === undefined ? [] : [before]),
    ...(until === undefined ? [] : [lowestIdAt(until)]),
  ];
  return ends.sort()[0];
}

/** The lowest event id of a moment: UUIDv7 ids open with 48 bits of milliseconds, ten characters of an id. */
export function lowestIdAt(at: Date): string {
  let rest = Math.max(0, at.getTime());
  let time = '';
  for (let i = 0; i < TIME_CHARACTERS; i += 1) {
    time = (ALPHABET[rest % ALPHABET.length] ?? '') + time;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return `evt_${time}${'0'.repeat(RANDOM_CHARACTERS)}`;
}

export function birthOf(run: Id<'run' | 'req' | 'evt'>): Date {
  let ms = 0;
  for (let i = 0; i < TIME_CHARACTERS; i += 1) {
    ms = ms * ALPHABET.length + ALPHABET.indexOf(run.charAt('run_'.length + i)); // as long as every prefix
  }
  return new Date(ms);
}

/** A body that was tampered with must not hide the rest of the list. */
export function toEvent({ id, at, json }: EventText): AuditEvent {
  try {
    return parseAuditEvent(json);
  } catch {
    return {
      v: 1,
      id,
      at,
      vault: null,
      replica: `rep_${'0'.repeat(TIME_CHARACTERS + RANDOM_CHARACTERS)}`,
      principal: { type: 'system' },
      kind: 'integrity.alarm',
      table: 'audit_body',
      row: id,
      reason: 'the event does not parse; run audit verify',
    };
  }
}
