// Rows of fingerprints: by what a stored value is known in a request. They come with a version and go with its value.
import { and, asc, eq, inArray, isNull, ne, or, sql } from 'drizzle-orm';
import type { Id } from '../core/ids.ts';
import { secret, secretFingerprint, secretVersion } from './tables.ts';
import type { Queryable, Transaction } from './transaction.ts';

export type FingerprintRow = typeof secretFingerprint.$inferSelect;

/** In place of one of the same version, where there is one. */
export async function putFingerprint(tx: Transaction, row: FingerprintRow): Promise<void> {
  await tx
    .insert(secretFingerprint)
    .values(row)
    .onConflictDoUpdate({ target: [secretFingerprint.vaultId, secretFingerprint.versionId], set: row });
}

/** Of every version of the secret that has no value any more: nothing of the value stays. */
export async function eraseFingerprints(
  tx: Transaction,
  key: { readonly vaultId: Id<'vlt'>; readonly secretId: Id<'sec'> },
  at: { readonly removedAt: Date; readonly changedEpoch: bigint },
): Promise<void> {
  const gone = tx
    .select({ id: secretVersion.id })
    .from(secretVersion)
    .where(
      and(
        eq(secretVersion.vaultId, key.vaultId),
        eq(secretVersion.secretId, key.secretId),
        eq(secretVersion.state, 'destroyed'),
      ),
    );
  await tx
    .update(secretFingerprint)
    .set({ ...at, record: Buffer.alloc(0) })
    .where(
      and(
        eq(secretFingerprint.vaultId, key.vaultId),
        eq(secretFingerprint.secretId, key.secretId),
        isNull(secretFingerprint.removedAt),
        inArray(secretFingerprint.versionId, gone),
      ),
    );
}

export interface VersionToPrint {
  readonly version: typeof secretVersion.$inferSelect;
  readonly credentialKind: string;
  readonly isDecoy: boolean;
}

/** Versions that have a value and no fingerprint of this format, oldest first, but for those named. */
export async function versionsWithoutFingerprint(
  db: Queryable,
  vaultId: Id<'vlt'>,
  wanted: { readonly format: number; readonly except: readonly Id<'ver'>[]; readonly limit: number },
): Promise<VersionToPrint[]> {
  const isMissing = or(
    isNull(secretFingerprint.versionId),
    sql`${secretFingerprint.removedAt} is not null`,
    sql`encode(substring(${secretFingerprint.record} from 1 for 1), 'hex') <> ${Buffer.of(wanted.format).toString('hex')}`,
  );
  return await db
    .select({
      version: secretVersion,
      credentialKind: secret.credentialKind,
      isDecoy: secret.isDecoy,
    })
    .from(secretVersion)
    .innerJoin(secret, and(eq(secret.vaultId, secretVersion.vaultId), eq(secret.id, secretVersion.secretId)))
    .leftJoin(
      secretFingerprint,
      and(
        eq(secretFingerprint.vaultId, secretVersion.vaultId),
        eq(secretFingerprint.versionId, secretVersion.id),
      ),
    )
    .where(
      and(
        eq(secretVersion.vaultId, vaultId),
        ne(secretVersion.state, 'destroyed'),
        sql`${secretVersion.valueRecord} is not null`,
        isMissing,
        wanted.except.length === 0 ? undefined : sql`${secretVersion.id} not in ${[...wanted.except]}`,
      ),
    )
    .orderBy(asc(secretVersion.id))
    .limit(wanted.limit);
}
