// Once per run: the project compiled, a migrated embedded data directory to copy from, and a throw-away Postgres with a
// migrated template database, where its binaries are found. DOORWARD_REQUIRE_POSTGRES=1 makes a missing Postgres a failure.
import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import type { TestProject } from 'vitest/node';
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { compileProject } from './compile.ts';
import { findPostgres, startPostgres } from './postgres.ts';

/** Urls of one throw-away server. `application` owns nothing; `owner` owns the tables. */
export interface TestServer {
  readonly superuserUrl: string;
  readonly ownerUrl: string;
  readonly applicationUrl: string;
  /** A migrated database to copy. */
  readonly template: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    compiledFolder: string;
    embeddedTemplate: string;
    testServer: TestServer | undefined;
  }
}

const CACHE_DAYS = 1;
const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [compiled, template, server] = await Promise.all([
    compileProject(),
    prepareEmbedded(),
    preparePostgres(),
  ]);
  project.provide('compiledFolder', compiled.folder);
  project.provide('embeddedTemplate', template.folder);
  project.provide('testServer', server.server);
  return async () => {
    await compiled.remove();
    template.remove();
    await server.stop();
  };
}

/** Kept between runs as long as nothing it is made of has changed. */
async function prepareEmbedded(): Promise<{ folder: string; remove: () => void }> {
  const cache = join(PROJECT, 'node_modules/.cache/doorward', `${fingerprint()}-${process.getuid?.() ?? 0}`);
  if (existsSync(cache)) return { folder: cache, remove: () => undefined };
  const folder = makeBeside(cache);
  const database = await openDatabase({ kind: 'embedded', dataDirectory: folder });
  await database.close();
  try {
    renameSync(folder, cache);
  } catch {
    return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
  }
  removeOld(join(cache, '..'));
  return { folder: cache, remove: () => undefined };
}

/** A temporary folder beside `path`, or where that can not be written, among the temporary files. */
function makeBeside(path: string): string {
  try {
    mkdirSync(join(path, '..'), { recursive: true });
    return mkdtempSync(`${path}-`);
  } catch {
    return mkdtempSync(join(tmpdir(), 'doorward-template-'));
  }
}

/** Of what a prepared directory is made of. */
function fingerprint(): string {
  const hash = createHash('sha256');
  const files = readdirSync(join(PROJECT, 'migrations'), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `migrations/${entry.name}`);
  const engine = ['src/store/migrate.ts', 'src/store/embedded-worker.js', 'src/store/embedded-files.js'];
  for (const file of [...files.sort(), ...engine, 'package-lock.json']) {
    hash.update(file).update(readFileSync(join(PROJECT, file)));
  }
  return hash.digest('hex').slice(0, 16);
}

/** Forty megabytes each: those of yesterday's sources go. */
function removeOld(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const mtimeMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs; // another run may have removed it
    if (mtimeMs !== undefined && Date.now() - mtimeMs > CACHE_DAYS * 86_400_000)
      rmSync(path, { recursive: true, force: true });
  }
}

async function preparePostgres(): Promise<{ server: TestServer | undefined; stop: () => Promise<void> }> {
  const binaries = findPostgres();
  if ('missing' in binaries) {
    if (process.env['DOORWARD_REQUIRE_POSTGRES'] === '1')
      throw new Error(`Postgres is required: ${binaries.missing}`);
    console.log(`The Postgres half of the tests does not run: ${binaries.missing}.`);
    return { server: undefined, stop: () => Promise.resolve() };
  }
  const { url, stop } = await startPostgres();
  try {
    return { server: await prepareServer(url), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function prepareServer(superuserUrl: string): Promise<TestServer> {
  const password = randomBytes(16).toString('hex');
  const template = 'doorward_template';
  const sql = postgres(superuserUrl, { max: 1, onnotice: () => undefined });
  try {
    await sql.unsafe(`CREATE ROLE doorward_owner LOGIN PASSWORD '${password}'`);
    await sql.unsafe(`CREATE ROLE doorward_app LOGIN PASSWORD '${password}'`);
    await sql.unsafe(`CREATE DATABASE ${template} OWNER doorward_owner`);
  } finally {
    await sql.end();
  }
  const as = (user: string) => {
    const url = new URL(superuserUrl);
    url.username = user;
    url.password = password;
    return url.href;
  };
  const server = {
    superuserUrl,
    ownerUrl: as('doorward_owner'),
    applicationUrl: as('doorward_app'),
    template,
  };
  await migrate({
    kind: 'postgres',
    url: onDatabase(server.applicationUrl, template),
    migrationUrl: onDatabase(server.ownerUrl, template),
  });
  return server;
}

/** The same url for another database of its server. */
export function onDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}
