// Rows as lines: every table is among them, in an order that foreign keys allow, and a line is the same on both engines.
import { is } from 'drizzle-orm';
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lineOfRow, rowOfLine } from '../../src/store/copied-row.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { COPIED_TABLES, insertLines, readLines } from '../../src/store/table-copy.ts';
import { SCHEMA as tables } from '../../src/store/schema.ts';
import { type CreatedDatabase, testDatabases } from '../support/database.ts';

const configs = Object.values(tables).flatMap((table) => (is(table, PgTable) ? [getTableConfig(table)] : []));

describe('the tables that are copied', () => {
  const names = COPIED_TABLES.map(({ name }) => name);

  it('are all there are', () => {
    expect(names.toSorted()).toEqual(configs.map(({ name }) => name).toSorted());
  });

  it('come after those they refer to', () => {
    for (const { name, foreignKeys } of configs) {
      for (const key of foreignKeys) {
        const target = getTableConfig(key.reference().foreignTable).name;
        expect(names.indexOf(target), `${name} refers to ${target}`).toBeLessThan(names.indexOf(name));
      }
    }
  });

  it('have every column and a key', () => {
    for (const { name, columns } of configs) {
      const copied = COPIED_TABLES.find((table) => table.name === name);
      expect(copied?.columns.map((column) => column.name)).toEqual(columns.map((column) => column.name));
      expect(copied?.key.length).toBeGreaterThan(0);
    }
  });
});

describe.each(testDatabases())('lines on $name', (engine) => {
  let created: CreatedDatabase;
  let database: Database;
  beforeAll(async () => {
    created = await engine.create();
    database = await openDatabase(created.options);
  });
  afterAll(async () => {
    await database.close();
    await created.drop();
  });

  const table = COPIED_TABLES.find(({ name }) => name === 'replica');
  if (table === undefined) throw new Error('there is no such table');
  const row = (number: number) => ({
    id: `rep_${String(number).padStart(26, '0')}` as const,
    startedAt: new Date('2030-01-31T23:59:59.999Z'),
    leaseUntil: new Date('1970-01-01T00:00:00.000Z'),
    auditHeads: { a: [1, 'ü "\\ \u2028'], b: null },
    reapedAt: null,
  });

  it('go in and come out as they were, whatever the number of pages', async () => {
    const count = 1203;
    const rows = Array.from({ length: count }, (_, at) => row(at));
    const lines = rows.map((each) => lineOfRow(tables.replica, each));
    for (let at = 0; at < count; at += 500) {
      await insertLines(database.adminSql, table, lines.slice(at, at + 500));
    }
    const found: string[] = [];
    for await (const page of readLines(database.adminSql, table)) found.push(...page);
    expect(found.map((line) => rowOfLine(tables.replica, line))).toEqual(rows);
  });

  it('have bytes, 64-bit integers, dates and moments in one spelling', async () => {
    const vaultId = 'vlt_00000000000000000000000001';
    const line = lineOfRow(tables.vault, {
      id: vaultId,
      name: 'other',
      epoch: 9_007_199_254_740_993n,
      createdAt: new Date('2030-01-01T00:00:00.120Z'),
    });
    const vaults = COPIED_TABLES.find(({ name }) => name === 'vault');
    const keys = COPIED_TABLES.find(({ name }) => name === 'kek');
    if (vaults === undefined || keys === undefined) throw new Error('there are no such tables');
    await insertLines(database.adminSql, vaults, [line]);
    const record = Buffer.from(Array.from({ length: 300 }, (_, at) => at & 255));
    const kek = { vaultId, id: 'kek_00000000000000000000000001', generation: 1, record } as const;
    await insertLines(database.adminSql, keys, [
      lineOfRow(tables.kek, { ...kek, createdAt: new Date('2030-01-01T00:00:00.000Z') }),
    ]);
    const lines: string[] = [];
    for await (const page of readLines(database.adminSql, vaults)) lines.push(...page);
    for await (const page of readLines(database.adminSql, keys)) lines.push(...page);
    expect(lines).toEqual([
      `{"id": "${vaultId}", "name": "other", "epoch": "9007199254740993", "frozen_at": null, "created_at": "2030-01-01T00:00:00.120Z", "frozen_reason": null}`,
      `{"id": "kek_00000000000000000000000001", "record": "${record.toString('base64')}", "vault_id": "${vaultId}", "created_at": "2030-01-01T00:00:00.000Z", "generation": 1}`,
    ]);
  });

  it('that are no rows are refused by the column, without what stands in it', () => {
    const wrong = [
      ['hunter2', /a line is not JSON/],
      ['["hunter2"]', /a line is no row/],
      ['{"id": 7}', /id is not of its type/],
      ['{"id": "a", "name": "b", "epoch": "hunter2"}', /epoch is not of its type/],
      ['{"id": "a", "name": "b", "epoch": "1", "created_at": "hunter2"}', /created_at is not of its type/],
      ['{"id": null}', /id is missing/],
    ] as const;
    for (const [line, message] of wrong) {
      expect(() => rowOfLine(tables.vault, line)).toThrow(message);
      expect(() => rowOfLine(tables.vault, line)).not.toThrow(/hunter2/);
    }
  });
});
