// Writes a changed agent: its next revision, its MAC, the epoch that tells the replicas.
import type { Id } from '../core/ids.ts';
import { findAgents, updateAgent } from '../store/agents.ts';
import type { AgentRow } from '../store/authority-rows.ts';
import { agentMacColumns } from '../vault/mac-columns.ts';
import { rowMac } from '../vault/row-mac.ts';
import type { Change } from './operation.ts';

export async function saveAgent({ deps, tx, changedEpoch }: Change, row: AgentRow): Promise<AgentRow> {
  const changed = { ...row, revision: row.revision + 1, changedEpoch };
  const saved = { ...changed, mac: rowMac(deps.keyring, 'agent', agentMacColumns(changed)) };
  await updateAgent(tx, saved);
  return saved;
}

/** An agent's record names the services it may call: a grant that comes or goes is a revision of the agent too. */
export async function touchAgents(change: Change, ids: readonly Id<'agt'>[]): Promise<void> {
  for (const row of await findAgents(change.tx, change.deps.vaultId, ids)) await saveAgent(change, row);
}
