// Everything the log has of one call, by the id of its request or of any of its events.
import type { AuditEvent } from '../../core/audit-event.ts';
import { type Id, isId } from '../../core/ids.ts';
import { addSeconds } from '../../core/time.ts';
import { findCallStarts, findEventText, findOutcomes } from '../../store/call-events.ts';
import type { Database } from '../../store/database.ts';
import { birthOf, lowestIdAt, toEvent } from './read.ts';

type Of<K extends AuditEvent['kind']> = Extract<AuditEvent, { kind: K }>;
type CallIntent = Of<'call.intent'>;
type CallOutcome = Of<'call.outcome'>;
export type CallRefused = Of<'call.refused'>;

/** One send of the call: a second one follows where the first was answered 401 while a key is rotated. */
export interface Send {
  readonly intent: CallIntent;
  /** Undefined while it is under way. */
  readonly outcome: CallOutcome | undefined;
}

export type CallTrail =
  | { readonly kind: 'sent'; readonly sends: readonly [Send, ...Send[]] }
  | { readonly kind: 'refused'; readonly refused: CallRefused };

type Deps = { readonly database: Database };

/** Undefined where nothing is on record; the kind of the event where it is not one of a call. */
export async function readCallTrail(
  deps: Deps,
  id: Id<'req'> | Id<'evt'>,
): Promise<CallTrail | AuditEvent['kind'] | undefined> {
  if (isId('req', id)) return await trailOfRequest(deps, id);
  const found = await findEventText(deps.database.adminSql, id);
  if (found === undefined) return undefined;
  const event = toEvent(found);
  switch (event.kind) {
    case 'call.refused':
      return { kind: 'refused', refused: event };
    case 'call.intent':
      return await trailOfIntent(deps, event);
    case 'call.outcome':
    case 'rotation.fallback':
      return await readCallTrail(deps, event.intent);
    default:
      return event.kind;
  }
}

async function trailOfIntent(deps: Deps, intent: CallIntent): Promise<CallTrail> {
  const whole = intent.request === undefined ? undefined : await trailOfRequest(deps, intent.request);
  return whole ?? { kind: 'sent', sends: await withOutcomes(deps, [intent]) };
}

/** Seconds after a request came in by which its first event is there: nearly always at once, or once its body was read. */
const SPANS_SECONDS = [10, 900, 86_400] as const;
const CLOCK_MARGIN_SECONDS = -60;

async function trailOfRequest(deps: Deps, request: Id<'req'>): Promise<CallTrail | undefined> {
  const birth = birthOf(request);
  for (const seconds of SPANS_SECONDS) {
    const span = {
      from: lowestIdAt(addSeconds(birth, CLOCK_MARGIN_SECONDS)),
      before: lowestIdAt(addSeconds(birth, seconds)),
    };
    const starts = await findCallStarts(deps.database.adminSql, span, `"request":"${request}"`);
    const events = starts.map(toEvent).filter((event) => 'request' in event && event.request === request);
    const refused = events.find((event) => event.kind === 'call.refused');
    if (refused !== undefined) return { kind: 'refused', refused };
    const [first, ...more] = events.filter((event) => event.kind === 'call.intent');
    if (first !== undefined) return { kind: 'sent', sends: await withOutcomes(deps, [first, ...more]) };
  }
  return undefined;
}

async function withOutcomes(
  { database }: Deps,
  [first, ...more]: readonly [CallIntent, ...CallIntent[]],
): Promise<readonly [Send, ...Send[]]> {
  const texts = await findOutcomes(
    database.adminSql,
    [first, ...more].map(({ id }) => id),
  );
  const outcomes = texts.map(toEvent).filter((event) => event.kind === 'call.outcome');
  const withOutcome = (intent: CallIntent): Send => {
    return { intent, outcome: outcomes.find((outcome) => outcome.intent === intent.id) };
  };
  return [withOutcome(first), ...more.map(withOutcome)];
}
