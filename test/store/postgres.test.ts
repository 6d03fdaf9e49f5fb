// What only a real server can show: rights of two roles, a listener that loses its connection, failures to connect.
import { createServer } from 'node:net';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../src/core/problem.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { type CreatedDatabase, createEmptyPostgres, testDatabases, testServer } from '../support/database.ts';

const server = testServer();

describe.runIf(server !== undefined)('on a Postgres server', () => {
  let created: CreatedDatabase;
  let database: Database;
  let superuser: postgres.Sql;

  beforeAll(async () => {
    const engine = testDatabases().find(({ name }) => name === 'postgres');
    if (engine === undefined) throw new Error('there is no server');
    created = await engine.create();
    database = await openDatabase(created.options);
    superuser = postgres(created.superuserUrl ?? '', { max: 1 });
    await database.calls`
      insert into audit_event (id, chain_id, chain_seq, prev_mac, mac, kind, at, body_hash, leaf_hash)
      values ('evt_1', 'chn_1', 1, '', '', 'test', now(), '', '')
    `;
    await database.calls`insert into audit_body values ('evt_1', '2026-01-01', '', '{}')`;
  });
  afterAll(async () => {
    await superuser?.end();
    await database?.close();
    await created?.drop();
  });

  it('lets the application role add and read audit rows', async () => {
    expect(await database.calls`select id from audit_event`).toEqual([{ id: 'evt_1' }]);
    expect(await database.calls`select event_id from audit_body`).toEqual([{ event_id: 'evt_1' }]);
  });

  it.each([
    'update audit_event set kind = kind',
    'delete from audit_event',
    'truncate audit_event',
    'drop table audit_event',
    'alter table audit_event drop column kind',
    'alter table audit_event disable trigger all',
    'alter table audit_event owner to current_user',
    'create trigger t before insert on audit_event execute function refuse_audit_change()',
    'update audit_body set json = json',
    'delete from audit_body',
    'truncate audit_body',
    'alter table audit_body detach partition audit_body_default',
    'delete from audit_body_default',
    'update audit_body_default set json = json',
    'truncate audit_body_default',
    'drop table audit_body_default',
    'drop function refuse_audit_change cascade',
    "create or replace function refuse_audit_change() returns trigger language plpgsql as 'begin return new; end'",
    'set session_replication_role = replica',
    'update schema_migration set born_ms = 0',
    'create table own_table ()',
    'truncate vault',
    'alter table vault add column x text',
    'set role doorward_owner',
  ])('refuses the application role: %s', async (statement) => {
    await expect(database.adminSql.unsafe(statement)).rejects.toMatchObject({ code: '42501' });
  });

  it('leaves the application role without a thing of its own', async () => {
    const owned = await superuser`
      select relname as name from pg_class where relowner = 'doorward_app'::regrole
      union all select proname from pg_proc where proowner = 'doorward_app'::regrole
      union all select nspname from pg_namespace where nspowner = 'doorward_app'::regrole
      union all select datname from pg_database where datdba = 'doorward_app'::regrole
    `;
    expect(owned).toEqual([]);
  });

  it.each(['superuser as a replica', 'superuser'])('stops even a %s by the triggers', async (who) => {
    const sql = await superuser.reserve();
    if (who.endsWith('replica')) await sql`set session_replication_role = replica`;
    const partitions = await sql<{ table: string }[]>`
      select inhrelid::regclass::text as table from pg_inherits where inhparent = 'audit_body'::regclass
    `;
    expect(partitions.length).toBeGreaterThan(12);
    for (const table of ['audit_event', 'audit_body', ...partitions.map((row) => row.table)]) {
      await expect(sql.unsafe(`truncate ${table}`)).rejects.toThrow('audit rows are never changed');
    }
    await expect(sql`update audit_event set kind = 'x'`).rejects.toThrow('audit rows are never changed');
    await expect(sql`delete from audit_event`).rejects.toThrow('audit rows are never changed');
    await expect(sql`update audit_body set json = 'x'`).rejects.toThrow('audit rows are never changed');
    await expect(sql`delete from audit_body`).rejects.toThrow('audit rows are never changed');
    await expect(sql`delete from audit_body_default`).rejects.toThrow('audit rows are never changed');
    await sql`reset session_replication_role`;
    sql.release();
  });

  it('keeps its own sessions for calls, administration and listening', async () => {
    const pids = await Promise.all(
      [database.calls, database.adminSql].map(
        (sql) => sql<{ pid: number }[]>`select pg_backend_pid() as pid`,
      ),
    );
    expect(new Set(pids.map(([row]) => row?.pid)).size).toBe(2);
  });

  it('hears notifications, and says when a lost connection may have cost some', async () => {
    const heard: string[] = [];
    const waiting: (() => void)[] = [];
    const next = () => new Promise<void>((resolve) => waiting.push(resolve));
    const wake = () => waiting.splice(0).forEach((resolve) => resolve());
    let reconnects = 0;
    const listener = await database.listen(
      'epoch',
      (payload) => {
        heard.push(payload);
        wake();
      },
      () => {
        reconnects += 1;
        wake();
      },
    );
    let waited = next();
    await superuser`select pg_notify('epoch', 'one')`;
    await waited;
    expect([heard, reconnects]).toEqual([['one'], 0]);

    waited = next();
    const killed = await superuser`
      select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen%' and datname = current_database()
    `;
    expect(killed).toHaveLength(1);
    await waited;
    expect(reconnects).toBe(1);

    waited = next();
    await superuser`select pg_notify('epoch', 'two')`;
    await waited;
    expect(heard).toEqual(['one', 'two']);
    await listener.close();
  });

  it('outlives the death of its sessions', async () => {
    await superuser`
      select pg_terminate_backend(pid) from pg_stat_activity where usename = 'doorward_app' and datname = current_database()
    `;
    // A query may find its connection gone.
    await expect
      .poll(async () => [...(await database.calls`select 1 as one`.catch(() => []))])
      .toEqual([{ one: 1 }]);
  });
});

describe.runIf(server !== undefined)('migrating a Postgres database', () => {
  it('is safe from four starts at once, and again', async () => {
    if (server === undefined) return;
    const empty = await createEmptyPostgres(server);
    await Promise.all(Array.from({ length: 4 }, () => migrate(empty.options)));
    await migrate(empty.options);
    const database = await openDatabase(empty.options);
    const migrations = await database.calls`select born_ms from schema_migration`;
    expect(migrations.length).toBeGreaterThan(1);
    await database.close();
    await empty.drop();
  });

  it('leaves a database that the owner migrated alone when started as a plain role', async () => {
    const engine = testDatabases().find(({ name }) => name === 'postgres');
    const created = await engine?.create();
    if (created?.options.kind !== 'postgres') return;
    await migrate({ kind: 'postgres', url: created.options.url });
    await created.drop();
  });

  it('says what a plain role lacks on an empty database', async () => {
    if (server === undefined) return;
    const empty = await createEmptyPostgres(server);
    if (empty.options.kind !== 'postgres') return;
    await expect(migrate({ kind: 'postgres', url: empty.options.url })).rejects.toThrow(
      'DOORWARD_MIGRATION_DATABASE_URL',
    );
    await empty.drop();
  });

  it('refuses a schema newer than this build', async () => {
    const engine = testDatabases().find(({ name }) => name === 'postgres');
    const created = await engine?.create();
    if (created === undefined) return;
    const sql = postgres(created.superuserUrl ?? '', { max: 1 });
    await sql`insert into schema_migration (born_ms, hash) values (9999999999999, 'later')`;
    await expect(migrate(created.options)).rejects.toThrow('newer Doorward');
    await sql.end();
    await created.drop();
  });
});

describe('a Postgres that can not be used', () => {
  const open = async (url: string): Promise<Problem> =>
    openDatabase({ kind: 'postgres', url }).then(
      () => Promise.reject(new Error('it opened')),
      (problem: Problem) => problem,
    );

  it('is named without its password', async () => {
    const problem = await open('postgres://user:pa%40ss-word@127.0.0.1:1/name?sslpassword=pass-too');
    expect(problem.code).toBe('database-unavailable');
    expect(problem.detail).toBe(
      'The database at postgres://user@127.0.0.1:1/name can not be used: nothing listens there: check host and port, and that the server runs.',
    );
    expect(problem.toBody('req_1')).not.toContain('ss-word');
  });

  it.runIf(server !== undefined)('is told apart by its reason', async () => {
    const url = new URL(server?.applicationUrl ?? '');
    expect((await open(Object.assign(new URL(url), { pathname: '/none' }).href)).detail).toContain(
      'no such database',
    );
    expect((await open(Object.assign(new URL(url), { password: 'wrong' }).href)).detail).toContain(
      'password was refused',
    );
  });

  it('gives up on a server that never answers', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const problem = await open(`postgres://user@127.0.0.1:${port}/name?connect_timeout=1`);
    expect(problem.detail).toContain('no answer in time');
    silent.close();
  });
});
