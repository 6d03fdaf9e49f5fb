// `doorward run` with the official SDK, unmodified: its one key goes on working for as long as its process lives, and not
// a moment longer than it should.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HAS_SANDBOX } from '../cli/needs.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { createInstallation, eventually, type Installation, SECRET_VALUE, type Server } from './server.ts';

const CLIENT = fileURLToPath(new URL('sdk-client.js', import.meta.url));
const RUN_LEASE_MS = 15_000;
/** What a machine with much else to do may take beside it. */
const BUSY_MS = 10_000;

let installation: Installation;
let upstream: Upstream;
let server: Server;
let agentKey: string;
beforeAll(async () => {
  [installation, upstream] = await Promise.all([createInstallation(), startUpstream()]);
  upstream.respond = ({ headers, url }, response) => {
    const isRight = headers.authorization === `Bearer ${SECRET_VALUE}` && url === '/v1/chat/completions';
    response.writeHead(isRight ? 200 : 401, { 'content-type': 'application/json' });
    const message = { role: 'assistant', content: 'hello' };
    response.end(
      JSON.stringify(isRight ? { object: 'chat.completion', choices: [{ index: 0, message }] } : {}),
    );
  };
  server = await installation.serve({ environment: { DOORWARD_TOKEN_SECONDS: '1' } });
  await server.setUp(upstream.url, {
    keyEnv: 'OPENAI_API_KEY',
    baseUrlEnv: 'OPENAI_BASE_URL',
    baseUrlSuffix: '/v1',
  });
  const { body } = await server.admin('POST', '/v1/agents', { name: 'other' });
  await server.admin('POST', '/v1/grants', { agent: 'other', service: 'vendor' });
  agentKey = String(body['key']);
});
afterAll(async () => {
  await installation.remove();
  await upstream.close();
});

interface Agent {
  readonly process: ChildProcessWithoutNullStreams;
  readonly startedMs: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly placeholder: string;
  readonly stderr: () => string;
  /** One call of the SDK: what came back, or the error it threw. */
  ask(): Promise<Record<string, unknown>>;
  /** The end of the program that was started and of all it has started. */
  readonly closed: Promise<number | null>;
}

const agents = new Set<ChildProcessWithoutNullStreams>();
afterAll(() => {
  for (const agent of agents) agent.kill('SIGKILL');
});

async function startAgent(name: string, environment: Record<string, string> = {}): Promise<Agent> {
  const startedMs = performance.now();
  const child = spawn(
    process.execPath,
    [installation.launcher, 'run', name, '--', process.execPath, CLIENT, 'an-argument'],
    {
      env: {
        PATH: process.env['PATH'],
        HOME: installation.root,
        DOORWARD_DATA_DIR: server.dataDirectory,
        ...environment,
      },
      cwd: installation.root,
    },
  );
  agents.add(child);
  const closed = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      agents.delete(child);
      resolve(code);
    });
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async () => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`the agent ended: ${stderr}`);
    return JSON.parse(value) as Record<string, unknown>;
  };
  const first = (await read()) as { environment: Record<string, string> };
  return {
    process: child,
    startedMs,
    closed,
    environment: first.environment,
    stderr: () => stderr,
    placeholder: first.environment['OPENAI_API_KEY'] ?? '',
    ask: () => {
      child.stdin.write('hi\n');
      return read();
    },
  };
}

const statusOf = async (token: string) =>
  (await server.call(token, '/call/vendor/v1/chat/completions', { method: 'POST' })).status;

const ANSWERED = { said: 'hello' };

/** Set by the first test, looked at by the last: between them a lease has to lapse. */
let killed: { readonly placeholder: string; readonly atMs: number };
describe.runIf(HAS_SANDBOX)('when `doorward run` is killed', () => {
  test('its agent dies with it', async () => {
    const agent = await startAgent('other');
    expect(await agent.ask()).toEqual(ANSWERED);
    killed = { placeholder: agent.placeholder, atMs: performance.now() };
    agent.process.kill('SIGKILL');
    await agent.closed; // nobody holds its standard output any more; left alone it would wait for its next line
  });
});

describe('one client object', () => {
  let agent: Agent;
  beforeAll(async () => {
    agent = await startAgent('robot');
  });

  test('calls with a placeholder, through the broker, and gets its answers', async () => {
    expect(await agent.ask()).toEqual(ANSWERED);
    expect(agent.environment['OPENAI_BASE_URL']).toBe(`${server.url}/call/vendor/v1`);
    expect(agent.placeholder).toMatch(/^dw_placeholder_\w+$/);
    expect(upstream.seen.at(-1)?.headers.authorization).toBe(`Bearer ${SECRET_VALUE}`);
  });

  test('goes on across three lifetimes of access tokens', async () => {
    for (let lifetime = 0; lifetime < 3; lifetime += 1) {
      // One may be over before it is used.
      const token = await eventually(30_000, async () => {
        const fresh = await server.token('other', agentKey);
        return (await statusOf(fresh)) === 200 ? fresh : undefined;
      });
      await eventually(30_000, async () => ((await statusOf(token)) === 401 ? true : undefined));
      expect(await agent.ask()).toEqual(ANSWERED);
    }
  });

  test('is refused while its agent is frozen, with the reason, and goes on when it is not', async () => {
    await server.admin('POST', '/v1/agents/robot/freeze');
    expect(await agent.ask()).toMatchObject({ status: 403, code: 'frozen' });
    await server.admin('POST', '/v1/agents/robot/unfreeze');
    expect(await agent.ask()).toEqual(ANSWERED);
  });

  test('outlives the lease of its run, which is renewed, and is worthless when the run has ended', async () => {
    // That a lease is renewed shows only when the first one is over.
    const leftMs = RUN_LEASE_MS + 1000 - (performance.now() - agent.startedMs);
    await new Promise((resolve) => setTimeout(resolve, leftMs));
    expect(await agent.ask()).toEqual(ANSWERED);
    expect(await statusOf(agent.placeholder)).toBe(200);
    agent.process.stdin.end();
    expect(await agent.closed).toBe(0);
    expect(agent.stderr()).toMatch(/^run run_\w+: \d+ calls, 1 refused, 0 failed\n$/m);
    expect(await statusOf(agent.placeholder)).toBe(401);
  });
});

test("the agent's environment holds nothing of ours", async () => {
  const passphrase = 'a passphrase of the parent';
  const agent = await startAgent('other', {
    DOORWARD_PASSPHRASE: passphrase,
    DOORWARD_OWNER_CREDENTIAL_FILE: join(server.dataDirectory, 'owner.credential'),
    DATABASE_URL: 'postgres://doorward:hunter2@db.example/doorward',
    DOORWARD_MIGRATION_DATABASE_URL: 'postgres://owner:hunter2@db.example/doorward',
    OPENAI_API_KEY: 'sk-the-real-one-that-was-exported-before',
    UNRELATED: 'stays',
  });
  const all = JSON.stringify(agent.environment);
  const credential = readFileSync(join(server.dataDirectory, 'owner.credential'), 'utf8').trim();
  for (const secret of [
    passphrase,
    'hunter2',
    credential,
    SECRET_VALUE,
    'sk-the-real-one',
    server.dataDirectory,
  ])
    expect(all).not.toContain(secret);
  expect(
    Object.keys(agent.environment)
      .filter((name) => /^(DOORWARD|DATABASE)/.test(name))
      .sort(),
  ).toEqual(['DOORWARD_RUN', 'DOORWARD_TOKEN', 'DOORWARD_URL']);
  expect(agent.environment['UNRELATED']).toBe('stays');
  expect(await agent.ask()).toEqual(ANSWERED);
  agent.process.stdin.end();
  expect(await agent.closed).toBe(0);
});

describe.runIf(HAS_SANDBOX)('when `doorward run` was killed', () => {
  test('the placeholder is worthless when the lease of its run has lapsed', async () => {
    const leftMs = RUN_LEASE_MS + 1000 - (performance.now() - killed.atMs);
    await eventually(Math.max(0, leftMs) + BUSY_MS, async () =>
      (await statusOf(killed.placeholder)) === 401 ? true : undefined,
    );
  });
});
