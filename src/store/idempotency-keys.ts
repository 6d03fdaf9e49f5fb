// Rows of idempotency keys: what was answered to a create, by the keyed hash of the key it came with.
import { and, eq, lt } from 'drizzle-orm';
import type { Id } from '../core/ids.ts';
import { idempotencyKey } from './tables.ts';
import type { Queryable, Transaction } from './transaction.ts';

/** How long a key stands for its request. */
export const IDEMPOTENCY_KEY_SECONDS = 24 * 3600;

export type IdempotencyKeyRow = typeof idempotencyKey.$inferSelect;

export async function findIdempotencyKey(
  tx: Transaction,
  of: Pick<IdempotencyKeyRow, 'vaultId' | 'adminId' | 'keyHash'>,
): Promise<IdempotencyKeyRow | undefined> {
  const wanted = and(
    eq(idempotencyKey.vaultId, of.vaultId),
    eq(idempotencyKey.adminId, of.adminId),
    eq(idempotencyKey.keyHash, of.keyHash),
  );
  return (await tx.select().from(idempotencyKey).where(wanted))[0];
}

/** In place of a row of the same key, which was too old to count. */
export async function putIdempotencyKey(tx: Transaction, row: IdempotencyKeyRow): Promise<void> {
  const { vaultId, adminId, keyHash } = idempotencyKey;
  await tx
    .insert(idempotencyKey)
    .values(row)
    .onConflictDoUpdate({ target: [vaultId, adminId, keyHash], set: row });
}

export async function removeIdempotencyKeys(db: Queryable, vaultId: Id<'vlt'>, before: Date): Promise<void> {
  const old = and(eq(idempotencyKey.vaultId, vaultId), lt(idempotencyKey.createdAt, before));
  await db.delete(idempotencyKey).where(old);
}
