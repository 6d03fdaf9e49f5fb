// State changes of secret versions, each a compare-and-set on the state before. The caller holds the vault's turn: it has
// raised the epoch in the same transaction.
import { and, desc, eq, lt, max, sql } from 'drizzle-orm';
import type { Id } from '../core/ids.ts';
import { forgetMintFailure } from './minted-tokens.ts';
import type { SecretVersionRow } from './secrets.ts';
import { secret, secretVersion } from './tables.ts';
import type { Queryable, Transaction } from './transaction.ts';

export type VersionState = SecretVersionRow['state'];

interface VersionKey {
  readonly vaultId: Id<'vlt'>;
  readonly secretId: Id<'sec'>;
  readonly number: number;
}

export interface VersionMove extends VersionKey {
  readonly from: VersionState;
  readonly to: VersionState;
  /** Only of what becomes `previous`. */
  readonly graceUntil?: Date;
  readonly changedEpoch: bigint;
}

const ofSecret = (vaultId: Id<'vlt'>, secretId: Id<'sec'>) =>
  and(eq(secretVersion.vaultId, vaultId), eq(secretVersion.secretId, secretId));

export async function insertVersion(tx: Transaction, row: typeof secretVersion.$inferInsert): Promise<void> {
  await tx.insert(secretVersion).values(row);
}

/** One more than the highest number there ever was. */
export async function nextVersionNumber(
  tx: Transaction,
  vaultId: Id<'vlt'>,
  secretId: Id<'sec'>,
): Promise<number> {
  const [row] = await tx
    .select({ highest: max(secretVersion.number) })
    .from(secretVersion)
    .where(ofSecret(vaultId, secretId));
  return (row?.highest ?? 0) + 1;
}

/** Newest first; with `before` those of lower numbers. */
export async function listVersions(
  db: Queryable,
  vaultId: Id<'vlt'>,
  page: { secretId: Id<'sec'>; before: number | undefined; limit: number },
): Promise<SecretVersionRow[]> {
  return await db
    .select()
    .from(secretVersion)
    .where(
      and(
        ofSecret(vaultId, page.secretId),
        page.before === undefined ? undefined : lt(secretVersion.number, page.before),
      ),
    )
    .orderBy(desc(secretVersion.number))
    .limit(page.limit);
}

export async function versionsInState(
  db: Queryable,
  vaultId: Id<'vlt'>,
  wanted: { secretId: Id<'sec'>; state: VersionState },
): Promise<SecretVersionRow[]> {
  return await db
    .select()
    .from(secretVersion)
    .where(and(ofSecret(vaultId, wanted.secretId), eq(secretVersion.state, wanted.state)))
    .orderBy(desc(secretVersion.number));
}

export async function findVersion(
  db: Queryable,
  { vaultId, secretId, number }: VersionKey,
): Promise<SecretVersionRow | undefined> {
  const wanted = and(ofSecret(vaultId, secretId), eq(secretVersion.number, number));
  return (await db.select().from(secretVersion).where(wanted))[0];
}

/** False, and nothing changed, where the version is not in the state `from`. */
export async function moveVersion(tx: Transaction, move: VersionMove): Promise<boolean> {
  const { vaultId, secretId, number, from, to, changedEpoch } = move;
  const moved = await tx
    .update(secretVersion)
    .set({ state: to, graceUntil: move.graceUntil ?? null, changedEpoch })
    .where(and(ofSecret(vaultId, secretId), eq(secretVersion.number, number), eq(secretVersion.state, from)))
    .returning({ id: secretVersion.id });
  return moved.length === 1;
}

/** Erases the values of revoked versions with lower numbers. */
export async function eraseRevokedBefore(
  tx: Transaction,
  { vaultId, secretId, number, changedEpoch }: VersionKey & { readonly changedEpoch: bigint },
): Promise<void> {
  await tx
    .update(secretVersion)
    .set({ state: 'destroyed', dekRecord: null, valueRecord: null, changedEpoch })
    .where(
      and(ofSecret(vaultId, secretId), eq(secretVersion.state, 'revoked'), lt(secretVersion.number, number)),
    );
}

/** Erases the value of one version; the row stays. */
export async function eraseVersion(
  tx: Transaction,
  { vaultId, id }: SecretVersionRow,
  changedEpoch: bigint,
): Promise<void> {
  await tx
    .update(secretVersion)
    .set({ state: 'destroyed', dekRecord: null, valueRecord: null, graceUntil: null, changedEpoch })
    .where(and(eq(secretVersion.vaultId, vaultId), eq(secretVersion.id, id)));
}

/** What the secret's record says has changed. */
export async function touchSecret(
  tx: Transaction,
  row: { vaultId: Id<'vlt'>; secretId: Id<'sec'> },
  changedEpoch: bigint,
): Promise<void> {
  await tx
    .update(secret)
    .set({ changedEpoch, revision: sql`${secret.revision} + 1` })
    .where(and(eq(secret.vaultId, row.vaultId), eq(secret.id, row.secretId)));
  await forgetMintFailure(tx, row);
}
