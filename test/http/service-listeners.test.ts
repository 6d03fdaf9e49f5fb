// Services by host and port alone: a listener of their own, kept true as services change, and hosts below the call domain.
// Nothing but calls is there, under no name but its own.
import { once } from 'node:events';
import { lstat, mkdtemp, rename, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { testDatabases } from '../support/database.ts';
import { type RawRequest, send } from '../support/raw-http.ts';
import { createWorld, SECRET_VALUE, type World } from '../support/world.ts';

const [embedded] = testDatabases();

describe('a service with a place of its own', () => {
  let world: World;
  let token: string;
  let scratch: string;
  const main = () => world.apps[0]?.address ?? '';
  const auth = () => ['authorization', `Bearer ${token}`];

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    scratch = await mkdtemp(join(tmpdir(), 'doorward-listen-'));
    world = await createWorld({ database: embedded, config: { callDomain: 'calls.example.test' } });
    const { key } = await world.setUp();
    token = await world.token('robot', key);
  });
  beforeEach(() => {
    world.upstream.seen.length = 0;
  });
  afterAll(async () => {
    await world?.close();
    await rm(scratch, { recursive: true, force: true });
  });

  async function listenOn(listen: string | null): Promise<Record<string, unknown>> {
    const { status, body } = await world.admin('PATCH', '/v1/services/vendor', { listen });
    expect([status, body['listen']]).toEqual([200, listen]);
    return body;
  }
  const addressNow = async (listen = '127.0.0.1:0') => String((await listenOn(listen))['address']);

  /** As a client that dials one address and calls another name. */
  const sendAs = (host: string, path: string, options: RawRequest & { at?: string } = {}) => {
    const { at = main(), headers = auth(), ...rest } = options;
    const { port } = new URL(at);
    return send(`http://127.0.0.1:${port}`, path, { ...rest, headers, as: host });
  };

  test('answers at its own root what the call road answers below its name', async () => {
    const url = await addressNow();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const answer = await send(url, '/v1/models?limit=2', { headers: auth() });
    expect(answer.status).toBe(200);
    expect(answer.header('doorward-source')).toBe('upstream');
    const [seen] = world.upstream.seen;
    expect([seen?.url, seen?.headers.authorization]).toEqual([
      '/v1/models?limit=2',
      `Bearer ${SECRET_VALUE}`,
    ]);
    const shown = await world.admin('GET', '/v1/services/vendor');
    expect(shown.body).toMatchObject({ listen: '127.0.0.1:0', address: url, addressTrouble: null });
    const listed = await world.admin('GET', '/v1/services');
    expect(listed.body['items']).toMatchObject([{ name: 'vendor', address: url }]);
  });

  test('has no administration, tokens, health or other service there', async () => {
    const url = await addressNow();
    for (const path of [
      '/v1/secrets',
      '/oauth/token',
      '/healthz',
      '/readyz',
      '/openapi.json',
      '/call/vendor/x',
      '/',
    ])
      expect([path, (await send(url, path, { headers: auth() })).header('doorward-source')]).toEqual([
        path,
        'upstream',
      ]);
    expect(world.upstream.seen.map(({ url: path }) => path)).toEqual([
      '/v1/secrets',
      '/oauth/token',
      '/healthz',
      '/readyz',
      '/openapi.json',
      '/call/vendor/x',
      '/',
    ]);
    const stranger = await send(url, '/v1/secrets');
    expect([stranger.status, stranger.header('doorward-error')]).toEqual([401, 'unauthenticated']);
  });

  test('is called by its own names, and by no other', async () => {
    const at = await addressNow();
    const { port } = new URL(at);
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `LOCALHOST:${port}`])
      expect([host, (await sendAs(host, '/x', { at })).status]).toEqual([host, 200]);
    for (const host of ['rebound.evil.test', `rebound.evil.test:${port}`, 'localhost', new URL(main()).host])
      expect([host, (await sendAs(host, '/x', { at })).status]).toEqual([host, 421]);
    expect(world.upstream.seen).toHaveLength(3);
  });

  test('carries WebSockets and waits for 100 Continue like the main one', async () => {
    const url = await addressNow();
    const socket = new WebSocket(url.replace('http', 'ws'), { headers: { authorization: 'Bearer none' } });
    const [, refused] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
    expect(refused.statusCode).toBe(401);
    socket.on('error', () => undefined).terminate();
  });

  test('moves, stays while something else of the service changes, and goes', async () => {
    const first = await addressNow();
    await world.admin('PATCH', '/v1/services/vendor', { graceRetry: 'idempotent' });
    expect((await send(first, '/x', { headers: auth() })).status).toBe(200);
    const path = join(scratch, 'vendor.sock');
    expect(await addressNow(`unix:${path}`)).toBe(`unix:${path}`);
    await expect(send(first, '/x')).rejects.toThrow(/ECONNREFUSED/);
    expect((await lstat(path)).mode & 0o777).toBe(0o600);
    expect((await listenOn(null))['address']).toContain('vendor.calls.example.test');
    await expect(lstat(path)).rejects.toThrow(/ENOENT/);
  });

  test('on a unix socket is called by the name of its vendor', async () => {
    const socketPath = join(scratch, 'gh.sock');
    await addressNow(`unix:${socketPath}`);
    const { hostname } = new URL(world.upstream.url);
    for (const [as, status] of [
      [hostname, 200],
      ['localhost', 200],
      ['other.test', 421],
    ] as const)
      expect([as, (await send(main(), '/repos', { socketPath, headers: auth(), as })).status]).toEqual([
        as,
        status,
      ]);
  });

  test('takes over a socket that nobody listens on, and nothing else', async () => {
    const path = join(scratch, 'left.sock');
    const alive = createServer().listen(path);
    await once(alive, 'listening');
    const taken = await listenOn(`unix:${path}`);
    expect(taken['addressTrouble']).toContain('something else listens there already');
    expect((await world.admin('GET', '/readyz')).status).toBe(200);
    await listenOn(null);
    alive.close();
    await once(alive, 'close');
    const abandoned = createServer().listen(path);
    await once(abandoned, 'listening');
    await rename(path, `${path}.left`); // what a process that was killed leaves behind
    abandoned.close();
    await once(abandoned, 'close');
    expect((await listenOn(`unix:${path}.left`))['addressTrouble']).toBeNull();
    const answer = await send(main(), '/x', { socketPath: `${path}.left`, as: 'localhost' });
    expect(answer.status).toBe(401);
    const listed = await listenOn(`unix:${join(scratch, '.')}`.replace(/\/\.$/, ''));
    expect(listed['addressTrouble']).toContain('Can not listen');
    expect((await lstat(scratch)).isDirectory()).toBe(true);
  });

  test('whose port is taken says so, and everything else goes on', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const body = await listenOn(`127.0.0.1:${port}`);
    expect(body['addressTrouble']).toContain(`127.0.0.1:${port}: something else listens there already`);
    expect((await world.call(token, '/call/vendor/x')).status).toBe(200);
    other.close();
    await once(other, 'close');
    await world.admin('PATCH', '/v1/services/vendor', { graceRetry: 'any' }); // looked at again with every change
    const shown = (await world.admin('GET', '/v1/services/vendor')).body;
    expect(shown).toMatchObject({ address: `http://127.0.0.1:${port}`, addressTrouble: null });
  });

  test.each([
    '127.0.0.1',
    '127.0.0.1:99999',
    'unix:relative',
    'unix:/a/../b',
    'tcp://x:1',
    ':80',
    'unix:/a b',
    `unix:/${'a'.repeat(101)}`,
  ])('does not listen on %j', async (listen) => {
    const { status, body } = await world.admin('PATCH', '/v1/services/vendor', { listen });
    expect([status, String(body['detail'])]).toEqual([422, expect.stringContaining('listen: ')]);
  });

  test('is no upstream: a call that would come back to a listener is not sent', async () => {
    const url = await addressNow();
    const { key } = await world.setUp({ service: 'loop', agent: 'looper', baseUrl: url });
    const answer = await world.call(await world.token('looper', key), '/call/loop/x');
    expect([answer.status, answer.headers.get('doorward-error')]).toEqual([502, 'address-blocked']);
    await world.admin('DELETE', '/v1/services/loop');
  });

  test('below the call domain is the root of a host on the main listener', async () => {
    await listenOn(null);
    const { port } = new URL(main());
    const shown = (await world.admin('GET', '/v1/services/vendor')).body;
    expect(shown['address']).toBe(`http://vendor.calls.example.test:${port}`);
    for (const host of [`vendor.calls.example.test:${port}`, 'VENDOR.calls.example.test'])
      expect([host, (await sendAs(host, '/v1/secrets')).header('doorward-source')]).toEqual([
        host,
        'upstream',
      ]);
    expect(world.upstream.seen.map(({ url: path }) => path)).toEqual(['/v1/secrets', '/v1/secrets']);
    for (const host of [
      'calls.example.test',
      'a.b.calls.example.test',
      'vendor.calls.example.test.evil.test',
      'evilcalls.example.test',
    ])
      expect([host, (await sendAs(host, '/healthz')).status]).toEqual([host, 421]);
    const unknown = await sendAs('nothing.calls.example.test', '/healthz');
    expect([unknown.status, unknown.header('doorward-error')]).toEqual([403, 'no-grant']);
  });

  test('goes when its service does', async () => {
    await world.setUp({ service: 'brief', agent: 'passer', baseUrl: world.upstream.url });
    const { body } = await world.admin('PATCH', '/v1/services/brief', { listen: '127.0.0.1:0' });
    const url = String(body['address']);
    expect((await send(url, '/x')).status).toBe(401);
    await world.admin('DELETE', '/v1/services/brief');
    await expect.poll(async () => await send(url, '/x').catch(() => 'gone')).toBe('gone');
  });
});
