// The start over existing data: only with its own root key, and nothing is changed by a refused one.
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type App, compose } from '../../src/compose.ts';
import type { ServerConfig } from '../../src/config.ts';
import { ROOT_KEY_PROVIDERS } from '../../src/providers/root-keys/registry.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { type CreatedDatabase, testDatabases } from '../support/database.ts';
import { configOf } from '../support/world.ts';

describe.each(testDatabases())('the start of an installation on $name', (database) => {
  let created: CreatedDatabase;
  let keys: string;
  let config: ServerConfig;
  let slot: string;
  let rows: string;

  const start = (changes: Partial<ServerConfig> = {}): Promise<App> =>
    compose(
      { ...config, ...changes },
      {
        clock: { now: () => new Date(), monotonicMs: () => performance.now() },
        randomness: { bytes: (length) => randomBytes(length) },
        log: createLog('silent'),
      },
    );
  const installationRows = async (app: App) => {
    const { adminSql } = app.operations.database;
    const rows: unknown[] = [];
    for (const table of ['installation', 'key_slot', 'system_key', 'kek', 'admin', 'vault']) {
      rows.push(await adminSql.unsafe(`select t::text as line from ${table} t order by 1`));
    }
    return JSON.stringify(rows);
  };
  beforeAll(async () => {
    created = await database.create();
    keys = await mkdtemp(join(tmpdir(), 'doorward-sealing-'));
    const { options } = created;
    const dataDirectory = options.kind === 'embedded' ? options.dataDirectory : join(keys, 'data');
    config = configOf(created, dataDirectory, keys);
    const app = await start();
    expect(app.isFirstStart).toBe(true);
    const [row] = await app.operations.database.adminSql.unsafe('select id from key_slot');
    slot = String(row?.['id']);
    rows = await installationRows(app);
    await app.close();
  });
  afterAll(async () => {
    await created.drop();
    await rm(keys, { recursive: true, force: true });
  });

  test('makes files that only their owner reads', async () => {
    for (const file of [config.rootKeyFile, config.ownerCredentialFile]) {
      expect((await stat(file)).mode & 0o777).toBe(0o600);
    }
    expect((await stat(config.dataDirectory)).mode & 0o777).toBe(0o700);
  });

  test('with another root key refuses and names the slots', async () => {
    const rootKeyFile = join(keys, 'other.key');
    const source = { rootKeyFile, passphrase: undefined, mayCreate: true };
    await ROOT_KEY_PROVIDERS.file(source, { bytes: (length) => randomBytes(length) });
    await expect(start({ rootKeyFile })).rejects.toThrow(slot);
  });

  test('without the root key file refuses, and makes none', async () => {
    const rootKeyFile = join(keys, 'missing.key');
    await expect(start({ rootKeyFile })).rejects.toThrow(/missing\.key/);
    await expect(stat(rootKeyFile)).rejects.toThrow('ENOENT');
  });

  test('with a root key that others may read refuses', async () => {
    await chmod(config.rootKeyFile, 0o640);
    await expect(start()).rejects.toThrow(/root\.key/);
    await chmod(config.rootKeyFile, 0o600);
  });

  test('with another provider than the one it was made with refuses', async () => {
    const passphrase = 'correct horse battery staple';
    await expect(start({ rootKeyProvider: 'passphrase', passphrase })).rejects.toThrow(slot);
  });

  test('after all of that finds everything as it was', async () => {
    const app = await start();
    expect(app.isFirstStart).toBe(false);
    expect(await installationRows(app)).toBe(rows);
    await app.close();
  });
});
