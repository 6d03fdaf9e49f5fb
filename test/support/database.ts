// The engines every suite runs on. A test asks for a database of its own, already migrated, and drops it.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { inject } from 'vitest';
import type { DatabaseOptions } from '../../src/store/database-options.ts';
import { onDatabase, type TestServer } from './global-setup.ts';

export interface TestDatabase {
  readonly name: 'embedded' | 'postgres';
  readonly create: () => Promise<CreatedDatabase>;
}

export interface CreatedDatabase {
  /** On Postgres `url` is a plain role and `migrationUrl` the one that owns the tables. */
  readonly options: DatabaseOptions;
  /** Postgres only: someone whom no right and no trigger stops. */
  readonly superuserUrl?: string;
  readonly drop: () => Promise<void>;
}

/** For `describe.each`: the embedded database always, Postgres where this run has one. */
export function testDatabases(): readonly TestDatabase[] {
  const server = inject('testServer');
  const embedded: TestDatabase = { name: 'embedded', create: createEmbedded };
  if (server === undefined) return [embedded];
  return [embedded, { name: 'postgres', create: () => createPostgres(server, server.template) }];
}

/** The throw-away server of this run for tests that are about Postgres itself. */
export function testServer(): TestServer | undefined {
  return inject('testServer');
}

/** An empty database on the throw-away server, owned by `ownerUrl`'s role and not migrated. */
export function createEmptyPostgres(server: TestServer): Promise<CreatedDatabase> {
  return createPostgres(server, 'template0');
}

const MEMORY = '/dev/shm';
/** A data directory is forty megabytes in a thousand files; a run has a few dozen at once at most. */
const MIN_FREE_BYTES = 4 * 1024 ** 3;

/** Memory where the machine has plenty to put files in: a thousand files cost a disk ten times as much. */
async function quickFolder(): Promise<string> {
  try {
    const { bavail, bsize } = await statfs(MEMORY);
    return bavail * bsize > MIN_FREE_BYTES ? MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}

/** Puts a migrated database into a private directory: what an earlier start left, only faster. */
export async function copyMigrated(dataDirectory: string): Promise<void> {
  await promisify(execFile)('cp', ['-R', `${inject('embeddedTemplate')}/.`, dataDirectory]); // `join` would take the dot away
}

/** A migrated data directory of its own. */
export async function createEmbedded(): Promise<
  CreatedDatabase & { readonly options: { readonly kind: 'embedded'; readonly dataDirectory: string } }
> {
  const dataDirectory = await mkdtemp(join(await quickFolder(), 'doorward-embedded-'));
  await copyMigrated(dataDirectory);
  return {
    options: { kind: 'embedded', dataDirectory },
    drop: () => rm(dataDirectory, { recursive: true, force: true }),
  };
}

async function createPostgres(server: TestServer, template: string): Promise<CreatedDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await run(server, `CREATE DATABASE ${name} TEMPLATE ${template} OWNER doorward_owner`);
  return {
    options: {
      kind: 'postgres',
      url: onDatabase(server.applicationUrl, name),
      migrationUrl: onDatabase(server.ownerUrl, name),
    },
    superuserUrl: onDatabase(server.superuserUrl, name),
    drop: () => run(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

async function run(server: TestServer, statement: string): Promise<void> {
  const sql = postgres(server.superuserUrl, { max: 1, onnotice: () => undefined });
  try {
    await sql.unsafe(statement);
  } finally {
    await sql.end();
  }
}
