// A throw-away Postgres on a small disk of its own, which can be filled and freed while it runs. When the server ends, as a
// full disk can make it, it is started again, as whatever supervises one does.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { freePort } from '../../src/attack/free-port.ts';
import { findPostgres } from './postgres.ts';

export interface PostgresOnDisk {
  /** Superuser, database `postgres`. */
  readonly url: string;
  /** Everything the server and what is around it has said. */
  readonly said: readonly string[];
  /** Nothing is left of the disk, and nothing that is given back to it stays free, until `free`. */
  fill(): Promise<void>;
  free(): Promise<void>;
  stop(): Promise<void>;
}

// $1 binaries, $2 disk, $3 password, $4 what stands before a command; the rest options of the server.
const INSIDE = `
bin=$1; disk=$2; password=$3; as=$4; shift 4
[ -z "$as" ] || chown postgres "$disk"
echo "$password" >"$disk/password"
$as "$bin/initdb" -D "$disk/data" -U postgres -E UTF8 --no-locale --no-sync --wal-segsize=1 --auth=scram-sha-256 \\
  --pwfile="$disk/password" >/dev/null || exit 1
touch "$disk/run"
while [ -e "$disk/run" ]; do
  $as "$bin/postgres" -D "$disk/data" -k "$disk" "$@" </dev/null 2>&1
  sleep 0.2
done &
while read -r word; do
  case $word in
    fill)
      touch "$disk/full"
      cat /dev/zero >"$disk/filler" 2>/dev/null
      while [ -e "$disk/full" ]; do cat /dev/zero >>"$disk/filler" 2>/dev/null; sleep 0.05; done &
      filling=$!
      echo 'it is full' ;;
    free) rm "$disk/full"; wait $filling; rm "$disk/filler"; echo 'it is free' ;;
  esac
done
rm -f "$disk/run" "$disk/full" "$disk/filler"
kill -QUIT "$(head -n 1 "$disk/data/postmaster.pid")" 2>/dev/null
wait
`;

const LIMIT_MS = 60_000;

export async function startPostgresOnDisk(bytes: number): Promise<PostgresOnDisk> {
  const binaries = findPostgres();
  if ('missing' in binaries) throw new Error(`Postgres can not be started: ${binaries.missing}`);
  const { folder, prefix } = binaries;
  const disk = mkdtempSync('/tmp/doorward-disk-'); // the user postgres must reach it
  const password = randomBytes(16).toString('hex');
  const port = await freePort();
  const settings = ['listen_addresses=127.0.0.1', `port=${port}`, 'lc_messages=C', ...SMALL].flatMap(
    (setting) => ['-c', setting],
  );
  const rights = prefix.length === 0 ? [] : ['--cap-add', 'ALL'];
  const mount = [
    '--dev-bind',
    '/',
    '/',
    ...rights,
    '--size',
    String(bytes),
    '--tmpfs',
    disk,
    '--die-with-parent',
  ];
  const shell = spawn(
    'bwrap',
    [...mount, 'sh', '-c', INSIDE, 'sh', folder, disk, password, prefix.join(' '), ...settings],
    { cwd: '/', stdio: ['pipe', 'pipe', 'inherit'], env: { PATH: process.env['PATH'] } },
  );
  const said: string[] = [];
  const ended = new Promise<void>((resolve) => shell.once('exit', () => resolve()));
  const lines = createInterface({ input: shell.stdout }).on('line', (line) => said.push(line));
  const hears = (wanted: string) =>
    new Promise<void>((resolve, reject) => {
      const fail = () =>
        reject(new Error(`Postgres did not say "${wanted}":\n${said.slice(-20).join('\n')}`));
      const timer = setTimeout(fail, LIMIT_MS);
      void ended.then(fail);
      const onLine = (line: string) => {
        if (!line.includes(wanted)) return;
        clearTimeout(timer);
        lines.off('line', onLine);
        resolve();
      };
      lines.on('line', onLine);
    });
  const tell = async (word: string, answer: string) => {
    const heard = hears(answer);
    shell.stdin.write(`${word}\n`);
    await heard;
  };
  await hears('database system is ready to accept connections');
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    said,
    fill: () => tell('fill', 'it is full'),
    free: () => tell('free', 'it is free'),
    stop: async () => {
      shell.stdin.end();
      await ended;
      rmSync(disk, { recursive: true, force: true });
    },
  };
}

const SMALL = [
  'max_connections=100',
  'shared_buffers=16MB',
  'min_wal_size=2MB',
  'max_wal_size=8MB',
  'fsync=off',
];
