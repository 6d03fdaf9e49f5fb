// Rows of rotations. A step is a compare-and-set on the step before and on the replica that works on it. Open is what has
// no end; set aside is what stands at `promoted` with an end, while a newer rotation of its secret is not decided yet.
import { and, asc, eq, inArray, isNotNull, isNull, lte, ne, or, sql } from 'drizzle-orm';
import type { Id } from '../core/ids.ts';
import { replica } from './installation-tables.ts';
import { rotation, secret, secretVersion } from './tables.ts';
import type { Queryable, Transaction } from './transaction.ts';

export type RotationRow = typeof rotation.$inferSelect;

type RotationChange = Partial<Pick<RotationRow, 'step' | 'probe' | 'replicaId' | 'promotedAt' | 'endedAt'>>;

const byId = (row: Pick<RotationRow, 'vaultId' | 'id'>) =>
  and(eq(rotation.vaultId, row.vaultId), eq(rotation.id, row.id));
const ofSecret = (vaultId: Id<'vlt'>, secretId: Id<'sec'>) =>
  and(eq(rotation.vaultId, vaultId), eq(rotation.secretId, secretId));

export async function insertRotation(tx: Transaction, row: typeof rotation.$inferInsert): Promise<void> {
  await tx.insert(rotation).values(row);
}

export async function findRotation(
  db: Queryable,
  vaultId: Id<'vlt'>,
  id: Id<'rot'>,
): Promise<RotationRow | undefined> {
  return (await db.select().from(rotation).where(byId({ vaultId, id })))[0];
}

export async function findOpenRotation(
  db: Queryable,
  vaultId: Id<'vlt'>,
  secretId: Id<'sec'>,
): Promise<RotationRow | undefined> {
  const wanted = and(ofSecret(vaultId, secretId), isNull(rotation.endedAt));
  return (await db.select().from(rotation).where(wanted))[0];
}

export async function findSetAside(
  db: Queryable,
  vaultId: Id<'vlt'>,
  secretId: Id<'sec'>,
): Promise<RotationRow | undefined> {
  const wanted = and(ofSecret(vaultId, secretId), eq(rotation.step, 'promoted'), isNotNull(rotation.endedAt));
  return (await db.select().from(rotation).where(wanted))[0];
}

/** The newest rotation to each of these version numbers. */
export async function rotationsOfVersions(
  db: Queryable,
  vaultId: Id<'vlt'>,
  of: { secretId: Id<'sec'>; numbers: readonly number[] },
): Promise<ReadonlyMap<number, RotationRow>> {
  if (of.numbers.length === 0) return new Map();
  const rows = await db
    .select()
    .from(rotation)
    .where(and(ofSecret(vaultId, of.secretId), inArray(rotation.toVersion, [...of.numbers])))
    .orderBy(asc(rotation.id));
  return new Map(rows.map((row) => [row.toVersion, row]));
}

/** False, and nothing changed, where another replica has the rotation or its step is not that of `row` any more. */
export async function stepRotation(
  tx: Transaction,
  row: RotationRow,
  change: RotationChange,
): Promise<boolean> {
  const unmoved = and(
    byId(row),
    eq(rotation.step, row.step),
    eq(rotation.replicaId, row.replicaId),
    row.endedAt === null ? isNull(rotation.endedAt) : isNotNull(rotation.endedAt),
  );
  const stepped = await tx.update(rotation).set(change).where(unmoved).returning({ id: rotation.id });
  return stepped.length === 1;
}

/**
 * Rotations that stand before their promotion and that no live replica but `self` works on. `isAlone`: there is no other
 * replica, whatever its lease says.
 */
export async function listUndecided(
  db: Queryable,
  vaultId: Id<'vlt'>,
  of: { self: Id<'rep'>; isAlone: boolean; graceSeconds: number; limit: number },
): Promise<RotationRow[]> {
  const lapsed = sql`${replica.leaseUntil} < clock_timestamp() - ${of.graceSeconds}::int * interval '1 second'`;
  const ours = eq(rotation.replicaId, of.self);
  const isFree = of.isAlone ? undefined : or(ours, isNull(replica.id), lapsed);
  const rows = await db
    .select({ row: rotation })
    .from(rotation)
    .leftJoin(replica, eq(replica.id, rotation.replicaId))
    .where(
      and(
        eq(rotation.vaultId, vaultId),
        isNull(rotation.endedAt),
        inArray(rotation.step, ['staged', 'verified']),
        isFree,
      ),
    )
    .orderBy(asc(rotation.id))
    .limit(of.limit);
  return rows.map(({ row }) => row);
}

/** Promoted rotations whose version before is not in its grace period any more, whoever promoted them. */
export async function listGraceOver(
  db: Queryable,
  vaultId: Id<'vlt'>,
  of: { now: Date; limit: number },
): Promise<RotationRow[]> {
  const before = and(
    eq(secretVersion.vaultId, rotation.vaultId),
    eq(secretVersion.secretId, rotation.secretId),
    eq(secretVersion.number, rotation.fromVersion),
  );
  const isOver = or(
    isNull(secretVersion.id),
    ne(secretVersion.state, 'previous'),
    isNull(secretVersion.graceUntil),
    lte(secretVersion.graceUntil, of.now),
  );
  const rows = await db
    .select({ row: rotation })
    .from(rotation)
    .leftJoin(secretVersion, before)
    .where(
      and(eq(rotation.vaultId, vaultId), isNull(rotation.endedAt), eq(rotation.step, 'promoted'), isOver),
    )
    .orderBy(asc(rotation.id))
    .limit(of.limit);
  return rows.map(({ row }) => row);
}

/** A row's place in the list: the next page begins after it. */
export interface DuePlace {
  readonly createdAt: Date | null;
  readonly secretId: Id<'sec'>;
}

export interface DueRow {
  readonly secretId: Id<'sec'>;
  readonly name: string;
  readonly version: number | null;
  readonly createdAt: Date | null;
  readonly rotation: RotationRow | null;
}

/**
 * Secrets whose current version was made before `before`, oldest first, and all that have an open rotation; those without
 * a current version last.
 */
export async function listDue(
  db: Queryable,
  vaultId: Id<'vlt'>,
  of: { before: Date; after: DuePlace | undefined; limit: number },
): Promise<DueRow[]> {
  const age = sql`coalesce(${secretVersion.createdAt}, 'infinity'::timestamptz)`;
  const { after } = of;
  const rest =
    after === undefined
      ? undefined
      : sql`(${age}, ${secret.id}) > (${after.createdAt?.toISOString() ?? 'infinity'}::text::timestamptz, ${after.secretId}::text)`;
  const current = and(
    eq(secretVersion.vaultId, secret.vaultId),
    eq(secretVersion.secretId, secret.id),
    eq(secretVersion.state, 'current'),
  );
  const open = and(
    eq(rotation.vaultId, secret.vaultId),
    eq(rotation.secretId, secret.id),
    isNull(rotation.endedAt),
  );
  return await db
    .select({
      secretId: secret.id,
      name: secret.name,
      version: secretVersion.number,
      createdAt: secretVersion.createdAt,
      rotation,
    })
    .from(secret)
    .leftJoin(secretVersion, current)
    .leftJoin(rotation, open)
    .where(
      and(
        eq(secret.vaultId, vaultId),
        isNull(secret.destroyedAt),
        or(lte(secretVersion.createdAt, of.before), isNotNull(rotation.id)),
        rest,
      ),
    )
    .orderBy(age, asc(secret.id))
    .limit(of.limit);
}
