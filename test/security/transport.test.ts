// How one service is reached, set as an admin sets it: certificates that stay secret, patience, sizes; and what guards less
// said aloud.
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Certificate } from '../../src/attack/target.ts';
import { judgeGuards } from '../../src/cli/doctor/service-guards.ts';
import { createAuthority, listen } from '../egress/upstreams.ts';
import { testDatabases } from '../support/database.ts';
import { send } from '../support/raw-http.ts';
import { createWorld, SECRET_VALUE, type World } from '../support/world.ts';

const [embedded] = testDatabases();

describe('the transport of a service', () => {
  let world: World;
  let token: string;

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    world = await createWorld({ database: embedded });
    const { key } = await world.setUp();
    token = await world.token('robot', key);
  });
  beforeEach(async () => {
    world.upstream.seen.length = 0;
    world.upstream.respond = (_request, response) => response.end('ok');
    await protect(null);
  });
  afterAll(() => world?.close());

  const update = (fields: object) => world.admin('PATCH', '/v1/services/vendor', fields);
  const protect = (transport: object | null, more: object = {}) =>
    update({ protection: { transport }, ...more });
  const call = (init?: RequestInit) => world.call(token, '/call/vendor/v1/items', init);
  const bundle = ({ cert, key }: Certificate) => `${cert}${key}`;
  const keyLines = ({ key }: Certificate) =>
    key.split('\n').filter((line) => /^[A-Za-z0-9+/=]{24,}$/.test(line));

  /** An upstream that asks for a client certificate, and says who came. */
  async function mutual(listener?: RequestListener) {
    const authority = createAuthority();
    const callers: string[] = [];
    const server = createServer(
      {
        ...authority.issue({ names: 'IP:127.0.0.1' }),
        ca: authority.ca,
        requestCert: true,
        rejectUnauthorized: true,
      },
      (request, response) => {
        callers.push(String((request.socket as TLSSocket).getPeerCertificate().subject.CN));
        if (listener === undefined) response.end('ok');
        else listener(request, response);
      },
    );
    server.on('tlsClientError', () => undefined);
    const baseUrl = `https://127.0.0.1:${await listen(server)}`;
    return { authority, callers, baseUrl };
  }

  test('a client certificate is a secret: shown to its upstream, to nobody else', async () => {
    let client: Certificate | undefined;
    const { authority, callers, baseUrl } = await mutual((_request, response) => {
      response.end(`${client === undefined ? '' : keyLines(client).join('\n')}\nok`);
    });
    client = authority.issue({ names: 'DNS:client.test' });
    const added = await world.admin('POST', '/v1/secrets', { name: 'vendor-client', value: bundle(client) });
    expect(added.status).toBe(201);
    const changed = await protect({ ca: authority.ca, clientCertificate: 'vendor-client' }, { baseUrl });
    expect([changed.status, changed.body['weaknesses']]).toEqual([200, []]);

    const answer = await call();
    const text = await answer.text();
    expect([answer.status, callers]).toEqual([200, ['leaf 2']]);
    expect(text).toContain('ok');
    const told = [text, JSON.stringify(changed.body), JSON.stringify(await world.events())];
    const secret = await world.admin('GET', '/v1/secrets/vendor-client');
    for (const line of keyLines(client)) {
      for (const each of [...told, JSON.stringify(secret.body)]) expect(each).not.toContain(line);
    }

    const refused = await world.admin('DELETE', '/v1/secrets/vendor-client');
    expect([refused.status, refused.body['code']]).toEqual([409, 'in-use']);

    // A new one takes the place of the old one at the next call, on a connection of its own.
    const next = authority.issue({ names: 'DNS:client.test' });
    const rotated = await world.admin('POST', '/v1/secrets/vendor-client/rotate', { value: bundle(next) });
    expect([rotated.status, rotated.body['step']]).toEqual([200, 'promoted']);
    await (await call()).text();
    expect(callers).toEqual(['leaf 2', 'leaf 3']);

    // A probe of the service's own key believes, and is believed, as its calls are.
    const probe = { value: `${SECRET_VALUE}-next`, probe: 'GET /v1/items' };
    const probed = await world.admin('POST', '/v1/secrets/vendor/rotate', probe);
    expect([probed.status, probed.body['probe']]).toMatchObject([200, { status: 200 }]);
    expect(callers).toEqual(['leaf 2', 'leaf 3', 'leaf 3']);
  });

  test('what is no client certificate is refused when it is named, without a word of it', async () => {
    const authority = createAuthority();
    const [one, other] = [authority.issue({ names: 'DNS:a.test' }), authority.issue({ names: 'DNS:b.test' })];
    const values = {
      'not-pem': 'just-some-opaque-value-of-a-secret',
      'no-key': one.cert,
      'other-key': `${one.cert}${other.key}`,
    };
    for (const [name, value] of Object.entries(values)) {
      expect((await world.admin('POST', '/v1/secrets', { name, value })).status).toBe(201);
      const { status, body } = await protect({ clientCertificate: name });
      expect([name, status, body['code']]).toEqual([name, 422, 'invalid-input']);
      expect(JSON.stringify(body)).toContain(name);
      expect(JSON.stringify(body)).not.toMatch(/BEGIN|opaque/);
    }
    const missing = await protect({ clientCertificate: 'nothing-of-that-name' });
    expect([missing.status, missing.body['code']]).toEqual([404, 'not-found']);
    expect(JSON.stringify(missing.body)).toContain('doorward secret add');
  });

  test('authorities that are none, or hold a private key, are refused', async () => {
    const { key, cert } = createAuthority().issue({ names: 'DNS:a.test' });
    for (const ca of [
      'nonsense',
      `${cert}${key}`,
      key,
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      '',
    ]) {
      const { status, body } = await protect({ ca });
      expect([status, body['code']]).toEqual([422, 'invalid-input']);
      expect(JSON.stringify(body)).not.toContain(keyLines({ key, cert })[0]);
    }
  });

  test('a request that is too long is refused before it leaves, or cut on its way', async () => {
    await update({ baseUrl: world.upstream.url });
    await protect({ maxRequestBytes: 100 });
    expect((await call({ method: 'POST', body: 'a'.repeat(100) })).status).toBe(200);
    world.upstream.seen.length = 0;
    const announced = await call({ method: 'POST', body: 'a'.repeat(101) });
    expect([announced.status, await announced.json()]).toMatchObject([413, { code: 'body-too-large' }]);
    const stream = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 3; i += 1) controller.enqueue(Buffer.from('a'.repeat(50)));
        controller.close();
      },
    });
    const streamed = await call({ method: 'POST', body: stream, duplex: 'half' });
    expect([streamed.status, await streamed.json()]).toMatchObject([413, { code: 'body-too-large' }]);
    expect(world.upstream.seen).toEqual([]);
  });

  test('an answer that is too long is refused, or cut where it was not announced', async () => {
    await update({ baseUrl: world.upstream.url });
    await protect({ maxAnswerBytes: 100 });
    world.upstream.respond = (_request, response) => response.end('a'.repeat(100));
    expect((await (await call()).text()).length).toBe(100);
    world.upstream.respond = (_request, response) => response.end('a'.repeat(101));
    const announced = await call();
    expect([announced.status, await announced.json()]).toMatchObject([502, { code: 'upstream-invalid' }]);
    world.upstream.respond = (_request, response) => {
      response.writeHead(200);
      response.write('a'.repeat(90));
      setImmediate(() => response.end('b'.repeat(90)));
    };
    const cut = send(world.apps[0]?.address ?? '', '/call/vendor/x', {
      headers: ['authorization', `Bearer ${token}`],
    });
    const end = await cut.then(
      ({ status }) => status,
      () => 'cut',
    );
    expect([502, 'cut']).toContain(end);
    const head = await call({ method: 'HEAD' });
    expect(head.status).toBe(200);
  });

  test('an upstream that keeps a call waiting is given the time that its service says', async () => {
    await update({ baseUrl: world.upstream.url });
    world.upstream.respond = () => undefined;
    await protect({ timeouts: { firstByteMs: 200 } });
    const silent = await call();
    expect([silent.status, await silent.json()]).toMatchObject([504, { code: 'upstream-timeout' }]);
    await protect({ timeouts: { totalMs: 200 } });
    expect((await call()).status).toBe(504);
    world.upstream.respond = (_request, response) => {
      response.writeHead(200);
      response.write('begun');
    };
    await protect({ timeouts: { idleMs: 200 } });
    await expect(call().then((answer) => answer.text())).rejects.toThrow();
  });

  test('what guards less is taken only when that is said, and is told from then on', async () => {
    const authority = createAuthority();
    const weaker = [
      [{ timeouts: { totalMs: 0 } }, /without end/],
      [{ timeouts: { firstByteMs: 900_000 } }, /900 s, longer than the 300 s/],
      [{ ca: authority.ca, caUse: 'added' }, /beside the public ones/],
    ] as const;
    for (const [transport, sentence] of weaker) {
      const refused = await protect(transport);
      expect([refused.status, refused.body['code']]).toEqual([422, 'invalid-input']);
      expect(String(refused.body['detail'])).toMatch(sentence);
      expect(String(refused.body['detail'])).toContain('--accept-weaker');
      const taken = await protect(transport, { acceptWeaker: true });
      expect([taken.status, taken.body['weaknesses']]).toEqual([200, [expect.stringMatching(sentence)]]);
      const record = taken.body as { name: string; weaknesses: string[] };
      expect(judgeGuards([record])).toMatchObject([
        { level: 'warn', summary: expect.stringMatching(sentence) },
      ]);
      await protect(null);
    }
    const events = await world.events('service.update');
    expect(JSON.stringify(events)).toContain('totalMs');
    for (const stricter of [{ minTls: '1.3' }, { maxAnswerBytes: 1000 }, { timeouts: { totalMs: 1000 } }]) {
      expect((await protect(stricter)).body['weaknesses']).toEqual([]);
    }
  });

  test('private ranges that upstreams may be in are in the audit log from the start', async () => {
    expect(await world.events('server.start')).toMatchObject([{ allowedRanges: ['127.0.0.0/8'] }]);
  });
});
