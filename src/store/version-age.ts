// How old current versions are, as one figure for metrics.
import type { Sql } from 'postgres';
import type { Id } from '../core/ids.ts';

/** Seconds since the oldest current version was made; undefined where there is none. */
export async function oldestCurrentSeconds(sql: Sql, vaultId: Id<'vlt'>): Promise<number | undefined> {
  const [row] = await sql<{ seconds: number | null }[]>`
    select extract(epoch from clock_timestamp() - min(created_at))::float8 as seconds
    from secret_version where vault_id = ${vaultId} and state = 'current'`;
  return row?.seconds ?? undefined;
}
