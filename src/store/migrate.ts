// Brings the schema up to this build: the files in `migrations/`, the months of the audit log, and, where tables
// belong to a role of their own, the rights of the role the application runs under.
import { fileURLToPath } from 'node:url';
import { type MigrationMeta, readMigrationFiles } from 'drizzle-orm/migrator';
import type { Sql, TransactionSql } from 'postgres';
import { Problem } from '../core/problem.ts';
import { connectPostgres, requireServer } from './connection.ts';
import type { DatabaseOptions } from './database-options.ts';

/** Any number, the same in every build: who holds it migrates, everyone else waits. */
const MIGRATION_LOCK = 7_420_001;
const LOCK_TIMEOUT_SECONDS = 120;
const MONTHS_AHEAD = 12;
/** Two folders up, both from `src/store` and from `dist/store`. */
const MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url));

/**
 * Migrates a Postgres database, as the role of `migrationUrl` where one is given. Forward only; safe to run from
 * many processes at once. The embedded database does this whenever it is opened, since nobody else can. Tells how many
 * migrations were missing.
 */
export async function migrate(options: DatabaseOptions): Promise<number> {
  if (options.kind === 'embedded') return 0;
  const url = options.migrationUrl ?? options.url;
  const { sql } = connectPostgres({
    url,
    max: 1,
    prepare: options.prepare ?? true,
    statementTimeoutSeconds: 0,
  });
  try {
    await requireServer(sql, url);
    const role = userOf(options.url);
    return await migrateOver(sql, role === userOf(url) ? undefined : role);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** Migrates over a connection of the owning role. `applicationRole` is given the rights it needs and no more. */
export async function migrateOver(sql: Sql, applicationRole?: string): Promise<number> {
  try {
    const known = readMigrationFiles({ migrationsFolder: MIGRATIONS });
    const state = await readState(sql);
    refuseNewer(known, state.newest);
    const isCurrent = state.newest === newestOf(known);
    if (isCurrent && (!state.isOwner || (state.hasMonths && applicationRole === undefined))) return 0;
    return await sql.begin(async (tx) => {
      await tx`select set_config('lock_timeout', ${`${LOCK_TIMEOUT_SECONDS}s`}, true)`;
      await tx`select pg_advisory_xact_lock(${MIGRATION_LOCK})`;
      const applied = await applyMissing(tx, known);
      await tx`select ensure_audit_body_partitions((now() at time zone 'UTC')::date, ${MONTHS_AHEAD + 1})`;
      await grantRights(tx, applicationRole);
      return applied;
    });
  } catch (error) {
    throw explain(error);
  }
}

interface SchemaState {
  /** Birth of the newest migration applied, in milliseconds; 0 in an empty database. */
  readonly newest: number;
  /** False where another role looks after the schema. */
  readonly isOwner: boolean;
  /** The last of the months ahead has its partition. */
  readonly hasMonths: boolean;
}

async function readState(sql: Sql | TransactionSql): Promise<SchemaState> {
  const [table] = await sql<{ isOwner: boolean; lastMonth: string | null }[]>`
    select pg_has_role(relowner, 'usage') as "isOwner",
      to_regclass('audit_body_' || to_char(now() at time zone 'UTC' + make_interval(months => ${MONTHS_AHEAD}), 'YYYY_MM'))
        as "lastMonth"
    from pg_class where oid = to_regclass('schema_migration')
  `;
  if (table === undefined) return { newest: 0, isOwner: true, hasMonths: false };
  const [row] = await sql<{ newest: string | null }[]>`select max(born_ms) as newest from schema_migration`;
  return { newest: Number(row?.newest ?? 0), isOwner: table.isOwner, hasMonths: table.lastMonth !== null };
}

export type SchemaVersion = 'missing' | 'older' | 'current' | 'newer';

/** How the schema stands to this build. Changes nothing. */
export async function readSchemaVersion(sql: Sql | TransactionSql): Promise<SchemaVersion> {
  const { newest } = await readState(sql);
  const own = newestOf(readMigrationFiles({ migrationsFolder: MIGRATIONS }));
  if (newest === 0) return 'missing';
  return newest === own ? 'current' : newest < own ? 'older' : 'newer';
}

function newestOf(known: readonly MigrationMeta[]): number {
  return Math.max(...known.map((migration) => migration.folderMillis));
}

function refuseNewer(known: readonly MigrationMeta[], newest: number): void {
  if (newest <= newestOf(known)) return;
  throw new Problem('not-ready', {
    detail: 'The database was migrated by a newer Doorward than this one: start that version or a newer one.',
  });
}

async function applyMissing(tx: TransactionSql, known: readonly MigrationMeta[]): Promise<number> {
  await tx`
    create table if not exists schema_migration (
      born_ms bigint primary key, hash text not null, applied_at timestamptz not null default now()
    )
  `;
  const { newest } = await readState(tx);
  refuseNewer(known, newest);
  const missing = known.filter(({ folderMillis }) => folderMillis > newest);
  for (const migration of missing) {
    for (const statement of migration.sql) await tx.unsafe(statement);
    await tx`insert into schema_migration (born_ms, hash) values (${migration.folderMillis}, ${migration.hash})`;
  }
  return missing.length;
}

/** Audit rows can be added and read, what was migrated can be read, everything else belongs to the application. */
async function grantRights(tx: TransactionSql, role: string | undefined): Promise<void> {
  if (role !== undefined) await requireRole(tx, role);
  const statements = await tx<{ statement: string }[]>`
    with owned_table as (
      select format('%I.%I', current_schema, relname) as name,
        case
          when relname = 'schema_migration' then 'select'
          when relname ~ '^audit_' then 'select, insert'
          else 'select, insert, update, delete'
        end as rights
      from pg_class
      where relnamespace = current_schema::regnamespace and relkind in ('r', 'p') and pg_has_role(relowner, 'usage')
    ), owned_sequence as (
      select format('%I.%I', current_schema, relname) as name from pg_class
      where relnamespace = current_schema::regnamespace and relkind = 'S' and pg_has_role(relowner, 'usage')
    ), owned_function as (
      select oid::regprocedure::text as name from pg_proc
      where pronamespace = current_schema::regnamespace and pg_has_role(proowner, 'usage')
    ), application as (select quote_ident(${role ?? null}::text) as role)
    select format('revoke all on function %s from public', name) as statement from owned_function
    union all select format('revoke all on table %s from public', name) from owned_table
    union all
    select unnest(array[
      format('revoke all on table %s from %s', name, role), format('grant %s on table %s to %s', rights, name, role)
    ]) from owned_table, application where role is not null
    union all
    select format('grant usage, select on sequence %s to %s', name, role) from owned_sequence, application
    where role is not null
    union all
    select format('grant execute on function %s to %s', name, role) from owned_function, application
    where role is not null
    union all
    select format('grant usage on schema %I to %s', current_schema, role) from application where role is not null
  `;
  for (const { statement } of statements) await tx.unsafe(statement);
}

async function requireRole(tx: TransactionSql, role: string): Promise<void> {
  const [found] = await tx`select from pg_roles where rolname = ${role}`;
  if (found !== undefined) return;
  throw new Problem('database-unavailable', {
    detail: `The role ${role} of DATABASE_URL does not exist: create it with CREATE ROLE … LOGIN, without other rights.`,
  });
}

function explain(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  // 3F000: it may not even use the schema.
  if (code === '42501' || code === '3F000') {
    return new Problem('database-unavailable', {
      detail:
        'The schema is not that of this build, and the role may not change it. Run "doorward migrate" with the owning role in DOORWARD_MIGRATION_DATABASE_URL and the role of this server in DATABASE_URL, then start again.',
      cause: error,
    });
  }
  if (code === '55P03') {
    return new Problem('database-unavailable', {
      detail: `Another process has been migrating the database for ${LOCK_TIMEOUT_SECONDS} s: see what it waits for.`,
      cause: error,
    });
  }
  return error;
}

/** The role a URL logs in as. */
function userOf(url: string): string {
  const user = /^[^:]+:\/\/([^:@/?]*)(?::[^/]*)?@/.exec(url)?.[1];
  return decodeURIComponent(user ?? '');
}
