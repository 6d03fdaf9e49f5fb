// A throw-away Postgres with fsync and synchronous commits on, as in production, where its binaries are installed.
import { spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { accessSync, chownSync, constants, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import connectPostgres from 'postgres';
import { waitFor } from './processes.js';

/** @typedef {{ url: string, pid: number, createDatabase: () => Promise<string>, run: (sql: string, url?: string) => Promise<unknown>, stop: () => Promise<void> }} PostgresServer */
/** @typedef {{ folder: string, prefix: readonly string[], uid: number, gid: number, version: string }} PostgresBinaries */

const DEBIAN = '/usr/lib/postgresql';

/** The newest binaries of this machine; undefined when there are none that can be run. @returns {PostgresBinaries | undefined} */
export function findPostgres() {
  const folder = folders().find((path) => canRun(join(path, 'initdb')) && canRun(join(path, 'postgres')));
  if (folder === undefined) return undefined;
  const said = spawnSync(join(folder, 'postgres'), ['--version'], { encoding: 'utf8' }).stdout ?? '';
  const version = /\d+(\.\d+)*/.exec(said)?.[0] ?? '';
  const uid = process.getuid?.() ?? 0;
  if (uid !== 0) return { folder, prefix: [], uid, gid: process.getgid?.() ?? 0, version };
  const [user, group] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  if (user?.status !== 0 || group?.status !== 0 || spawnSync('setpriv', ['--version']).status !== 0)
    return undefined; // the server refuses to run as root
  return {
    folder,
    prefix: ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'],
    uid: Number(user.stdout),
    gid: Number(group.stdout),
    version,
  };
}

function folders() {
  let versions = /** @type {string[]} */ ([]);
  try {
    versions = readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a));
  } catch {
    // Not Debian; the PATH is left.
  }
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((part) => part !== '');
  return [...versions.map((version) => join(DEBIAN, version, 'bin')), ...path];
}

/** @param {string} path */
export function canRun(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @param {import('./processes.js').Stage} stage @param {PostgresBinaries} binaries @returns {Promise<PostgresServer>} */
export async function startPostgres(stage, { folder, prefix, uid, gid }) {
  const place = stage.openDirectory();
  chownSync(place, uid, gid);
  const password = randomBytes(16).toString('hex');
  const passwordFile = join(place, 'password');
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  chownSync(passwordFile, uid, gid);
  const data = join(place, 'data');
  const init = `${join(folder, 'initdb')} -U postgres -E UTF8 --no-locale --auth=scram-sha-256`.split(' ');
  const [file, ...rest] = [...prefix, ...init, '-D', data, `--pwfile=${passwordFile}`];
  const made = spawnSync(file, rest, { cwd: '/', encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  const port = await freePort();
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    'max_connections=100',
    'lc_messages=C',
  ].flatMap((setting) => ['-c', setting]);
  const server = await stage.startServer({
    name: 'postgres',
    command: [...prefix, join(folder, 'postgres'), '-D', data, '-k', place, ...settings],
    endSignal: 'QUIT',
  });
  await waitFor(server, () => (server.log().includes('ready to accept connections') ? true : undefined));
  const addressOf = (/** @type {string} */ name) =>
    `postgres://postgres:${password}@127.0.0.1:${port}/${name}`;
  const url = addressOf('postgres');
  const run = async (/** @type {string} */ sql, where = url) => {
    const connection = connectPostgres(where, { max: 1, onnotice: () => undefined });
    try {
      return await connection.unsafe(sql);
    } finally {
      await connection.end();
    }
  };
  const createDatabase = async () => {
    const name = `bench_${randomBytes(4).toString('hex')}`;
    await run(`create database ${name}`);
    return addressOf(name);
  };
  return { url, pid: server.pid, createDatabase, run, stop: server.stop };
}

/**
 * Below the range from which systems give ports to outgoing connections, so that none of those takes it meanwhile.
 * @returns {Promise<number>}
 */
export function freePort() {
  return new Promise((resolve) => {
    const port = randomInt(12_000, 32_000);
    const server = createServer();
    server.once('error', () => resolve(freePort()));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(port)));
  });
}
