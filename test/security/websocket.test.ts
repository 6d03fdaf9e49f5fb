// A WebSocket that attacks: frames that break the rules, handshakes that mean two things, floods, a connection that would
// outlive the right to it, and an upstream that agrees to what nobody asked.
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { acceptOf } from '../../src/core/websocket-accept.ts';
import { testDatabases } from '../support/database.ts';
import { closeCode, frame, handshake, openRaw, SAMPLE_KEY } from '../support/raw-websocket.ts';
import { startWebSocketUpstream, type WebSocketUpstream } from '../support/websocket-upstream.ts';
import { createWorld, SECRET_VALUE, type World } from '../support/world.ts';
import { act, expectWholeLog, onPostgres, openWorld } from './revocation-world.ts';

const [embedded] = testDatabases();
const PATIENTLY = { timeout: 30_000 };

describe('a hostile WebSocket', () => {
  let world: World;
  let upstream: WebSocketUpstream;
  let token: string;
  const heard: string[] = [];
  const url = () => world.apps[0]?.address ?? '';
  const host = () => new URL(url()).host;
  const open = (...headers: string[]) =>
    openRaw(url(), handshake(host(), '/call/vendor/live', [`authorization: Bearer ${token}`, ...headers]));

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    upstream = await startWebSocketUpstream(SECRET_VALUE);
    world = await createWorld({ database: embedded });
    const { key } = await world.setUp({ baseUrl: upstream.url });
    token = await world.token('robot', key);
  });
  beforeEach(() => {
    heard.length = 0;
    upstream.handshakes.length = 0;
    upstream.answerRaw = undefined;
    upstream.onSocket = (socket) => socket.on('message', (data: Buffer) => heard.push(data.toString()));
  });
  afterAll(async () => {
    await world?.close();
    await upstream?.close();
  });

  const badFrames: [string, Buffer[], number][] = [
    ['text that is not UTF-8', [frame(1, Buffer.from([0xc3, 0x28]))], 1007],
    ['UTF-8 cut within a message', [frame(1, Buffer.from([0xe2, 0x82]), { fin: false }), frame(0)], 1007],
    ['a frame without a mask', [frame(1, 'plain', { masked: false })], 1002],
    ['a reserved bit', [frame(1, 'packed', { rsv: 4 })], 1002],
    ['an opcode that means nothing', [frame(3, 'x')], 1002],
    ['a continuation of nothing', [frame(0, 'x')], 1002],
    ['a message within a message', [frame(1, 'a', { fin: false }), frame(1, 'b')], 1002],
    ['a ping in pieces', [frame(9, 'x', { fin: false })], 1002],
    ['a ping too long', [frame(9, 'x'.repeat(126))], 1002],
    ['a close code nobody may send', [frame(8, Buffer.from([0x03, 0xee]))], 1002],
    ['a length of 2^63', [frame(2, '', { length: 1n << 63n })], 1009],
    ['a length over the limit, with no byte of it sent', [frame(2, '', { length: 17n << 20n })], 1009],
    [
      'more pieces than any message needs',
      Array.from({ length: 20_000 }, (_, at) => frame(at === 0 ? 2 : 0, 'x', { fin: false })),
      1008,
    ],
    ['a flood of pings', Array.from({ length: 500 }, () => frame(9, 'ping')), 1008],
    ['a flood of pongs', Array.from({ length: 500 }, () => frame(10)), 1008],
  ];
  it.each(badFrames)('that sends %s is ended, and so is the upstream', async (_what, frames, code) => {
    const raw = await open();
    expect(raw.head).toContain('HTTP/1.1 101');
    raw.socket.write(Buffer.concat(frames));
    await raw.gone;
    expect(closeCode(raw.heard())).toBe(code);
    await expect.poll(() => upstream.sockets.size, PATIENTLY).toBe(0);
    expect(heard).toEqual([]);
  });

  it('that is fed by the upstream with broken frames is ended with a code that says whose fault it is', async () => {
    for (const bytes of [
      frame(1, 'masked'),
      frame(1, 'packed', { rsv: 4, masked: false }),
      Buffer.from([0x83, 0]),
    ]) {
      upstream.answerRaw = (request, socket) => {
        const accept = acceptOf(request.headers['sec-websocket-key'] ?? '');
        const head = `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`;
        socket.write(Buffer.concat([Buffer.from(head), bytes])); // the first frames may come with the head
      };
      const raw = await open();
      expect(raw.head).toContain(`sec-websocket-accept: ${acceptOf(SAMPLE_KEY)}`);
      await raw.gone;
      expect(closeCode(raw.heard())).toBe(1014);
    }
  });

  const badAgreements: [string, (key: string) => string[]][] = [
    ['no answer to the key', () => []],
    ['an answer to another key', () => [`sec-websocket-accept: ${acceptOf(SAMPLE_KEY)}`]],
    [
      'two answers',
      (key) => [`sec-websocket-accept: ${acceptOf(key)}`, `sec-websocket-accept: ${acceptOf(key)}`],
    ],
    [
      'an extension nobody offered',
      (key) => [`sec-websocket-accept: ${acceptOf(key)}`, 'sec-websocket-extensions: permessage-deflate'],
    ],
    [
      'a subprotocol nobody offered',
      (key) => [`sec-websocket-accept: ${acceptOf(key)}`, `sec-websocket-protocol: ${SECRET_VALUE}`],
    ],
  ];
  it.each(badAgreements)('that the upstream agrees to with %s does not come about', async (_what, lines) => {
    upstream.answerRaw = (request, socket) => {
      const own = lines(request.headers['sec-websocket-key'] ?? '');
      socket.write(
        [
          'HTTP/1.1 101 Switching Protocols',
          'upgrade: websocket',
          'connection: upgrade',
          ...own,
          '\r\n',
        ].join('\r\n'),
      );
    };
    const raw = await open();
    await raw.gone;
    expect(raw.head).toContain('HTTP/1.1 502');
    expect(raw.head).toContain('doorward-error: upstream-invalid');
    expect(raw.heard().toString()).not.toContain(SECRET_VALUE);
  });

  it('can not smuggle a request behind the handshake', async () => {
    const second = `POST /call/vendor/second HTTP/1.1\r\nhost: ${host()}\r\nauthorization: Bearer ${token}\r\ncontent-length: 0\r\n\r\n`;
    const first = handshake(host(), '/call/vendor/live', [`authorization: Bearer ${token}`]);
    const eager = await openRaw(url(), first + second);
    await eager.gone;
    expect(eager.head).toContain('HTTP/1.1 400');
    // With a length it is no handshake, and its body is a body.
    const lying = first.replace(
      '\r\n\r\n',
      `\r\ncontent-length: ${second.length}\r\nconnection: close\r\n\r\n`,
    );
    const framed = await openRaw(url(), lying + second);
    expect(framed.head).not.toContain('HTTP/1.1 101');
    framed.socket.destroy();
    const late = await open();
    late.socket.write(second);
    await late.gone;
    expect(closeCode(late.heard())).toBe(1002);
    expect(upstream.handshakes.every(({ url: path }) => path === '/live')).toBe(true);
    expect(world.upstream.seen).toEqual([]);
  });

  const badHandshakes: [string, (text: string) => string][] = [
    ['another version', (text) => text.replace('version: 13', 'version: 8')],
    ['no key', (text) => text.replace(/sec-websocket-key.*\r\n/, '')],
    ['two keys', (text) => text.replace(/(sec-websocket-key.*\r\n)/, '$1$1')],
    ['a key of the wrong size', (text) => text.replace(SAMPLE_KEY, 'c2hvcnQ=')],
    [
      'a subprotocol that is no token',
      (text) => text.replace('\r\n\r\n', '\r\nsec-websocket-protocol: a b\r\n\r\n'),
    ],
    [
      'two tokens',
      (text) =>
        text.replace('\r\n\r\n', '\r\nsec-websocket-protocol: token, eyJhbGciOiJub25lIn0.e30.x\r\n\r\n'),
    ],
  ];
  it.each(badHandshakes)('with %s is refused before anything leaves', async (_what, change) => {
    const text = handshake(host(), '/call/vendor/live', [`authorization: Bearer ${token}`]);
    const raw = await openRaw(url(), change(text));
    await raw.gone;
    expect(raw.head).toContain('HTTP/1.1 400');
    expect(upstream.handshakes).toEqual([]);
  });

  it('is never a way to the administration, nor past the Host check', async () => {
    const admin = await openRaw(url(), handshake(host(), '/v1/secrets', []));
    expect(admin.head).toContain('HTTP/1.1 401');
    const rebound = await openRaw(
      url(),
      handshake('evil.test', '/call/vendor/live', [`authorization: Bearer ${token}`]),
    );
    expect(rebound.head).toContain('HTTP/1.1 421');
    await Promise.all([admin.gone, rebound.gone]);
    expect(upstream.handshakes).toEqual([]);
  });

  it('whose caller leaves in the middle of the handshake leaves nothing open', async () => {
    upstream.answerRaw = (_request, silent) => silent.on('end', () => silent.end()).resume();
    const { hostname, port } = new URL(url());
    const socket = new WebSocket(`ws://${hostname}:${port}/call/vendor/live`, {
      headers: { authorization: `Bearer ${token}` },
    });
    socket.on('error', () => undefined);
    await expect.poll(() => upstream.handshakes.length, PATIENTLY).toBe(1);
    const closed = new Promise((resolve) => upstream.handshakes[0]?.socket.on('close', resolve));
    socket.terminate();
    await closed;
    await expect
      .poll(async () => (await world.events('call.outcome')).at(-1), PATIENTLY)
      .toMatchObject({ result: 'aborted' });
  });
});

describe.each(onPostgres)('an open WebSocket', () => {
  it.each([
    ['the agent is frozen', '/v1/agents/robot/freeze'],
    ['the agent is revoked', '/v1/agents/robot/revoke'],
  ])(
    'ends on every replica when %s',
    async (_why, path) => {
      const upstream = await startWebSocketUpstream(SECRET_VALUE);
      const world = await openWorld(2);
      const { key } = await world.setUp({ baseUrl: upstream.url });
      const token = await world.token('robot', key);
      const heard: string[] = [];
      upstream.onSocket = (socket) => {
        const tick = setInterval(() => socket.send('tick'), 5);
        socket.on('close', () => clearInterval(tick));
        socket.on('message', (data: Buffer) => heard.push(data.toString()));
      };
      const opened = await Promise.all(
        world.apps.map(async ({ address }) => {
          const headers = { authorization: `Bearer ${token}` };
          const socket = new WebSocket(`${address.replace('http', 'ws')}/call/vendor/live`, { headers });
          socket.on('error', () => undefined);
          await once(socket, 'message');
          const chatter = setInterval(() => socket.send('chatter'), 5);
          const closed = once(socket, 'close').then(([code]) => {
            clearInterval(chatter);
            return code as number;
          });
          return { closed };
        }),
      );
      await act(world, 'POST', path);
      const count = heard.length; // nothing is passed on once the command has returned
      expect(await Promise.all(opened.map(({ closed }) => closed))).toEqual([1008, 1008]);
      await expect.poll(() => upstream.sockets.size, PATIENTLY).toBe(0);
      expect(heard.length).toBe(count);
      const tally = await expectWholeLog(world);
      expect(tally).toMatchObject({ intents: 2, outcomes: 2, cut: 2 });
      await upstream.close();
    },
    60_000,
  );
});
