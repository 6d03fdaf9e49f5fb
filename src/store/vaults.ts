// The epoch of a vault: raised in every transaction that changes what decisions depend on.
import { eq, sql } from 'drizzle-orm';
import type { Sql } from 'postgres';
import type { Id } from '../core/ids.ts';
import { toFrozen } from './authority-rows.ts';
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

/**
 * Makes administrative changes of one vault take turns, on every replica: what a change reads after this stays as it is
 * until it commits. First thing in its transaction; gives the present epoch.
 */
export async function lockVault(tx: Transaction, vaultId: Id<'vlt'>): Promise<bigint> {
  const [row] = await tx
    .select({ epoch: vault.epoch })
    .from(vault)
    .where(eq(vault.id, vaultId))
    .for('no key update');
  if (row === undefined) throw new Error(`vault ${vaultId} is missing`);
  return row.epoch;
}

/** Since when the vault is frozen, and why. */
export async function readFrozen(
  tx: Transaction,
  vaultId: Id<'vlt'>,
): Promise<{ readonly since: Date; readonly reason: string } | undefined> {
  const columns = { frozenAt: vault.frozenAt, frozenReason: vault.frozenReason };
  const [row] = await tx.select(columns).from(vault).where(eq(vault.id, vaultId));
  return toFrozen(row);
}

export async function unfreezeVault(tx: Transaction, vaultId: Id<'vlt'>): Promise<void> {
  await tx.update(vault).set({ frozenAt: null, frozenReason: null }).where(eq(vault.id, vaultId));
}
