// The runs of an agent that have not ended.
import { and, eq, isNull } from 'drizzle-orm';
import type { Id } from '../core/ids.ts';
import type { RunRow } from './runs.ts';
import { run } from './tables.ts';
import type { Transaction } from './transaction.ts';

export async function listOpenRunsOf(
  tx: Transaction,
  vaultId: Id<'vlt'>,
  agentId: Id<'agt'>,
): Promise<RunRow[]> {
  const wanted = and(eq(run.vaultId, vaultId), eq(run.agentId, agentId), isNull(run.endedAt));
  return await tx.select().from(run).where(wanted);
}
