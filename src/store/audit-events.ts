// Writing the audit log's rows: batches of the call lane in one statement, single events inside a transaction.
import { sql } from 'drizzle-orm';
import type { Sql } from 'postgres';
import type { Id } from '../core/ids.ts';
import { auditBody } from './audit-tables.ts';
import type { Transaction } from './transaction.ts';

/** One event, sealed into its chain. */
export interface AuditRow {
  readonly id: Id<'evt'>;
  readonly vault: Id<'vlt'> | null;
  readonly chain: Id<'chn'>;
  readonly seq: number;
  /** This and the other hashes as 64 hexadecimal digits. */
  readonly prevMac: string;
  readonly mac: string;
  readonly kind: string;
  readonly intent: Id<'evt'> | null;
  /** RFC 3339, milliseconds, UTC. */
  readonly at: string;
  readonly bodyHash: string;
  readonly leafHash: string;
  /** First day of the event's month: `YYYY-MM-01`. */
  readonly month: string;
  readonly salt: Buffer;
  readonly json: string;
}

/**
 * Writes a batch in one statement and gives the epochs of the vaults it names, as they stand in the statement's snapshot. Each
 * column is one parameter, a line for each row: the database splits a text into lines in a third of the time that it takes to
 * read JSON.
 */
export async function insertAuditBatch(
  calls: Sql,
  chain: Id<'chn'>,
  rows: readonly AuditRow[],
): Promise<Map<string, bigint>> {
  const before = (rows[0]?.seq ?? 1) - 1;
  const vaults = [...new Set(rows.flatMap(({ vault }) => vault ?? []))];
  const epochs = await calls<{ id: string; epoch: string }[]>`
    with batch as materialized (
      select id, vault, kind, intent, at::timestamptz as at, decode(hashes, 'hex') as bytes, month, json, place
      from unnest(
        string_to_array(${lines(rows, ({ id }) => id)}::text, e'\n'),
        string_to_array(${lines(rows, ({ vault }) => vault ?? '')}::text, e'\n', ''),
        string_to_array(${lines(rows, ({ kind }) => kind)}::text, e'\n'),
        string_to_array(${lines(rows, ({ intent }) => intent ?? '')}::text, e'\n', ''),
        string_to_array(${lines(rows, ({ at }) => at)}::text, e'\n'),
        string_to_array(${lines(rows, ({ month }) => month)}::text, e'\n'),
        string_to_array(${lines(rows, hashesOf)}::text, e'\n'),
        string_to_array(${lines(rows, ({ json }) => json)}::text, e'\n')
      ) with ordinality as b(id, vault, kind, intent, at, month, hashes, json, place)
    ), event as (
      insert into audit_event
        (id, vault_id, chain_id, chain_seq, prev_mac, mac, kind, intent_id, at, body_hash, leaf_hash)
      select id, vault, ${chain}::text, ${before}::bigint + place, substring(bytes from 1 for 32),
        substring(bytes from 33 for 32), kind, intent, at, substring(bytes from 65 for 32), substring(bytes from 97 for 32)
      from batch
    ), body as (
      insert into audit_body (event_id, month, salt, json)
      select id, month::date, substring(bytes from 129), json from batch
    )
    select id, epoch::text as epoch from vault where id = any(${vaults}::text[])`;
  return new Map(epochs.map((row) => [row.id, BigInt(row.epoch)]));
}

/** No column has line ends of its own: canonical JSON escapes them. */
function lines(rows: readonly AuditRow[], column: (row: AuditRow) => string): string {
  return rows.map(column).join('\n');
}

/** The hashes, 32 bytes each, and the salt travel as one text: each text costs more than its bytes. */
function hashesOf({ prevMac, mac, bodyHash, leafHash, salt }: AuditRow): string {
  return prevMac + mac + bodyHash + leafHash + salt.toString('hex');
}

/** Writes one event; false, and nothing written, where its intent has an outcome already. */
export async function insertAuditRow(tx: Transaction, row: AuditRow): Promise<boolean> {
  const inserted = await tx.execute(sql`
    insert into audit_event
      (id, vault_id, chain_id, chain_seq, prev_mac, mac, kind, intent_id, at, body_hash, leaf_hash)
    values (${row.id}, ${row.vault}, ${row.chain}, ${row.seq}, ${hex(row.prevMac)}, ${hex(row.mac)}, ${row.kind},
      ${row.intent}, ${row.at}::text::timestamptz, ${hex(row.bodyHash)}, ${hex(row.leafHash)})
    on conflict (intent_id) where intent_id is not null do nothing
    returning id`);
  if (inserted.length === 0) return false;
  const { id: eventId, month, salt, json } = row;
  await tx.insert(auditBody).values({ eventId, month, salt, json });
  return true;
}

const hex = (hash: string) => sql`decode(${hash}::text, 'hex')`;

/** A chain's newest row. */
export interface ChainEnd {
  readonly seq: number;
  readonly mac: string;
}

/** The newest row of a chain, or undefined where it has none. */
export async function findChainEnd(database: Sql, chain: Id<'chn'>): Promise<ChainEnd | undefined> {
  const [row] = await database<{ seq: string; mac: string }[]>`
    select chain_seq::text as seq, encode(mac, 'hex') as mac from audit_event
    where chain_id = ${chain} order by chain_seq desc limit 1`;
  return row && { seq: Number(row.seq), mac: row.mac };
}

/** What the database has of a chain, seen from a place in it. */
export interface ChainSighting {
  readonly chain: string;
  readonly seq: number;
  /** The MAC at the place, if there is a row. */
  readonly mac: string | undefined;
  /** The chain's newest row, if there is one. */
  readonly end: ChainEnd | undefined;
}

/** Looks up one place in each of several chains. */
export async function sightChains(
  database: Sql,
  places: readonly { readonly chain: string; readonly seq: number }[],
): Promise<ChainSighting[]> {
  const parameter = JSON.stringify(places.map(({ chain, seq }) => ({ chain, seq })));
  const rows = await database<
    { chain: string; seq: string; mac: string | null; endSeq: string | null; endMac: string | null }[]
  >`
    select place.chain, place.seq::text as seq, encode(event.mac, 'hex') as mac,
      newest.chain_seq::text as "endSeq", encode(newest.mac, 'hex') as "endMac"
    from jsonb_to_recordset(${parameter}::text::jsonb) as place(chain text, seq bigint)
    left join audit_event event on event.chain_id = place.chain and event.chain_seq = place.seq
    left join lateral (
      select chain_seq, mac from audit_event where chain_id = place.chain order by chain_seq desc limit 1
    ) newest on true`;
  return rows.map((row) => ({
    chain: row.chain,
    seq: Number(row.seq),
    mac: row.mac ?? undefined,
    end:
      row.endSeq === null || row.endMac === null ? undefined : { seq: Number(row.endSeq), mac: row.endMac },
  }));
}

/** The current epoch of each vault named. */
export async function readVaultEpochs(
  database: Sql,
  vaults: readonly string[],
): Promise<Map<string, bigint>> {
  const rows = await database<{ id: string; epoch: string }[]>`
    select id, epoch::text as epoch from vault where id = any(${[...vaults]}::text[])`;
  return new Map(rows.map((row) => [row.id, BigInt(row.epoch)]));
}

/** Those of the intents that have an outcome. */
export async function findSettledIntents(
  database: Sql,
  intents: readonly Id<'evt'>[],
): Promise<Set<Id<'evt'>>> {
  const rows = await database<{ intent: Id<'evt'> }[]>`
    select intent_id as intent from audit_event where intent_id = any(${[...intents]}::text[])`;
  return new Set(rows.map((row) => row.intent));
}

/** More than a page that is already there can have room for. */
const TRIED_ROWS = 16;
const TRIED_BYTES = 1_900;

/** Whether rows of the audit log find room: as many as several calls need are written and taken back. Throws where they do not. */
export async function tryRoom(database: Sql): Promise<void> {
  const tried = new Error('taken back');
  const trying = database.begin(async (tx) => {
    await tx`
      insert into audit_body (event_id, month, salt, json)
      select 'tried-' || n, date_trunc('month', now() at time zone 'utc')::date, ''::bytea, repeat(' ', ${TRIED_BYTES}::int)
      from generate_series(1, ${TRIED_ROWS}::int) n
    `;
    throw tried;
  });
  await trying.catch((error: unknown) => {
    if (error !== tried) throw error;
  });
}
