// What agents called, newest first: a step looks at so many events and no more, however few of them are wanted, so that none
// takes long on a busy log.
import type { Sql } from 'postgres';
import type { Id } from '../core/ids.ts';
import type { EventText } from './audit-reading.ts';

interface Step {
  /** Ids from here on. */
  readonly from: string;
  /** Ids strictly before this one. */
  readonly before: string;
  /** Texts of which a body must hold one. */
  readonly texts: readonly string[];
  /** How many events are looked at. */
  readonly span: number;
}

interface CallsBefore {
  /** How calls began or were refused, newest first. Those whose body was dropped are left out. */
  readonly calls: readonly EventText[];
  /** How many were looked at; fewer than asked for: there are no more. */
  readonly looked: number;
  /** The oldest of those. */
  readonly oldest: Id<'evt'> | undefined;
}

export async function readCallsBefore(
  database: Sql,
  { from, before, texts, span }: Step,
): Promise<CallsBefore> {
  const rows = await database<
    { id: EventText['id'] | null; at: string; json: string; looked: number; oldest: Id<'evt'> | null }[]
  >`
    with looked as materialized (
      select event.id, event.at from audit_event event
      where event.id >= ${from} and event.id < ${before} and event.kind in ('call.intent', 'call.refused')
      order by event.id desc limit ${span}
    ), wanted as (
      select looked.id, to_char(looked.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, body.json
      from looked join audit_body body
        on body.event_id = looked.id and body.month = date_trunc('month', looked.at at time zone 'UTC')::date
      where exists (select from unnest(${[...texts]}::text[]) as text where strpos(body.json, text) > 0)
    )
    select wanted.id, wanted.at, wanted.json, counted.looked, counted.oldest
    from (select count(*)::int as looked, min(looked.id) as oldest from looked) counted left join wanted on true
    order by wanted.id desc nulls last`;
  const [first] = rows;
  return {
    calls: rows.flatMap(({ id, at, json }) => (id === null ? [] : [{ id, at, json }])),
    looked: first?.looked ?? 0,
    oldest: first?.oldest ?? undefined,
  };
}
