// `doorward mcp` as MCP clients start it: a process of its own between the SDK's client and a server.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { type CallToolResult, UrlElicitationRequiredError } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Exited, start } from '../cli/process.ts';
import { compiledLauncher } from '../support/compiled.ts';
import { testDatabases } from '../support/database.ts';
import { createWorld, type World } from '../support/world.ts';
import { textOf } from './client.ts';

const [database] = testDatabases();

describe('doorward mcp', () => {
  let world: World;
  let launcher = '';
  let home = '';
  let keyFile = '';
  const clients: Client[] = [];

  beforeAll(async () => {
    if (database === undefined) throw new Error('there is always a database');
    home = mkdtempSync(join(tmpdir(), 'doorward-mcp-'));
    world = await createWorld({ database });
    launcher = compiledLauncher();
    keyFile = join(home, 'robot.key');
    writeFileSync(keyFile, (await world.setUp()).key, { mode: 0o600 });
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await world?.close();
    rmSync(home, { recursive: true, force: true });
  });

  const environment = (more: Record<string, string> = {}) => ({
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    DOORWARD_DATA_DIR: join(home, 'data'),
    DOORWARD_URL: world.apps[0]?.address ?? '',
    ...more,
  });

  async function connect(argv: readonly string[], more: Record<string, string> = {}, capabilities = {}) {
    const client = new Client({ name: 'test', version: '1.0.0' }, { capabilities });
    clients.push(client);
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [launcher, 'mcp', ...argv],
      env: environment(more),
      stderr: 'pipe',
    });
    let said = '';
    transport.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await client.connect(transport);
    const call = async (name: string, input: Record<string, unknown> = {}) =>
      (await client.callTool({ name, arguments: input })) as CallToolResult;
    return { client, call, said: () => said };
  }

  /** Kept alive while its test lasts. */
  async function run() {
    const { body } = await world.admin('POST', '/v1/runs', { agent: 'robot' });
    const id = String(body['run']);
    const renewing = setInterval(
      () => void world.admin('POST', `/v1/runs/${id}/renew`).catch(() => undefined),
      2000,
    );
    onTestFinished(() => clearInterval(renewing));
    return { id, DOORWARD_TOKEN: String(body['placeholder']) };
  }

  it('speaks for a run, until the run is over', async () => {
    const { id, DOORWARD_TOKEN } = await run();
    const { client, call } = await connect([], { DOORWARD_TOKEN });
    expect((await client.listTools()).tools).toHaveLength(4);
    expect((await call('whoami')).structuredContent).toMatchObject({ agent: 'robot', run: id });
    const called = await call('call_service', {
      service: 'vendor',
      method: 'POST',
      path: '/x',
      body: { a: 1 },
    });
    expect(textOf(called)).toContain('"method":"POST"');
    await world.admin('POST', `/v1/runs/${id}/end`);
    await expect(call('whoami')).rejects.toThrow('The run this placeholder belongs to is over');
  });

  it('speaks for an agent by its agent key, with tools for actions', async () => {
    await world.admin('POST', '/v1/services', {
      name: 'hub',
      baseUrl: world.upstream.url,
      auth: { kind: 'bearer' },
      secret: 'vendor',
      catalogueId: 'github',
    });
    await world.admin('POST', '/v1/grants', { agent: 'robot', service: 'hub', allow: ['GET /user'] });
    // By the admin socket of the data directory, where no address is given.
    const { client, call } = await connect(['robot', '--key-file', keyFile, '--actions', 'hub'], {
      DOORWARD_URL: '',
      DOORWARD_DATA_DIR: world.dataDirectories[0] ?? '',
    });
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('hub_whoami');
    expect(textOf(await call('hub_whoami'))).toContain('"url":"/user"');
  });

  it('gets another token when the one it has is no good any more', async () => {
    const { call } = await connect(['robot', '--key-file', keyFile]);
    expect((await call('whoami')).isError).toBeUndefined();
    world.clock.offsetMs += 3_600_000; // the server's clock: its tokens end, ours does not know
    expect((await call('whoami')).structuredContent).toMatchObject({ agent: 'robot' });
    world.clock.offsetMs = 0;
  });

  it('passes on what asks for input', async () => {
    const { DOORWARD_TOKEN } = await run();
    const { call } = await connect([], { DOORWARD_TOKEN }, { elicitation: { url: {} } });
    const asked = call('request_access', { service: 'nowhere', reason: 'x' });
    await expect(asked).rejects.toBeInstanceOf(UrlElicitationRequiredError);
  });

  it('carries a hundred calls at once, and a large one', async () => {
    const { DOORWARD_TOKEN } = await run();
    const { call } = await connect([], { DOORWARD_TOKEN });
    world.upstream.respond = ({ url }, response) => response.writeHead(200).end(url);
    const results = await Promise.all(
      Array.from({ length: 100 }, (_, at) => call('call_service', { service: 'vendor', path: `/n/${at}` })),
    );
    expect(results.map(({ content }) => content[1])).toEqual(
      Array.from({ length: 100 }, (_, at) => ({ type: 'text', text: `/n/${at}` })),
    );
    world.upstream.respond = (_, response) => response.writeHead(200).end('x'.repeat(1_000_000));
    const large = await call('call_service', { service: 'vendor', path: '/large', max_bytes: 1_048_576 });
    expect(textOf(large)).toHaveLength('HTTP 200 OK\n'.length + 1_000_000);
  });

  it('ends a call that its client cancels', async () => {
    const { DOORWARD_TOKEN } = await run();
    const { client } = await connect([], { DOORWARD_TOKEN });
    let closed: () => void = () => undefined;
    let arrived: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => (closed = resolve));
    const begun = new Promise<void>((resolve) => (arrived = resolve));
    world.upstream.respond = (_, response) => {
      response.on('close', closed);
      response.writeHead(200).write('begun');
      arrived();
    };
    const cancelling = new AbortController();
    const params = { name: 'call_service', arguments: { service: 'vendor', path: '/slow' } };
    const asked = client
      .callTool(params, undefined, { signal: cancelling.signal })
      .catch((error: unknown) => error);
    await begun;
    cancelling.abort('not needed any more');
    await asked;
    await gone;
  });

  it('says what is missing, and writes nothing where the protocol is', async () => {
    const nobody = await mcp([]);
    expect(nobody).toMatchObject({
      code: 4,
      stdout: '',
      stderr: expect.stringContaining('For which agent?') as string,
    });
    const keyless = await mcp(['robot']);
    expect(keyless).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('--key-file') as string,
    });
    const unreadable = await mcp(['robot', '--key-file', join(home, 'none')]);
    expect(unreadable).toMatchObject({ code: 4, stdout: '' });
  });

  const mcp = (argv: readonly string[]): Promise<Exited> =>
    start(process.execPath, [launcher, 'mcp', ...argv], {
      environment: { ...environment(), DOORWARD_TOKEN: undefined },
    });

  it('answers each request also where there is no server, and passes over what is no message', async () => {
    const child = spawn(process.execPath, [launcher, 'mcp'], {
      env: environment({ DOORWARD_URL: 'http://127.0.0.1:1', DOORWARD_TOKEN: 'dw_run_x' }),
    });
    let output = '';
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.stdin.write('this is no message\n{"jsonrpc":"2.0","id":1,"method":"ping"}\n');
    child.stdin.end('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(0);
    expect(JSON.parse(output)).toMatchObject({
      id: 1,
      error: { code: -32_000, message: expect.stringContaining('No Doorward server answers') as string },
    });
    expect(said).toContain('no JSON-RPC message');
  });
});
