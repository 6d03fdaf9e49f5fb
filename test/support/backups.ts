// Backups of a test world: made over HTTP, taken apart and put together again, restored into a database of their own.
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReadableStream } from 'node:stream/web';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { type App, compose } from '../../src/compose.ts';
import type { ServerConfig } from '../../src/config.ts';
import { canonicalJson } from '../../src/core/canonical-json.ts';
import { type AgeKeys, decryptAge, encryptAge } from '../../src/crypto/age.ts';
import { type RestoredInstallation, restoreInstallation, verifyBackupFile } from '../../src/offline.ts';
import { LineDigest } from '../../src/store/table-copy.ts';
import { createLog } from '../../src/telemetry/log.ts';
import type { BackupReport } from '../../src/vault/backup/open.ts';
import { testClock } from './clock.ts';
import { type CreatedDatabase, createEmbedded, createEmptyPostgres, testServer } from './database.ts';
import { configOf, type World } from './world.ts';

export const PASSPHRASE = 'correct horse battery staple';
const IDENTITY = await generateIdentity();
/** What backups of tests are encrypted to unless told: a passphrase would take a second each time. */
export const RECIPIENT = await identityToRecipient(IDENTITY);
export const KEYS: AgeKeys = { identities: [IDENTITY] };

const world = {
  clock: testClock(),
  randomness: { bytes: (length: number) => randomBytes(length) },
};

/** `POST /v1/backups` with an owner's token. */
export async function askForBackup(
  { apps, keysDirectory }: World,
  body: object = { recipients: [RECIPIENT] },
  replica = 0,
): Promise<Response> {
  const url = apps[replica]?.address ?? '';
  const credential = (await readFile(join(keysDirectory, 'owner.credential'), 'utf8')).trim();
  const exchanged = await fetch(`${url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`owner:${credential}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const { access_token: token } = (await exchanged.json()) as { access_token: string };
  return await fetch(`${url}/v1/backups`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

export async function makeBackup(from: World, body?: object): Promise<Buffer> {
  const response = await askForBackup(from, body);
  if (response.status !== 200) throw new Error(`no backup: ${await response.text()}`);
  return Buffer.from(await response.arrayBuffer());
}

export function streamOf(file: Uint8Array): ReadableStream<Uint8Array> {
  return ReadableStream.from([new Uint8Array(file)]);
}

export function verifyBackup(file: Uint8Array, keys = KEYS): Promise<BackupReport> {
  return verifyBackupFile({ bytes: streamOf(file), keys }, world);
}

/** What is inside, line by line. */
export async function linesOf(file: Uint8Array, keys = KEYS): Promise<string[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await decryptAge(streamOf(file), keys)) chunks.push(chunk);
  return Buffer.concat(chunks).toString().split('\n').slice(0, -1);
}

/** A backup of these lines, as whoever knows the recipient could make one. */
export async function encrypted(lines: readonly string[]): Promise<Buffer> {
  const plain = streamOf(Buffer.from(lines.map((line) => `${line}\n`).join('')));
  const chunks: Uint8Array[] = [];
  for await (const chunk of await encryptAge(plain, { recipients: [RECIPIENT] })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The lines with a manifest that fits them: what was changed is not told by a digest. */
export function withFittingManifest(lines: readonly string[]): string[] {
  const header = JSON.parse(lines[0] ?? '') as { tables: { name: string; columns: string[] }[] };
  const digests = new Map<string, LineDigest>();
  let current: LineDigest | undefined;
  for (const line of lines.slice(1)) {
    const [, name = ''] = /^\["table","(\w+)"\]$/.exec(line) ?? [];
    if (name !== '') digests.set(name, (current = new LineDigest()));
    else if (line.startsWith('{')) current?.add([line]);
  }
  const tables = header.tables.map((table) => ({ ...table, ...digests.get(table.name)?.end() }));
  return [...lines.slice(0, -1), canonicalJson(['manifest', { ...header, tables }])];
}

export interface Place {
  readonly database: CreatedDatabase;
  readonly config: ServerConfig;
  remove(): Promise<void>;
}

/** A new data directory, and where it is asked for an empty Postgres database. */
export async function emptyPlace(kind: 'embedded' | 'postgres'): Promise<Place> {
  const server = testServer();
  const folder = await mkdtemp(join(tmpdir(), 'doorward-restored-'));
  if (kind === 'postgres' && server === undefined) throw new Error('there is no Postgres');
  const database =
    kind === 'embedded' || server === undefined ? await createEmbedded() : await createEmptyPostgres(server);
  const { options } = database;
  const dataDirectory = options.kind === 'embedded' ? options.dataDirectory : join(folder, 'data');
  return {
    database,
    config: { ...configOf(database, dataDirectory, folder), publicUrl: 'http://doorward.test' },
    remove: async () => {
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function restoreInto(
  { config }: Place,
  file: Uint8Array | ReadableStream<Uint8Array>,
  keys = KEYS,
): Promise<RestoredInstallation> {
  const bytes = file instanceof Uint8Array ? streamOf(file) : file;
  return restoreInstallation(config, world, { bytes, keys });
}

export async function openApp(config: ServerConfig): Promise<App> {
  return await compose(config, { ...world, log: createLog(process.env['DOORWARD_TEST_LOG'] ?? 'silent') });
}
