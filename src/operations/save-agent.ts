// Writes a changed agent: its next revision, its MAC, the epoch that tells the replicas.
import type { Id } from '../core/ids.ts';
import { findAgents } from '../store/agents.ts';
import type { AgentRow } from '../store/authority-rows.ts';
import { writeAgent } from '../vault/changed-rows.ts';
import type { Change } from './operation.ts';

export async function saveAgent(
  { deps, tx, changedEpoch }: Change,
  before: AgentRow,
  fields?: Partial<AgentRow>,
): Promise<AgentRow> {
  return await writeAgent({ tx, keyring: deps.keyring, changedEpoch }, before, fields);
}

/** An agent's record names the services it may call: a grant that comes or goes is a revision of the agent too. */
export async function touchAgents(change: Change, ids: readonly Id<'agt'>[]): Promise<void> {
  for (const row of await findAgents(change.tx, change.deps.vaultId, ids)) await saveAgent(change, row);
}
