// The migrations and the schema in tables.ts are one thing, and what drizzle-kit can not see is in the database.
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { type CreatedDatabase, testDatabases } from '../support/database.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

it('leaves drizzle-kit nothing to generate', async () => {
  const copy = await mkdtemp(join(tmpdir(), 'doorward-migrations-'));
  await cp(join(PROJECT, 'migrations'), copy, { recursive: true });
  const before = await readdir(copy);
  const kit = join(PROJECT, 'node_modules/drizzle-kit/bin.cjs');
  const options = [
    'generate',
    '--dialect=postgresql',
    '--schema=./src/store/{installation-tables,tables,asked-tables,audit-tables}.ts',
    `--out=${relative(PROJECT, copy)}`,
  ];
  const { stdout } = await promisify(execFile)(process.execPath, [kit, ...options], { cwd: PROJECT });
  expect(stdout).toContain('No schema changes');
  expect(await readdir(copy)).toEqual(before);
  await rm(copy, { recursive: true });
});

describe.each(testDatabases())('a migrated $name database', ({ create }) => {
  let created: CreatedDatabase;
  let database: Database;
  beforeAll(async () => {
    created = await create();
    database = await openDatabase(created.options);
  });
  afterAll(async () => {
    await database?.close();
    await created?.drop();
  });

  it('has the triggers on every audit table, also for a session that calls itself a replica', async () => {
    const rows = await database.adminSql<{ table: string; trigger: string; enabled: string }[]>`
      select tgrelid::regclass::text as table, tgname as trigger, tgenabled as enabled
      from pg_trigger join pg_class on pg_class.oid = tgrelid where relname ~ '^audit_'
    `;
    const tables = await database.adminSql<{ table: string }[]>`
      select relname as table from pg_class where relkind in ('r', 'p') and relname ~ '^audit_(event|body)'
    `;
    expect(tables.length).toBeGreaterThan(14);
    for (const { table } of tables) {
      const stem = table.startsWith('audit_body') ? 'audit_body' : 'audit_event';
      const triggers = rows
        .filter((row) => row.table === table)
        .map(({ trigger, enabled }) => [trigger, enabled]);
      expect(Object.fromEntries(triggers), table).toEqual({
        [`${stem}_no_change`]: 'A',
        [`${stem}_no_truncate`]: 'A',
      });
    }
  });

  it('has its functions, and nobody else may run them', async () => {
    const rows = await database.adminSql<{ name: string; open: boolean }[]>`
      select proname as name, coalesce(array_to_string(proacl, ',') ~ '(^|,)=', true) as open
      from pg_proc where pronamespace = 'public'::regnamespace
    `;
    const names = ['ensure_audit_body_partitions', 'guard_audit_body_partition', 'refuse_audit_change'];
    expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
    expect(rows.filter(({ open }) => open)).toEqual([]);
  });

  it('has a partition for this month and the twelve after it, and one for everything else', async () => {
    const rows = await database.adminSql<{ name: string }[]>`
      select inhrelid::regclass::text as name from pg_inherits where inhparent = 'audit_body'::regclass
    `;
    const names = rows.map(({ name }) => name);
    const [now] = await database.adminSql<{ month: string; last: string }[]>`
      select to_char(now() at time zone 'UTC', 'YYYY_MM') as month,
        to_char(now() at time zone 'UTC' + interval '12 months', 'YYYY_MM') as last
    `;
    expect(names).toEqual(
      expect.arrayContaining(['audit_body_default', `audit_body_${now?.month}`, `audit_body_${now?.last}`]),
    );
    await database.calls`
      insert into audit_body select 'evt_' || year, make_date(year, 1, 1), '', '{}' from unnest(array[1999, 2999]) as year
    `;
    expect(await database.calls`select event_id from audit_body_default order by 1`).toEqual([
      { event_id: 'evt_1999' },
      { event_id: 'evt_2999' },
    ]);
  });

  it('refuses to change audit rows', async () => {
    await database.calls`insert into audit_body values ('evt_kept', '2001-01-01', '', '{}')`;
    await database.calls`
      insert into audit_event (id, chain_id, chain_seq, prev_mac, mac, kind, at, body_hash, leaf_hash)
      values ('evt_kept', 'chn_1', 1, '', '', 'test', now(), '', '')
    `;
    for (const table of ['audit_body', 'audit_body_default', 'audit_event']) {
      for (const change of [`update ${table} set at = at`, `delete from ${table}`, `truncate ${table}`]) {
        const statement = table === 'audit_event' ? change : change.replace('at = at', 'json = json');
        await expect(database.adminSql.unsafe(statement), statement).rejects.toMatchObject({ code: '42501' });
      }
    }
  });
});
