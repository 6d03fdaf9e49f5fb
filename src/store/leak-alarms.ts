// The alarms about echoes in the answers to one agent from one service, counted by the index of what is rare in the log.
import type { Sql } from 'postgres';
import type { Id } from '../core/ids.ts';

interface LeakAlarms {
  readonly agent: Id<'agt'>;
  readonly service: Id<'svc'>;
  /** The lowest event id. */
  readonly from: string;
}

/** Those after the last one that told of a freeze. */
export async function countLeakAlarms(database: Sql, { agent, service, from }: LeakAlarms): Promise<number> {
  // As it stands in canonical JSON; inside a string the quotes would be escaped, so nothing else reads like it.
  const [row] = await database<{ count: number }[]>`
    with told as (
      select event.id, strpos(body.json, '"alarm":"leaks-repeated"') > 0 as is_end,
        strpos(body.json, '"alarm":"secret-in-answer"') > 0 as is_leak
      from audit_event event join audit_body body
        on body.event_id = event.id and body.month = date_trunc('month', event.at at time zone 'UTC')::date
      where event.kind = 'guard.alarm' and event.kind not like 'call.%' and event.id >= ${from}
        and strpos(body.json, ${`"agent":{"id":"${agent}"`}) > 0
        and strpos(body.json, ${`"service":{"id":"${service}"`}) > 0
    )
    select count(*)::int as count from told
    where is_leak and id > coalesce((select max(id) from told where is_end), '')`;
  return row?.count ?? 0;
}
