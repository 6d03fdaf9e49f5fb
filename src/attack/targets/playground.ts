// Doorward made for the occasion: two replicas as processes on one throw-away Postgres, which can be stopped and killed, and
// whose database lies open. Where there is no Postgres, one replica on the embedded database.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { createAuthority, hasOpenssl } from '../certificates.ts';
import { freePort } from '../free-port.ts';
import type {
  Capability,
  CommandLine,
  DatabaseAccess,
  Ended,
  Names,
  Processes,
  Row,
  ServerCertificates,
} from '../target.ts';
import { findPostgres, startPostgres } from '../throw-away-postgres.ts';
import { Doorward } from './doorward.ts';
import { ReplicaProcesses } from './replica-processes.ts';
import { openNames } from './names.ts';

export interface PlaygroundOptions {
  /** Where everything lies; private to this user. */
  readonly scratch: string;
  readonly path: string;
  /** Told what is missing, and so what is left out. */
  readonly say: (text: string) => void;
}

/** The top of the package: `bin` is below it. */
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const LAUNCHER = join(ROOT, 'bin/doorward.js');
const REPLICAS = 2;

type Closer = () => Promise<unknown>;

export async function openPlayground(options: PlaygroundOptions): Promise<Playground> {
  const closers: Closer[] = [];
  try {
    const parts = await openParts(options, closers);
    return new Playground(parts, closers);
  } catch (error) {
    for (const close of closers.reverse()) await close();
    throw error;
  }
}

interface Parts {
  readonly addresses: readonly string[];
  readonly ownerCredential: string;
  readonly capabilities: readonly Capability[];
  readonly processes: Processes;
  readonly commandLine: CommandLine;
  readonly names: Names;
  readonly database?: DatabaseAccess;
  readonly certificates?: ServerCertificates;
}

async function openParts({ scratch, path, say }: PlaygroundOptions, closers: Closer[]): Promise<Parts> {
  const folder = await mkdtemp(join(scratch, 'doorward-attack-'));
  closers.push(() => Promise.resolve(rmSync(folder, { recursive: true, force: true })));
  for (const name of ['keys', 'home', 'certificates']) mkdirSync(join(folder, name), { mode: 0o700 });
  const database = await openDatabase(path, say, closers);
  const authority = hasOpenssl() ? createAuthority(join(folder, 'certificates')) : undefined;
  const caFile = join(folder, 'certificates', 'upstreams.pem');
  if (authority !== undefined) writeFileSync(caFile, authority.ca);
  const backupPassphrase = join(folder, 'keys', 'backup.passphrase');
  writeFileSync(backupPassphrase, randomBytes(24).toString('base64url'), { mode: 0o600 });
  const port = await freePort();
  const shared = {
    PATH: path,
    HOME: join(folder, 'home'),
    DOORWARD_ROOT_KEY_FILE: join(folder, 'keys', 'root.key'),
    DOORWARD_OWNER_CREDENTIAL_FILE: join(folder, 'keys', 'owner.credential'),
    DOORWARD_PUBLIC_URL: `http://127.0.0.1:${port}`,
    DOORWARD_EGRESS_ALLOW_CIDRS: '127.0.0.0/8',
    DOORWARD_VALUE_CACHE_SECONDS: '0', // every call opens the record anew: tampering is met at once
    DOORWARD_BACKUP_PASSPHRASE_FILE: backupPassphrase,
    DOORWARD_DRAIN_SECONDS: '1',
    ...(authority === undefined ? {} : { DOORWARD_EGRESS_CA_FILE: caFile }),
    ...database?.environment,
  };
  const { names, preload } = openNames(join(folder, 'names.json'));
  const replicas = new ReplicaProcesses({ launcher: LAUNCHER, folder, preload, environment: shared });
  closers.push(() => replicas.close(), endWithSignals(replicas, folder));
  const count = database === undefined ? 1 : REPLICAS;
  for (let replica = 0; replica < count; replica += 1)
    await replicas.add(replica === 0 ? port : await freePort());
  return {
    addresses: replicas.addresses,
    ownerCredential: readFileSync(shared.DOORWARD_OWNER_CREDENTIAL_FILE, 'utf8').trim(),
    processes: replicas.processes([join(folder, 'keys')]),
    commandLine: commandLine(replicas.environmentOf(0)),
    names,
    capabilities: [
      'names',
      'processes',
      'command-line',
      ...(count > 1 ? (['replicas'] as const) : []),
      ...(database === undefined ? [] : (['database'] as const)),
      ...(authority === undefined ? [] : (['openssl', 'certificates'] as const)),
      ...(existsSync(join(ROOT, 'package-lock.json')) ? (['checkout'] as const) : []),
      ...(spawnSync('bwrap', ['--version'], { stdio: 'ignore' }).status === 0 ? (['sandbox'] as const) : []),
    ],
    ...(database === undefined ? {} : { database: database.access }),
    ...(authority === undefined ? {} : { certificates: authority.certificates }),
  };
}

const INTERRUPTED = 130;

/** Whoever interrupts the attacks leaves no server and no key behind; the database ends by itself. */
function endWithSignals(replicas: ReplicaProcesses, folder: string): Closer {
  const leave = () => {
    replicas.killNow();
    rmSync(folder, { recursive: true, force: true });
    process.exit(INTERRUPTED);
  };
  process.once('SIGINT', leave).once('SIGTERM', leave);
  return () => Promise.resolve(process.off('SIGINT', leave).off('SIGTERM', leave));
}

class Playground extends Doorward {
  readonly processes: Processes;
  readonly commandLine: CommandLine;
  readonly names: Names;
  readonly database?: DatabaseAccess;
  readonly certificates?: ServerCertificates;
  readonly #closers: readonly Closer[];

  constructor(parts: Parts, closers: readonly Closer[]) {
    const { addresses, processes, commandLine: line, database, certificates } = parts;
    const engine = database === undefined ? 'the embedded database' : 'Postgres';
    const replicas = addresses.length === 1 ? 'one replica' : `${addresses.length} replicas`;
    super({ ...parts, name: `Doorward, ${replicas} on ${engine}` });
    this.processes = processes;
    this.commandLine = line;
    this.names = parts.names;
    if (database !== undefined) this.database = database;
    if (certificates !== undefined) this.certificates = certificates;
    this.#closers = closers;
  }

  /** Nothing of it is worth removing piece by piece. */
  override async close(): Promise<void> {
    for (const close of this.#closers.toReversed()) await close();
  }
}

async function openDatabase(path: string, say: (text: string) => void, closers: Closer[]) {
  const binaries = findPostgres(path);
  if ('missing' in binaries) {
    say(
      `There is no Postgres (${binaries.missing}): one replica on the embedded database; rows that need more are left out.`,
    );
    return undefined;
  }
  const server = await startPostgres({ path });
  closers.push(() => server.stop());
  const sql = postgres(server.url, { max: 2, onnotice: () => undefined });
  closers.push(() => sql.end({ timeout: 1 }));
  const password = randomBytes(16).toString('hex');
  const name = 'attacked';
  for (const role of ['attack_owner', 'attack_app']) {
    await sql.unsafe(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
  }
  await sql.unsafe(`CREATE DATABASE ${name} OWNER attack_owner`);
  const as = (user: string) => {
    const url = new URL(server.url);
    Object.assign(url, { username: user, password, pathname: `/${name}` });
    return url.href;
  };
  const direct = new URL(server.url);
  direct.pathname = `/${name}`;
  const superuser = postgres(direct.href, { max: 2, onnotice: () => undefined });
  closers.push(() => superuser.end({ timeout: 1 }));
  const [row] = await sql<{ data_directory: string }[]>`show data_directory`;
  const access: DatabaseAccess = {
    sql: async (statement, parameters = []): Promise<Row[]> => [
      ...(await superuser.unsafe(statement, [...parameters])),
    ],
    directory: row?.data_directory ?? '',
  };
  const environment = { DATABASE_URL: as('attack_app'), DOORWARD_MIGRATION_DATABASE_URL: as('attack_owner') };
  return { access, environment };
}

/** Commands as the owner types them, beside the first replica. */
function commandLine(environment: Readonly<Record<string, string>>): CommandLine {
  return {
    run: (words, { input = '' } = {}) =>
      new Promise<Ended>((resolve, reject) => {
        const child = spawn(process.execPath, [LAUNCHER, ...words], {
          cwd: environment['HOME'],
          env: environment,
          stdio: ['pipe', 'pipe', 'pipe'],
        });
        let stdout = '';
        let stderr = '';
        child.stdout.on('data', (piece: Buffer) => (stdout += piece.toString()));
        child.stderr.on('data', (piece: Buffer) => (stderr += piece.toString()));
        child.stdin.on('error', () => undefined);
        child.on('error', reject);
        child.on('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
        child.stdin.end(input);
      }),
  };
}
