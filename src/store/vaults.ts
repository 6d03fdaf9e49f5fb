// The epoch of a vault: raised in every transaction that changes what decisions depend on.
import { eq, sql } from 'drizzle-orm';
import type { Sql } from 'postgres';
import type { Id } from '../core/ids.ts';
import { vault } from './tables.ts';
import type { Transaction } from './transaction.ts';

/** Channel on which replicas hear of a raised epoch; the payload is the vault's id. */
export const EPOCH_CHANNEL = 'doorward_epoch';

/** Raises the epoch and wakes the replicas at commit. The row lock makes administrative writes of one vault take turns. */
export async function raiseEpoch(tx: Transaction, vaultId: Id<'vlt'>): Promise<bigint> {
  const [row] = await tx
    .update(vault)
    .set({ epoch: sql`${vault.epoch} + 1` })
    .where(eq(vault.id, vaultId))
    .returning({ epoch: vault.epoch });
  if (row === undefined) throw new Error(`vault ${vaultId} is missing`);
  await tx.execute(sql`select pg_notify(${EPOCH_CHANNEL}, ${vaultId})`);
  return row.epoch;
}

/** The database's clock. */
export async function databaseTime(calls: Sql): Promise<Date> {
  const [row] = await calls<{ now: Date }[]>`select clock_timestamp() as now`;
  if (row === undefined) throw new Error('the database told no time');
  return row.now;
}
