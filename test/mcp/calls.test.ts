// Calls by tool, through the SDK's own client: what goes out, what comes back, and what is refused.
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { SECRET_VALUE, type World } from '../support/world.ts';
import { createAgentWorld, json, lastLine } from './agent-world.ts';
import { connect, type Connected } from './client.ts';

const [database] = testDatabases();

describe('a call by tool', () => {
  let world: World;
  let token = '';
  let agent: Connected;

  beforeAll(async () => {
    ({ world, token, agent } = await createAgentWorld(database));
  });
  afterAll(() => world?.close());

  async function run(name = 'robot'): Promise<{ placeholder: string; id: string }> {
    const { body } = await world.admin('POST', '/v1/runs', { agent: name });
    return { placeholder: String(body['placeholder']), id: String(body['run']) };
  }
  it('calls: query, headers and body go as they should, the token does not', async () => {
    world.upstream.respond = json;
    const called = await agent.tool('call_service', {
      service: 'vendor',
      method: 'POST',
      path: '/v1/items?first=1',
      query: { q: 'a b&c', n: [1, true] },
      headers: { 'X-Trace': 'one', authorization: 'Bearer mine', cookie: 'a=b' },
      body: { name: 'ü' },
    });
    expect(called.isError).toBeUndefined();
    expect(called.content[0]).toEqual({ type: 'text', text: 'HTTP 200 OK\ncontent-type: application/json' });
    expect(lastLine(called.text)).toEqual({
      method: 'POST',
      url: '/v1/items?first=1&q=a%20b%26c&n=1&n=true',
      type: 'application/json',
      text: '{"name":"ü"}',
    });
    const seen = world.upstream.seen.at(-1);
    expect(seen?.headers).toMatchObject({ 'x-trace': 'one', authorization: `Bearer ${SECRET_VALUE}` });
    expect(JSON.stringify(seen)).not.toContain(token);
    expect(seen?.headers['cookie']).toBeUndefined();
  });

  it.each([
    ['text', { body: 'plain' }, 'text/plain; charset=utf-8', 'plain'],
    ['JSON written out', { body: ' [1]' }, 'application/json', ' [1]'],
    ['bytes', { body_base64: 'AAEC' }, 'application/octet-stream', '\u0000\u0001\u0002'],
    ['a type of its own', { body: 'a=b', headers: { 'Content-Type': 'x/y' } }, 'x/y', 'a=b'],
  ])('sends %s', async (_, body, type, text) => {
    world.upstream.respond = json;
    const called = await agent.tool('call_service', {
      service: 'vendor',
      method: 'POST',
      path: '/v1/items',
      ...body,
    });
    expect(lastLine(called.text)).toMatchObject({ type, text });
  });

  it('is recorded like any call', async () => {
    world.upstream.respond = json;
    const { _meta } = await agent.tool('call_service', { service: 'vendor', path: '/v1/recorded' });
    const intents = await world.events('call.intent');
    expect(intents.find(({ path }) => path === '/v1/recorded')).toMatchObject({
      request: _meta?.['doorward/request'],
      principal: { type: 'agent', name: 'robot' },
      method: 'GET',
      decision: { rule: 'GET /v1/**' },
      client: '127.0.0.1',
    });
  });

  it('hears an upstream’s own error as one, with its body', async () => {
    world.upstream.respond = (_, response) =>
      response
        .writeHead(422, { 'content-type': 'application/json', 'retry-after': '7' })
        .end('{"error":"no"}');
    const result = await agent.tool('call_service', { service: 'vendor', path: '/v1/x' });
    expect(result).toMatchObject({ isError: true, _meta: { 'doorward/status': 422 } });
    expect(result.text).toBe(
      'HTTP 422 Unprocessable Entity\ncontent-type: application/json\nretry-after: 7\n{"error":"no"}',
    );
  });

  it('never gets a key that an upstream echoes', async () => {
    world.upstream.respond = ({ headers }, response) => {
      const key = String(headers.authorization);
      const encoded = Buffer.from(key.slice('Bearer '.length)).toString('base64');
      response.writeHead(200, { 'content-type': 'text/plain', location: `/${encodeURIComponent(key)}` });
      response.write(key.slice(0, 20));
      setImmediate(() => response.end(`${key.slice(20)} ${encoded} ${gzipSync(key).toString('hex')}`));
    };
    const { text } = await agent.tool('call_service', { service: 'vendor', path: '/v1/x' });
    expect(text).toContain('****');
    for (const echo of [
      SECRET_VALUE,
      SECRET_VALUE.slice(8),
      Buffer.from(SECRET_VALUE).toString('base64').slice(0, 40),
    ]) {
      expect(text).not.toContain(echo);
    }
  });

  it('gets the beginning of an answer of 50 MiB, and the upstream is let go', async () => {
    const line = `${'x'.repeat(1023)}\n`;
    let sent = 0;
    world.upstream.respond = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain', 'content-length': String(50 * 1024 * 1024) });
      const more = () => {
        while (sent < 50 * 1024 && !response.destroyed) {
          sent += 1;
          if (!response.write(line)) return void response.once('drain', more);
        }
        response.end();
      };
      more();
    };
    const before = process.memoryUsage().arrayBuffers;
    const result = await agent.tool('call_service', {
      service: 'vendor',
      path: '/v1/huge',
      max_bytes: 10_000,
    });
    const [, body, note] = result.content;
    expect(body).toMatchObject({ text: line.repeat(10).slice(0, 10_000) });
    expect(note).toMatchObject({ text: expect.stringContaining('first 10000 bytes of 52428800') as string });
    expect(result.isError).toBeUndefined();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024);
    const intent = (await world.events('call.intent')).find(({ path }) => path === '/v1/huge');
    await expect
      .poll(async () => (await world.events('call.outcome')).find((one) => one['intent'] === intent?.['id']))
      .toMatchObject({ result: 'aborted', status: 200 });
  });

  it.each([
    [
      'not text',
      Buffer.from([0xff, 0xfe, 0x00, 0x01]),
      'image/png',
      'not text and is not shown: 4 bytes of image/png',
    ],
    ['text with a null', Buffer.from('a\u0000b'), 'text/plain', 'not text'],
  ])('hears of a body that is %s', async (_, body, type, note) => {
    world.upstream.respond = (__, response) => response.writeHead(200, { 'content-type': type }).end(body);
    const { text } = await agent.tool('call_service', { service: 'vendor', path: '/v1/x' });
    expect(text).toContain(note);
  });

  it('gets no half of a character', async () => {
    world.upstream.respond = (_, response) => response.writeHead(200).end('äöü€');
    const { content } = await agent.tool('call_service', { service: 'vendor', path: '/v1/x', max_bytes: 8 });
    expect(content[1]).toEqual({ type: 'text', text: 'äöü' });
  });

  it('hears that an answer broke off', async () => {
    world.upstream.respond = (_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
      setImmediate(() => response.destroy());
    };
    const result = await agent.tool('call_service', { service: 'vendor', path: '/v1/x' });
    expect(result.isError).toBe(true);
  });

  it.each([
    ['an unknown service', { service: 'nowhere', path: '/x' }, 'no-grant'],
    ['a service of others', { service: 'hidden', path: '/x' }, 'no-grant'],
    ['a path that is not granted', { service: 'vendor', path: '/v2' }, 'not-allowed'],
    ['a method that is not granted', { service: 'vendor', method: 'DELETE', path: '/v1/x' }, 'not-allowed'],
    ['a guarded path', { service: 'hub', path: '/repos/a/b/languages' }, 'not-allowed'],
    ['a path with two readings', { service: 'vendor', path: '/v1/../v2' }, 'invalid-address'],
    ['a path of another host', { service: 'vendor', path: '//evil.example/v1' }, 'invalid-address'],
    [
      'a header that splits',
      { service: 'vendor', path: '/v1/x', headers: { a: 'b\r\nc: d' } },
      'invalid-request',
    ],
    [
      'a header that is no name',
      { service: 'vendor', path: '/v1/x', headers: { 'a b': 'c' } },
      'invalid-request',
    ],
  ])('is refused %s, and nothing reaches the upstream', async (_, input, code) => {
    const before = world.upstream.seen.length;
    const result = await agent.tool('call_service', input);
    expect(result).toMatchObject({ isError: true, _meta: { 'doorward/problem': { code } } });
    expect(result.text).toContain(`Doorward refused: ${code}.`);
    if (code === 'no-grant' || (code === 'not-allowed' && input.service === 'vendor')) {
      expect(result.text).toContain('request_access');
    }
    expect(world.upstream.seen).toHaveLength(before);
  });

  it('is refused the placeholder of another agent beside its own token', async () => {
    const { placeholder } = await run('other');
    const headers = { 'x-api-key': placeholder };
    const result = await agent.tool('call_service', { service: 'vendor', path: '/v1/x', headers });
    expect(result._meta?.['doorward/problem']).toMatchObject({ code: 'ambiguous-credential' });
  });

  it('stops in the middle when its run ends', async () => {
    const { placeholder, id } = await run();
    const running = await connect(world, placeholder);
    let reached: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => (reached = resolve));
    world.upstream.respond = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.write('begun');
      reached();
    };
    const under = running.tool('call_service', { service: 'vendor', path: '/v1/stream' });
    await arrived;
    await world.admin('POST', `/v1/runs/${id}/end`);
    expect(await under).toMatchObject({
      isError: true,
      text: expect.stringContaining('Broken off') as string,
    });
    await expect(running.tool('whoami')).rejects.toThrow(/401|over/);
    await expect(running.tool('call_service', { service: 'vendor', path: '/v1/x' })).rejects.toThrow(
      /401|over/,
    );
  });

  it('stops when it is frozen, and goes on when it is not', async () => {
    world.upstream.respond = json;
    await world.admin('POST', '/v1/agents/robot/freeze');
    const refused = await agent.tool('call_service', { service: 'vendor', path: '/v1/x' });
    expect(refused._meta?.['doorward/problem']).toMatchObject({ code: 'frozen' });
    expect((await agent.tool('whoami')).structuredContent).toMatchObject({ frozen: true });
    await world.admin('POST', '/v1/agents/robot/unfreeze');
    expect((await agent.tool('call_service', { service: 'vendor', path: '/v1/x' })).isError).toBeUndefined();
  });

  it('makes a hundred calls at once, each with its own answer', async () => {
    world.upstream.respond = ({ url }, response) => response.writeHead(200).end(url);
    const results = await Promise.all(
      Array.from({ length: 100 }, (_, at) =>
        agent.tool('call_service', { service: 'vendor', path: `/v1/n/${at}` }),
      ),
    );
    expect(results.map(({ content }) => content[1])).toEqual(
      Array.from({ length: 100 }, (_, at) => ({ type: 'text', text: `/v1/n/${at}` })),
    );
  });
});
