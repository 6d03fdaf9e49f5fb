// Everything an agent has been handed becomes worthless at once: its runs end, its access tokens and placeholders are
// good no more. Its key, its grants and what it may do from here on stay as they are.
import { listOpenRunsOf } from '../store/open-runs.ts';
import { type RunRow, updateEndedRun } from '../store/runs.ts';
import { runMacColumns } from '../vault/mac-columns.ts';
import { removePlaceholdersOf } from '../vault/placeholders.ts';
import { rowMac } from '../vault/row-mac.ts';
import { requireAgentToStop } from './agents.ts';
import { agentRevoke } from './contracts/agents.ts';
import { type Change, changing } from './operation.ts';
import { saveAgent } from './save-agent.ts';

export const revokeAgent = changing(agentRevoke, async (change, { name }) => {
  const { deps, tx, now, changedEpoch } = change;
  const { vaultId, keyring } = deps;
  const row = await requireAgentToStop(tx, deps, name);
  change.precondition.require(row);
  const runs = await listOpenRunsOf(tx, vaultId, row.id);
  for (const run of runs) await endOne(change, run);
  const ending = { keyring, removedAt: now, changedEpoch };
  const placeholdersRevoked = await removePlaceholdersOf(tx, { vaultId, agentId: row.id }, ending);
  const saved = await saveAgent(change, row, { generation: row.generation + 1 });
  const counts = { runsEnded: runs.length, placeholdersRevoked };
  return {
    output: { name, ...counts },
    target: { type: 'agent', id: row.id, name },
    before: { generation: row.generation, revision: row.revision },
    after: { generation: saved.generation, revision: saved.revision, ...counts },
  };
});

async function endOne({ deps, tx, now, changedEpoch }: Change, row: RunRow): Promise<void> {
  const mac = rowMac(deps.keyring, 'run', runMacColumns({ ...row, endedAt: now }));
  await updateEndedRun(tx, row, { endedAt: now, mac, changedEpoch });
}
