// A throw-away Postgres server for the attacks, the tests, the demo and the bench. It ends with the process that started it,
// however that one ends: the shell around it waits for its standard input to close.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chownSync,
  constants,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { freePort } from './free-port.ts';

export interface PostgresServer {
  /** Superuser, database `postgres`. */
  readonly url: string;
  /** Ends the server as an operator would restart it; what is given starts it again on the same port and data. */
  readonly interrupt: () => Promise<() => Promise<void>>;
  readonly stop: () => Promise<void>;
}

interface PostgresBinaries {
  readonly folder: string;
  /** What must stand before a command, since the server refuses to run as root. */
  readonly prefix: readonly string[];
  readonly uid: number;
  readonly gid: number;
}

interface StartOptions {
  /** The PATH on which binaries are looked for where Debian's place has none. */
  readonly path: string;
  /** With fsync and synchronous commits, as in production. */
  readonly durable?: boolean;
}

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;
const DEBIAN = '/usr/lib/postgresql';

/** The newest server binaries on this machine, or why there are none to use. */
export function findPostgres(path: string): PostgresBinaries | { readonly missing: string } {
  const folder = candidateFolders(path).find(
    (candidate) => canRun(join(candidate, 'initdb')) && canRun(join(candidate, 'postgres')),
  );
  if (folder === undefined) return { missing: `no initdb and postgres in ${DEBIAN}/*/bin or on the PATH` };
  const uid = process.getuid?.() ?? 0;
  if (uid !== 0) return { folder, prefix: [], uid, gid: process.getgid?.() ?? 0 };
  const ids = ['-u', '-g'].map((flag) => spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  if (ids.some((result) => result.status !== 0))
    return { missing: 'root can not run a server and there is no user postgres' };
  if (spawnSync('setpriv', ['--version']).status !== 0)
    return { missing: 'root can not run a server and setpriv is missing' };
  const [user, group] = ids.map((result) => Number(result.stdout));
  return {
    folder,
    prefix: ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'],
    uid: user ?? 0,
    gid: group ?? 0,
  };
}

function candidateFolders(path: string): string[] {
  const versions = tryList(DEBIAN).sort((a, b) => Number(b) - Number(a));
  return [
    ...versions.map((version) => join(DEBIAN, version, 'bin')),
    ...path.split(delimiter).filter((folder) => folder !== ''),
  ];
}

function tryList(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

// $1 binaries, $2 folder, the rest options of the server.
const SCRIPT = `
exec 3<&0
bin=$1; dir=$2; shift 2
"$bin/initdb" -D "$dir/data" -U postgres -E UTF8 --no-locale --no-sync --auth=scram-sha-256 --pwfile="$dir/password" >&2 3<&- || exit 1
touch "$dir/run"
(cat <&3 >/dev/null; rm -f "$dir/run"; kill -QUIT "$(head -n 1 "$dir/data/postmaster.pid")" 2>/dev/null) &
while [ -e "$dir/run" ]; do
  "$bin/postgres" -D "$dir/data" -k "$dir" "$@" 3<&- </dev/null
  [ -e "$dir/hold" ] || break
  echo 'the server is held' >&2
  while [ -e "$dir/hold" ] && [ -e "$dir/run" ]; do sleep 0.05; done
done
rm -rf "$dir"
`;

/** Starts a server on a free port of the loopback interface. */
export async function startPostgres(options: StartOptions): Promise<PostgresServer> {
  const binaries = findPostgres(options.path);
  if ('missing' in binaries) throw new Error(`Postgres can not be started: ${binaries.missing}`);
  // The user postgres must reach the folder, so a private TMPDIR of root's will not do.
  const folder = mkdtempSync(join(binaries.prefix.length === 0 ? tmpdir() : '/tmp', 'doorward-postgres-'));
  const password = randomBytes(16).toString('hex');
  const port = await freePort();
  writeFileSync(join(folder, 'password'), `${password}\n`, { mode: 0o600 });
  chownSync(join(folder, 'password'), binaries.uid, binaries.gid);
  chownSync(folder, binaries.uid, binaries.gid);
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    'max_connections=300',
    'lc_messages=C',
    ...(options.durable === true ? [] : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']),
  ].flatMap((setting) => ['-c', setting]);
  const command = [...binaries.prefix, 'sh', '-c', SCRIPT, 'sh', binaries.folder, folder, ...settings];
  const shell = spawn(command[0] ?? 'sh', command.slice(1), {
    cwd: '/',
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { PATH: options.path },
  });
  const ended = new Promise<void>((resolve) => shell.once('exit', () => resolve()));
  const stop = async () => {
    shell.stdin.end();
    const timer = setTimeout(() => shell.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
    rmSync(folder, { recursive: true, force: true });
  };
  const log = createInterface({ input: shell.stderr }); // read to the end of its life: a full pipe would stop the server
  const isReady = () => hasSaid({ log, ended }, 'database system is ready to accept connections');
  const hold = join(folder, 'hold');
  const interrupt = async () => {
    const isHeld = hasSaid({ log, ended }, 'the server is held');
    writeFileSync(hold, '');
    process.kill(Number.parseInt(readFileSync(join(folder, 'data/postmaster.pid'), 'utf8'), 10), 'SIGINT');
    await isHeld;
    return async () => {
      const isBack = isReady();
      rmSync(hold);
      await isBack;
    };
  };
  try {
    await isReady();
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`, interrupt, stop };
}

interface Output {
  readonly log: Interface;
  readonly ended: Promise<void>;
}

async function hasSaid({ log, ended }: Output, wanted: string): Promise<void> {
  const lines: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve, reject) => {
    const fail = (reason: string) => reject(new Error(`Postgres ${reason}:\n${lines.slice(-20).join('\n')}`));
    timer = setTimeout(() => fail(`did not say in time: ${wanted}`), START_TIMEOUT_MS);
    void ended.then(() => fail('ended'));
    log.on('line', (line) => {
      if (lines.length < 1000) lines.push(line);
      if (line.includes(wanted)) resolve();
    });
  }).finally(() => clearTimeout(timer));
}
