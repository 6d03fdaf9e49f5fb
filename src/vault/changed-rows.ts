// Writes changed agents and grants: their next revision, their MAC, the epoch that tells the replicas.
import type { AgentRow, GrantRow } from '../store/authority-rows.ts';
import { updateAgent } from '../store/agents.ts';
import { updateGrant } from '../store/grants.ts';
import type { Transaction } from '../store/transaction.ts';
import type { Keyring } from './keyring.ts';
import { agentMacColumns, grantMacColumns } from './mac-columns.ts';
import { rowMac } from './row-mac.ts';

export interface RowChange {
  readonly tx: Transaction;
  readonly keyring: Keyring;
  readonly changedEpoch: bigint;
}

export async function writeAgent({ tx, keyring, changedEpoch }: RowChange, row: AgentRow): Promise<AgentRow> {
  const changed = { ...row, revision: row.revision + 1, changedEpoch };
  const saved = { ...changed, mac: rowMac(keyring, 'agent', agentMacColumns(changed)) };
  await updateAgent(tx, saved);
  return saved;
}

export async function writeGrant({ tx, keyring, changedEpoch }: RowChange, row: GrantRow): Promise<GrantRow> {
  const changed = { ...row, revision: row.revision + 1, changedEpoch };
  const saved = { ...changed, mac: rowMac(keyring, 'service_grant', grantMacColumns(changed)) };
  await updateGrant(tx, saved);
  return saved;
}
