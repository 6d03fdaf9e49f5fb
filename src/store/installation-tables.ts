// Tables of the whole installation: its keys, its administrators, its processes.
import { bigint, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { bytea, idColumn, moment } from './columns.ts';

export const installation = pgTable('installation', {
  id: idColumn('id', 'ins').primaryKey(),
  createdAt: moment('created_at').notNull(),
});

/** The store key, wrapped once per root key provider. */
export const keySlot = pgTable('key_slot', {
  id: idColumn('id', 'slt').primaryKey(),
  provider: text('provider').notNull(),
  providerKeyId: text('provider_key_id').notNull(),
  parameters: jsonb('parameters').$type<Record<string, unknown>>().notNull(),
  record: bytea('record').notNull(),
  createdAt: moment('created_at').notNull(),
});

/** Keys of the installation itself (token signing, audit, fingerprints, row MACs), wrapped by the store key. */
export const systemKey = pgTable(
  'system_key',
  {
    id: idColumn('id', 'key').primaryKey(),
    purpose: text('purpose').notNull(),
    generation: integer('generation').notNull(),
    record: bytea('record').notNull(),
    createdAt: moment('created_at').notNull(),
  },
  (t) => [uniqueIndex('system_key_purpose').on(t.purpose, t.generation)],
);

/** One row per process; a lease that the process renews, and the newest heads of its audit chains. */
export const replica = pgTable('replica', {
  id: idColumn('id', 'rep').primaryKey(),
  startedAt: moment('started_at').notNull(),
  leaseUntil: moment('lease_until').notNull(),
  auditHeads: jsonb('audit_heads').$type<Record<string, unknown>>().notNull(),
  /** Set once its open intents have been given their outcome after its lease ended. */
  reapedAt: moment('reaped_at'),
});

/** Up to which epoch of a vault a replica has brought its memory. */
export const replicaEpoch = pgTable(
  'replica_epoch',
  {
    replicaId: idColumn('replica_id', 'rep').notNull(),
    vaultId: idColumn('vault_id', 'vlt').notNull(),
    epoch: bigint('epoch', { mode: 'bigint' }).notNull(),
  },
  (t) => [primaryKey({ columns: [t.replicaId, t.vaultId] })],
);

export const admin = pgTable(
  'admin',
  {
    id: idColumn('id', 'adm').primaryKey(),
    name: text('name').notNull(),
    credentialHash: bytea('credential_hash').notNull(),
    generation: integer('generation').notNull(),
    revision: integer('revision').notNull(),
    mac: bytea('mac').notNull(),
    createdAt: moment('created_at').notNull(),
  },
  (t) => [uniqueIndex('admin_name').on(t.name)],
);
