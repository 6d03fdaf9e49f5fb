// Further replicas of a world's installation: in this process with settings of their own, or as a process that can be
// stopped and killed.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type App, compose } from '../../src/compose.ts';
import type { ServerConfig } from '../../src/config.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { testClock } from './clock.ts';
import { compiledFolder } from './compiled.ts';
import { freePort } from '../../src/attack/free-port.ts';
import { configOf, type World } from './world.ts';

/** What replicas must agree on for one's tokens to be good at another; a world needs it in its own configuration. */
export const SHARED_URL = 'http://doorward.test';

/** One more replica in this process. Close it before the world. */
export async function joinReplica(world: World, config: Partial<ServerConfig> = {}): Promise<App> {
  const shared = sharedFolder(world);
  const dataDirectory = await mkdtemp(join(shared, 'replica-'));
  return await compose(
    { ...configOf(world.database, dataDirectory, shared), publicUrl: SHARED_URL, ...config },
    {
      clock: testClock(),
      randomness: { bytes: (length) => randomBytes(length) },
      log: createLog(process.env['DOORWARD_TEST_LOG'] ?? 'silent'),
    },
  );
}

interface ReplicaProcess {
  readonly address: string;
  /** SIGSTOP. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** SIGKILL, also of one that is paused: it does nothing more. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

/** One more replica as a process of its own. */
export async function startReplica(
  world: World,
  options: { readonly ca?: string } = {},
): Promise<ReplicaProcess> {
  const shared = sharedFolder(world);
  const dataDirectory = await mkdtemp(join(tmpdir(), 'doorward-replica-'));
  const config = configOf(world.database, dataDirectory, shared);
  const port = await freePort();
  const caFile = join(dataDirectory, 'upstreams.pem');
  await writeFile(caFile, options.ca ?? '');
  const child = spawn(process.execPath, [join(compiledFolder(), 'dist/main.js'), 'serve'], {
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: config.databaseUrl,
      DOORWARD_MIGRATION_DATABASE_URL: config.migrationDatabaseUrl,
      DOORWARD_DATA_DIR: dataDirectory,
      DOORWARD_ROOT_KEY_FILE: config.rootKeyFile,
      DOORWARD_OWNER_CREDENTIAL_FILE: config.ownerCredentialFile,
      DOORWARD_LISTEN: `127.0.0.1:${port}`,
      DOORWARD_PUBLIC_URL: SHARED_URL,
      DOORWARD_EGRESS_ALLOW_CIDRS: '127.0.0.0/8',
      ...(options.ca === undefined ? {} : { DOORWARD_EGRESS_CA_FILE: caFile }),
      DOORWARD_LOG_LEVEL: process.env['DOORWARD_TEST_LOG'] ?? 'silent',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const ready = once(child.stdout, 'data'); // the banner is printed when everything is open
  await Promise.race([
    ready,
    exited.then(([code]) => {
      throw new Error(`the replica ended with ${code}`);
    }),
  ]);
  return {
    address: `http://127.0.0.1:${port}`,
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
    close: async () => {
      child.kill('SIGCONT');
      child.kill('SIGKILL');
      await exited;
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}

/** Where the root key and the owner credential of a world are. */
function sharedFolder(world: World): string {
  return dirname(world.dataDirectories[0] ?? '');
}
