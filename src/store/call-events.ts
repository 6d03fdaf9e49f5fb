// The events of one call: found by the request that they carry, or by the event that others name.
import type { Sql } from 'postgres';
import type { Id } from '../core/ids.ts';
import { type EventText, listEventTexts } from './audit-reading.ts';

/** How a call begins in the log. */
const FIRST_KINDS = ['call.intent', 'call.refused'];

/** More sends than a call ever has. */
const MAX_SENDS = 20;

/** What began in a span of ids and carries `text`, oldest first. */
export async function findCallStarts(
  database: Sql,
  span: { readonly from: string; readonly before: string },
  text: string,
): Promise<EventText[]> {
  return await listEventTexts(database, { ...span, kinds: FIRST_KINDS, texts: [text], limit: MAX_SENDS });
}

export async function findEventText(database: Sql, id: Id<'evt'>): Promise<EventText | undefined> {
  const rows = await listEventTexts(database, { from: id, before: `${id}~`, limit: 1 });
  return rows.find((row) => row.id === id);
}

/** How each of these intents ended. */
export async function findOutcomes(database: Sql, intents: readonly Id<'evt'>[]): Promise<EventText[]> {
  const rows = await database<{ id: string }[]>`
    select id from audit_event where intent_id = any(${[...intents]}::text[]) order by id`;
  const texts = await Promise.all(rows.map(({ id }) => findEventText(database, id as Id<'evt'>)));
  return texts.filter((row) => row !== undefined);
}
