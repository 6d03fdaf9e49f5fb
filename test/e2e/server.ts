// Doorward as its users have it: `bin/doorward.js` in processes of its own, on data directories of their own.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Exited, ONE_COMMAND, SHORT_LIVED, start, type StartOptions } from '../cli/process.ts';
import { compiledLauncher } from '../support/compiled.ts';
import { createEmbedded } from '../support/database.ts';
import { ECHOING } from '../support/upstream.ts';

type Variables = Readonly<Record<string, string | undefined>>;

export interface Installation {
  readonly launcher: string;
  /** A home directory, and a place for whatever a test needs. */
  readonly root: string;
  /** A server that listens. It is ended with the installation at the latest. */
  serve(options?: ServeOptions): Promise<Server>;
  /** `doorward serve` that is expected to give up. */
  serveInVain(environment: Variables): Promise<Exited>;
  doorward(argv: readonly string[], options?: StartOptions): Promise<Exited>;
  /** A data directory whose database is there and empty: what an earlier start left, only faster. */
  emptyDirectory(): Promise<string>;
  remove(): Promise<void>;
}

interface ServeOptions {
  readonly dataDirectory?: string;
  readonly environment?: Variables;
  /** Arguments of node itself. */
  readonly nodeArguments?: readonly string[];
  /** What starts node: it is given node and its arguments. */
  readonly wrapper?: readonly string[];
}

export interface Server {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly url: string;
  readonly dataDirectory: string;
  /** Everything it has printed so far. */
  readonly output: { stdout: string; stderr: string };
  readonly exited: Promise<Exited>;
  /** SIGTERM, and its end. */
  stop(): Promise<Exited>;
  kill(): Promise<Exited>;
  /** One administrative request with an owner's token. */
  admin(method: string, path: string, body?: object): Promise<AdminAnswer>;
  /** Secret, service, agent and grant in one go; gives an access token of the agent. */
  setUp(upstreamUrl: string, service?: object): Promise<string>;
  token(name: string, credential: string): Promise<string>;
  call(token: string, path: string, init?: RequestInit): Promise<Response>;
}

interface AdminAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export const SECRET_VALUE = 'sk-e2e-3tQ8vRk1ZxW7mPa5LdYh2NcJ6uBf9GsE';
const LISTENING = /^Doorward listens on (http:\S+)\n/m;

const VENDOR = { name: 'vendor', secret: 'vendor', auth: { kind: 'bearer' }, protection: ECHOING };

export async function createInstallation(): Promise<Installation> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'doorward-e2e-')));
  const launcher = compiledLauncher();
  const servers = new Set<Server>();
  const drops: (() => Promise<void>)[] = [];
  const base = { PATH: process.env['PATH'], HOME: root, LANG: 'C.UTF-8', NO_COLOR: '1' };
  const emptyDirectory = async () => {
    const { options, drop } = await createEmbedded();
    drops.push(drop);
    return options.dataDirectory;
  };
  return {
    launcher,
    root,
    emptyDirectory,
    serve: async (options = {}) => {
      const dataDirectory = options.dataDirectory ?? (await emptyDirectory());
      const server = await listening(launcher, dataDirectory, {
        ...options,
        environment: { ...base, ...SERVER, DOORWARD_DATA_DIR: dataDirectory, ...options.environment },
      });
      servers.add(server);
      void server.exited.then(() => servers.delete(server));
      return server;
    },
    serveInVain: (environment) =>
      startAlone(process.execPath, [...SHORT_LIVED, launcher, 'serve'], {
        environment: { ...base, ...SERVER, ...environment },
      }),
    doorward: (argv, options = {}) =>
      startAlone(process.execPath, [...ONE_COMMAND, launcher, ...argv], {
        ...options,
        environment: { ...base, ...options.environment },
      }),
    remove: async () => {
      await Promise.all([...servers].map((server) => server.kill()));
      for (const drop of drops) await drop();
      await rm(root, { recursive: true, force: true });
    },
  };
}

const SERVER = {
  DOORWARD_LISTEN: '127.0.0.1:0',
  DOORWARD_EGRESS_ALLOW_CIDRS: '127.0.0.0/8',
  DOORWARD_DRAIN_SECONDS: '5',
};

/** Nothing of this process's own environment reaches the one that is started. */
export function startAlone(file: string, argv: readonly string[], options: StartOptions): Promise<Exited> {
  const unset = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
  return start(file, argv, { ...options, environment: { ...unset, ...options.environment } });
}

async function listening(launcher: string, dataDirectory: string, options: ServeOptions): Promise<Server> {
  const { nodeArguments = [], environment = {}, wrapper = [] } = options;
  const node = [process.execPath, ...SHORT_LIVED, ...nodeArguments];
  const [program, ...argv] = [...wrapper, ...node, launcher, 'serve'] as const;
  const child = spawn(program, argv, {
    env: { ...environment },
    stdio: ['pipe', 'pipe', 'pipe'], // nobody writes to it but those who wrapped it
  });
  const output = { stdout: '', stderr: '' };
  const exited = new Promise<Exited>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal, ...output }));
  });
  const url = await new Promise<string>((resolve, reject) => {
    void exited.then(({ code, stderr }) => reject(new Error(`the server ended with ${code}: ${stderr}`)));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output.stdout += text;
      const found = LISTENING.exec(output.stdout)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal);
    return exited;
  };
  return {
    process: child,
    pid: child.pid ?? 0,
    url,
    dataDirectory,
    output,
    exited,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    ...requests(url, () => {
      const path = environment['DOORWARD_OWNER_CREDENTIAL_FILE'] ?? join(dataDirectory, 'owner.credential');
      return readFileSync(path, 'utf8').trim();
    }),
  };
}

type Requests = Pick<Server, 'admin' | 'setUp' | 'token' | 'call'>;

export function requests(url: string, readCredential: () => string): Requests {
  let adminToken: Promise<string> | undefined;
  const client: Requests = {
    token: async (name, credential) => {
      const basic = Buffer.from(`${name}:${credential}`).toString('base64');
      const response = await fetch(`${url}/oauth/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${basic}` },
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
      });
      const { access_token: token } = (await response.json()) as { access_token?: string };
      if (token === undefined) throw new Error(`no token: ${response.status}`);
      return token;
    },
    admin: async (method, path, body) => {
      adminToken ??= client.token('owner', readCredential());
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${await adminToken}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
    setUp: async (upstreamUrl, service = {}) => {
      const made: Record<string, unknown>[] = [];
      for (const [path, body] of [
        ['/v1/secrets', { name: 'vendor', value: SECRET_VALUE }],
        ['/v1/services', { ...VENDOR, baseUrl: upstreamUrl, ...service }],
        ['/v1/agents', { name: 'robot' }],
        ['/v1/grants', { agent: 'robot', service: 'vendor' }],
      ] as const) {
        const answer = await client.admin('POST', path, body);
        if (answer.status !== 201) throw new Error(`${path}: ${JSON.stringify(answer)}`);
        made.push(answer.body);
      }
      return await client.token('robot', String(made[2]?.['key']));
    },
    call: (token, path, init = {}) =>
      fetch(`${url}${path}`, { ...init, headers: { authorization: `Bearer ${token}` } }),
  };
  return client;
}

/** What a server wrote to stderr, but for what it says of a machine that stood still. */
export function complaintsIn(stderr: string): readonly string[] {
  const lines = stderr.split('\n').filter((line) => line !== '');
  return lines.filter((line) => !line.includes('the lease was not renewed'));
}

/** Polls until `check` gives something; the deadline is what the test promises. */
export async function eventually<T>(limitMs: number, check: () => Promise<T | undefined>): Promise<T> {
  const until = performance.now() + limitMs;
  for (;;) {
    const found = await check();
    if (found !== undefined) return found;
    if (performance.now() > until) throw new Error(`not within ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
