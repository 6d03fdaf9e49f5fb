// What is done while no server runs: a backup looked at or restored, an embedded installation moved to Postgres, a schema
// brought up to date. Everything here holds the data directory as a server would, so that none can start meanwhile.
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReadableStream } from 'node:stream/web';
import type { ServerConfig } from './config.ts';
import type { IdSource } from './core/ids.ts';
import { Problem } from './core/problem.ts';
import { redactUrl } from './core/redact-url.ts';
import { adminSocketPath } from './core/socket-path.ts';
import type { AgeKeys } from './crypto/age.ts';
import { type AskPassphrase, databaseOptionsOf, passphraseOf } from './opening.ts';
import { ROOT_KEY_PROVIDERS } from './providers/root-keys/registry.ts';
import { claimDataDirectory } from './store/data-directory.ts';
import { type DatabaseOptions, embeddedDirectory } from './store/database-options.ts';
import { type Database, openDatabase } from './store/database.ts';
import {
  clearRestoreMark,
  isRestoreUnfinished,
  markMoved,
  markRestore,
  requireServable,
} from './store/directory-marks.ts';
import { openHeadFile } from './store/head-file.ts';
import { findInstallation } from './store/installation.ts';
import { migrate } from './store/migrate.ts';
import { type MovedTable, type MoveProgress, moveRows } from './store/move.ts';
import { type BackupReport, openBackupFile, verifyBackup } from './vault/backup/open.ts';
import { requireEmpty, restoreBackup, type Restored } from './vault/backup/restore.ts';

export interface OfflineWorld extends IdSource {
  readonly passphrase?: AskPassphrase;
}

export interface BackupFile {
  readonly bytes: ReadableStream<Uint8Array>;
  readonly keys: AgeKeys;
}

/** Throws BackupFailure where the file does not open or is not whole. */
export async function verifyBackupFile(file: BackupFile, world: OfflineWorld): Promise<BackupReport> {
  return await verifyBackup(await openBackupFile(file.bytes, file.keys), world.randomness);
}

export interface RestoredInstallation extends Restored {
  /** What an earlier restore had begun was thrown away first. */
  readonly wasUnfinished: boolean;
}

/** Into an empty data directory, or an empty Postgres database where one is configured. All of it, or nothing. */
export async function restoreInstallation(
  config: ServerConfig,
  world: OfflineWorld,
  file: BackupFile,
): Promise<RestoredInstallation> {
  const { dataDirectory, rootKeyFile, ownerCredentialFile } = config;
  return await holding(config, async () => {
    const wasUnfinished = await isRestoreUnfinished(dataDirectory);
    const headFile = openHeadFile(join(dataDirectory, 'audit-heads.json'));
    if (!wasUnfinished) await requireNew(dataDirectory, headFile.path);
    const reader = await openBackupFile(file.bytes, file.keys); // before anything is made here
    const made = [rootKeyFile, ownerCredentialFile, headFile.path].filter((path) => !existsSync(path));
    return await withDatabase(databaseOptionsOf(config), async (database) => {
      await requireEmpty(database.adminSql).catch((error: unknown) => {
        throw wasUnfinished ? cutOffAtItsEnd(config, error) : error;
      });
      await markRestore(dataDirectory);
      try {
        const passphrase = config.rootKeyProvider === 'passphrase' ? passphraseOf(config, world) : undefined;
        const restored = await restoreBackup(
          {
            database,
            ids: world,
            headFile,
            owner: { path: ownerCredentialFile, passphrase },
            openProvider: (mayCreate) => {
              if (!mayCreate) requireOriginalKey(config);
              return ROOT_KEY_PROVIDERS[config.rootKeyProvider](
                { rootKeyFile, passphrase, mayCreate },
                world.randomness,
              );
            },
          },
          reader,
        );
        await clearRestoreMark(dataDirectory);
        return { ...restored, wasUnfinished };
      } catch (error) {
        await takeBack(database, dataDirectory, made);
        throw error;
      }
    });
  });
}

/** A backup made without keys opens with the root key that the installation had, and with no other. */
function requireOriginalKey({ rootKeyProvider, rootKeyFile }: ServerConfig): void {
  if (rootKeyProvider !== 'file' || existsSync(rootKeyFile)) return;
  throw new Problem('not-ready', {
    detail: `The backup was made without its keys: put the root key file that the installation had then at ${rootKeyFile}, mode 600, and restore again. Nothing was restored.`,
  });
}

/** A restore that fails leaves an empty place behind, ready for the next; one that is killed leaves its mark. */
async function takeBack(database: Database, dataDirectory: string, made: readonly string[]): Promise<void> {
  if ((await findInstallation(database.admin).catch(() => 'unknown')) !== undefined) return;
  for (const path of made) await rm(path, { force: true });
  await clearRestoreMark(dataDirectory);
}

async function requireNew(dataDirectory: string, headFile: string): Promise<void> {
  await requireServable(dataDirectory, true);
  if (!existsSync(headFile)) return;
  throw new Problem('in-use', {
    detail: `${dataDirectory} belongs to an installation already. A restore goes into a new data directory: name one in DOORWARD_DATA_DIR.`,
  });
}

function cutOffAtItsEnd({ dataDirectory, databaseUrl }: ServerConfig, cause: unknown): Problem {
  const database = databaseUrl === undefined ? '' : ' and empty the Postgres database';
  return new Problem('not-ready', {
    detail: `An earlier restore into ${dataDirectory} was cut off after its rows had come in. Remove the directory${database}, then restore again.`,
    cause,
  });
}

/** Brings the schema of the configured Postgres up to date; it needs no keys and no data directory. */
export async function migrateSchema(config: ServerConfig): Promise<{ readonly applied: number }> {
  const options = databaseOptionsOf(config);
  const url = config.databaseUrl ?? config.migrationDatabaseUrl;
  if (url === undefined) {
    throw new Problem('invalid-input', {
      detail:
        'DATABASE_URL is not set: the embedded database brings its schema up to date whenever a server starts on it. To move it to Postgres: doorward migrate --to postgres://…',
    });
  }
  return { applied: await migrate(options.kind === 'postgres' ? options : { kind: 'postgres', url }) };
}

export interface Moved {
  readonly tables: readonly MovedTable[];
  /** Without password. */
  readonly where: string;
}

/** The embedded installation of the data directory into the empty Postgres database at `url`. */
export async function moveToPostgres(
  config: ServerConfig,
  url: string,
  onProgress: (progress: MoveProgress) => void,
): Promise<Moved> {
  const { dataDirectory, migrationDatabaseUrl } = config;
  if (!existsSync(join(embeddedDirectory(dataDirectory), 'PG_VERSION'))) {
    throw new Problem('not-found', { detail: `There is no embedded database in ${dataDirectory}.` });
  }
  const target: DatabaseOptions = {
    kind: 'postgres',
    url,
    ...(migrationDatabaseUrl === undefined ? {} : { migrationUrl: migrationDatabaseUrl }),
  };
  const where = redactUrl(url);
  return await holding(config, async () => {
    await requireServable(dataDirectory, true);
    return await withDatabase({ kind: 'embedded', dataDirectory }, async (from) => {
      if ((await findInstallation(from.admin)) === undefined) {
        throw new Problem('not-found', { detail: `There is no installation in ${dataDirectory} yet.` });
      }
      const tables = await withDatabase(target, (to) => moveRows(from.adminSql, to.adminSql, onProgress));
      await markMoved(dataDirectory, where);
      return { tables, where };
    });
  });
}

async function holding<T>(config: ServerConfig, work: () => Promise<T>): Promise<T> {
  const { dataDirectory, runtimeDirectory } = config;
  const socketPath = adminSocketPath(dataDirectory, runtimeDirectory);
  const claim = await claimDataDirectory(dataDirectory, { socketPath });
  try {
    return await work();
  } finally {
    await claim.release();
  }
}

async function withDatabase<T>(
  options: DatabaseOptions,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  await migrate(options);
  const database = await openDatabase(options);
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}
