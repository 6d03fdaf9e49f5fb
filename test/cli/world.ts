// A whole Doorward in processes of its own: a server on an empty data directory, an upstream.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requests } from '../e2e/server.ts';
import { compiledLauncher } from '../support/compiled.ts';
import { copyMigrated } from '../support/database.ts';
import { type Exited, ONE_COMMAND, SHORT_LIVED, start, type StartOptions } from './process.ts';

export interface CliWorld {
  readonly root: string;
  readonly dataDirectory: string;
  readonly launcher: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly server: ChildProcess;
  readonly url: string;
  readonly upstreamUrl: string;
  /** Headers of the requests that reached the upstream. */
  readonly arrived: IncomingHttpHeaders[];
  readonly doorward: (argv: readonly string[], options?: StartOptions) => Promise<Exited>;
  /** What is no command's own matter, by HTTP: it costs no process. Gives the answer's body; throws where it is a refusal. */
  readonly admin: (method: string, path: string, body?: object) => Promise<Record<string, unknown>>;
  readonly close: () => Promise<void>;
}

/** The upstream echoes what it was asked; below /fail it answers 500, below /teapot 418. */
export async function createCliWorld(): Promise<CliWorld> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'doorward-world-')));
  const dataDirectory = join(root, 'data');
  mkdirSync(join(root, 'work'));
  mkdirSync(dataDirectory, { mode: 0o700 });
  await copyMigrated(dataDirectory);
  const arrived: IncomingHttpHeaders[] = [];
  const upstream = createServer((request, response) => {
    arrived.push(request.headers);
    const { method, url = '' } = request;
    const status = url.startsWith('/fail') ? 500 : url.startsWith('/teapot') ? 418 : 200;
    request.resume().on('end', () => response.writeHead(status).end(JSON.stringify({ method, url })));
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const { port } = upstream.address() as AddressInfo;
  const launcher = compiledLauncher();
  const environment = { DOORWARD_DATA_DIR: dataDirectory, HOME: root, NO_COLOR: '1' };
  const server = spawn(process.execPath, [...SHORT_LIVED, launcher, 'serve'], {
    env: {
      ...process.env,
      ...environment,
      DOORWARD_LISTEN: '127.0.0.1:0',
      DOORWARD_EGRESS_ALLOW_CIDRS: '127.0.0.0/8',
      DOORWARD_LOG_LEVEL: 'error',
      MARK_OF_THE_SERVER: 'value-in-the-servers-environment',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await listening(server);
  const owner = requests(url, () => readFileSync(join(dataDirectory, 'owner.credential'), 'utf8').trim());
  return {
    root,
    dataDirectory,
    launcher,
    environment,
    server,
    url,
    arrived,
    upstreamUrl: `http://127.0.0.1:${String(port)}`,
    doorward: async (argv, options = {}) =>
      start(process.execPath, [...ONE_COMMAND, launcher, ...argv], {
        workingDirectory: join(root, 'work'),
        ...options,
        environment: {
          ...environment,
          ...options.environment,
        },
      }),
    admin: async (method, path, body) => {
      const answer = await owner.admin(method, path, body);
      if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
      return answer.body;
    },
    close: async () => {
      await stop(server);
      await new Promise((resolve) => upstream.close(resolve));
      rmSync(root, { recursive: true });
    },
  };
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

async function listening(server: ChildProcess): Promise<string> {
  let said = '';
  return await new Promise((resolve, reject) => {
    server.once('exit', () => reject(new Error(`the server ended: ${said}`)));
    server.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const [, url] = /listens on (http\S+)\n/.exec(said) ?? [];
      if (url !== undefined) resolve(url);
    });
  });
}

/** A key, a service of the world's upstream by it, both named acme, and the agent worker. */
export async function addAcme({ admin, upstreamUrl }: CliWorld): Promise<void> {
  await admin('POST', '/v1/secrets', { name: 'acme', value: 'sk-upstream-0f9d2c5b7a13e846' });
  const auth = { kind: 'bearer' };
  await admin('POST', '/v1/services', { name: 'acme', baseUrl: upstreamUrl, auth, secret: 'acme' });
  await admin('POST', '/v1/agents', { name: 'worker' });
}
