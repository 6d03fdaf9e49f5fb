// The tables of a vault, each keyed by it; those of the whole installation are in installation-tables.ts, what waits for a person
// is in asked-tables.ts.
// Rows that decide something carry `changed_epoch` (they travel to replicas as deltas) and stay, marked removed.
import { isNull, sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import type { Constraints } from '../core/constraints.ts';
import type { Protection } from '../core/protection/protection.ts';
import { type Auth, type Origin, REFUSAL_SHAPES } from '../core/service.ts';
import { bytea, changedEpoch, idColumn, moment } from './columns.ts';

export const vault = pgTable(
  'vault',
  {
    id: idColumn('id', 'vlt').primaryKey(),
    name: text('name').notNull(),
    /** Raised in every transaction that changes what decisions depend on. */
    epoch: bigint('epoch', { mode: 'bigint' }).notNull(),
    createdAt: moment('created_at').notNull(),
    /** Set: no token is issued and no call is made, on any replica. A restored vault begins like this. */
    frozenAt: moment('frozen_at'),
    frozenReason: text('frozen_reason'),
  },
  (t) => [uniqueIndex('vault_name').on(t.name)],
);

const vaultId = () =>
  idColumn('vault_id', 'vlt')
    .notNull()
    .references(() => vault.id);

/** Key encryption keys, wrapped by the store key. */
export const kek = pgTable(
  'kek',
  {
    vaultId: vaultId(),
    id: idColumn('id', 'kek').notNull(),
    generation: integer('generation').notNull(),
    record: bytea('record').notNull(),
    createdAt: moment('created_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.vaultId, t.id] }),
    uniqueIndex('kek_generation').on(t.vaultId, t.generation),
  ],
);

export const secret = pgTable(
  'secret',
  {
    vaultId: vaultId(),
    id: idColumn('id', 'sec').notNull(),
    name: text('name').notNull(),
    credentialKind: text('credential_kind').notNull(),
    /** Never sent anywhere: a value whose appearance in a request gives a thief away. */
    isDecoy: boolean('is_decoy').notNull().default(false),
    revision: integer('revision').notNull(),
    changedEpoch: changedEpoch(),
    createdAt: moment('created_at').notNull(),
    destroyedAt: moment('destroyed_at'),
  },
  (t) => [
    primaryKey({ columns: [t.vaultId, t.id] }),
    uniqueIndex('secret_name').on(t.vaultId, t.name).where(isNull(t.destroyedAt)),
    index('secret_epoch').on(t.vaultId, t.changedEpoch),
  ],
);

export const secretVersion = pgTable(
  'secret_version',
  {
    vaultId: vaultId(),
    id: idColumn('id', 'ver').notNull(),
    secretId: idColumn('secret_id', 'sec').notNull(),
    number: integer('number').notNull(),
    state: text('state', {
      enum: ['staged', 'current', 'previous', 'disabled', 'revoked', 'destroyed'],
    }).notNull(),
    dekId: idColumn('dek_id', 'dek').notNull(),
    kekId: idColumn('kek_id', 'kek').notNull(),
    kekGeneration: integer('kek_generation').notNull(),
    /** Null once destroyed. */
    dekRecord: bytea('dek_record'),
    valueRecord: bytea('value_record'),
    /** Of a previous version: how long it is still sent where the current one is answered 401. */
    graceUntil: moment('grace_until'),
    changedEpoch: changedEpoch(),
    createdAt: moment('created_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.vaultId, t.id] }),
    foreignKey({ columns: [t.vaultId, t.secretId], foreignColumns: [secret.vaultId, secret.id] }),
    uniqueIndex('secret_version_number').on(t.vaultId, t.secretId, t.number),
    uniqueIndex('secret_version_current').on(t.vaultId, t.secretId).where(sql`${t.state} = 'current'`),
    index('secret_version_epoch').on(t.vaultId, t.changedEpoch),
  ],
);

/** By what a stored value is known when it turns up in a request, without the value: one row for each version that is live. */
export const secretFingerprint = pgTable(
  'secret_fingerprint',
  {
    vaultId: vaultId(),
    versionId: idColumn('version_id', 'ver').notNull(),
    secretId: idColumn('secret_id', 'sec').notNull(),
    /** Of a value that no call ever carries: whoever sends it has been where no agent should be. */
    isDecoy: boolean('is_decoy').notNull(),
    /** Keyed hashes of the value's forms, packed; see `vault/fingerprints`. */
    record: bytea('record').notNull(),
    changedEpoch: changedEpoch(),
    mac: bytea('mac').notNull(),
    createdAt: moment('created_at').notNull(),
    removedAt: moment('removed_at'),
  },
  (t) => [
    primaryKey({ columns: [t.vaultId, t.versionId] }),
    foreignKey({ columns: [t.vaultId, t.secretId], foreignColumns: [secret.vaultId, secret.id] }),
    index('secret_fingerprint_epoch').on(t.vaultId, t.changedEpoch),
  ],
);

/** One change of a secret's current version, step by step: each step is committed before the next begins. */
export const rotation = pgTable(
  'rotation',
  {
    vaultId: vaultId(),
    id: idColumn('id', 'rot').notNull(),
    secretId: idColumn('secret_id', 'sec').notNull(),
    /** Null where the secret had no current version. */
    fromVersion: integer('from_version'),
    toVersion: integer('to_version').notNull(),
    step: text('step', {
      enum: ['staged', 'verified', 'promoted', 'completed', 'rolled-back', 'failed'],
    }).notNull(),
    /** `{ service, method, path, status }` of the probe; null where none was asked for. */
    probe: jsonb('probe').$type<Record<string, unknown>>(),
    graceSeconds: integer('grace_seconds').notNull(),
    /** Who works on it: another replica goes on once this one's lease has ended. */
    replicaId: idColumn('replica_id', 'rep').notNull(),
    startedBy: idColumn('started_by', 'adm').notNull(),
    startedAt: moment('started_at').notNull(),
    promotedAt: moment('promoted_at'),
    endedAt: moment('ended_at'),
  },
  (t) => [
    primaryKey({ columns: [t.vaultId, t.id] }),
    foreignKey({ columns: [t.vaultId, t.secretId], foreignColumns: [secret.vaultId, secret.id] }),
    uniqueIndex('rotation_open').on(t.vaultId, t.secretId).where(isNull(t.endedAt)),
    index('rotation_secret').on(t.vaultId, t.secretId, t.id),
  ],
);

export const service = pgTable(
  'service',
  {
    vaultId: vaultId(),
    id: idColumn('id', 'svc').notNull(),
    name: text('name').notNull(),
    origin: jsonb('origin').$type<Origin>().notNull(),
    basePath: text('base_path').notNull(),
    auth: jsonb('auth').$type<Auth>().notNull(),
    secretId: idColumn('secret_id', 'sec').notNull(),
    keyEnv: text('key_env'),
    baseUrlEnv: text('base_url_env'),
    /** What a client's base URL has after the service's own, such as `/v1`. */
    baseUrlSuffix: text('base_url_suffix').notNull(),
    /** Which methods are sent again with a secret's previous version after a 401 in its grace period. */
    graceRetry: text('grace_retry', { enum: ['any', 'idempotent'] })
      .notNull()
      .default('any'),
    /** The catalogue entry it was made from. */
    catalogueId: text('catalogue_id'),
    /** Headers the API wants beside the credential: sent where the caller has none of that name. Public. */
    headers: jsonb('headers').$type<Readonly<Record<string, string>>>().notNull().default({}),
    /** Patterns that no grant allows. */
    deny: jsonb('deny').$type<readonly string[]>().notNull().default([]),
    /** Whose error bodies a refusal imitates, so that the vendor's client understands it. */
    refusalShape: text('refusal_shape', { enum: REFUSAL_SHAPES }),
    /** A listener of its own: `127.0.0.1:0` or `unix:/path`. */
    listen: text('listen'),
    /** What guards its calls beyond what guards every call; see `core/protection`. */
    protection: jsonb('protection').$type<Protection>().notNull().default({}),
    revision: integer('revision').notNull(),
    changedEpoch: changedEpoch(),
    mac: bytea('mac').notNull(),
    createdAt: moment('created_at').notNull(),
    removedAt: moment('removed_at'),
  },
  (t) => [
    primaryKey({ columns: [t.vaultId, t.id] }),
    foreignKey({ columns: [t.vaultId, t.secretId], foreignColumns: [secret.vaultId, secret.id] }),
    uniqueIndex('service_name').on(t.vaultId, t.name).where(isNull(t.removedAt)),
    index('service_epoch').on(t.vaultId, t.changedEpoch),
  ],
);

export const agent = pgTable(
  'agent',
  {
    vaultId: vaultId(),
    id: idColumn('id', 'agt').notNull(),
    name: text('name').notNull(),
    keyHash: bytea('key_hash').notNull(),
    generation: integer('generation').notNull(),
    revision: integer('revision').notNull(),
    changedEpoch: changedEpoch(),
    mac: bytea('mac').notNull(),
    createdAt: moment('created_at').notNull(),
    frozenAt: moment('frozen_at'),
    removedAt: moment('removed_at'),
  },
  (t) => [
    primaryKey({ columns: [t.vaultId, t.id] }),
    uniqueIndex('agent_name').on(t.vaultId, t.name).where(isNull(t.removedAt)),
    index('agent_epoch').on(t.vaultId, t.changedEpoch),
  ],
);

export const serviceGrant = pgTable(
  'service_grant',
  {
    vaultId: vaultId(),
    id: idColumn('id', 'grt').notNull(),
    agentId: idColumn('agent_id', 'agt').notNull(),
    serviceId: idColumn('service_id', 'svc').notNull(),
    /** Patterns such as `GET /v1/models`; null grants every method and path. */
    allow: jsonb('allow').$type<readonly string[]>(),
    expiresAt: moment('expires_at'),
    /** What is asked of a call beyond its method and path; see `core/constraints`. */
    constraints: jsonb('constraints').$type<Constraints>().notNull().default({}),
    /** Ended for now, by Doorward itself or by an administrator. */
    frozenAt: moment('frozen_at'),
    frozenReason: text('frozen_reason'),
    revision: integer('revision').notNull(),
    changedEpoch: changedEpoch(),
    mac: bytea('mac').notNull(),
    createdAt: moment('created_at').notNull(),
    removedAt: moment('removed_at'),
  },
  (t) => [
    primaryKey({ columns: [t.vaultId, t.id] }),
    foreignKey({ columns: [t.vaultId, t.agentId], foreignColumns: [agent.vaultId, agent.id] }),
    foreignKey({ columns: [t.vaultId, t.serviceId], foreignColumns: [service.vaultId, service.id] }),
    uniqueIndex('service_grant_pair').on(t.vaultId, t.agentId, t.serviceId).where(isNull(t.removedAt)),
    index('service_grant_epoch').on(t.vaultId, t.changedEpoch),
  ],
);

/** One agent process started by `doorward run`, and the keyed hash of its placeholder. */
export const run = pgTable(
  'run',
  {
    vaultId: vaultId(),
    id: idColumn('id', 'run').notNull(),
    agentId: idColumn('agent_id', 'agt').notNull(),
    placeholderHash: bytea('placeholder_hash').notNull(),
    startedAt: moment('started_at').notNull(),
    /** Renewed while the process lives; database time. */
    leaseUntil: moment('lease_until').notNull(),
    endedAt: moment('ended_at'),
    changedEpoch: changedEpoch(),
    mac: bytea('mac').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.vaultId, t.id] }),
    foreignKey({ columns: [t.vaultId, t.agentId], foreignColumns: [agent.vaultId, agent.id] }),
    uniqueIndex('run_placeholder').on(t.placeholderHash),
    index('run_epoch').on(t.vaultId, t.changedEpoch),
  ],
);

/** Stands where a client expects the key of a service, and looks like one: bound to one agent and one service. */
export const placeholder = pgTable(
  'placeholder',
  {
    vaultId: vaultId(),
    id: idColumn('id', 'plh').notNull(),
    agentId: idColumn('agent_id', 'agt').notNull(),
    serviceId: idColumn('service_id', 'svc').notNull(),
    /** Set: it ends with the run. */
    runId: idColumn('run_id', 'run'),
    hash: bytea('hash').notNull(),
    createdAt: moment('created_at').notNull(),
    expiresAt: moment('expires_at'),
    changedEpoch: changedEpoch(),
    mac: bytea('mac').notNull(),
    removedAt: moment('removed_at'),
  },
  (t) => [
    primaryKey({ columns: [t.vaultId, t.id] }),
    foreignKey({ columns: [t.vaultId, t.agentId], foreignColumns: [agent.vaultId, agent.id] }),
    foreignKey({ columns: [t.vaultId, t.serviceId], foreignColumns: [service.vaultId, service.id] }),
    foreignKey({ columns: [t.vaultId, t.runId], foreignColumns: [run.vaultId, run.id] }),
    uniqueIndex('placeholder_hash').on(t.hash),
    index('placeholder_epoch').on(t.vaultId, t.changedEpoch),
    index('placeholder_agent').on(t.vaultId, t.agentId).where(isNull(t.removedAt)),
  ],
);

/** The access token that a secret was last exchanged for, and who is fetching the next one. */
export const mintedToken = pgTable(
  'minted_token',
  {
    vaultId: vaultId(),
    secretId: idColumn('secret_id', 'sec').notNull(),
    /** Of the secret: what it was made with. */
    versionId: idColumn('version_id', 'ver'),
    dekId: idColumn('dek_id', 'dek'),
    kekId: idColumn('kek_id', 'kek'),
    kekGeneration: integer('kek_generation'),
    /** Null until the first one has come. */
    dekRecord: bytea('dek_record'),
    valueRecord: bytea('value_record'),
    expiresAt: moment('expires_at'),
    refreshingBy: idColumn('refreshing_by', 'rep'),
    refreshingUntil: moment('refreshing_until'),
    /** Raised with every lease: an answer that comes under an older one is not stored. */
    fence: bigint('fence', { mode: 'bigint' }).notNull(),
    changedEpoch: changedEpoch(),
  },
  (t) => [
    primaryKey({ columns: [t.vaultId, t.secretId] }),
    foreignKey({ columns: [t.vaultId, t.secretId], foreignColumns: [secret.vaultId, secret.id] }),
    index('minted_token_epoch').on(t.vaultId, t.changedEpoch),
  ],
);

/** What an `Idempotency-Key` stands for: the change made under it, and its answer without anything that is shown once. */
export const idempotencyKey = pgTable(
  'idempotency_key',
  {
    vaultId: vaultId(),
    adminId: idColumn('admin_id', 'adm').notNull(),
    keyHash: bytea('key_hash').notNull(),
    operation: text('operation').notNull(),
    /** Keyed hash of the input: the same key with other input is refused. */
    inputHash: bytea('input_hash').notNull(),
    output: jsonb('output').$type<Record<string, unknown>>().notNull(),
    createdAt: moment('created_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.vaultId, t.adminId, t.keyHash] }),
    index('idempotency_key_age').on(t.createdAt),
  ],
);
