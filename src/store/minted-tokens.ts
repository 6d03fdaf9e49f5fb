// Rows of minted tokens: the access token that a secret was last exchanged for, and who is fetching the next one. A lease is
// a replica and a time; its fence, raised with each, keeps a late answer from taking the place of a newer one.
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Sql } from 'postgres';
import type { Id } from '../core/ids.ts';
import { mintedToken } from './tables.ts';
import type { Transaction } from './transaction.ts';

export type MintedTokenRow = typeof mintedToken.$inferSelect;

interface Key {
  readonly vaultId: Id<'vlt'>;
  readonly secretId: Id<'sec'>;
}

const byKey = ({ vaultId, secretId }: Key) =>
  and(eq(mintedToken.vaultId, vaultId), eq(mintedToken.secretId, secretId));

const NO_TOKEN = {
  versionId: null,
  dekId: null,
  kekId: null,
  kekGeneration: null,
  dekRecord: null,
  valueRecord: null,
  expiresAt: null,
} as const;

/** Who asks, and when by its clock; alone, whoever else is named is a process that has died. */
interface Asking {
  readonly self: Id<'rep'>;
  readonly isAlone: boolean;
  readonly now: Date;
}

/** After a replica's own lease has lapsed: one that was only slow may still come back. */
const LAPSED = '2 seconds';

export interface MintedTokenState extends MintedTokenRow {
  /** Another process is fetching one at this moment. */
  readonly isBusy: boolean;
}

/** On the calls' pool. */
export async function readMintedToken(
  calls: Sql,
  { vaultId, secretId }: Key,
  { self, isAlone, now }: Asking,
): Promise<MintedTokenState | undefined> {
  const [row] = await calls<
    (Omit<MintedTokenState, 'fence' | 'changedEpoch'> & { fence: string; changedEpoch: string })[]
  >`
    select vault_id as "vaultId", secret_id as "secretId", version_id as "versionId", dek_id as "dekId",
      kek_id as "kekId", kek_generation as "kekGeneration", dek_record as "dekRecord", value_record as "valueRecord",
      expires_at as "expiresAt", refreshing_by as "refreshingBy", refreshing_until as "refreshingUntil",
      fence::text as fence, changed_epoch::text as "changedEpoch",
      (not ${isAlone}::boolean and refreshing_by is not null and refreshing_by <> ${self}
        and refreshing_until > ${now} and exists (
          select from replica r where r.id = refreshing_by and r.lease_until >= clock_timestamp() - ${LAPSED}::interval
        )) as "isBusy"
    from minted_token where vault_id = ${vaultId} and secret_id = ${secretId}`;
  return row === undefined
    ? undefined
    : { ...row, fence: BigInt(row.fence), changedEpoch: BigInt(row.changedEpoch) };
}

const isFree = ({ self, isAlone, now }: Asking) => sql`(
  (${mintedToken.refreshingBy} is null and (${mintedToken.refreshingUntil} is null or ${mintedToken.refreshingUntil} <= ${now.toISOString()}::text::timestamptz))
  or (${mintedToken.refreshingBy} is not null and (
    ${isAlone}::boolean or ${mintedToken.refreshingBy} = ${self}
    or ${mintedToken.refreshingUntil} <= ${now.toISOString()}::text::timestamptz
    or not exists (
      select from replica r where r.id = ${mintedToken.refreshingBy}
        and r.lease_until >= clock_timestamp() - ${LAPSED}::interval))))`;

/**
 * Takes the lease with a fence of its own, where nobody has it and nothing was stored since `seen` was read. Undefined:
 * not taken.
 */
export async function takeMintLease(
  tx: Transaction,
  lease: Key &
    Asking & {
      readonly until: Date;
      readonly seen: MintedTokenRow | undefined;
      readonly changedEpoch: bigint;
    },
): Promise<MintedTokenRow | undefined> {
  const { vaultId, secretId, self, until, seen, changedEpoch } = lease;
  const taken = { refreshingBy: self, refreshingUntil: until, changedEpoch };
  const [row] = await tx
    .insert(mintedToken)
    .values({ vaultId, secretId, ...taken, fence: 1n })
    .onConflictDoUpdate({
      target: [mintedToken.vaultId, mintedToken.secretId],
      set: { ...taken, fence: sql`${mintedToken.fence} + 1` },
      setWhere: and(eq(mintedToken.fence, seen?.fence ?? -1n), isFree(lease)),
    })
    .returning();
  return row;
}

export type SealedToken = Pick<
  MintedTokenRow,
  'versionId' | 'dekId' | 'kekId' | 'kekGeneration' | 'dekRecord' | 'valueRecord' | 'expiresAt'
>;

/**
 * Stores a token and ends the lease. False, and nothing stored, where the fence is another one. `rescue`: then too, if
 * nobody is fetching and nothing was stored since the lease was taken; what would be lost can not be had again.
 */
export async function storeMintedToken(
  tx: Transaction,
  token: Key &
    Asking & {
      readonly sealed: SealedToken;
      readonly lease: MintedTokenRow;
      readonly rescue: boolean;
      readonly changedEpoch: bigint;
    },
): Promise<boolean> {
  const { lease, sealed, changedEpoch } = token;
  const isOurs = eq(mintedToken.fence, lease.fence);
  const untouched = lease.dekId === null ? isNull(mintedToken.dekId) : eq(mintedToken.dekId, lease.dekId);
  const isNobodys = sql`(${mintedToken.refreshingBy} is null or ${isFree(token)})`;
  const stored = await tx
    .update(mintedToken)
    .set({ ...sealed, refreshingBy: null, refreshingUntil: null, changedEpoch })
    .where(and(byKey(token), token.rescue ? sql`(${isOurs} or (${untouched} and ${isNobodys}))` : isOurs))
    .returning({ fence: mintedToken.fence });
  return stored.length === 1;
}

/** Ends a lease without a token: nobody asks again before `notBefore`. Another's lease stays as it is. */
export async function releaseMintLease(
  tx: Transaction,
  of: Key & { readonly fence: bigint; readonly notBefore: Date | null },
): Promise<void> {
  await tx
    .update(mintedToken)
    .set({ refreshingBy: null, refreshingUntil: of.notBefore })
    .where(and(byKey(of), eq(mintedToken.fence, of.fence)));
}

/** After a change of the secret the reason to wait may be gone. */
export async function forgetMintFailure(tx: Transaction, of: Key): Promise<void> {
  await tx
    .update(mintedToken)
    .set({ refreshingUntil: null })
    .where(and(byKey(of), isNull(mintedToken.refreshingBy)));
}

export async function findMintedToken(tx: Transaction, of: Key): Promise<MintedTokenRow | undefined> {
  return (await tx.select().from(mintedToken).where(byKey(of)))[0];
}

export async function updateMintedDek(
  tx: Transaction,
  of: Key,
  change: Pick<MintedTokenRow, 'kekId' | 'kekGeneration' | 'dekRecord' | 'changedEpoch'>,
): Promise<void> {
  await tx.update(mintedToken).set(change).where(byKey(of));
}

/** Erases the token; the next call asks for another one. */
export async function eraseMintedToken(tx: Transaction, of: Key): Promise<void> {
  await tx.update(mintedToken).set(NO_TOKEN).where(byKey(of));
}

/** The same, where it is the token of this version. */
export async function eraseMintedTokenOf(tx: Transaction, of: Key, version: Id<'ver'>): Promise<void> {
  await tx
    .update(mintedToken)
    .set(NO_TOKEN)
    .where(and(byKey(of), eq(mintedToken.versionId, version)));
}
