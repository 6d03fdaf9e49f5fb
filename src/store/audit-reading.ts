// Reading the audit log: lists for people, pages of a chain for verification, what the reaper looks for.
import { sql } from 'drizzle-orm';
import type { Sql } from 'postgres';
import type { Id } from '../core/ids.ts';
import type { Transaction } from './transaction.ts';

export interface EventFilter {
  /** Ids strictly after this one, oldest first; without it the newest ones are given. */
  readonly after?: Id<'evt'> | undefined;
  /** Ids strictly before this one. */
  readonly before?: string | undefined;
  /** Ids from here on. */
  readonly from?: string | undefined;
  readonly kinds?: readonly string[] | undefined;
  /** Texts of which a body must hold one. */
  readonly texts?: readonly string[] | undefined;
  readonly limit: number;
}

export interface EventText {
  readonly id: Id<'evt'>;
  readonly at: string;
  readonly json: string;
}

/** Events by id, newest last. Events whose body was dropped are left out. */
export async function listEventTexts(database: Sql, filter: EventFilter): Promise<EventText[]> {
  const { after, before, from, kinds, texts, limit } = filter;
  const nothing = database``; // a condition that is absent leaves the index to the others
  const rows = await database<EventText[]>`
    select event.id, ${moment(database)} as at, body.json
    from audit_event event join audit_body body on ${bodyOf(database)}
    where true
      ${after === undefined ? nothing : database`and event.id > ${after}`}
      ${before === undefined ? nothing : database`and event.id < ${before}`}
      ${from === undefined ? nothing : database`and event.id >= ${from}`}
      ${kinds === undefined ? nothing : database`and event.kind = any(${[...kinds]}::text[])`}
      ${kinds === undefined || kinds.some(isCall) ? nothing : database`and event.kind not like 'call.%'`}
      ${
        texts === undefined
          ? nothing
          : database`and exists (
        select from unnest(${[...texts]}::text[]) as wanted where strpos(body.json, wanted) > 0)`
      }
    order by event.id ${after === undefined ? database`desc` : database`asc`} limit ${limit}`;
  return after === undefined ? [...rows].reverse() : [...rows];
}

/** Of what is rare there is an index of its own, used where the query says in its words that nothing else is wanted. */
const isCall = (kind: string) => kind.startsWith('call.');

/** The month is the partition: with it one partition is looked at, not all. */
const bodyOf = (database: Sql) => database`
  body.event_id = event.id and body.month = date_trunc('month', event.at at time zone 'UTC')::date`;

const moment = (database: Sql) => database`
  to_char(event.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

export interface CallCounts {
  readonly calls: number;
  readonly refused: number;
  readonly failed: number;
}

/** Counts the calls whose intent or refusal holds `text`, from event id `from` on. */
export async function countCalls(database: Sql, from: string, text: string): Promise<CallCounts> {
  const [row] = await database<CallCounts[]>`
    with mine as (
      select event.id, event.kind from audit_event event join audit_body body on ${bodyOf(database)}
      where event.id >= ${from} and event.kind in ('call.intent', 'call.refused') and strpos(body.json, ${text}) > 0
    ), outcome as (
      select body.json::jsonb ->> 'result' as result from mine
      join audit_event event on event.intent_id = mine.id join audit_body body on ${bodyOf(database)}
    ), counted as (
      select (select count(*) from mine where kind = 'call.intent') as intents,
        (select count(*) from mine where kind = 'call.refused') as refusals,
        (select count(*) from outcome where result = 'refused') as late,
        (select count(*) from outcome where result in ('cut', 'failed', 'unknown')) as failed
    )
    select (intents - late)::int as calls, (refusals + late)::int as refused, failed::int as failed from counted`;
  return row ?? { calls: 0, refused: 0, failed: 0 };
}

/** A row as it stands in the database, its body beside it. */
export interface StoredEvent {
  readonly id: string;
  readonly vault: string | null;
  readonly seq: number;
  readonly prevMac: Buffer;
  readonly mac: Buffer;
  readonly kind: string;
  readonly intent: string | null;
  readonly at: string;
  readonly bodyHash: Buffer;
  readonly leafHash: Buffer;
  readonly body: { readonly salt: Buffer; readonly json: string } | undefined;
}

/** Every chain there is, by steps along its index: their number is small, that of their rows is not. */
export async function listChains(database: Sql): Promise<string[]> {
  const rows = await database<{ chain: string }[]>`
    with recursive step(chain) as (
      (select chain_id from audit_event order by chain_id limit 1)
      union all
      select (select chain_id from audit_event where chain_id > step.chain order by chain_id limit 1)
      from step where step.chain is not null
    )
    select chain from step where chain is not null`;
  return rows.map((row) => row.chain);
}

/** The next rows of a chain after a place, by number and id. */
export async function readChainPage(
  database: Sql,
  chain: string,
  after: { readonly seq: number; readonly id: string } | undefined,
  limit: number,
): Promise<StoredEvent[]> {
  const rows = await database<
    {
      id: string;
      vault: string | null;
      seq: string;
      prev: Uint8Array;
      mac: Uint8Array;
      kind: string;
      intent: string | null;
      at: string;
      bodyHash: Uint8Array;
      leaf: Uint8Array;
    }[]
  >`
    select event.id, event.vault_id as vault, event.chain_seq::text as seq, event.prev_mac as prev, event.mac,
      event.kind, event.intent_id as intent, ${moment(database)} as at, event.body_hash as "bodyHash", event.leaf_hash as leaf
    from audit_event event
    where event.chain_id = ${chain} ${
      after === undefined
        ? database``
        : database`and (event.chain_seq, event.id) > (${String(after.seq)}::text::bigint, ${after.id}::text)`
    }
    order by event.chain_seq, event.id limit ${limit}`;
  const bodies = await readBodies(database, rows);
  return rows.map(({ id, vault, seq, prev, mac, kind, intent, at, bodyHash, leaf }) => ({
    id,
    vault,
    seq: Number(seq),
    prevMac: Buffer.from(prev),
    mac: Buffer.from(mac),
    kind,
    intent,
    at,
    bodyHash: Buffer.from(bodyHash),
    leafHash: Buffer.from(leaf),
    body: bodies.get(`${id} ${monthOf(at)}`),
  }));
}

/** By key and not by a join: without fresh statistics a join may read every body there is, for each page. */
async function readBodies(
  database: Sql,
  events: readonly { readonly id: string; readonly at: string }[],
): Promise<Map<string, { salt: Buffer; json: string }>> {
  const months = [...new Set(events.map(({ at }) => monthOf(at)))];
  const rows = await database<{ event: string; month: string; salt: Uint8Array; json: string }[]>`
    select event_id as event, month::text as month, salt, json from audit_body
    where month = any(${months}::text[]::date[]) and event_id = any(${events.map(({ id }) => id)}::text[])`;
  return new Map(
    rows.map(({ event, month, salt, json }) => [`${event} ${month}`, { salt: Buffer.from(salt), json }]),
  );
}

const monthOf = (at: string) => `${at.slice(0, 7)}-01`;

/** Whether a body of the event stands under any month. */
export async function hasBodySomewhere(database: Sql, event: string): Promise<boolean> {
  const rows = await database`select from audit_body where event_id = ${event} limit 1`;
  return rows.length > 0;
}

/** Bodies whose event is gone or of another month. */
export async function listStrayBodies(database: Sql, limit: number): Promise<string[]> {
  const rows = await database<{ event: string }[]>`
    select body.event_id as event from audit_body body left join audit_event event on event.id = body.event_id
    where event.id is null or body.month <> date_trunc('month', event.at at time zone 'UTC')::date
    limit ${limit}`;
  return rows.map((row) => row.event);
}

export interface EventPlace {
  readonly chain: string;
  readonly seq: number;
  readonly event: string;
}

/** Intents without an outcome, of chains that no live replica writes. */
export async function listAbandonedIntents(database: Sql, limit: number): Promise<EventPlace[]> {
  const rows = await database<{ chain: string; seq: string; event: string }[]>`
    select intent.chain_id as chain, intent.chain_seq::text as seq, intent.id as event from audit_event intent
    where intent.kind = 'call.intent'
      and not exists (select from audit_event outcome where outcome.intent_id = intent.id)
      and not exists (
        select from replica
        where replica.lease_until > clock_timestamp() and jsonb_exists(replica.audit_heads, intent.chain_id))
    order by intent.chain_id, intent.chain_seq limit ${limit}`;
  return rows.map((row) => ({ ...row, seq: Number(row.seq) }));
}

export interface EndedReplica {
  readonly id: Id<'rep'>;
  readonly chains: readonly string[];
}

const endedFor = (graceSeconds: number) => sql`
  reaped_at is null and lease_until < clock_timestamp() - ${graceSeconds}::int * interval '1 second'`;

/** Whether a replica other than `self` waits for the reaper. */
export async function hasEndedReplica(
  database: Sql,
  self: Id<'rep'>,
  graceSeconds: number,
): Promise<boolean> {
  const rows = await database`
    select from replica where id <> ${self} and reaped_at is null
      and lease_until < clock_timestamp() - ${graceSeconds}::int * interval '1 second' limit 1`;
  return rows.length > 0;
}

/** Takes one such replica for this transaction; those that others have taken are passed over. */
export async function takeEndedReplica(
  tx: Transaction,
  self: Id<'rep'>,
  graceSeconds: number,
): Promise<EndedReplica | undefined> {
  const [row] = await tx.execute<{ id: Id<'rep'>; chains: string[] } & Record<string, unknown>>(sql`
    select id, array(select jsonb_object_keys(audit_heads)) as chains from replica
    where id <> ${self} and ${endedFor(graceSeconds)}
    order by id limit 1 for update skip locked`);
  return row;
}

export interface OpenIntent {
  readonly id: Id<'evt'>;
  readonly vault: Id<'vlt'> | null;
  readonly kind: 'call.intent' | 'secret.mint';
}

export async function listOpenIntents(
  tx: Transaction,
  chains: readonly string[],
  limit: number,
): Promise<OpenIntent[]> {
  const rows = await tx.execute<OpenIntent & Record<string, unknown>>(sql`
    select intent.id, intent.vault_id as vault, intent.kind from audit_event intent
    where intent.chain_id in (select jsonb_array_elements_text(${JSON.stringify(chains)}::text::jsonb))
      and intent.kind in ('call.intent', 'secret.mint')
      and not exists (select from audit_event outcome where outcome.intent_id = intent.id)
    order by intent.id limit ${limit}`);
  return [...rows];
}

export async function markReaped(tx: Transaction, replica: Id<'rep'>): Promise<void> {
  await tx.execute(sql`update replica set reaped_at = clock_timestamp() where id = ${replica}`);
}
