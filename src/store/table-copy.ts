// Every row of the installation as one line of JSON with one spelling: what a backup holds, what is moved to another
// database, and what both sides are compared by. Bytes are base64, moments RFC 3339, 64-bit integers decimal text.
import { createHash } from 'node:crypto';
import { getTableColumns } from 'drizzle-orm';
import { getTableConfig, type PgTable } from 'drizzle-orm/pg-core';
import type { ISql, Sql } from 'postgres';
import { SCHEMA as tables } from './schema.ts';

/** In the order of their foreign keys. */
const TABLES = [
  tables.installation,
  tables.keySlot,
  tables.systemKey,
  tables.replica,
  tables.replicaEpoch,
  tables.admin,
  tables.vault,
  tables.kek,
  tables.secret,
  tables.service,
  tables.secretVersion,
  tables.secretFingerprint,
  tables.rotation,
  tables.agent,
  tables.serviceGrant,
  tables.run,
  tables.placeholder,
  tables.mintedToken,
  tables.accessRequest,
  tables.approval,
  tables.idempotencyKey,
  tables.auditEvent,
  tables.auditBody,
] as const;

type ColumnKind = 'text' | 'boolean' | 'integer' | 'bigint' | 'json' | 'bytes' | 'moment' | 'date';

interface CopiedColumn {
  readonly name: string;
  /** As the code calls it. */
  readonly property: string;
  readonly kind: ColumnKind;
  readonly sqlType: string;
  readonly isNullable: boolean;
}

export interface CopiedTable {
  readonly name: string;
  readonly columns: readonly CopiedColumn[];
  /** The primary key, which orders the rows. */
  readonly key: readonly CopiedColumn[];
}

export const COPIED_TABLES: readonly CopiedTable[] = TABLES.map(toCopiedTable);

/** Rows of one line each: of wide rows fewer go into one page. */
const PAGE_ROWS = 500;
const WIDE_ROWS = 64;

/** Anything that plain SQL can be run on: a pool, or a transaction of it. */
export type CopySource = Pick<ISql, 'unsafe'>;

/** The rows of a table by their key, a page of lines at a time. */
export async function* readLines(source: CopySource, table: CopiedTable): AsyncGenerator<readonly string[]> {
  const limit = table.name === 'secret_version' ? WIDE_ROWS : PAGE_ROWS;
  const keyColumns = table.key.map(({ name }, at) => `t."${name}"::text as k${at}`).join(', ');
  const order = table.key.map(({ name }) => `t."${name}"`).join(', ');
  const place = table.key.map(({ sqlType }, at) => `$${at + 1}::text::${sqlType}`).join(', ');
  let after: readonly string[] | undefined;
  for (;;) {
    const rows = await source.unsafe<Record<string, string>[]>(
      `select ${lineOf(table)} as line, ${keyColumns} from "${table.name}" t
      ${after === undefined ? '' : `where (${order}) > (${place})`} order by ${order} limit ${limit}`,
      [...(after ?? [])],
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map(({ line = '' }) => line);
    if (rows.length < limit) return;
    after = table.key.map((_, at) => last[`k${at}`] ?? '');
  }
}

/** Adds the rows of these lines, with the columns named; what else the table has takes its default. */
export async function insertLines(
  target: CopySource,
  table: CopiedTable,
  lines: readonly string[],
  columns: readonly CopiedColumn[] = table.columns,
): Promise<void> {
  if (lines.length === 0) return;
  const names = columns.map(({ name }) => `"${name}"`).join(', ');
  await target.unsafe(
    `insert into "${table.name}" (${names}) select ${columns.map(toValue).join(', ')}
    from jsonb_to_recordset($1::text::jsonb) as r(${columns.map(toRecordColumn).join(', ')})`,
    [`[${lines.join(',')}]`],
  );
}

export async function countRows(source: CopySource, table: CopiedTable): Promise<number> {
  const [row] = await source.unsafe<{ rows: string }[]>(`select count(*)::text as rows from "${table.name}"`);
  return Number(row?.rows ?? 0);
}

/** The first table that holds a row. */
export async function findRows(source: CopySource): Promise<string | undefined> {
  for (const { name } of COPIED_TABLES) {
    const rows = await source.unsafe(`select from "${name}" limit 1`);
    if (rows.length > 0) return name;
  }
  return undefined;
}

/** Birth of the newest migration, as text. */
export async function readSchemaBirth(source: CopySource): Promise<string> {
  const [row] = await source.unsafe<{ born: string | null }[]>(
    'select max(born_ms)::text as born from schema_migration',
  );
  return row?.born ?? '0';
}

/** Keeps two that fill an empty database apart: of two first starts, two restores, or one of each, one finds rows. */
export async function lockInstallation(target: CopySource): Promise<void> {
  await target.unsafe("select pg_advisory_xact_lock(hashtext('doorward installation'))");
  // Rows come from a file, from a terminal, from another machine: how fast is not this database's business.
  await target.unsafe('set local idle_in_transaction_session_timeout = 0');
}

/** The bytes of a line as digests see it. */
export class LineDigest {
  readonly #hash = createHash('sha256');
  rows = 0;

  add(lines: readonly string[]): void {
    for (const line of lines) this.#hash.update(`${line}\n`);
    this.rows += lines.length;
  }

  end(): { readonly rows: number; readonly sha256: string } {
    return { rows: this.rows, sha256: this.#hash.digest('hex') };
  }
}

const SNAPSHOT = 'isolation level repeatable read read only';

/** Reads in one snapshot, whatever is committed meanwhile. */
export async function inSnapshot<T>(sql: Sql, work: (source: CopySource) => Promise<T>): Promise<T> {
  return (await sql.begin(SNAPSHOT, (tx) => work(tx))) as T;
}

function toCopiedTable(table: PgTable): CopiedTable {
  const { name, columns: configured, primaryKeys } = getTableConfig(table);
  const properties = new Map(
    Object.entries(getTableColumns(table)).map(([property, column]) => [column.name, property]),
  );
  const columns = configured.map((column) => ({
    name: column.name,
    property: properties.get(column.name) ?? column.name,
    kind: kindOf(column.getSQLType()),
    sqlType: column.getSQLType().replace(/ collate .*$/, ''),
    isNullable: !column.notNull,
  }));
  const keyNames = new Set([
    ...configured.filter(({ primary }) => primary).map((column) => column.name),
    ...primaryKeys.flatMap((key) => key.columns.map((column) => column.name)),
  ]);
  return { name, columns, key: columns.filter((column) => keyNames.has(column.name)) };
}

function kindOf(sqlType: string): ColumnKind {
  if (sqlType === 'bytea') return 'bytes';
  if (sqlType === 'jsonb') return 'json';
  const isNamedAlike =
    sqlType === 'boolean' || sqlType === 'integer' || sqlType === 'bigint' || sqlType === 'date';
  if (isNamedAlike) return sqlType;
  if (sqlType.startsWith('timestamp')) return 'moment';
  if (sqlType.startsWith('text')) return 'text';
  throw new Error(`no line form for columns of type ${sqlType}`);
}

/** SQL that writes a row as its line. */
export function lineOf({ columns }: CopiedTable, more: readonly string[] = []): string {
  const members = columns.map((column) => `'${column.name}', ${toText(column)}`);
  return `jsonb_build_object(${[...members, ...more].join(', ')})::text`;
}

function toText({ name, kind }: CopiedColumn): string {
  const column = `t."${name}"`;
  switch (kind) {
    case 'bytes':
      return base64(column);
    case 'bigint':
      return `${column}::text`;
    case 'moment':
      return `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
    case 'date':
      return `to_char(${column}, 'YYYY-MM-DD')`;
    case 'text':
    case 'boolean':
    case 'integer':
    case 'json':
      return column;
  }
}

/** Postgres breaks base64 into lines. */
export const base64 = (expression: string) => `replace(encode(${expression}, 'base64'), E'\\n', '')`;

function toRecordColumn({ name, kind }: CopiedColumn): string {
  const type = kind === 'json' ? 'jsonb' : kind === 'integer' || kind === 'boolean' ? kind : 'text';
  return `"${name}" ${type}`;
}

function toValue({ name, kind, sqlType }: CopiedColumn): string {
  const column = `r."${name}"`;
  if (kind === 'bytes') return `decode(${column}, 'base64')`;
  return kind === 'bigint' || kind === 'moment' || kind === 'date' ? `${column}::${sqlType}` : column;
}
