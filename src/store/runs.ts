// Rows of runs. Leases are by the database's clock.
import { and, eq, sql } from 'drizzle-orm';
import type { Id } from '../core/ids.ts';
import { run } from './tables.ts';
import type { Queryable, Transaction } from './transaction.ts';

export type RunRow = typeof run.$inferSelect;

const leaseEnd = (seconds: number) => sql`clock_timestamp() + ${seconds} * interval '1 second'`;

export async function insertRun(
  tx: Transaction,
  row: Omit<typeof run.$inferInsert, 'leaseUntil'>,
  leaseSeconds: number,
): Promise<Date> {
  const [inserted] = await tx
    .insert(run)
    .values({ ...row, leaseUntil: leaseEnd(leaseSeconds) })
    .returning({ leaseUntil: run.leaseUntil });
  if (inserted === undefined) throw new Error('the run was not inserted');
  return inserted.leaseUntil;
}

export async function findRun(db: Queryable, vaultId: Id<'vlt'>, id: Id<'run'>): Promise<RunRow | undefined> {
  return (
    await db
      .select()
      .from(run)
      .where(and(eq(run.vaultId, vaultId), eq(run.id, id)))
  )[0];
}

/** The new end of the lease, or undefined when the run has ended or its lease has lapsed. */
export async function extendLease(
  db: Queryable,
  vaultId: Id<'vlt'>,
  renewal: { id: Id<'run'>; leaseSeconds: number },
): Promise<Date | undefined> {
  const alive = and(
    eq(run.vaultId, vaultId),
    eq(run.id, renewal.id),
    sql`${run.endedAt} is null and ${run.leaseUntil} > clock_timestamp()`,
  );
  const [renewed] = await db
    .update(run)
    .set({ leaseUntil: leaseEnd(renewal.leaseSeconds) })
    .where(alive)
    .returning({ leaseUntil: run.leaseUntil });
  return renewed?.leaseUntil;
}

export async function updateEndedRun(
  tx: Transaction,
  row: RunRow,
  change: { endedAt: Date; mac: Buffer; changedEpoch: bigint },
): Promise<void> {
  await tx
    .update(run)
    .set(change)
    .where(and(eq(run.vaultId, row.vaultId), eq(run.id, row.id)));
}

/** Runs that nobody ended and whose lease lapsed some time ago. */
export async function listLapsedRuns(
  db: Queryable,
  vaultId: Id<'vlt'>,
  filter: { afterSeconds: number; limit: number },
): Promise<RunRow[]> {
  const lapsed = sql`${run.endedAt} is null and ${run.leaseUntil} < clock_timestamp() - ${filter.afterSeconds} * interval '1 second'`;
  return await db
    .select()
    .from(run)
    .where(and(eq(run.vaultId, vaultId), lapsed))
    .limit(filter.limit);
}
