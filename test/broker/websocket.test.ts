// A WebSocket through the broker: decided and recorded like a call, the key only in the upstream's handshake, messages both
// ways, echoes masked however they are cut into frames, and an end that both sides understand.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { testDatabases } from '../support/database.ts';
import { send } from '../support/raw-http.ts';
import { startWebSocketUpstream, type WebSocketUpstream } from '../support/websocket-upstream.ts';
import { createWorld, SECRET_VALUE, type World } from '../support/world.ts';

const [embedded] = testDatabases();
const MiB = 1024 * 1024;
const PATIENTLY = { timeout: 30_000 };

interface Closed {
  readonly code: number;
  readonly reason: string;
}

describe('a WebSocket', () => {
  let world: World;
  let upstream: WebSocketUpstream;
  let token: string;
  const opened: WebSocket[] = [];
  const base = () => (world.apps[0]?.address ?? '').replace('http', 'ws');

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    upstream = await startWebSocketUpstream(SECRET_VALUE);
    world = await createWorld({ database: embedded });
    const { key } = await world.setUp({ baseUrl: `${upstream.url}/v1` });
    token = await world.token('robot', key);
  });
  beforeEach(() => {
    upstream.handshakes.length = 0;
    upstream.answerRaw = undefined;
    upstream.onSocket = (socket) =>
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  afterEach(() => {
    for (const socket of opened.splice(0)) socket.terminate();
  });
  afterAll(async () => {
    await world?.close();
    await upstream?.close();
  });

  /** Keeps every message and the way it closed; `refused` is the answer that took its place. */
  function connect(
    path = '/call/vendor/realtime?model=m',
    options: { headers?: Record<string, string>; protocols?: string[]; perMessageDeflate?: boolean } = {},
  ) {
    const { headers = { authorization: `Bearer ${token}` }, protocols = [], ...rest } = options;
    const socket = new WebSocket(`${base()}${path}`, protocols, { headers, maxPayload: 64 * MiB, ...rest });
    opened.push(socket);
    const messages: (string | Buffer)[] = [];
    socket.on('message', (data: Buffer, isBinary) => messages.push(isBinary ? data : data.toString()));
    socket.on('error', () => undefined);
    const request = once(socket, 'upgrade').then(([response]) =>
      String((response as IncomingMessage).headers['doorward-request-id']),
    );
    request.catch(() => undefined); // refused: nobody asks
    const closed = new Promise<Closed>((resolve) =>
      socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    );
    const refused = new Promise<{ status: number; headers: Record<string, unknown>; body: string }>(
      (resolve) =>
        socket.on('unexpected-response', (_request, response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(chunks).toString(),
            }),
          );
        }),
    );
    return { socket, messages, closed, refused, request };
  }

  /** Waited for: it is written after the end. */
  async function outcomeOf(request: string): Promise<Record<string, unknown> | undefined> {
    const find = async () =>
      (await world.events('call.outcome')).find((event) => event['request'] === request);
    await expect.poll(find, PATIENTLY).toBeDefined();
    return await find();
  }

  test('carries messages both ways under the real key, which the caller never sees', async () => {
    const { socket, messages, closed, request } = connect();
    await once(socket, 'open');
    expect(socket.extensions).toBe('');
    socket.send('hello');
    socket.send(Buffer.from([0, 1, 2, 255]));
    await expect.poll(() => messages, PATIENTLY).toEqual(['hello', Buffer.from([0, 1, 2, 255])]);
    const [handshake] = upstream.handshakes;
    expect(handshake?.url).toBe('/v1/realtime?model=m');
    expect(handshake?.headers).toMatchObject({
      authorization: `Bearer ${SECRET_VALUE}`,
      host: new URL(upstream.url).host,
    });
    expect(handshake?.headers['sec-websocket-extensions']).toBeUndefined();
    expect(JSON.stringify(handshake?.rawHeaders)).not.toContain(token);
    socket.close(4001, 'done here');
    expect(await closed).toEqual({ code: 4001, reason: 'done here' });
    expect(await outcomeOf(await request)).toMatchObject({
      result: 'answered',
      status: 101,
      requestBytes: 9,
      responseBytes: 9,
    });
    const intents = await world.events('call.intent');
    expect(intents.at(-1)).toMatchObject({ method: 'GET', path: '/realtime', queryKeys: ['model'] });
    expect((await world.admin('POST', '/v1/audit/verify')).body).toMatchObject({ ok: true });
  });

  const slots: [
    string,
    () => { headers?: Record<string, string>; protocols?: string[] },
    string | undefined,
  ][] = [
    ['x-api-key', () => ({ headers: { 'x-api-key': token } }), undefined],
    [
      'a subprotocol, as OpenAI has it',
      () => ({
        headers: {},
        protocols: ['realtime', `openai-insecure-api-key.${token}`, 'openai-beta.realtime-v1'],
      }),
      'realtime,openai-beta.realtime-v1',
    ],
    [
      'the subprotocol after one that announces it',
      () => ({ headers: {}, protocols: ['token', token] }),
      'token',
    ],
    [
      'a subprotocol in base64, as Kubernetes has it',
      () => ({
        headers: {},
        protocols: [
          `base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString('base64url')}`,
          'v4.channel.k8s.io',
        ],
      }),
      'v4.channel.k8s.io',
    ],
  ];
  test.each(slots)('takes the token from %s, and passes it on in none', async (_slot, options, passedOn) => {
    const { socket, messages } = connect('/call/vendor/realtime', options());
    await once(socket, 'open');
    socket.send('x');
    await expect.poll(() => messages, PATIENTLY).toEqual(['x']);
    const { headers, rawHeaders } = upstream.handshakes[0] ?? {};
    expect(headers?.['sec-websocket-protocol']?.replaceAll(' ', '')).toBe(passedOn);
    expect(JSON.stringify(rawHeaders)).not.toContain(token);
    expect(socket.protocol).toBe(passedOn?.split(',')[0] ?? '');
  });

  test('a caller that offered only its token still hears of a subprotocol it knows', async () => {
    upstream.answerRaw = undefined;
    const { socket } = connect('/call/vendor/realtime', { headers: {}, protocols: ['token', token] });
    await once(socket, 'open');
    expect(socket.protocol).toBe('token');
  });

  test('an echo of the key is masked, in one message or many frames, and counted', async () => {
    upstream.onSocket = (socket) => {
      socket.on('message', (data: Buffer) => {
        if (data.toString() === 'whole') socket.send(JSON.stringify({ you: SECRET_VALUE }));
        else
          for (const [at, letter] of `<${SECRET_VALUE}>`.split('').entries())
            socket.send(letter, { fin: at === SECRET_VALUE.length + 1 });
        socket.send(Buffer.from(`\0${Buffer.from(SECRET_VALUE).toString('base64')}\xff`, 'latin1'));
      });
    };
    const { socket, messages, closed, request } = connect();
    await once(socket, 'open');
    socket.send('whole');
    socket.send('in pieces');
    await expect.poll(() => messages.length, PATIENTLY).toBe(4);
    expect(messages.join(' ')).not.toContain(SECRET_VALUE.slice(8, 20));
    expect(messages[0]).toBe(JSON.stringify({ you: '*'.repeat(SECRET_VALUE.length) }));
    expect(messages[2]).toBe(`<${'*'.repeat(SECRET_VALUE.length)}>`);
    expect(messages.join(' ')).not.toContain(Buffer.from(SECRET_VALUE).toString('base64').slice(4, 24));
    socket.close();
    await closed;
    expect(await outcomeOf(await request)).toMatchObject({ result: 'answered', leaks: { matches: 4 } });
  });

  test('an echo in the head, the reason of a close, or an ordinary answer is masked too', async () => {
    upstream.onSocket = (socket) => socket.close(4002, `bad ${SECRET_VALUE}`);
    const { closed } = connect();
    const { code, reason } = await closed;
    expect(code).toBe(4002);
    expect(reason).not.toContain(SECRET_VALUE.slice(8, 20));
    expect(reason).toContain('****');

    upstream.isGood = () => false;
    const { refused } = connect();
    const answer = await refused;
    upstream.isGood = (request) => request.headers.authorization === `Bearer ${SECRET_VALUE}`;
    expect(answer.status).toBe(401);
    expect(answer.headers['doorward-source']).toBe('upstream');
    expect(answer.body).toContain('bad key');
    expect(answer.body).not.toContain(SECRET_VALUE.slice(8, 20));
  });

  test('a refusal is an ordinary answer, and nothing reaches the upstream', async () => {
    for (const [path, headers, status, error] of [
      ['/call/vendor/realtime', {}, 401, 'unauthenticated'],
      ['/call/nothing/realtime', { authorization: `Bearer ${token}` }, 403, 'no-grant'],
      ['/call/vendor/../realtime', { authorization: `Bearer ${token}` }, 403, 'no-grant'],
      ['/call/vendor/a;b', { authorization: `Bearer ${token}` }, 400, 'invalid-address'],
    ] as const) {
      const { refused } = connect(path, { headers });
      const answer = await refused;
      expect([path, answer.status, answer.headers['doorward-error']]).toEqual([path, status, error]);
    }
    expect(upstream.handshakes).toEqual([]);
  });

  test('whoever may only read may open none', async () => {
    const { key } = await world.setUp({
      service: 'readonly',
      agent: 'reader',
      baseUrl: upstream.url,
      allow: ['GET /**'],
    });
    const { refused } = connect('/call/readonly/realtime', {
      headers: { authorization: `Bearer ${await world.token('reader', key)}` },
    });
    const answer = await refused;
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body)).toMatchObject({ rule: 'grant', needed_grant: 'POST /realtime' });
    const scoped = await world.token('writer', (await setUpWriter()).key, { scope: 'writable:read' });
    const second = await connect('/call/writable/realtime', {
      headers: { authorization: `Bearer ${scoped}` },
    }).refused;
    expect(JSON.parse(second.body)).toMatchObject({ rule: 'scope', needed_scope: 'writable:write' });
    expect(upstream.handshakes).toEqual([]);
  });

  const setUpWriter = async () =>
    await world.setUp({ service: 'writable', agent: 'writer', baseUrl: upstream.url });

  test('a slow reader holds the other side back instead of filling memory', async () => {
    const piece = Buffer.alloc(MiB, 'x');
    let written = 0;
    upstream.onSocket = (socket) => {
      const more = () => {
        if (written >= 200) return socket.close();
        written += 1;
        socket.send(piece, more);
      };
      more();
    };
    const { socket, closed } = connect();
    await once(socket, 'open');
    socket.pause();
    let last = -1;
    await expect
      .poll(() => (written === last ? true : ((last = written), false)), { interval: 250, timeout: 60_000 })
      .toBe(true);
    expect(written).toBeLessThan(100);
    let bytes = 0;
    socket.on('message', (data: Buffer) => (bytes += data.length));
    socket.resume();
    await closed;
    expect(bytes).toBe(200 * MiB);
  }, 300_000);

  test('large messages pass whole, those over the limit end it', async () => {
    const { socket, messages } = connect();
    await once(socket, 'open');
    const large = Buffer.alloc(10 * MiB, 7);
    socket.send(large);
    await expect.poll(() => (messages[0] as Buffer | undefined)?.length, PATIENTLY).toBe(large.length);
    const over = connect();
    await once(over.socket, 'open');
    over.socket.send(Buffer.alloc(17 * MiB));
    expect((await over.closed).code).toBe(1009);
    await expect.poll(() => upstream.sockets.size, PATIENTLY).toBe(1);
  });

  test('an upgrade that is none is an ordinary request', async () => {
    const url = world.apps[0]?.address ?? '';
    for (const upgrade of ['h2c', 'websocket, h2c', 'TLS/1.0']) {
      const answer = await send(url, '/healthz', { headers: ['connection', 'upgrade', 'upgrade', upgrade] });
      expect([upgrade, answer.status]).toEqual([upgrade, 200]);
    }
    const health = connect('/healthz');
    expect((await health.refused).status).toBe(200);
    const admin = connect('/v1/agents', { headers: {} });
    expect((await admin.refused).status).toBe(401);
  });
});
