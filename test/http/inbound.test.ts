// Requests as they arrive on the wire, hostile ones first.
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { send, speak } from '../support/raw-http.ts';
import { createWorld, SECRET_VALUE, type World } from '../support/world.ts';

const [embedded] = testDatabases();

describe('what comes in', () => {
  let world: World;
  let token: string;
  const url = () => world.apps[0]?.address ?? '';
  const host = () => new URL(url()).host;
  const auth = () => `authorization: Bearer ${token}`;

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    world = await createWorld({ database: embedded });
    const { key } = await world.setUp();
    token = await world.token('robot', key);
  });
  beforeEach(() => {
    world.upstream.seen.length = 0;
  });
  afterAll(() => world?.close());

  /** Lines of a head, CRLF between them, and what follows it. */
  const raw = (lines: readonly string[], body = '') => speak(url(), `${lines.join('\r\n')}\r\n\r\n${body}`);
  const statuses = (heard: string) =>
    [...heard.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));

  const refused: [string, number, () => [readonly string[], string?]][] = [
    [
      'two Host headers',
      400,
      () => [[`GET /call/vendor/v1 HTTP/1.1`, `host: ${host()}`, `Host: ${host()}`, auth()]],
    ],
    ['no Host header', 400, () => [['GET /call/vendor/v1 HTTP/1.1', auth()]]],
    [
      'an absolute target at odds with its Host',
      400,
      () => [['GET http://api.test/call/vendor/v1 HTTP/1.1', `host: ${host()}`, auth()]],
    ],
    [
      'an absolute target with a user in it',
      400,
      () => [[`GET http://robot@${host()}/call/vendor/v1 HTTP/1.1`, `host: ${host()}`, auth()]],
    ],
    [
      'an absolute target elsewhere',
      421,
      () => [['GET http://api.test/ HTTP/1.1', 'host: api.test', auth()]],
    ],
    ['an asterisk', 400, () => [['OPTIONS * HTTP/1.1', `host: ${host()}`, auth()]]],
    ['a foreign Host', 421, () => [['GET /call/vendor/v1 HTTP/1.1', 'host: rebound.evil.test', auth()]]],
    ['a Host with another port', 421, () => [['GET /healthz HTTP/1.1', 'host: 127.0.0.1:1', auth()]]],
    [
      'both lengths',
      400,
      () => [
        [
          'POST /call/vendor/v1 HTTP/1.1',
          `host: ${host()}`,
          auth(),
          'content-length: 5',
          'transfer-encoding: chunked',
        ],
        '0\r\n\r\n',
      ],
    ],
    [
      'two lengths',
      400,
      () => [
        [
          'POST /call/vendor/v1 HTTP/1.1',
          `host: ${host()}`,
          auth(),
          'content-length: 5',
          'content-length: 6',
        ],
        'hello!',
      ],
    ],
    [
      'a length that is none',
      400,
      () => [['POST /call/vendor/v1 HTTP/1.1', `host: ${host()}`, auth(), 'content-length: +5'], 'hello'],
    ],
    [
      'a coding that is not chunked',
      400,
      () => [
        ['POST /call/vendor/v1 HTTP/1.1', `host: ${host()}`, auth(), 'transfer-encoding: xchunked'],
        '0\r\n\r\n',
      ],
    ],
    [
      'a folded header',
      400,
      () => [['GET /call/vendor/v1 HTTP/1.1', `host: ${host()}`, auth(), 'x-a: b', ' c: d']],
    ],
    [
      'a space before the colon',
      400,
      () => [['GET /call/vendor/v1 HTTP/1.1', `host: ${host()}`, auth(), 'x-a : b']],
    ],
    [
      'a NUL in a header',
      400,
      () => [['GET /call/vendor/v1 HTTP/1.1', `host: ${host()}`, auth(), 'x-a: b\0c']],
    ],
    [
      'a bare line feed',
      400,
      () => [[`GET /call/vendor/v1 HTTP/1.1`, `host: ${host()}`, `${auth()}\nx-smuggled: 1`]],
    ],
    [
      'a bare carriage return',
      400,
      () => [[`GET /call/vendor/v1 HTTP/1.1`, `host: ${host()}`, `${auth()}\rx-smuggled: 1`]],
    ],
    ['a space in the target', 400, () => [[`GET /call/vendor/v1 x HTTP/1.1`, `host: ${host()}`, auth()]]],
    [
      'too many headers',
      431,
      () => [
        [
          'GET /call/vendor/v1 HTTP/1.1',
          `host: ${host()}`,
          auth(),
          ...Array.from({ length: 250 }, () => 'x: y'),
        ],
      ],
    ],
    [
      'headers beyond measure',
      431,
      () => [['GET /call/vendor/v1 HTTP/1.1', `host: ${host()}`, auth(), `x-a: ${'a'.repeat(40_000)}`]],
    ],
    [
      'an unknown expectation',
      417,
      () => [
        ['POST /call/vendor/v1 HTTP/1.1', `host: ${host()}`, auth(), 'expect: miracles', 'content-length: 0'],
      ],
    ],
    ['nothing like HTTP', 400, () => [['\x16\x03\x01\x02\x00\x01\x00\x01']]],
  ];
  test.each(refused)(
    '%s is refused with %i, by the broker, before anything leaves',
    async (_what, status, make) => {
      const [lines, body] = make();
      const heard = await raw([...lines, 'connection: close'], body);
      expect(statuses(heard)).toEqual([status]);
      expect(heard.toLowerCase()).toContain('doorward-source: broker');
      expect(heard).not.toContain(SECRET_VALUE);
      expect(world.upstream.seen).toEqual([]);
    },
  );

  test('a body that looks like a request stays a body', async () => {
    const inner = `GET /call/vendor/smuggled HTTP/1.1\r\nhost: ${host()}\r\n\r\n`;
    for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS', 'HEAD']) {
      await send(url(), '/call/vendor/v1', {
        method,
        headers: ['authorization', `Bearer ${token}`],
        body: inner,
      });
      expect(world.upstream.seen.map((seen) => seen.method)).toEqual([method]);
      expect(world.upstream.seen[0]?.body.toString()).toBe(inner);
      world.upstream.seen.length = 0;
    }
  });

  test('chunks are taken apart and framed anew, trailers left out', async () => {
    const lines = [
      'POST /call/vendor/v1 HTTP/1.1',
      `host: ${host()}`,
      auth(),
      'transfer-encoding: chunked',
      'trailer: x-api-key',
    ];
    const heard = await raw([...lines, 'connection: close'], '5\r\nhello\r\n0\r\nx-api-key: mine\r\n\r\n');
    expect(statuses(heard)).toEqual([200]);
    expect(world.upstream.seen[0]?.body.toString()).toBe('hello');
    expect(JSON.stringify(world.upstream.seen)).not.toMatch(/mine/);
  });

  test('requests one behind the other are answered in their order', async () => {
    const one = (path: string) => `GET /call/vendor${path} HTTP/1.1\r\nhost: ${host()}\r\n${auth()}\r\n`;
    const heard = await speak(url(), `${one('/first')}\r\n${one('/second')}connection: close\r\n\r\n`);
    expect(statuses(heard)).toEqual([200, 200]);
    expect(heard.indexOf('/first')).toBeLessThan(heard.indexOf('/second'));
  });

  test('whoever asks for an upgrade is answered as if they had not', async () => {
    const lines = ['GET /call/vendor/v1 HTTP/1.1', `host: ${host()}`, auth()];
    const heard = await raw([
      ...lines,
      'connection: upgrade, http2-settings, close',
      'upgrade: h2c',
      'http2-settings: AAMAAABk',
    ]);
    expect(statuses(heard)).toEqual([200]);
    expect(world.upstream.seen[0]?.headers.upgrade).toBeUndefined();
  });

  test('100-continue is met, and the expectation goes no further', async () => {
    const lines = [
      'POST /call/vendor/v1 HTTP/1.1',
      `host: ${host()}`,
      auth(),
      'expect: 100-continue',
      'content-length: 5',
    ];
    const heard = await raw([...lines, 'connection: close'], 'hello');
    expect(statuses(heard)).toEqual([100, 200]);
    expect(world.upstream.seen[0]?.headers.expect).toBeUndefined();
  });

  test('a call is never another route, and no other route is a call', async () => {
    const paths = [
      '/call/x/%2e%2e/%2e%2e/v1/status',
      '/call/x/../../v1/status',
      '/call/x/..%2f..%2fhealthz',
      '/call/../healthz',
    ];
    for (const path of [
      ...paths,
      '/call/vendor/%2e%2e/%2e%2e/oauth/token',
      '/call//../readyz',
      '/call/%2e%2e/healthz',
    ]) {
      const answer = await send(url(), path, { headers: ['authorization', `Bearer ${token}`] });
      expect([400, 403]).toContain(answer.status);
      expect(answer.text()).not.toMatch(/"status": ?"(ok|ready)"/);
    }
    for (const path of [
      '/%63all/vendor/v1',
      '//call/vendor/v1',
      '/CALL/vendor/v1',
      '/v1/../call/vendor/v1',
      '/call',
    ]) {
      const answer = await send(url(), path, { headers: ['authorization', `Bearer ${token}`] });
      expect(answer.status).toBe(404);
      expect(answer.header('doorward-source')).toBe('broker');
    }
    expect(world.upstream.seen).toEqual([]);
  });

  test('a browser of another origin is told nothing', async () => {
    world.upstream.respond = (_request, response) => {
      response
        .writeHead(200, { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' })
        .end();
    };
    for (const path of ['/call/vendor/v1', '/v1/secrets', '/oauth/token', '/.well-known/jwks.json']) {
      const headers = ['origin', 'https://evil.test', 'access-control-request-method', 'POST'];
      for (const more of [[], ['authorization', `Bearer ${token}`]]) {
        const answer = await send(url(), path, { method: 'OPTIONS', headers: [...headers, ...more] });
        expect(answer.headers.filter(([name]) => name.startsWith('access-control-'))).toEqual([]);
      }
    }
  });

  test('what is on nobody’s road is a problem like any other', async () => {
    for (const path of ['/', '/v2/secrets', '/oauth/authorize', '/.well-known/nothing', '/v1/secrets/']) {
      const answer = await send(url(), path, { headers: ['authorization', `Bearer ${token}`] });
      expect(answer.status).toBe(404);
      expect(answer.header('content-type')).toBe('application/problem+json');
      expect(answer.header('x-content-type-options')).toBe('nosniff');
    }
  });

  test('a head that never ends does not keep anybody waiting', async () => {
    const { hostname, port } = new URL(url());
    const sockets = Array.from({ length: 50 }, () => connect(Number(port), hostname));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    for (const socket of sockets) socket.write('GET /call/vendor/v1 HTTP/1.1\r\nx-slow: ');
    expect((await world.call(token, '/call/vendor/v1')).status).toBe(200);
    for (const socket of sockets) socket.destroy();
  });
});
