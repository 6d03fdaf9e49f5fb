// The audit log as lines, chain by chain, each event with its body beside it. Its rows never change and each chain only
// grows: with the chains' ends taken in a snapshot, the rows up to them are that snapshot's, however much later they are read.
import {
  base64,
  COPIED_TABLES,
  type CopiedTable,
  type CopySource,
  insertLines,
  lineOf,
} from './table-copy.ts';

export interface ChainSpan {
  readonly chain: string;
  /** Number of the newest event, and how many there are unless somebody tampered with them. */
  readonly seq: string;
}

/** Embedded, calls wait for a page: some hundred kilobytes of it. */
const PAGE_ROWS = 200;
const AUDIT_EVENT = copied('audit_event');
const AUDIT_BODY = copied('audit_body');
const BODY = `(
  select jsonb_build_object('month', to_char(b.month, 'YYYY-MM-DD'), 'salt', ${base64('b.salt')}, 'json', b.json)
  from audit_body b where b.event_id = t.id and b.month = date_trunc('month', t.at at time zone 'UTC')::date)`;

/** Every chain with its end, in the order their lines come in; by steps along the index, which the snapshot waits for. */
export async function readChainSpans(source: CopySource): Promise<readonly ChainSpan[]> {
  const rows = await source.unsafe<{ chain: string; seq: string }[]>(
    `with recursive step(chain) as (
      (select chain_id from audit_event order by chain_id limit 1)
      union all
      select (select chain_id from audit_event where chain_id > step.chain order by chain_id limit 1)
      from step where step.chain is not null
    )
    select chain, (select max(chain_seq) from audit_event where chain_id = chain)::text as seq
    from step where chain is not null order by chain`,
  );
  return [...rows];
}

/** A body that stands under no event is not among them: `audit verify` finds it where it lies. */
export async function* readAuditLines(
  source: CopySource,
  { chain, seq }: ChainSpan,
): AsyncGenerator<readonly string[]> {
  let after = '-9223372036854775808';
  for (;;) {
    const rows = await source.unsafe<{ line: string; seq: string }[]>(
      `select ${lineOf(AUDIT_EVENT, [`'body', ${BODY}`])} as line, t.chain_seq::text as seq from audit_event t
      where t.chain_id = $1 and t.chain_seq > $2::text::bigint and t.chain_seq <= $3::text::bigint
      order by t.chain_seq limit ${PAGE_ROWS}`,
      [chain, after, seq],
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map(({ line }) => line);
    after = last.seq;
  }
}

/** Adds events and bodies of lines that `readAuditLines` wrote. */
export async function insertAuditLines(target: CopySource, lines: readonly string[]): Promise<void> {
  await insertLines(target, AUDIT_EVENT, lines);
  await target.unsafe(
    `insert into audit_body (event_id, month, salt, json)
    select r.id, (r.body ->> 'month')::date, decode(r.body ->> 'salt', 'base64'), r.body ->> 'json'
    from jsonb_to_recordset($1::text::jsonb) as r(id text, body jsonb)
    where jsonb_typeof(r.body) = 'object'`,
    [`[${lines.join(',')}]`],
  );
}

/** What a backup has lines of: bodies stand beside their events. */
export const BACKUP_TABLES: readonly CopiedTable[] = COPIED_TABLES.filter((table) => table !== AUDIT_BODY);

function copied(name: string): CopiedTable {
  const found = COPIED_TABLES.find((table) => table.name === name);
  if (found === undefined) throw new Error(`there is no table ${name}`);
  return found;
}
