// One server with every vendor behind it, and programs run inside `doorward run`.
import { spawn } from 'node:child_process';
import { createInstallation, eventually, type Server } from '../e2e/server.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { VENDORS } from './vendors/registry.ts';

export interface ClientsWorld {
  readonly server: Server;
  readonly upstream: Upstream;
  /** Where programs are run. */
  readonly root: string;
  /** `doorward run default -- …`; its own lines on standard error are left in. */
  run(command: readonly string[], environment?: Readonly<Record<string, string>>): Promise<Ran>;
  /** How many calls were refused so far. */
  countRefused(): Promise<number>;
  close(): Promise<void>;
}

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export async function openClientsWorld(): Promise<ClientsWorld> {
  const [installation, upstream] = await Promise.all([createInstallation(), startUpstream()]);
  upstream.respond = (request, response, raw) => {
    const [, id = ''] = request.url.split('/');
    const vendor = VENDORS.find((each) => each.id === id);
    if (vendor === undefined) return void response.writeHead(404).end();
    if (!vendor.isRight(request.headers)) return vendor.denied(response);
    return vendor.answer({ ...request, url: request.url.slice(id.length + 1), raw }, response);
  };
  const server = await installation.serve();
  await create(server, '/v1/agents', { name: 'default' });
  const { key } = await create(server, '/v1/agents', { name: LAST });
  for (const { id, key, allow, service } of VENDORS) {
    await create(server, '/v1/secrets', { name: id, value: key });
    await create(server, '/v1/services', {
      name: id,
      secret: id,
      ...service,
      baseUrl: `${upstream.url}/${id}`,
    });
    await create(server, '/v1/grants', { agent: 'default', service: id, allow });
  }
  return {
    server,
    upstream,
    root: installation.root,
    run: async (command, environment = {}) =>
      await runProgram([installation.launcher, 'run', 'default', '--', ...command], installation.root, {
        DOORWARD_DATA_DIR: server.dataDirectory,
        ...environment,
      }),
    countRefused: async () => {
      const names = await refusedOnceWritten(server, await server.token(LAST, key));
      return names.filter((name) => name !== LAST).length;
    },
    close: async () => {
      await installation.remove();
      await upstream.close();
    },
  };
}

async function create(server: Server, path: string, body: object): Promise<{ readonly key: string }> {
  const answer = await server.admin('POST', path, body);
  if (answer.status !== 201) throw new Error(`${path}: ${JSON.stringify(answer)}`);
  return { key: String(answer.body['key']) };
}

/** An agent that is refused whatever it calls. */
const LAST = 'last';

/**
 * Who was refused, by name. Refusals are recorded in the background and in their order: one more is made, and waited for,
 * so that all before it are there.
 */
async function refusedOnceWritten(server: Server, token: string): Promise<readonly string[]> {
  const read = async () => {
    const { body } = await server.admin('GET', '/v1/audit/events?kind=call.refused&limit=500');
    return (body['items'] as { principal: { name: string } }[]).map(({ principal }) => principal.name);
  };
  const own = (names: readonly string[]) => names.filter((name) => name === LAST).length;
  const before = own(await read());
  const { status } = await server.call(token, '/call/openai/v1/models');
  if (status !== 403) throw new Error(`not refused: ${String(status)}`);
  return await eventually(60_000, async () => {
    const names = await read();
    return own(names) > before ? names : undefined;
  });
}

async function runProgram(
  argv: readonly string[],
  root: string,
  environment: Readonly<Record<string, string>>,
): Promise<Ran> {
  const child = spawn(process.execPath, argv, {
    cwd: root,
    env: { PATH: process.env['PATH'], HOME: root, LANG: 'C.UTF-8', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ran = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (ran.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (ran.stderr += text));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, ...ran };
}
