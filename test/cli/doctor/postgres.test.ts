// `doorward doctor` on Postgres, while no server can be asked: roles, schema, root key, clock, and what must not be shown.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inspectPostgres } from '../../../src/store/inspect.ts';
import { createEmptyPostgres, testDatabases, testServer } from '../../support/database.ts';
import { createWorld, type World } from '../../support/world.ts';
import { diagnose, levelOf, MARK } from './diagnose.ts';

const server = testServer();
const database = testDatabases().find(({ name }) => name === 'postgres');

describe.runIf(database !== undefined && server !== undefined)('an installation on Postgres', () => {
  let world: World;
  let scratch: string;
  let urls: { application: string; owner: string; superuser: string };
  beforeAll(async () => {
    if (database === undefined) throw new Error('there is no Postgres');
    scratch = mkdtempSync(join(tmpdir(), 'doorward-doctor-'));
    world = await createWorld({ database });
    const { options, superuserUrl = '' } = world.database;
    if (options.kind !== 'postgres') throw new Error('not Postgres');
    urls = { application: options.url, owner: options.migrationUrl ?? '', superuser: superuserUrl };
    await world.setUp();
  });
  afterAll(async () => {
    await world?.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  /** As on another host: the same database and root key, a data directory of its own. */
  const environment = (changes: Readonly<Record<string, string>> = {}) => ({
    DATABASE_URL: urls.application,
    DOORWARD_DATA_DIR: join(scratch, 'data'),
    DOORWARD_ROOT_KEY_FILE: join(world.keysDirectory, 'root.key'),
    DOORWARD_EGRESS_ALLOW_CIDRS: '127.0.0.0/8',
    ...changes,
  });
  const asSuperuser = async (statement: string) => {
    const sql = postgres(urls.superuser, { max: 1, onnotice: () => undefined });
    try {
      return await sql.unsafe(statement);
    } finally {
      await sql.end();
    }
  };

  test('is found well, root key and upstreams included, and no password is shown', async () => {
    const { code, report, text } = await diagnose(environment());
    expect(report.findings.filter(({ level }) => level === 'fail')).toEqual([]);
    expect(code).toBe(0);
    for (const check of [
      'root-key',
      'database-role',
      'database-tls',
      'database-schema',
      'audit-partitions',
      'upstreams',
    ])
      expect(levelOf(report, check)).toBe('pass');
    expect(levelOf(report, 'database-clock')).toBe('pass');
    const { password } = new URL(urls.application);
    expect(password.length).toBeGreaterThan(10);
    expect(text).not.toContain(password);
    expect(report.settings).toContainEqual({
      name: 'DATABASE_URL',
      value: urls.application.replace(`:${password}`, ''),
      source: 'environment',
    });
    expect(readdirSync(scratch)).toEqual([]);
  });

  test('whose server owns the tables warns; one that is a superuser fails', async () => {
    expect(levelOf((await diagnose(environment({ DATABASE_URL: urls.owner }))).report, 'database-role')).toBe(
      'warn',
    );
    const { code, report } = await diagnose(environment({ DATABASE_URL: urls.superuser }));
    expect(code).toBe(8);
    expect(levelOf(report, 'database-role')).toBe('fail');
  });

  test('whose server may change what was recorded fails', async () => {
    await asSuperuser('grant update, delete on audit_event to doorward_app');
    const { report } = await diagnose(environment());
    await asSuperuser('revoke update, delete on audit_event from doorward_app');
    expect(report.findings).toContainEqual(
      expect.objectContaining({
        check: 'database-role',
        level: 'fail',
        summary: expect.stringMatching(/DELETE, UPDATE/),
      }),
    );
  });

  test('and another root key, or none, fails before a start would, and none is made', async () => {
    const path = join(scratch, 'other.key');
    const missing = await diagnose(environment({ DOORWARD_ROOT_KEY_FILE: path }));
    expect(levelOf(missing.report, 'root-key')).toBe('fail');
    writeFileSync(path, Buffer.alloc(32, 7), { mode: 0o600 });
    const { code, report } = await diagnose(environment({ DOORWARD_ROOT_KEY_FILE: path }));
    rmSync(path);
    expect(code).toBe(8);
    expect(report.findings).toContainEqual(
      expect.objectContaining({
        check: 'root-key',
        level: 'fail',
        summary: expect.stringMatching(/none of the slots slt_/),
      }),
    );
    const wrongProvider = environment({ DOORWARD_ROOT_KEY_PROVIDER: 'passphrase' });
    expect(levelOf((await diagnose(wrongProvider)).report, 'root-key')).toBe('warn');
    const given = await diagnose({ ...wrongProvider, DOORWARD_PASSPHRASE: MARK });
    expect(levelOf(given.report, 'root-key')).toBe('fail');
    expect(given.text).not.toContain(MARK);
    expect(readdirSync(scratch)).toEqual([]);
  });

  test('with a schema of a newer build, or without room for the months to come, is noticed', async () => {
    await asSuperuser("insert into schema_migration (born_ms, hash) values (99999999999999, 'x')");
    const newer = await diagnose(environment());
    await asSuperuser('delete from schema_migration where born_ms = 99999999999999');
    expect(levelOf(newer.report, 'database-schema')).toBe('fail');
    const [row] = await asSuperuser(
      "select 'audit_body_' || to_char(now() at time zone 'UTC' + interval '2 months', 'YYYY_MM') as name",
    );
    await asSuperuser(`drop table ${String(row?.['name'])}`);
    expect(levelOf((await diagnose(environment())).report, 'audit-partitions')).toBe('warn');
  });

  test("whose clock is not this machine's is measured", async () => {
    const slow = () => new Date(Date.now() - 60_000);
    const { clockDifferenceMs } = await inspectPostgres({ url: urls.application, prepare: true, now: slow });
    expect(clockDifferenceMs).toBeGreaterThan(55_000);
    expect(clockDifferenceMs).toBeLessThan(65_000);
  });

  test('that can not be reached fails with what to look at, for each address by its name', async () => {
    const wrong = new URL(urls.application);
    wrong.password = MARK;
    const { code, report, text } = await diagnose(
      environment({
        DATABASE_URL: wrong.href,
        DOORWARD_MIGRATION_DATABASE_URL: wrong.href,
        DOORWARD_LISTEN_DATABASE_URL: `postgres://ada:${MARK}@127.0.0.1:1/x`,
      }),
    );
    expect(code).toBe(8);
    const failed = report.findings.filter(({ level }) => level === 'fail').map(({ summary }) => summary);
    expect(failed).toEqual([
      expect.stringMatching(/the password was refused/),
      expect.stringMatching(/^DOORWARD_MIGRATION_DATABASE_URL: .*the password was refused/),
      expect.stringMatching(/^DOORWARD_LISTEN_DATABASE_URL: .*nothing listens there/),
    ]);
    expect(text).not.toContain(MARK);
  });
});

test.runIf(server !== undefined)('an empty database is for the role that owns it to fill', async () => {
  if (server === undefined) throw new Error('there is no Postgres');
  const created = await createEmptyPostgres(server);
  const { options } = created;
  if (options.kind !== 'postgres') throw new Error('not Postgres');
  const environment = { DATABASE_URL: options.url, DOORWARD_DATA_DIR: '/nonexistent/doorward' };
  const alone = await diagnose(environment);
  expect(levelOf(alone.report, 'database-schema')).toBe('fail');
  const both = await diagnose({
    ...environment,
    DOORWARD_MIGRATION_DATABASE_URL: options.migrationUrl ?? '',
  });
  expect(levelOf(both.report, 'database-schema')).toBe('pass');
  await created.drop();
});
