// What decisions depend on, read in one snapshot: everything live, or what changed since an epoch.
import { and, eq, gt, isNull, sql } from 'drizzle-orm';
import type { Sql } from 'postgres';
import type { Id } from '../core/ids.ts';
import type { TablesDatabase } from './transaction.ts';
import {
  agent,
  placeholder,
  run,
  secret,
  secretFingerprint,
  secretVersion,
  service,
  serviceGrant,
  vault,
} from './tables.ts';

export type AgentRow = typeof agent.$inferSelect;
export type ServiceRow = typeof service.$inferSelect;
export type GrantRow = typeof serviceGrant.$inferSelect;
export type PlaceholderRow = typeof placeholder.$inferSelect;
type SecretRow = typeof secret.$inferSelect;
export type VersionRow = Pick<
  typeof secretVersion.$inferSelect,
  'id' | 'secretId' | 'number' | 'state' | 'graceUntil' | 'changedEpoch'
>;
/** `leaseMs`: how much longer the lease runs, by the database's clock. */
export type RunRow = typeof run.$inferSelect & { readonly leaseMs: number };

export interface AuthorityRows {
  readonly epoch: bigint;
  /** Since when the whole vault is frozen, and why. */
  readonly frozen: { readonly since: Date; readonly reason: string } | undefined;
  readonly agents: readonly AgentRow[];
  readonly services: readonly ServiceRow[];
  readonly grants: readonly GrantRow[];
  readonly secrets: readonly SecretRow[];
  readonly versions: readonly VersionRow[];
  readonly runs: readonly RunRow[];
  readonly placeholders: readonly PlaceholderRow[];
  readonly fingerprints: readonly (typeof secretFingerprint.$inferSelect)[];
}

/** Rows changed after `since`, removed ones included; with undefined, the live rows only. */
export async function readAuthority(
  db: TablesDatabase,
  vaultId: Id<'vlt'>,
  since: bigint | undefined,
): Promise<AuthorityRows> {
  return await db.transaction(
    async (tx) => {
      const wanted = (
        table:
          | typeof agent
          | typeof service
          | typeof serviceGrant
          | typeof placeholder
          | typeof secretFingerprint,
      ) =>
        and(
          eq(table.vaultId, vaultId),
          since === undefined ? isNull(table.removedAt) : gt(table.changedEpoch, since),
        );
      const changed = (table: typeof secret | typeof secretVersion | typeof run) =>
        and(eq(table.vaultId, vaultId), since === undefined ? undefined : gt(table.changedEpoch, since));
      const versionColumns = {
        id: secretVersion.id,
        secretId: secretVersion.secretId,
        number: secretVersion.number,
        state: secretVersion.state,
        graceUntil: secretVersion.graceUntil,
        changedEpoch: secretVersion.changedEpoch,
      };
      const vaultColumns = { epoch: vault.epoch, frozenAt: vault.frozenAt, frozenReason: vault.frozenReason };
      const leaseMs = sql<number>`(extract(epoch from ${run.leaseUntil} - clock_timestamp()) * 1000)::int`;
      const liveRun =
        since === undefined
          ? and(isNull(run.endedAt), sql`${run.leaseUntil} > clock_timestamp()`)
          : undefined;
      // Sent in one go: the connection answers them in order, all from the transaction's one snapshot.
      const [found, agents, services, grants, secrets, versions, runs, placeholders, fingerprints] =
        await Promise.all([
          tx.select(vaultColumns).from(vault).where(eq(vault.id, vaultId)),
          tx.select().from(agent).where(wanted(agent)),
          tx.select().from(service).where(wanted(service)),
          tx.select().from(serviceGrant).where(wanted(serviceGrant)),
          tx.select().from(secret).where(changed(secret)),
          tx.select(versionColumns).from(secretVersion).where(changed(secretVersion)),
          tx
            .select({ row: run, leaseMs })
            .from(run)
            .where(and(changed(run), liveRun)),
          tx.select().from(placeholder).where(wanted(placeholder)),
          tx.select().from(secretFingerprint).where(wanted(secretFingerprint)),
        ]);
      return {
        epoch: found[0]?.epoch ?? 0n,
        frozen: toFrozen(found[0]),
        agents,
        services,
        grants,
        secrets,
        versions,
        runs: runs.map(({ row, leaseMs: remaining }) => ({
          ...row,
          leaseMs: remaining,
        })),
        placeholders,
        fingerprints,
      };
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  );
}

/** The freeze in a vault's row. */
export function toFrozen(row: Pick<typeof vault.$inferSelect, 'frozenAt' | 'frozenReason'> | undefined) {
  if (row === undefined || row.frozenAt === null) return undefined;
  return { since: row.frozenAt, reason: row.frozenReason ?? 'by an administrator' };
}

/** How much longer a run's lease runs, in milliseconds; undefined when it has ended. */
export async function readRunLease(
  calls: Sql,
  vaultId: Id<'vlt'>,
  id: Id<'run'>,
): Promise<number | undefined> {
  const [row] = await calls<{ leaseMs: number }[]>`
    select (extract(epoch from lease_until - clock_timestamp()) * 1000)::int as "leaseMs"
    from run where vault_id = ${vaultId} and id = ${id} and ended_at is null`;
  return row?.leaseMs;
}
