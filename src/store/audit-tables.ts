// The tables of the audit log: rows are added, never changed.
import { sql } from 'drizzle-orm';
import { bigint, date, index, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { bytea, idColumn, moment } from './columns.ts';

/** One fact, chained per replica start and lane. Kept for ever; the text itself is in `audit_body`. */
export const auditEvent = pgTable(
  'audit_event',
  {
    id: idColumn('id', 'evt').primaryKey(),
    vaultId: idColumn('vault_id', 'vlt'),
    chainId: idColumn('chain_id', 'chn').notNull(),
    chainSeq: bigint('chain_seq', { mode: 'bigint' }).notNull(),
    prevMac: bytea('prev_mac').notNull(),
    mac: bytea('mac').notNull(),
    kind: text('kind').notNull(),
    intentId: idColumn('intent_id', 'evt'),
    at: moment('at').notNull(),
    /** SHA-256 of salt and body: with it the leaf can be made again when retention has dropped the body. */
    bodyHash: bytea('body_hash').notNull(),
    leafHash: bytea('leaf_hash').notNull(),
  },
  (t) => [
    uniqueIndex('audit_event_chain').on(t.chainId, t.chainSeq),
    uniqueIndex('audit_event_intent').on(t.intentId).where(sql`${t.intentId} is not null`),
    // Calls are nearly all of the log: what is rare is found without reading them, and they do not pay for it.
    index('audit_event_rare').on(t.kind, t.id).where(sql`${t.kind} not like 'call.%'`),
  ],
);

/** Partitioned by month in the migration; dropped by the owning role when retention says so. */
export const auditBody = pgTable(
  'audit_body',
  {
    eventId: idColumn('event_id', 'evt').notNull(),
    month: date('month', { mode: 'string' }).notNull(),
    salt: bytea('salt').notNull(),
    /** Canonical JSON, byte for byte what the leaf hash commits to. */
    json: text('json').notNull(),
  },
  (t) => [primaryKey({ columns: [t.month, t.eventId] })],
);
