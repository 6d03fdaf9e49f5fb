// Agents: registered with a key that is shown once, frozen and unfrozen, removed with their grants.
import { newId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { createOpaqueToken } from '../crypto/opaque-token.ts';
import { findAgentByName, insertAgent, listAgents } from '../store/agents.ts';
import type { AgentRow } from '../store/authority-rows.ts';
import { grantedServiceNames } from '../store/grants.ts';
import type { Queryable } from '../store/transaction.ts';
import { AGENT, requireGenuine } from '../vault/genuine-rows.ts';
import { agentMacColumns } from '../vault/mac-columns.ts';
import { removePlaceholdersOf } from '../vault/placeholders.ts';
import { rowMac } from '../vault/row-mac.ts';
import {
  agentCreate,
  agentFreeze,
  agentList,
  type AgentRecord,
  agentRemove,
  agentShow,
  agentUnfreeze,
} from './contracts/agents.ts';
import { type Change, changing, type OperationDeps, reading } from './operation.ts';
import { openPage } from './paging.ts';
import { removeGrantsOf } from './remove-grant.ts';
import { saveAgent } from './save-agent.ts';

export const createAgent = changing(agentCreate, async ({ deps, tx, now, changedEpoch }, { name }) => {
  const key = createOpaqueToken('agent', deps.ids.randomness);
  const columns = {
    vaultId: deps.vaultId,
    id: newId(deps.ids, 'agt'),
    name,
    keyHash: deps.tokens.hash(key),
    generation: 1,
    revision: 1,
    frozenAt: null,
    removedAt: null,
  };
  const mac = rowMac(deps.keyring, 'agent', agentMacColumns(columns));
  const row: AgentRow = { ...columns, mac, changedEpoch, createdAt: now };
  await insertAgent(tx, row);
  return {
    output: { agent: toRecord(row, []), key },
    target: { type: 'agent', id: row.id, name },
    after: { generation: 1, revision: 1 },
  };
});

export const listAgent = reading(agentList, async (deps, input) => {
  const { after = '', limit, finish } = openPage(deps, agentList, input);
  const found = await listAgents(deps.database.admin, deps.vaultId, { after, limit });
  const { rows, nextCursor } = finish(found, ({ name }) => name);
  return { items: await toRecords(deps.database.admin, deps, rows), nextCursor };
});

export const showAgent = reading(agentShow, async (deps, { name }) => {
  const row = await requireAgent(deps.database.admin, deps, name);
  return await toFullRecord(deps.database.admin, deps, row);
});

export const freezeAgent = changing(agentFreeze, (change, { name }) => setFrozen(change, name, true));
export const unfreezeAgent = changing(agentUnfreeze, (change, { name }) => setFrozen(change, name, false));

export const removeAgent = changing(agentRemove, async (change, { name }) => {
  const { deps, tx, now, changedEpoch } = change;
  const row = await requireAgentToStop(tx, deps, name);
  change.precondition.require(row);
  const ending = { keyring: deps.keyring, removedAt: now, changedEpoch };
  await removePlaceholdersOf(tx, { vaultId: deps.vaultId, agentId: row.id }, ending);
  const { length: grantsRemoved } = await removeGrantsOf(change, { agentId: row.id });
  await saveAgent(change, row, { removedAt: now, generation: row.generation + 1 });
  return {
    output: { id: row.id, name, grantsRemoved },
    target: { type: 'agent', id: row.id, name },
    after: { grantsRemoved },
  };
});

/** The agent of that name, or a `not-found` or `record-altered` problem. */
export async function requireAgent(db: Queryable, deps: OperationDeps, name: string): Promise<AgentRow> {
  const row = await requireAgentToStop(db, deps, name);
  return requireGenuine(deps.keyring, AGENT, { row, name: `The agent ${name}` });
}

/** As it stands in the database, whoever wrote it: what takes rights away must not fail because of that. */
export async function requireAgentToStop(
  db: Queryable,
  deps: OperationDeps,
  name: string,
): Promise<AgentRow> {
  const row = await findAgentByName(db, deps.vaultId, name);
  if (row === undefined) throw new Problem('not-found', { detail: `There is no agent named ${name}.` });
  return row;
}

/** Freezing what is frozen changes nothing but is still told, so that it can be repeated after a lost answer. */
async function setFrozen(change: Change, name: string, frozen: boolean) {
  const { deps, tx, now } = change;
  const row = await (frozen ? requireAgentToStop : requireAgent)(tx, deps, name);
  change.precondition.require(row);
  const saved = await saveAgent(change, row, { frozenAt: frozen ? (row.frozenAt ?? now) : null });
  return {
    output: await toFullRecord(tx, deps, saved),
    target: { type: 'agent', id: row.id, name },
    before: { frozen: row.frozenAt !== null, revision: row.revision },
    after: { frozen, revision: saved.revision },
  };
}

async function toFullRecord(db: Queryable, deps: OperationDeps, row: AgentRow): Promise<AgentRecord> {
  const services = await grantedServiceNames(db, deps.vaultId, [row.id]);
  return toRecord(row, services.get(row.id) ?? []);
}

async function toRecords(
  db: Queryable,
  deps: OperationDeps,
  rows: readonly AgentRow[],
): Promise<AgentRecord[]> {
  const services = await grantedServiceNames(
    db,
    deps.vaultId,
    rows.map((row) => row.id),
  );
  return rows.map((row) => toRecord(row, services.get(row.id) ?? []));
}

function toRecord(row: AgentRow, services: string[]): AgentRecord {
  const { id, name, generation, revision } = row;
  const state = row.frozenAt === null ? 'active' : 'frozen';
  return { id, name, state, services, generation, revision, createdAt: row.createdAt.toISOString() };
}
