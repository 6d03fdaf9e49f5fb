// A row out of its line, as the code knows it: every column there, of its type. For lines that come from a file.
import { getTableName } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import { COPIED_TABLES, type CopiedTable } from './table-copy.ts';

/** Throws a TypeError that names the column and never its content. */
export function rowOfLine<T extends PgTable>(table: T, line: string): T['$inferSelect'] {
  const copied = COPIED_TABLES.find(({ name }) => name === getTableName(table));
  const members = parseObject(line);
  const row: Record<string, unknown> = {};
  for (const column of copied?.columns ?? []) {
    const value = members[column.name];
    // A column younger than the file: the database would give it its default, and null says as much here.
    if (value === undefined || value === null) row[column.property] = null;
    else row[column.property] = convert(column, value);
    if (value === null && !column.isNullable) throw new TypeError(`${column.name} is missing`);
  }
  return row; // each column was looked at by the table's own description
}

export function parseObject(line: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new TypeError('a line is not JSON'); // the parser's own message quotes it
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new TypeError('a line is no row');
}

function convert({ name, kind }: CopiedTable['columns'][number], value: unknown): unknown {
  const wrong = () => new TypeError(`${name} is not of its type`);
  switch (kind) {
    case 'json':
      return value;
    case 'boolean':
      if (typeof value !== 'boolean') throw wrong();
      return value;
    case 'integer':
      if (typeof value !== 'number' || !Number.isInteger(value)) throw wrong();
      return value;
    case 'text':
      if (typeof value !== 'string') throw wrong();
      return value;
    case 'bigint':
      if (typeof value !== 'string' || !/^-?\d{1,19}$/.test(value)) throw wrong();
      return BigInt(value);
    case 'date':
      if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(value)) throw wrong();
      return value;
    case 'moment': {
      const moment = new Date(typeof value === 'string' ? value : Number.NaN);
      if (Number.isNaN(moment.getTime())) throw wrong();
      return moment;
    }
    case 'bytes': {
      const bytes = Buffer.from(typeof value === 'string' ? value : '', 'base64');
      if (bytes.toString('base64') !== value) throw wrong();
      return bytes;
    }
  }
}

/** The line of a row, for rows that are put among those of a file. Columns it lacks are left out. */
export function lineOfRow<T extends PgTable>(table: T, row: T['$inferInsert']): string {
  const copied = COPIED_TABLES.find(({ name }) => name === getTableName(table));
  const members: Record<string, unknown> = {};
  for (const { name, property } of copied?.columns ?? []) {
    const value = (row as Readonly<Record<string, unknown>>)[property]; // by the table's own description
    if (value !== undefined) members[name] = toMember(value);
  }
  return JSON.stringify(members);
}

function toMember(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString('base64');
  return typeof value === 'bigint' ? value.toString() : value; // JSON writes moments as they are wanted
}
