// From the embedded database to Postgres: everything arrives, the keys stay good, and the old place is left alone.
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CreatedDatabase, createEmptyPostgres, testServer } from '../support/database.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { createInstallation, eventually, type Installation, SECRET_VALUE, type Server } from './server.ts';

const postgresServer = testServer();

let installation: Installation;
let upstream: Upstream;
const created: CreatedDatabase[] = [];
beforeAll(async () => {
  [installation, upstream] = await Promise.all([createInstallation(), startUpstream()]);
});
afterAll(async () => {
  await installation?.remove();
  for (const database of created) await database.drop();
  await upstream?.close();
});

async function emptyDatabase() {
  if (postgresServer === undefined) throw new Error('there is no Postgres');
  const database = await createEmptyPostgres(postgresServer);
  created.push(database);
  const { options } = database;
  if (options.kind !== 'postgres') throw new Error('not Postgres');
  return { url: options.url, migrationUrl: options.migrationUrl ?? '' };
}

describe.runIf(postgresServer !== undefined)('an embedded installation', () => {
  let server: Server;
  let dataDirectory: string;
  let target: { readonly url: string; readonly migrationUrl: string };
  const environment = () => ({
    DOORWARD_DATA_DIR: dataDirectory,
    DOORWARD_MIGRATION_DATABASE_URL: target.migrationUrl,
  });
  const moveTo = (url: string, more: readonly string[] = []) => {
    writeFileSync(join(installation.root, 'target'), `${url}\n`, { mode: 0o600 });
    const argv = ['migrate', '--to-file', join(installation.root, 'target'), ...more];
    return installation.doorward(argv, { environment: environment() });
  };
  const served = { DOORWARD_PUBLIC_URL: 'http://doorward.test' };
  beforeAll(async () => {
    target = await emptyDatabase();
    server = await installation.serve({ environment: served });
    ({ dataDirectory } = server);
  });

  test('is not moved while its server runs', async () => {
    const ended = await moveTo(target.url);
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toMatch(/^doorward: Another Doorward server runs on the data directory [^\n]+\n$/);
  });

  test('is moved whole; calls, keys, tokens and the audit log go on, and the old place is only read', async () => {
    const token = await server.setUp(upstream.url);
    for (let i = 0; i < 20; i += 1) await (await server.call(token, `/call/vendor/${i}`)).text();
    await server.stop();
    const modified = () => statSync(join(dataDirectory, 'db/global/pg_control')).mtimeMs;
    const before = readdirSync(join(dataDirectory, 'db/base')).length;
    expect(modified()).toBeGreaterThan(0);

    const moved = await moveTo(target.url, ['--json']);
    expect(moved).toMatchObject({ code: 0, stderr: '' });
    const { items } = JSON.parse(moved.stdout) as { items: { name: string; rows: number; sha256: string }[] };
    const rows = Object.fromEntries(items.map((item) => [item.name, item.rows]));
    expect(rows).toMatchObject({ installation: 1, secret_version: 1, agent: 1, service_grant: 1 });
    expect(rows['audit_event']).toBeGreaterThan(40);
    expect(rows['audit_body']).toBe(rows['audit_event']);
    expect(readdirSync(join(dataDirectory, 'db/base'))).toHaveLength(before);

    const refused = await installation.serveInVain({ DOORWARD_DATA_DIR: dataDirectory });
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(
      /^doorward: The database in \S+ was moved to postgres:\/\/[^\n]+set DATABASE_URL[^\n]+\n$/,
    );
    expect(refused.stderr).not.toContain(new URL(target.url).password);

    const next = await installation.serve({
      dataDirectory,
      environment: {
        ...served,
        DATABASE_URL: target.url,
        DOORWARD_MIGRATION_DATABASE_URL: target.migrationUrl,
      },
    });
    upstream.seen.length = 0;
    await eventually(30_000, async () =>
      (await next.call(token, '/call/vendor/after')).ok ? true : undefined,
    );
    expect(upstream.seen[0]?.headers.authorization).toBe(`Bearer ${SECRET_VALUE}`);
    expect((await next.admin('POST', '/v1/audit/verify')).body).toMatchObject({ ok: true, problems: [] });
    const { body } = await next.admin('GET', '/v1/audit/events?kind=server.start&limit=10');
    const databases = (body['items'] as { database: string }[]).map(({ database }) => database);
    expect(databases).toEqual(['embedded', 'postgres']);
    await next.stop();
  });

  test('is not moved twice, nor into a database that is not empty', async () => {
    const twice = await moveTo((await emptyDatabase()).url);
    expect(twice).toMatchObject({ code: 1, stdout: '' });
    expect(twice.stderr).toMatch(/was moved to/);
    const other = await installation.serve();
    await other.stop();
    ({ dataDirectory } = other);
    const full = await moveTo(target.url);
    expect(full).toMatchObject({ code: 1, stdout: '' });
    expect(full.stderr).toMatch(
      /^doorward: The Postgres database is not empty[^\n]+nothing was changed\.\n$/,
    );
    await (await installation.serve({ dataDirectory })).stop();
  });

  test('that is not there can not be moved, nor to what is no Postgres', async () => {
    dataDirectory = join(installation.root, 'nothing-here');
    expect((await moveTo(target.url)).stderr).toMatch(
      /^doorward: There is no embedded database in [^\n]+\n$/,
    );
    expect(await moveTo('mysql://u:hunter2@db/x')).toMatchObject({ code: 2, stdout: '' });
    expect((await moveTo('mysql://u:hunter2@db/x')).stderr).not.toContain('hunter2');
  });
});

describe.runIf(postgresServer !== undefined)('migrate without --to', () => {
  test('makes the schema with database addresses alone, again and again', async () => {
    const { url, migrationUrl } = await emptyDatabase();
    const environment = { DATABASE_URL: url, DOORWARD_MIGRATION_DATABASE_URL: migrationUrl };
    for (const said of [/now: \d+ migrations applied\.\n$/, /was that of this version already\.\n$/]) {
      expect(await installation.doorward(['migrate'], { environment })).toMatchObject({
        code: 0,
        stdout: '',
        stderr: expect.stringMatching(said) as string,
      });
    }
    const sql = postgres(url, { max: 1 });
    expect(await sql`select count(*)::int as rows from installation`).toMatchObject([{ rows: 0 }]);
    await sql.end();
    const without = await installation.doorward(['migrate']);
    expect(without).toMatchObject({ code: 2, stdout: '' });
    expect(without.stderr).toMatch(/^doorward: DATABASE_URL is not set[^\n]+\n$/);
  });
});
