// What agents ask people: for access that they lack, and whether one exact call may pass.
import { isNull } from 'drizzle-orm';
import { foreignKey, index, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { ShownCall } from '../core/approval.ts';
import { DIRECTIONS } from '../core/inspection/finding.ts';
import { bytea, idColumn, moment } from './columns.ts';
import { agent, service, vault } from './tables.ts';

const vaultId = () =>
  idColumn('vault_id', 'vlt')
    .notNull()
    .references(() => vault.id);

/** What an agent asked an administrator for. */
export const accessRequest = pgTable(
  'access_request',
  {
    vaultId: vaultId(),
    id: idColumn('id', 'arq').notNull(),
    agentId: idColumn('agent_id', 'agt').notNull(),
    /** As asked: there may be no service of that name. */
    service: text('service').notNull(),
    /** Patterns; null asks for every method and path. */
    allow: jsonb('allow').$type<readonly string[]>(),
    reason: text('reason').notNull(),
    createdAt: moment('created_at').notNull(),
    decidedAt: moment('decided_at'),
    decision: text('decision', { enum: ['granted', 'denied'] }),
    decidedBy: idColumn('decided_by', 'adm'),
  },
  (t) => [
    primaryKey({ columns: [t.vaultId, t.id] }),
    foreignKey({ columns: [t.vaultId, t.agentId], foreignColumns: [agent.vaultId, agent.id] }),
    index('access_request_open').on(t.vaultId, t.agentId).where(isNull(t.decidedAt)),
  ],
);

/** A person's answer to one exact call, for one use. */
export const approval = pgTable(
  'approval',
  {
    vaultId: vaultId(),
    id: idColumn('id', 'apr').notNull(),
    agentId: idColumn('agent_id', 'agt').notNull(),
    serviceId: idColumn('service_id', 'svc').notNull(),
    /** Whether the call's own text was asked about, or that of its answer. */
    direction: text('direction', { enum: DIRECTIONS }).notNull(),
    /** The rules that asked, sorted. */
    rules: jsonb('rules').$type<readonly string[]>().notNull(),
    /** Keyed hash of the call to the last bit; see `core/approval`. */
    callDigest: bytea('call_digest').notNull(),
    /** Of the question: the call, the direction and the rules. */
    digest: bytea('digest').notNull(),
    shown: jsonb('shown').$type<ShownCall>().notNull(),
    createdAt: moment('created_at').notNull(),
    decidedAt: moment('decided_at'),
    decision: text('decision', { enum: ['approved', 'denied'] }),
    decidedBy: idColumn('decided_by', 'adm'),
    usedAt: moment('used_at'),
    mac: bytea('mac').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.vaultId, t.id] }),
    foreignKey({ columns: [t.vaultId, t.agentId], foreignColumns: [agent.vaultId, agent.id] }),
    foreignKey({ columns: [t.vaultId, t.serviceId], foreignColumns: [service.vaultId, service.id] }),
    index('approval_call').on(t.vaultId, t.callDigest),
    index('approval_open').on(t.vaultId, t.agentId).where(isNull(t.decidedAt)),
  ],
);
