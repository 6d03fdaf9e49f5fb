// A world to test in: the real compose() on a fresh database, with a real loopback upstream, one replica or several.
// Only the clock can be shifted; everything else is what a server runs on.
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, compose } from '../../src/compose.ts';
import type { ServerConfig } from '../../src/config.ts';
import { createLog, type Log } from '../../src/telemetry/log.ts';
import { testClock } from './clock.ts';
import type { CreatedDatabase, TestDatabase } from './database.ts';
import { isPassing, patiently } from './patience.ts';
import { ECHOING, startUpstream, type Upstream } from './upstream.ts';

export interface WorldOptions {
  readonly database: TestDatabase;
  readonly replicas?: number;
  readonly config?: Partial<ServerConfig>;
  /** Silent unless told. */
  readonly log?: Log;
}

interface AdminAnswer {
  readonly status: number;
  // Answers are JSON of many shapes; tests look at the members they are about.
  readonly body: Record<string, unknown>;
}

export interface World {
  readonly apps: readonly App[];
  readonly upstream: Upstream;
  readonly clock: { offsetMs: number };
  /** Sets the clock so far ahead, and waits until every replica has a lease that counts from then. */
  shift(offsetMs: number): Promise<void>;
  readonly database: CreatedDatabase;
  readonly dataDirectories: readonly string[];
  /** Where the root key and the owner credential are. */
  readonly keysDirectory: string;
  /** One administrative request over HTTP with an owner's token. */
  admin(method: string, path: string, body?: object, replica?: number): Promise<AdminAnswer>;
  /** Secret, service (bearer unless told), agent and grant in one go; gives the agent key. */
  setUp(options?: {
    readonly value?: string;
    readonly auth?: object;
    readonly allow?: readonly string[];
    readonly service?: string;
    readonly agent?: string;
    readonly baseUrl?: string;
  }): Promise<{ readonly key: string }>;
  token(agent: string, key: string, options?: { scope?: string; replica?: number }): Promise<string>;
  /** `fetch` on `/call/…` of a replica with the token as Bearer. */
  call(token: string, path: string, init?: RequestInit & { replica?: number }): Promise<Response>;
  events(kind?: string, replica?: number): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

export async function createWorld(options: WorldOptions): Promise<World> {
  const upstream = await startUpstream();
  const database = await options.database.create();
  const clock = { offsetMs: 0 };
  const apps: App[] = [];
  const dataDirectories: string[] = [];
  const scratch = await mkdtemp(join(tmpdir(), 'doorward-world-'));
  for (let i = 0; i < (options.replicas ?? 1); i += 1) {
    const dataDirectory =
      database.options.kind === 'embedded' ? database.options.dataDirectory : join(scratch, `replica-${i}`);
    dataDirectories.push(dataDirectory);
    // Replicas share one issuer, so that a token of one is good at the others.
    const shared = (options.replicas ?? 1) > 1 ? { publicUrl: 'http://doorward.test' } : {};
    const config = { ...configOf(database, dataDirectory, scratch), ...shared, ...options.config };
    apps.push(
      await compose(config, {
        clock: testClock(() => clock.offsetMs),
        randomness: { bytes: (length) => randomBytes(length) },
        log: options.log ?? createLog(process.env['DOORWARD_TEST_LOG'] ?? 'silent'),
      }),
    );
  }
  const urlOf = (replica = 0) => apps[replica]?.address ?? '';
  let adminToken: Promise<string> | undefined;
  let adminTokenFromMs = 0;
  const ownerToken = async () => {
    const credential = (await readFile(join(scratch, 'owner.credential'), 'utf8')).trim();
    return await exchange(urlOf(), 'owner', credential);
  };
  const world: World = {
    apps,
    upstream,
    clock,
    database,
    dataDirectories,
    keysDirectory: scratch,
    shift: async (offsetMs) => {
      clock.offsetMs = offsetMs;
      for (const { lease } of apps) {
        // A round may have begun before the shift, or take too long on a machine with much else to do.
        do await lease.renew().catch(() => undefined);
        while (!lease.isValid());
      }
    },
    admin: async (method, path, body, replica) => {
      if (clock.offsetMs - adminTokenFromMs > 600_000) adminToken = undefined; // the shift has ended it
      adminTokenFromMs = adminToken === undefined ? clock.offsetMs : adminTokenFromMs;
      adminToken ??= ownerToken();
      const response = await fetch(`${urlOf(replica)}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${await adminToken}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
    setUp: async (given = {}) => {
      const {
        value = SECRET_VALUE,
        auth = { kind: 'bearer' },
        allow,
        service = 'vendor',
        agent = 'robot',
        baseUrl = upstream.url,
      } = given;
      const steps: [string, object][] = [
        ['/v1/secrets', { name: service, value }],
        ['/v1/services', { name: service, baseUrl, auth, secret: service, protection: ECHOING }],
        ['/v1/agents', { name: agent }],
        ['/v1/grants', { agent, service, ...(allow === undefined ? {} : { allow }) }],
      ];
      let key = '';
      for (const [path, body] of steps) {
        const answer = await world.admin('POST', path, body);
        if (answer.status !== 201) throw new Error(`${path}: ${JSON.stringify(answer)}`);
        if (typeof answer.body['key'] === 'string') key = answer.body['key'];
      }
      return { key };
    },
    token: (agent, key, { scope, replica } = {}) => exchange(urlOf(replica), agent, key, scope),
    call: async (token, path, { replica, ...init } = {}) => {
      const given = init.headers as Record<string, string> | undefined;
      const headers = { authorization: `Bearer ${token}`, ...given };
      const ask = () => fetch(`${urlOf(replica)}${path}`, { ...init, headers });
      if (init.body instanceof ReadableStream) return await ask(); // there is no second one
      return await patiently(ask, (answer) => isPassing(answer.status, answer.headers.get('doorward-error')));
    },
    events: async (kind, replica) => {
      const query = kind === undefined ? '' : `&kind=${kind}`;
      const answer = await world.admin('GET', `/v1/audit/events?limit=500${query}`, undefined, replica);
      return answer.body['items'] as Record<string, unknown>[];
    },
    close: async () => {
      for (const app of apps) await app.close();
      await upstream.close();
      await database.drop();
      await rm(scratch, { recursive: true, force: true });
    },
  };
  return world;
}

/** A value with the look of a vendor's key. */
export const SECRET_VALUE = 'sk-test-9fK2mQ7xLw4TzR8vBn3HcJ6yPd5GsA1e';

export function configOf(database: CreatedDatabase, dataDirectory: string, shared: string): ServerConfig {
  const { options } = database;
  const isPostgres = options.kind === 'postgres';
  return {
    dataDirectory,
    runtimeDirectory: tmpdir(),
    rootKeyFile: join(shared, 'root.key'),
    ownerCredentialFile: join(shared, 'owner.credential'),
    passphrase: undefined,
    url: undefined,
    token: undefined,
    listen: { host: '127.0.0.1', port: 0 },
    publicUrl: undefined,
    databaseUrl: isPostgres ? options.url : undefined,
    migrationDatabaseUrl: isPostgres ? options.migrationUrl : undefined,
    listenDatabaseUrl: undefined,
    rootKeyProvider: 'file',
    egressAllowCidrs: ['127.0.0.0/8'],
    egressCa: [],
    egressProxy: undefined,
    tokenSeconds: 600,
    valueCacheSeconds: 60,
    drainSeconds: 5,
    httpLimits: { maxConnections: 10_000, headersMs: 15_000, bodyIdleMs: 120_000 },
    metricsListen: undefined,
    callDomain: undefined,
    logLevel: 'silent',
  };
}

async function exchange(url: string, name: string, credential: string, scope?: string): Promise<string> {
  const response = await fetch(`${url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${name}:${credential}`).toString('base64')}` },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      ...(scope === undefined ? {} : { scope }),
    }),
  });
  const body = (await response.json()) as { access_token?: string };
  if (body.access_token === undefined)
    throw new Error(`no token: ${response.status} ${JSON.stringify(body)}`);
  return body.access_token;
}
