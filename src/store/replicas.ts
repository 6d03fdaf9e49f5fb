// Replicas: leases by the database's clock, and how far each one's memory has come.
import type { JSONValue, Sql } from 'postgres';
import type { Id } from '../core/ids.ts';

/** How long a replica may act on its memory without hearing from the database. */
export const LEASE_MS = 2000;

export async function registerReplica(sql: Sql, replica: Id<'rep'>, startedAt: Date): Promise<void> {
  await sql`
    insert into replica (id, started_at, lease_until, audit_heads)
    values (${replica}, ${startedAt}, clock_timestamp() + ${LEASE_MS} * interval '1 millisecond', '{}')`;
}

/** Renews the lease and tells what the database knows: the vault's epoch, and the audit heads of the other live replicas. */
export async function renewLease(
  sql: Sql,
  renewal: { replica: Id<'rep'>; vaultId: Id<'vlt'>; auditHeads: Readonly<Record<string, unknown>> },
): Promise<{ epoch: bigint; peerHeads: readonly Record<string, unknown>[] }> {
  const [row] = await sql<{ epoch: string; peers: Record<string, unknown>[] | null }[]>`
    with renewed as (
      update replica
      set lease_until = clock_timestamp() + ${LEASE_MS} * interval '1 millisecond',
          audit_heads = ${sql.json(renewal.auditHeads as JSONValue)}
      where id = ${renewal.replica}
    )
    select epoch::text as epoch,
      (select jsonb_agg(audit_heads) from replica
       where id <> ${renewal.replica} and lease_until > clock_timestamp() - interval '10 seconds') as peers
    from vault where id = ${renewal.vaultId}`;
  if (row === undefined) throw new Error(`vault ${renewal.vaultId} is missing`);
  return { epoch: BigInt(row.epoch), peerHeads: row.peers ?? [] };
}

export async function acknowledgeEpoch(
  sql: Sql,
  acknowledged: { replica: Id<'rep'>; vaultId: Id<'vlt'>; epoch: bigint },
): Promise<void> {
  await sql`
    insert into replica_epoch (replica_id, vault_id, epoch)
    values (${acknowledged.replica}, ${acknowledged.vaultId}, ${acknowledged.epoch.toString()})
    on conflict (replica_id, vault_id) do update set epoch = greatest(replica_epoch.epoch, excluded.epoch)`;
}

/** How many live replicas have not yet brought their memory to `epoch`. */
export async function countBehind(sql: Sql, vaultId: Id<'vlt'>, epoch: bigint): Promise<number> {
  const [row] = await sql<{ behind: number }[]>`
    select count(*)::int as behind
    from replica r left join replica_epoch e on e.replica_id = r.id and e.vault_id = ${vaultId}
    where r.lease_until > clock_timestamp() and coalesce(e.epoch, -1) < ${epoch.toString()}`;
  return row?.behind ?? 0;
}

/** Ends the lease at once: nobody needs to wait for a replica that has stopped. */
export async function endLease(sql: Sql, replica: Id<'rep'>): Promise<void> {
  await sql`update replica set lease_until = clock_timestamp() where id = ${replica}`;
}
