// Replicas: their leases, and how far each one's memory has come. Whether a lease has lapsed for a revoker is not read
// off the database's clock, which may be set or, after a failover, be another one: see vault/lease.ts.
import type { JSONValue, Sql } from 'postgres';
import type { Id } from '../core/ids.ts';

/** How long a replica may act on its memory without hearing from the database. */
export const LEASE_MS = 2000;

/** A row that was renewed neither by this clock nor for this long is that of a process long gone. */
const GONE_AFTER = '1 minute';

/** Above every epoch. */
const STOPPED = (2n ** 63n - 1n).toString();

export async function registerReplica(sql: Sql, replica: Id<'rep'>, startedAt: Date): Promise<void> {
  await sql`
    insert into replica (id, started_at, lease_until, audit_heads)
    values (${replica}, ${startedAt}, clock_timestamp() + ${LEASE_MS} * interval '1 millisecond', '{}')`;
}

/** Another replica as its row stands. */
export interface Peer {
  readonly id: Id<'rep'>;
  /** Another text after each renewal. */
  readonly lease: string;
}

export interface PeerWithHeads extends Peer {
  readonly heads: Readonly<Record<string, unknown>>;
}

/**
 * Renews the lease and gives the other replicas. What the epoch is must be read by a statement that begins when this
 * one is committed: a revoker may have taken the old lease for lapsed meanwhile. Throws when the replica has no row.
 */
export async function renewLease(
  sql: Sql,
  renewal: { readonly replica: Id<'rep'>; readonly auditHeads: Readonly<Record<string, unknown>> },
): Promise<readonly PeerWithHeads[]> {
  const { replica, auditHeads } = renewal;
  // A replica that was reaped while it stood still and has come back is one to look after again.
  const [row] = await sql<{ peers: PeerWithHeads[] | null }[]>`
    with renewed as (
      update replica
      set lease_until = clock_timestamp() + ${LEASE_MS} * interval '1 millisecond',
          audit_heads = ${sql.json(auditHeads as JSONValue)}, reaped_at = null
      where id = ${replica}
      returning id
    )
    select (
      select jsonb_agg(jsonb_build_object('id', id, 'lease', extract(epoch from lease_until)::text, 'heads', audit_heads)) from replica
      where id <> ${replica} and lease_until > clock_timestamp() - ${GONE_AFTER}::interval
    ) as peers
    from renewed`;
  if (row === undefined)
    throw new Error(`the row of ${replica} is missing: the database is not the one it was`);
  return row.peers ?? [];
}

/** The vault's epoch. */
export async function readEpoch(sql: Sql, vaultId: Id<'vlt'>): Promise<bigint> {
  const [row] = await sql<{ epoch: string }[]>`select epoch::text as epoch from vault where id = ${vaultId}`;
  if (row === undefined) throw new Error(`vault ${vaultId} is missing`);
  return BigInt(row.epoch);
}

export async function acknowledgeEpoch(
  sql: Sql,
  acknowledged: { readonly replica: Id<'rep'>; readonly vaultId: Id<'vlt'>; readonly epoch: bigint },
): Promise<void> {
  const { replica, vaultId, epoch } = acknowledged;
  await sql`
    insert into replica_epoch (replica_id, vault_id, epoch) values (${replica}, ${vaultId}, ${epoch.toString()})
    on conflict (replica_id, vault_id) do update set epoch = greatest(replica_epoch.epoch, excluded.epoch)`;
}

/** The other replicas that may still run and have not brought their memory to `epoch`. */
export async function listBehind(
  sql: Sql,
  asked: { readonly replica: Id<'rep'>; readonly vaultId: Id<'vlt'>; readonly epoch: bigint },
): Promise<readonly Peer[]> {
  const { replica, vaultId, epoch } = asked;
  return await sql<Peer[]>`
    select r.id, extract(epoch from r.lease_until)::text as lease
    from replica r left join replica_epoch e on e.replica_id = r.id and e.vault_id = ${vaultId}
    where r.id <> ${replica} and r.lease_until > clock_timestamp() - ${GONE_AFTER}::interval
      and coalesce(e.epoch, -1) < ${epoch.toString()}`;
}

/** Ends the lease at once: nobody needs to wait for a replica that has stopped, whatever comes. */
export async function endLease(
  sql: Sql,
  ended: { readonly replica: Id<'rep'>; readonly vaultId: Id<'vlt'> },
): Promise<void> {
  const { replica, vaultId } = ended;
  await sql`
    with stopped as (
      insert into replica_epoch (replica_id, vault_id, epoch) values (${replica}, ${vaultId}, ${STOPPED})
      on conflict (replica_id, vault_id) do update set epoch = excluded.epoch
    )
    update replica set lease_until = clock_timestamp() where id = ${replica}`;
}
