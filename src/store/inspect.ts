// What a Postgres database looks like from outside, for `doorward doctor`: asked in one read-only transaction, so that
// nothing can change, also while servers run on it.
import type { TransactionSql } from 'postgres';
import type { Id } from '../core/ids.ts';
import type { Origin } from '../core/service.ts';
import { connectPostgres, requireServer } from './connection.ts';
import { readSchemaVersion, type SchemaVersion } from './migrate.ts';

export interface DatabaseInspection {
  readonly version: string;
  readonly role: string;
  readonly isSuperuser: boolean;
  /** Tables of this installation that the role owns or is a member of the owner of. */
  readonly ownedTables: number;
  /** Rights on audit tables that would let the role change what was recorded. */
  readonly auditRights: readonly string[];
  /** Undefined where the server does not say, or a pooler answers for it. */
  readonly tls: { readonly isOn: boolean; readonly version: string | null } | undefined;
  readonly isStandby: boolean;
  readonly maxConnections: number;
  readonly usedConnections: number;
  /** False: the server answers before a commit would survive a crash of the machine. */
  readonly isDurable: boolean;
  readonly schema: SchemaVersion;
  /** Months from this one on, without a gap, whose audit bodies have a partition. */
  readonly auditMonths: number;
  /** The database's clock less this machine's. */
  readonly clockDifferenceMs: number;
  readonly installation: InstallationInspection | undefined;
}

/** Undefined as a whole where there is none yet, or where the schema is not this build's. */
export interface InstallationInspection {
  readonly id: Id<'ins'>;
  readonly slots: readonly SlotInspection[];
  readonly services: readonly { readonly name: string; readonly origin: Origin }[];
}

interface SlotInspection {
  readonly id: Id<'slt'>;
  readonly provider: string;
  readonly providerKeyId: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly record: Buffer;
}

interface InspectOptions {
  readonly url: string;
  /** False behind a pooler. */
  readonly prepare: boolean;
  readonly now: () => Date;
}

const TIMEOUT_SECONDS = 10;
const GOOD_TRIP_MS = 250;

/** Throws `database-unavailable` when it can not be reached or is too old. */
export async function inspectPostgres({ url, prepare, now }: InspectOptions): Promise<DatabaseInspection> {
  const { sql } = connectPostgres({ url, max: 1, prepare, statementTimeoutSeconds: TIMEOUT_SECONDS });
  try {
    const version = await requireServer(sql, url);
    return await sql.begin('read only', async (tx) => {
      const clockDifferenceMs = await readClockDifference(tx, now);
      const schema = await readSchemaVersion(tx);
      return {
        version,
        clockDifferenceMs,
        schema,
        ...(await readServer(tx)),
        ...(await readRole(tx)),
        tls: await readTls(tx),
        auditMonths: await readAuditMonths(tx),
        installation: schema === 'current' ? await readInstallation(tx) : undefined,
      };
    });
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Asked up to three times: an answer that was long on its way says little. */
async function readClockDifference(tx: TransactionSql, now: () => Date): Promise<number> {
  let best = { tripMs: Number.POSITIVE_INFINITY, differenceMs: 0 };
  for (let asked = 0; asked < 3 && best.tripMs > GOOD_TRIP_MS; asked += 1) {
    const before = now().getTime();
    const [row] = await tx<{ at: Date }[]>`select clock_timestamp() as at`;
    const tripMs = now().getTime() - before;
    const differenceMs = (row?.at.getTime() ?? before) - (before + tripMs / 2);
    if (tripMs < best.tripMs) best = { tripMs, differenceMs };
  }
  return best.differenceMs;
}

async function readServer(tx: TransactionSql) {
  const [row] = await tx<
    { isStandby: boolean; maxConnections: number; usedConnections: number; isDurable: boolean }[]
  >`
    select pg_is_in_recovery() as "isStandby",
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
        as "maxConnections",
      (select coalesce(sum(numbackends), 0)::int from pg_stat_database) as "usedConnections",
      current_setting('fsync') = 'on' and current_setting('synchronous_commit') <> 'off' as "isDurable"
  `;
  return row ?? { isStandby: false, maxConnections: 0, usedConnections: 0, isDurable: true };
}

async function readRole(tx: TransactionSql) {
  const [role] = await tx<{ role: string; isSuperuser: boolean; ownedTables: number }[]>`
    select rolname as role, rolsuper as "isSuperuser",
      (select count(*)::int from pg_class where relkind in ('r', 'p')
        and relnamespace = current_schema::regnamespace and pg_has_role(relowner, 'usage')) as "ownedTables"
    from pg_roles where rolname = current_user
  `;
  const rights = await tx<{ right: string }[]>`
    select distinct wanted as right from pg_class, unnest(array['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) as wanted
    where relnamespace = current_schema::regnamespace and relkind in ('r', 'p') and relname ~ '^audit_'
      and has_table_privilege(oid, wanted) order by 1
  `;
  return {
    ...(role ?? { role: '', isSuperuser: false, ownedTables: 0 }),
    auditRights: rights.map(({ right }) => right),
  };
}

async function readTls(tx: TransactionSql): Promise<DatabaseInspection['tls']> {
  const [row] = await tx<{ isOn: boolean; version: string | null }[]>`
    select ssl as "isOn", version from pg_stat_ssl where pid = pg_backend_pid()
  `;
  return row;
}

async function readAuditMonths(tx: TransactionSql): Promise<number> {
  const months = await tx<{ isThere: boolean }[]>`
    select to_regclass('audit_body_' || to_char(now() at time zone 'UTC' + make_interval(months => n), 'YYYY_MM'))
      is not null as "isThere"
    from generate_series(0, 12) as n order by n
  `;
  const gap = months.findIndex(({ isThere }) => !isThere);
  return gap === -1 ? months.length : gap;
}

async function readInstallation(tx: TransactionSql): Promise<InstallationInspection | undefined> {
  const [found] = await tx<{ id: Id<'ins'> }[]>`select id from installation limit 1`;
  if (found === undefined) return undefined;
  return {
    id: found.id,
    slots: await tx<SlotInspection[]>`
      select id, provider, provider_key_id as "providerKeyId", parameters, record from key_slot order by id limit 100
    `,
    services: await tx<{ name: string; origin: Origin }[]>`
      select name, origin from service order by name limit 500
    `,
  };
}
