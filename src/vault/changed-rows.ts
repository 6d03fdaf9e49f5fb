// Writes changed agents, grants and services: their next revision, their MAC, the epoch that tells the replicas.
import type { AgentRow, GrantRow, ServiceRow } from '../store/authority-rows.ts';
import { updateAgent } from '../store/agents.ts';
import { updateGrant } from '../store/grants.ts';
import { updateService } from '../store/services.ts';
import type { Transaction } from '../store/transaction.ts';
import { AGENT, GRANT, SERVICE, withMac } from './genuine-rows.ts';
import type { Keyring } from './keyring.ts';

export interface RowChange {
  readonly tx: Transaction;
  readonly keyring: Keyring;
  readonly changedEpoch: bigint;
}

export async function writeAgent(
  { tx, keyring, changedEpoch }: RowChange,
  before: AgentRow,
  fields: Partial<AgentRow> = {},
): Promise<AgentRow> {
  const after = { ...before, ...fields, revision: before.revision + 1, changedEpoch };
  const saved = withMac(keyring, AGENT, { before, after });
  await updateAgent(tx, saved);
  return saved;
}

export async function writeGrant(
  { tx, keyring, changedEpoch }: RowChange,
  before: GrantRow,
  fields: Partial<GrantRow>,
): Promise<GrantRow> {
  const after = { ...before, ...fields, revision: before.revision + 1, changedEpoch };
  const saved = withMac(keyring, GRANT, { before, after });
  await updateGrant(tx, saved);
  return saved;
}

export async function writeService(
  { tx, keyring, changedEpoch }: RowChange,
  before: ServiceRow,
  fields: Partial<ServiceRow>,
): Promise<ServiceRow> {
  const after = { ...before, ...fields, revision: before.revision + 1, changedEpoch };
  const saved = withMac(keyring, SERVICE, { before, after });
  await updateService(tx, saved);
  return saved;
}
