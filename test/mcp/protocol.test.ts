// What stands before the tools: who may speak at all, and messages that are none.
import { type IncomingMessage, request } from 'node:http';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { createWorld, SECRET_VALUE, type World } from '../support/world.ts';
import { connect } from './client.ts';

const [database] = testDatabases();
const PING = { jsonrpc: '2.0', id: 1, method: 'ping' };
const WHOAMI = { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'whoami', arguments: {} } };

describe('the MCP endpoint', () => {
  let world: World;
  let url = '';
  let key = '';
  let token = '';

  beforeAll(async () => {
    if (database === undefined) throw new Error('there is always a database');
    world = await createWorld({ database });
    url = world.apps[0]?.url ?? '';
    ({ key } = await world.setUp());
    token = await world.token('robot', key);
  });
  afterAll(() => world?.close());

  const post = (body: unknown, headers: Record<string, string> = {}, query = '') =>
    fetch(`${url}/mcp${query}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const answered = async (response: Response) => ({
    status: response.status,
    body: (await response.json()) as Record<string, unknown> & { error?: { code: number; message: string } },
  });

  it('answers a ping, and a call without an introduction', async () => {
    expect(await answered(await post(PING))).toEqual({
      status: 200,
      body: { jsonrpc: '2.0', id: 1, result: {} },
    });
    const whoami = await answered(await post(WHOAMI));
    expect(whoami.body).toMatchObject({ id: 7, result: { structuredContent: { agent: 'robot' } } });
    const response = await post(PING);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('x-request-id')).toMatch(/^req_/);
    expect(response.headers.get('mcp-session-id')).toBe(null);
  });

  it.each([
    ['nothing', undefined],
    ['another scheme', 'Basic cm9ib3Q6eA=='],
    ['a token of elsewhere', 'Bearer eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhIn0.c2ln'],
    ['a vendor’s key', `Bearer ${SECRET_VALUE}`],
    ['a placeholder of elsewhere', 'Bearer dw_run_0123456789abcdefghijABCDEFGHIJ'],
  ])('refuses %s, and says where tokens come from', async (_, authorization) => {
    const response = await fetch(`${url}/mcp`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(authorization === undefined ? {} : { authorization }),
      },
      body: JSON.stringify(WHOAMI),
    });
    expect(response.status).toBe(401);
    const challenge = response.headers.get('www-authenticate') ?? '';
    const metadata = /resource_metadata="([^"]+)"/.exec(challenge)?.[1] ?? '';
    expect(metadata).toBe(`${url}/.well-known/oauth-protected-resource/mcp`);
    expect(await (await fetch(metadata)).json()).toEqual({
      resource: `${url}/mcp`,
      resource_name: 'Doorward',
      authorization_servers: [url],
      bearer_methods_supported: ['header'],
    });
    expect((await response.json()) as object).toMatchObject({ code: 'unauthenticated' });
  });

  it('refuses an agent key, an administrator, and a token whose agent is gone', async () => {
    expect((await post(PING, { authorization: `Bearer ${key}` })).status).toBe(401);
    const { body } = await world.admin('POST', '/v1/agents', { name: 'gone' });
    const gone = await world.token('gone', String(body['key']));
    expect((await post(PING, { authorization: `Bearer ${gone}` })).status).toBe(200);
    await world.admin('DELETE', '/v1/agents/gone');
    expect((await post(PING, { authorization: `Bearer ${gone}` })).status).toBe(401);
  });

  it.each(['https://evil.example', 'null', 'http://localhost:1'])('refuses a page of %s', async (origin) => {
    expect(await answered(await post(WHOAMI, { origin }))).toMatchObject({
      status: 403,
      body: { code: 'origin-not-allowed' },
    });
  });

  it('refuses another name for its host', async () => {
    const headers = {
      host: 'evil.example',
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
    };
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request(`${url}/mcp`, { method: 'POST', headers }, resolve)
        .on('error', reject)
        .end(JSON.stringify(WHOAMI));
    });
    answer.resume();
    expect([answer.statusCode, answer.headers['doorward-error']]).toEqual([421, 'host-not-allowed']);
  });

  it('takes its own origin', async () => {
    expect((await post(PING, { origin: new URL(url).origin })).status).toBe(200);
  });

  it.each(['GET', 'DELETE', 'PUT'])('has no %s: it keeps nothing between requests', async (method) => {
    const response = await fetch(`${url}/mcp`, { method, headers: { authorization: `Bearer ${token}` } });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it.each([
    ['no JSON', '{', {}, 400, -32_700],
    ['nothing', '', {}, 400, -32_700],
    ['a member twice', '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', {}, 400, -32_700],
    ['too deep', '['.repeat(40) + ']'.repeat(40), {}, 400, -32_700],
    ['no message', '{"hello":1}', {}, 400, -32_700],
    ['another type', JSON.stringify(PING), { 'content-type': 'text/plain' }, 415, -32_000],
    [
      'a type that only looks like JSON',
      JSON.stringify(PING),
      { 'content-type': 'text/plain; a=application/json' },
      415,
      -32_000,
    ],
    ['no way to answer', JSON.stringify(PING), { accept: 'text/html' }, 406, -32_000],
    ['an unknown revision', JSON.stringify(PING), { 'mcp-protocol-version': '1999-01-01' }, 400, -32_000],
    [
      'the revision after the newest, and says which it speaks',
      JSON.stringify({ ...PING, method: 'server/discover' }),
      { 'mcp-protocol-version': '2026-07-28' },
      400,
      -32_000,
    ],
    ['an unknown method', JSON.stringify({ ...PING, method: 'secrets/list' }), {}, 200, -32_601],
    [
      'a call without a name',
      JSON.stringify({ ...PING, method: 'tools/call', params: {} }),
      {},
      200,
      -32_603,
    ],
    ['an empty batch', '[]', {}, 400, -32_600],
    [
      'a batch that is too long',
      JSON.stringify(
        Array(21)
          .fill(0)
          .map((_, id) => ({ ...PING, id })),
      ),
      {},
      400,
      -32_600,
    ],
    ['a batch with an id twice', JSON.stringify([PING, PING]), {}, 400, -32_600],
    [
      'a batch with an introduction',
      JSON.stringify([
        PING,
        {
          ...PING,
          id: 2,
          method: 'initialize',
          params: {
            protocolVersion: '2025-11-25',
            capabilities: {},
            clientInfo: { name: 'a', version: '1' },
          },
        },
      ]),
      {},
      400,
      -32_600,
    ],
  ] as const)('refuses %s', async (_, body, headers, status, code) => {
    expect(await answered(await post(body, headers))).toMatchObject({ status, body: { error: { code } } });
  });

  it('refuses a huge body before it has read it', async () => {
    const refused = await answered(
      await post(JSON.stringify({ ...PING, params: { pad: 'x'.repeat(5_000_000) } })),
    );
    expect(refused).toMatchObject({ status: 413, body: { code: 'body-too-large' } });
    const coded = await answered(await post(PING, { 'content-encoding': 'gzip' }));
    expect(coded).toMatchObject({ status: 415 });
  });

  it('answers each of a batch, whatever else is in it', async () => {
    const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7 } };
    const { status, body } = await answered(await post([PING, WHOAMI, cancel]));
    const ids = (body as unknown as { id: number }[]).map(({ id }) => id);
    expect([status, new Set(ids)]).toEqual([200, new Set([1, 7])]);
    expect((await post([cancel])).status).toBe(202);
  });

  it('takes notifications without an answer', async () => {
    expect((await post({ jsonrpc: '2.0', method: 'notifications/initialized' })).status).toBe(202);
  });

  it.each(['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'])('speaks %s', async (protocolVersion) => {
    const params = {
      protocolVersion,
      capabilities: { elicitation: { url: {} } },
      clientInfo: { name: 'a', version: '1' },
    };
    const response = await post({ ...PING, method: 'initialize', params });
    expect(await response.json()).toMatchObject({ result: { protocolVersion, capabilities: { tools: {} } } });
    // Only the newest of them has a result that asks for input.
    expect(response.headers.get('mcp-session-id')).toBe(
      protocolVersion === '2025-11-25' ? 'shows-pages' : null,
    );
  });

  it('asks no input of a client that can not show a page', async () => {
    const session = { 'mcp-session-id': 'of-its-own' };
    const asked = { name: 'request_access', arguments: { service: 'a', reason: 'x' } };
    const { body } = await answered(await post({ ...WHOAMI, params: asked }, session));
    expect(body).toMatchObject({ result: { structuredContent: { result: 'pending' } } });
  });

  it('refuses more services to make tools of than it reads', async () => {
    expect(await answered(await post(PING, {}, `?actions=${'a,'.repeat(2000)}`))).toMatchObject({
      status: 422,
      body: { code: 'invalid-input' },
    });
  });

  it('ends a call whose client goes away', async () => {
    let closed: () => void = () => undefined;
    let arrived: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => (closed = resolve));
    const begun = new Promise<void>((resolve) => (arrived = resolve));
    world.upstream.respond = (_, response) => {
      response.on('close', closed);
      response.writeHead(200).write('begun');
      arrived();
    };
    const leaving = new AbortController();
    const params = { name: 'call_service', arguments: { service: 'vendor', path: '/slow' } };
    const asked = fetch(`${url}/mcp`, {
      method: 'POST',
      signal: leaving.signal,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify({ ...WHOAMI, params }),
    }).catch((error: unknown) => error);
    await begun;
    leaving.abort();
    await asked;
    await gone;
  });

  it('is the same on every connection of a client', async () => {
    const one = await connect(world, token);
    expect(one.client).toBeInstanceOf(Client);
    expect(one.client.getServerCapabilities()).toEqual({ tools: {} });
    await one.client.ping();
    await one.client.close();
  });
});
