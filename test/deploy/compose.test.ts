// deploy/: what the compose file promises, read from it, and what can be carried out without an engine, carried out: the
// secrets, the roles on a real server, the migration as the owner, and a server that is given the plain role only.
import { readFileSync, statSync } from 'node:fs';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeVariables, unknownVariables } from '../../src/config.ts';
import { start } from '../cli/process.ts';
import { createInstallation, eventually, type Installation } from '../e2e/server.ts';
import { testServer } from '../support/database.ts';
import { findPostgres, type PostgresServer, startPostgres } from '../support/postgres.ts';
import { parseYaml } from './yaml.ts';

const DEPLOY = fileURLToPath(new URL('../../deploy/', import.meta.url));

interface Service {
  readonly image: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly read_only: string;
  readonly cap_drop: readonly string[];
  readonly security_opt: readonly string[];
  readonly tmpfs: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  readonly volumes?: readonly string[];
  readonly networks: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

interface Compose {
  readonly services: Readonly<Record<'database' | 'migrate' | 'server', Service>>;
  readonly volumes: object;
  readonly networks: Readonly<Record<string, { readonly internal: string } | null>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

// What of it is looked at; a field that is missing fails its test.
const compose = parseYaml(readFileSync(join(DEPLOY, 'compose.yaml'), 'utf8')) as unknown as Compose;
const { database, migrate, server } = compose.services;

describe('deploy/compose.yaml', () => {
  test('runs each service as little as it can be', () => {
    expect(Object.keys(compose.services)).toEqual(['database', 'migrate', 'server']);
    for (const service of Object.values(compose.services)) {
      expect(service).toMatchObject({
        read_only: 'true',
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        tmpfs: expect.arrayContaining(['/tmp']),
      });
    }
  });

  test('gives the owning role to the migration alone, and passwords by files only', () => {
    expect(server.secrets).toEqual(['application-url']);
    expect(migrate.secrets.toSorted()).toEqual(['application-url', 'owner-url']);
    for (const { environment, secrets } of [migrate, server]) {
      const files = Object.entries(environment).filter(([name]) => name.endsWith('_FILE'));
      expect(files.map(([, path]) => path).toSorted()).toEqual(
        secrets.map((name) => `/run/secrets/${name}`).toSorted(),
      );
      expect(JSON.stringify(environment)).not.toContain('postgres://');
    }
    expect(Object.keys(server.environment)).not.toContain('DOORWARD_MIGRATION_DATABASE_URL_FILE');
  });

  test('sets variables that mean something', () => {
    const environment = { ...migrate.environment, ...server.environment };
    const known = describeVariables().flatMap(({ name }) => [name, `${name}_FILE`]);
    expect(Object.keys(environment).length).toBe(3);
    expect(Object.keys(environment).filter((name) => !known.includes(name))).toEqual([]);
    expect(unknownVariables(environment)).toEqual([]);
  });

  test('keeps the database where only its users are, without a way out', () => {
    expect(compose.networks).toEqual({ database: { internal: 'true' }, outside: null });
    expect(database.networks).toEqual(['database']);
    expect(database.ports).toBeUndefined();
    expect(migrate.networks).toEqual(['database']);
    expect(server.networks).toEqual(['database', 'outside']);
    expect(server.ports).toEqual(['127.0.0.1:7420:7420']);
  });

  test('starts the database, then the migration, then the server', () => {
    expect(migrate.depends_on).toEqual({ database: { condition: 'service_healthy' } });
    expect(server.depends_on).toEqual({ migrate: { condition: 'service_completed_successfully' } });
    expect(migrate.command).toEqual(['migrate']);
  });

  test('names volumes, secrets and files that are there', () => {
    const mounts = Object.values(compose.services).flatMap(({ volumes = [] }) =>
      volumes.map((each) => each.split(':')[0] ?? ''),
    );
    const [paths, names] = [
      mounts.filter((path) => path.startsWith('.')),
      mounts.filter((path) => !path.startsWith('.')),
    ];
    expect(names.toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
    expect(paths.filter((path) => !existsSync(join(DEPLOY, path)))).toEqual([]);
    expect(existsSync(join(DEPLOY, server.build ?? '', 'Dockerfile'))).toBe(true);
    const used = new Set(Object.values(compose.services).flatMap(({ secrets }) => secrets));
    expect([...used].toSorted()).toEqual(Object.keys(compose.secrets).toSorted());
  });
});

describe.runIf(testServer() !== undefined)('what it sets up', () => {
  let installation: Installation;
  let cluster: PostgresServer;
  let scratch: string;
  const secret = (name: string) => join(scratch, 'secrets', name);
  const both = () => ({
    DATABASE_URL_FILE: secret('application-url'),
    DOORWARD_MIGRATION_DATABASE_URL_FILE: secret('owner-url'),
  });
  const asServer = () => ({
    DATABASE_URL_FILE: secret('application-url'),
    DOORWARD_DATA_DIR: join(scratch, 'data'),
    DOORWARD_LISTEN: '127.0.0.1:0',
  });

  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'doorward-deploy-'));
    [installation, cluster] = await Promise.all([createInstallation(), startPostgres()]);
  });
  afterAll(async () => {
    await installation?.remove();
    await cluster?.stop();
    rmSync(scratch, { recursive: true, force: true });
  });

  test('secrets are made once, in a directory that nobody else can enter', async () => {
    const make = () =>
      start('sh', [join(DEPLOY, 'make-secrets.sh'), join(scratch, 'secrets')], {
        environment: { DATABASE_HOST: new URL(cluster.url).host },
      });
    expect(await make()).toMatchObject({ code: 0 });
    const files = Object.values(compose.secrets).map(({ file }) => file.replace('./secrets/', ''));
    const values = files.map((name) => readFileSync(secret(name), 'utf8'));
    expect(new Set(values).size).toBe(3);
    expect(values.join('')).toMatch(/^[0-9a-f]{48}$/m);
    expect(statSync(join(scratch, 'secrets')).mode & 0o777).toBe(0o700);
    expect(await make()).toMatchObject({ code: 1, stderr: expect.stringMatching(/is there already/) });
    expect(files.map((name) => readFileSync(secret(name), 'utf8'))).toEqual(values);
  });

  test('the roles are made by psql, as the image of Postgres runs it', async () => {
    const sql = postgres(cluster.url, { max: 1 });
    await sql.unsafe('create database doorward');
    await sql.end();
    const { folder } = findPostgres() as { folder: string }; // a server of it runs
    const url = new URL(cluster.url);
    url.pathname = '/doorward';
    const made = await start(
      join(folder, 'psql'),
      ['-v', 'ON_ERROR_STOP=1', '-d', url.href, '-f', join(DEPLOY, 'roles.sql')],
      {
        environment: { OWNER_URL_FILE: secret('owner-url'), APPLICATION_URL_FILE: secret('application-url') },
      },
    );
    expect(made).toMatchObject({ code: 0, stderr: '' });
  });

  test('a server with the plain role alone says what to run on an empty database', async () => {
    const { code, stderr } = await installation.serveInVain(asServer());
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^doorward: [^\n]*"doorward migrate"[^\n]*DOORWARD_MIGRATION_DATABASE_URL[^\n]*\n$/,
    );
    const doctor = await installation.doorward(['doctor'], { environment: asServer() });
    expect(doctor.code).toBe(8);
    expect(doctor.stdout).toMatch(
      /^fail\tdatabase\tdatabase-schema\tThe database is empty.*\tdoorward migrate/m,
    );
  });

  test('the migration does its work, as often as it is run', async () => {
    for (let times = 0; times < 2; times += 1) {
      expect(await installation.doorward(['migrate'], { environment: both() })).toMatchObject({ code: 0 });
    }
  });

  test('then the server runs, as a role that owns nothing, and doctor finds nothing wrong with it', async () => {
    const running = await installation.serve({
      dataDirectory: join(scratch, 'data'),
      environment: asServer(),
    });
    await eventually(30_000, async () => ((await fetch(`${running.url}/readyz`)).ok ? true : undefined));
    const doctor = await installation.doorward(['doctor', '--json'], { environment: asServer() });
    const { findings } = JSON.parse(doctor.stdout) as {
      findings: { level: string; check: string; summary: string }[];
    };
    expect(findings.filter(({ level }) => level === 'fail')).toEqual([]);
    expect(findings).toEqual(
      expect.arrayContaining(
        [
          'server',
          'root-key',
          'database',
          'database-role',
          'database-schema',
          'audit-partitions',
          'database-clock',
        ].map((check) => expect.objectContaining({ check, level: 'pass' })),
      ),
    );
    expect(doctor.stdout + doctor.stderr).not.toContain(passwordIn(secret('application-url')));
    expect((await running.stop()).code).toBe(0);
  });
});

function passwordIn(path: string): string {
  const { password } = new URL(readFileSync(path, 'utf8'));
  if (password === '') throw new Error('no password');
  return password;
}
