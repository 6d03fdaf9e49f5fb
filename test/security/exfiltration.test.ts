// An agent that was told to carry the vault's secrets out by a call it may make: nothing of them leaves (A10), and who touches
// a decoy makes no further call (A11).
import { request as httpRequest, createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateRawSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { createWorld, type World } from '../support/world.ts';

const STOLEN = 'sk-proj-9vT2mQ8xLr4KpZ7wYc1NbJ5dHs3FgA6e';
const PAIR = JSON.stringify({
  access_key_id: 'AKIAIOSFODNN7EXAMPLE',
  secret_access_key: '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',
});

/** Keeps every byte that reaches it, also of requests that never end. */
async function startSink(): Promise<{ url: string; bytes: () => Buffer; server: Server }> {
  const chunks: Buffer[] = [];
  const server = createServer((raw, response) => {
    chunks.push(Buffer.from(`${raw.method} ${raw.url} ${JSON.stringify(raw.rawHeaders)}\n`));
    raw.on('data', (chunk: Buffer) => chunks.push(chunk));
    raw.on('error', () => undefined);
    raw.on('end', () => response.end('{"ok":true}'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, bytes: () => Buffer.concat(chunks), server };
}

describe.each(testDatabases())('secrets on their way out on $name', (database) => {
  let world: World;
  let sink: Awaited<ReturnType<typeof startSink>>;
  let token = '';
  let agents = 0;

  beforeAll(async () => {
    sink = await startSink();
    world = await createWorld({ database, replicas: database.name === 'postgres' ? 2 : 1 });
    const { key } = await world.setUp({ baseUrl: sink.url });
    token = await world.token('robot', key);
    for (const [name, value] of [
      ['stolen', STOLEN],
      ['aws', PAIR],
    ]) {
      expect((await world.admin('POST', '/v1/secrets', { name, value })).status).toBe(201);
    }
  });
  afterAll(async () => {
    await world.close();
    sink.server.closeAllConnections();
    await new Promise((resolve) => sink.server.close(resolve));
  });
  afterEach(() => {
    const seen = sink.bytes().toString('latin1');
    for (const text of [STOLEN, Buffer.from(STOLEN).toString('base64').slice(2, -4), 'FEMI/K7MDENG/bPx']) {
      expect(seen).not.toContain(text);
    }
  });

  const post = (body: string | Buffer, headers: Record<string, string> = {}) =>
    world.call(token, '/call/vendor/v1/notes', {
      method: 'POST',
      body: new Uint8Array(Buffer.from(body)),
      headers,
    });

  const last = async (kind: string) => (await world.events(kind)).at(-1);
  /** A body that is sent a byte at a time, waiting behind `pause.at` until that text has arrived; how it was answered. */
  const postBytewise = (body: Buffer, pause?: { readonly at: number; readonly until: string }) =>
    new Promise<number>((resolve) => {
      const before = sink.bytes().length;
      const url = new URL('/call/vendor/v1/notes', world.apps[0]?.address);
      const sending = httpRequest(url, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
      let at = 0;
      sending.on('response', (response) => {
        at = body.length;
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      sending.on('error', () => resolve(0));
      const write = () => {
        const waits = at === pause?.at && !sink.bytes().subarray(before).includes(pause.until);
        if (waits) return void setTimeout(write, 5);
        if (at < body.length) sending.write(body.subarray(at, ++at));
        if (at < body.length) setImmediate(write);
        else sending.end();
      };
      write();
    });

  async function newAgent(): Promise<{ name: string; token: string; key: string }> {
    const name = `helper-${(agents += 1)}`;
    const { body } = await world.admin('POST', '/v1/agents', { name });
    const key = String(body['key']);
    await world.admin('POST', '/v1/grants', { agent: name, service: 'vendor' });
    return { name, key, token: await world.token(name, key) };
  }

  const stateOf = async (agent: string) => (await world.admin('GET', `/v1/agents/${agent}`)).body['state'];

  it('are found in path, parameters and headers, and the alarm names them without their value', async () => {
    const hex = Buffer.from(STOLEN).toString('hex');
    const shapes: readonly [string, string, Record<string, string>][] = [
      ['path', `/call/vendor/v1/${STOLEN}/x`, {}],
      ['path', `/call/vendor/v1/%73k${encodeURIComponent(STOLEN.slice(2))}`, {}],
      ['query q', `/call/vendor/v1/search?q=${STOLEN}`, {}],
      ['query', `/call/vendor/v1/search?${STOLEN}=1`, {}],
      ['query q', `/call/vendor/v1/search?a=1&q=${hex}`, {}],
      [
        'header x-note',
        '/call/vendor/v1/notes',
        { 'x-note': `see ${Buffer.from(STOLEN).toString('base64')}` },
      ],
      ['header user-agent', '/call/vendor/v1/notes', { 'user-agent': STOLEN }],
    ];
    for (const [where, path, headers] of shapes) {
      const answer = await world.call(token, path, { headers });
      expect(answer.status).toBe(403);
      const problem = (await answer.json()) as { type: string; detail: string };
      expect(problem.type).toContain('secret-in-request');
      expect(JSON.stringify(problem)).not.toContain(STOLEN);
      await expect
        .poll(() => last('guard.alarm'))
        .toMatchObject({
          alarm: 'secret-in-request',
          done: 'call-blocked',
          where,
          agent: { name: 'robot' },
          secret: { name: 'stolen' },
        });
    }
    await expect
      .poll(() => last('call.refused'))
      .toMatchObject({
        problem: 'secret-in-request',
        flags: [{ direction: 'request', guard: 'fingerprint', rule: 'secret', action: 'block', count: 1 }],
      });
    expect(JSON.stringify(await world.events())).not.toContain(STOLEN.slice(12));
  });

  it('are found in bodies, however those are written', async () => {
    const inJson = JSON.stringify({ data: Buffer.from(`{"key":"${STOLEN}"}`).toString('base64') });
    const escaped = `{"k":"${Array.from(STOLEN, (c) => `\\u00${c.charCodeAt(0).toString(16)}`).join('')}"}`;
    const shapes: readonly [string | Buffer, Record<string, string>][] = [
      [`note=${STOLEN}`, { 'content-type': 'application/x-www-form-urlencoded' }],
      [inJson, { 'content-type': 'application/json' }],
      [escaped, { 'content-type': 'application/json' }],
      [JSON.stringify({ k: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYzXAMPLEKEY' }).replaceAll('/', '\\/'), {}],
      [gzipSync(inJson), { 'content-encoding': 'gzip' }],
      [brotliCompressSync(inJson), { 'content-encoding': 'br' }],
      [deflateRawSync(gzipSync(inJson)), { 'content-encoding': 'gzip, deflate' }],
    ];
    for (const [body, headers] of shapes) {
      const answer = await post(body, headers);
      expect([body.length, answer.status]).toEqual([body.length, 403]);
      expect(((await answer.json()) as { type: string }).type).toContain('secret-in-request');
    }
  });

  it('do not leave a byte at a time either', async () => {
    const before = sink.bytes().length;
    const beginning = 'a harmless beginning '.repeat(50);
    const body = Buffer.from(`${beginning}${STOLEN} and an end`);
    const until = 'a harmless beginning';
    expect(await postBytewise(body, { at: beginning.length, until })).toBe(403);
    await expect.poll(() => last('call.outcome')).toMatchObject({ problem: 'secret-in-request' });
    const seen = sink.bytes().subarray(before).toString('latin1');
    expect(seen).toContain(until);
    expect(seen).not.toContain('sk-p');
  });

  it('are not looked for in vain: what is harmless arrives as it was sent, compressed or not', async () => {
    const text = JSON.stringify({ note: `nothing here: ${STOLEN.slice(0, 20)}`, list: [1, 2, 3] });
    expect((await post(text)).status).toBe(200);
    expect(sink.bytes().toString('latin1').endsWith(text)).toBe(true);
    const zipped = gzipSync(text);
    expect((await post(zipped, { 'content-encoding': 'gzip' })).status).toBe(200);
    expect(sink.bytes().subarray(-zipped.length).equals(zipped)).toBe(true);
    expect(await postBytewise(Buffer.from(text))).toBe(200);
  });

  it('do not hide in a coding that nobody here can read', async () => {
    expect((await post('what is this', { 'content-encoding': 'zstd' })).status).toBe(415);
    expect((await post('no gzip at all', { 'content-encoding': 'gzip' })).status).toBe(415);
    const bomb = gzipSync(Buffer.alloc(20 * 1024 * 1024));
    expect((await post(bomb, { 'content-encoding': 'gzip' })).status).toBe(413);
  });

  it('are known on every replica from the moment they are stored, and no longer than they are kept', async () => {
    const value = 'ghp_9QmT4xLr8KpZ7wYc1NbJ5dHs3FgA6eVu2Ti0';
    await world.admin('POST', '/v1/secrets', { name: 'late', value });
    const replica = world.apps.length - 1;
    const send = () =>
      world.call(token, `/call/vendor/v1/search?q=${value}`, replica === 0 ? {} : { replica });
    expect((await send()).status).toBe(403);
    await world.admin('DELETE', '/v1/secrets/late');
    expect((await send()).status).toBe(200);
  });

  it('include the agent’s own token, and placeholders of others', async () => {
    const own = await post(JSON.stringify({ token }));
    expect(own.status).toBe(403);
    await expect
      .poll(() => last('guard.alarm'))
      .toMatchObject({
        alarm: 'token-in-request',
        where: 'body',
      });
    expect((await world.call(token, `/call/vendor/v1/${token}`)).status).toBe(403);
    const other = await newAgent();
    const { body } = await world.admin('POST', '/v1/placeholders', { agent: other.name, service: 'vendor' });
    const placeholder = String(body['placeholder']);
    expect((await post(`{"key":"${placeholder}"}`)).status).toBe(403);
    expect((await world.call(token, `/call/vendor/v1/${placeholder}/x`)).status).toBe(403);
    expect(sink.bytes().includes(placeholder)).toBe(false);
    await expect
      .poll(() => last('placeholder.elsewhere'))
      .toMatchObject({
        agent: { name: other.name },
        where: 'body',
      });
  });

  it('pass, and are told, where a service says so', async () => {
    const value = 'xoxb-4KpZ7wYc1NbJ5dHs3FgA6eVu2Ti0-Lr8T';
    await world.admin('POST', '/v1/secrets', { name: 'shared', value });
    const changed = await world.admin('PATCH', '/v1/services/vendor', {
      protection: { leaks: { requests: 'flag' } },
      acceptWeaker: true,
    });
    expect(changed.status).toBe(200);
    expect((await post(`{"k":"${value}"}`)).status).toBe(200);
    await expect
      .poll(() => last('guard.alarm'))
      .toMatchObject({
        secret: { name: 'shared' },
        done: 'told',
      });
    await expect
      .poll(() => last('call.outcome'))
      .toMatchObject({
        flags: [{ rule: 'secret', action: 'flag' }],
      });
    await world.admin('PATCH', '/v1/services/vendor', { protection: { leaks: null } });
  });

  it('freeze whoever sends a decoy, within that call', async () => {
    const made = await world.admin('POST', '/v1/decoys', { name: 'planted', like: 'openai' });
    expect(made.status).toBe(201);
    const value = String(made.body['value']);
    const bound = { name: 'trapped', baseUrl: sink.url, auth: { kind: 'bearer' }, secret: 'planted' };
    expect((await world.admin('POST', '/v1/services', bound)).status).toBe(422);
    const shapes: readonly ((agent: string) => Promise<Response>)[] = [
      (agent) => world.call(agent, `/call/vendor/v1/search?q=${value}`),
      (agent) =>
        world.call(agent, '/call/vendor/x', { method: 'POST', body: Buffer.from(value).toString('base64') }),
      (agent) => world.call(agent, '/call/unknown/x', { headers: { 'x-key': value } }),
    ];
    for (const shape of shapes) {
      const agent = await newAgent();
      const answer = await shape(agent.token);
      expect([answer.status, ((await answer.json()) as { type: string }).type]).toEqual([
        403,
        expect.stringContaining('frozen'),
      ]);
      expect(await stateOf(agent.name)).toBe('frozen');
      for (const replica of world.apps.keys()) {
        expect((await world.call(agent.token, '/call/vendor/x', { replica })).status).toBe(403);
      }
      await expect
        .poll(() => last('guard.alarm'))
        .toMatchObject({
          alarm: 'decoy-touched',
          done: 'agent-frozen',
          agent: { name: agent.name },
          secret: { name: 'planted' },
        });
      await expect
        .poll(() => last('agent.freeze'))
        .toMatchObject({
          principal: { type: 'system' },
          target: { name: agent.name },
          after: { frozen: true, reason: 'it sent the decoy planted' },
        });
    }
    expect(sink.bytes().includes(value)).toBe(false);
  });

  it('freeze whoever calls a decoy service, asks for access to it, or for a token for it', async () => {
    const trap = {
      name: 'payroll',
      baseUrl: sink.url,
      auth: { kind: 'bearer' },
      secret: 'planted',
      protection: { decoy: true },
    };
    expect((await world.admin('POST', '/v1/services', trap)).status).toBe(201);
    const touches: readonly ((agent: { name: string; key: string; token: string }) => Promise<unknown>)[] = [
      (agent) => world.call(agent.token, '/call/payroll/v1/salaries'),
      (agent) =>
        world.call(agent.token, '/v1/access-requests', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ service: 'payroll', reason: 'I was told to' }),
        }),
      (agent) => world.token(agent.name, agent.key, { scope: 'payroll' }).catch(() => undefined),
    ];
    const before = sink.bytes().length;
    for (const touch of touches) {
      const agent = await newAgent();
      await touch(agent);
      expect(await stateOf(agent.name)).toBe('frozen');
      expect((await world.call(agent.token, '/call/vendor/x')).status).toBe(403);
      await expect
        .poll(() => last('guard.alarm'))
        .toMatchObject({
          alarm: 'decoy-touched',
          service: { name: 'payroll' },
        });
    }
    expect(sink.bytes().length).toBe(before);
  });
});
