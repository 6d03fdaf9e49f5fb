// Rows of secrets and their versions.
import { and, asc, eq, gt, inArray, isNull, ne, sql } from 'drizzle-orm';
import type { Sql } from 'postgres';
import type { Id } from '../core/ids.ts';
import { secret, secretVersion } from './tables.ts';
import type { Queryable, Transaction } from './transaction.ts';

export type SecretRow = typeof secret.$inferSelect;
export type SecretVersionRow = typeof secretVersion.$inferSelect;

export async function insertSecret(
  tx: Transaction,
  row: typeof secret.$inferInsert,
  version: typeof secretVersion.$inferInsert,
): Promise<void> {
  await tx.insert(secret).values(row);
  await tx.insert(secretVersion).values(version);
}

export async function findSecretByName(
  db: Queryable,
  vaultId: Id<'vlt'>,
  name: string,
): Promise<SecretRow | undefined> {
  const wanted = and(eq(secret.vaultId, vaultId), eq(secret.name, name), isNull(secret.destroyedAt));
  return (await db.select().from(secret).where(wanted))[0];
}

/** Destroyed ones too. */
export async function findSecretById(
  db: Queryable,
  vaultId: Id<'vlt'>,
  id: Id<'sec'>,
): Promise<SecretRow | undefined> {
  const wanted = and(eq(secret.vaultId, vaultId), eq(secret.id, id));
  return (await db.select().from(secret).where(wanted))[0];
}

export async function listSecrets(
  db: Queryable,
  vaultId: Id<'vlt'>,
  page: { after: string; limit: number },
): Promise<SecretRow[]> {
  const wanted = and(eq(secret.vaultId, vaultId), gt(secret.name, page.after), isNull(secret.destroyedAt));
  return await db.select().from(secret).where(wanted).orderBy(asc(secret.name)).limit(page.limit);
}

export async function secretNames(
  db: Queryable,
  vaultId: Id<'vlt'>,
  ids: readonly Id<'sec'>[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select({ id: secret.id, name: secret.name })
    .from(secret)
    .where(and(eq(secret.vaultId, vaultId), inArray(secret.id, [...ids])));
  return new Map(rows.map((row) => [row.id, row.name]));
}

/** Number of the current version of each secret. */
export async function currentVersions(
  db: Queryable,
  vaultId: Id<'vlt'>,
  ids: readonly Id<'sec'>[],
): Promise<ReadonlyMap<string, number>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select({ secretId: secretVersion.secretId, number: secretVersion.number })
    .from(secretVersion)
    .where(
      and(
        eq(secretVersion.vaultId, vaultId),
        inArray(secretVersion.secretId, [...ids]),
        eq(secretVersion.state, 'current'),
      ),
    );
  return new Map(rows.map((row) => [row.secretId, row.number]));
}

/** Every version that still has a value. */
export async function liveVersions(
  db: Queryable,
  vaultId: Id<'vlt'>,
  secretId: Id<'sec'>,
): Promise<SecretVersionRow[]> {
  const wanted = and(
    eq(secretVersion.vaultId, vaultId),
    eq(secretVersion.secretId, secretId),
    ne(secretVersion.state, 'destroyed'),
  );
  return await db.select().from(secretVersion).where(wanted).orderBy(asc(secretVersion.number));
}

export async function updateDek(
  tx: Transaction,
  version: SecretVersionRow,
  change: { kekId: Id<'kek'>; kekGeneration: number; dekRecord: Buffer; changedEpoch: bigint },
): Promise<void> {
  const key = and(eq(secretVersion.vaultId, version.vaultId), eq(secretVersion.id, version.id));
  await tx.update(secretVersion).set(change).where(key);
}

/** Erases the values of every version and marks the secret; how many versions had one. */
export async function destroySecret(
  tx: Transaction,
  row: SecretRow,
  at: { destroyedAt: Date; changedEpoch: bigint },
): Promise<number> {
  const ofSecret = and(
    eq(secretVersion.vaultId, row.vaultId),
    eq(secretVersion.secretId, row.id),
    ne(secretVersion.state, 'destroyed'),
  );
  const erased = await tx
    .update(secretVersion)
    .set({ state: 'destroyed', dekRecord: null, valueRecord: null, changedEpoch: at.changedEpoch })
    .where(ofSecret)
    .returning({ id: secretVersion.id });
  await tx
    .update(secret)
    .set({ ...at, revision: sql`${secret.revision} + 1` })
    .where(and(eq(secret.vaultId, row.vaultId), eq(secret.id, row.id)));
  return erased.length;
}

export interface VersionRecord {
  readonly id: Id<'ver'>;
  readonly secretId: Id<'sec'>;
  readonly number: number;
  readonly state: SecretVersionRow['state'];
  readonly dekId: Id<'dek'>;
  readonly kekId: Id<'kek'>;
  readonly kekGeneration: number;
  readonly dekRecord: Buffer | null;
  readonly valueRecord: Buffer | null;
}

/** The encrypted records of versions, on the calls' pool. */
export async function readVersionRecords(
  calls: Sql,
  vaultId: Id<'vlt'>,
  ids: readonly Id<'ver'>[],
): Promise<VersionRecord[]> {
  return await calls<VersionRecord[]>`
    select id, secret_id as "secretId", number, state, dek_id as "dekId", kek_id as "kekId",
      kek_generation as "kekGeneration", dek_record as "dekRecord", value_record as "valueRecord"
    from secret_version where vault_id = ${vaultId} and id in ${calls([...ids])}`;
}
