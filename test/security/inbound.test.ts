// What comes in over TCP before anybody is known: shapes that smuggle, crawl, flood or come from a web page. Each is tried on
// the listener of everything and on the listener of one service.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ServerConfig } from '../../src/config.ts';
import { testDatabases } from '../support/database.ts';
import { freePort } from '../../src/attack/free-port.ts';
import { send, speak } from '../support/raw-http.ts';
import { createWorld, SECRET_VALUE, type World } from '../support/world.ts';
import { SHAPES, type Stage } from './inbound-shapes.ts';

const [embedded] = testDatabases();
const LISTENERS = ['the listener', 'the listener of a service'] as const;
type Listener = (typeof LISTENERS)[number];
const HEAD_END = '\r\n\r\n';

/** One that cuts what is slow within a second: there is nothing to be seen that a busy machine would make slow by itself. */
const HASTY = { maxConnections: 40, headersMs: 1000, bodyIdleMs: 1000 };

interface Served {
  readonly world: World;
  /** Of the service's own listener. */
  readonly own: string;
  readonly token: string;
}

describe('what comes in', () => {
  let world: World;
  let hasty: Served;
  let upstream: Server;
  let metrics: string;
  let own: string;
  let token: string;
  /** Every byte that any connection brought the upstream. */
  let seen = '';
  /** Whether the upstream answers; it closes at the end of each test what it did not. */
  let isAnswering = true;
  const held: Socket[] = [];

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    upstream = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        seen += chunk.toString('latin1');
        if (!isAnswering) held.push(socket);
        else if (seen.includes(HEAD_END)) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
      });
    });
    await once(upstream.listen(0, '127.0.0.1'), 'listening');
    const metricsPort = await freePort();
    metrics = `http://127.0.0.1:${metricsPort}`;
    ({ world, own, token } = await serve({ metricsListen: { host: '127.0.0.1', port: metricsPort } }));
    hasty = await serve({ httpLimits: HASTY });
  });
  async function serve(config: Partial<ServerConfig>): Promise<Served> {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    const served = await createWorld({ database: embedded, config });
    const { port } = upstream.address() as AddressInfo;
    const { key } = await served.setUp({ baseUrl: `http://127.0.0.1:${port}` });
    const { body } = await served.admin('PATCH', '/v1/services/vendor', { listen: '127.0.0.1:0' });
    return { world: served, own: String(body['address']), token: await served.token('robot', key) };
  }
  beforeEach(() => {
    seen = '';
    isAnswering = true;
    for (const socket of held.splice(0)) socket.destroy();
  });
  afterAll(async () => {
    await world?.close();
    await hasty?.world.close();
    upstream?.close();
  });

  const main = () => world.apps[0]?.address ?? '';
  const urlOf = (listener: Listener, at: Served = { world, own, token }) =>
    listener === 'the listener' ? (at.world.apps[0]?.address ?? '') : at.own;
  const stageOf = (listener: Listener, at: Served = { world, own, token }): Stage => ({
    host: new URL(urlOf(listener, at)).host,
    base: listener === 'the listener' ? '/call/vendor' : '',
    token: at.token,
  });
  const statuses = (heard: string) =>
    [...heard.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
  const head = ({ base, host, token: as }: Stage, fields: readonly string[], path = '/v1/items') =>
    [`POST ${base}${path} HTTP/1.1`, `host: ${host}`, `authorization: Bearer ${as}`, ...fields].join('\r\n');
  /** However it ends: whoever closes with something unread resets the connection. */
  const closed = (socket: Socket) => {
    socket.on('error', () => undefined);
    return new Promise<void>((resolve) => socket.on('close', () => resolve()));
  };

  describe.each(LISTENERS)('on %s', (listener) => {
    test.each(SHAPES.map((shape) => [shape.name, shape] as const))('%s is refused', async (_name, shape) => {
      const heard = await speak(urlOf(listener), shape.text(stageOf(listener)));
      expect([statuses(heard), seen]).toEqual([[shape.status], '']);
      expect(heard.toLowerCase()).toContain('doorward-source: broker');
      expect(heard).not.toContain(SECRET_VALUE);
    });

    test('a shape is refused however it is cut into packets', async () => {
      const whole = `${head(stageOf(listener), ['transfer-encoding: chunked'])}${HEAD_END}5;a\r\nhello\r\n0\r\n\r\n`;
      const { hostname, port } = new URL(urlOf(listener));
      for (const cut of [1, whole.length - 20, whole.indexOf(HEAD_END) + 2, whole.indexOf(HEAD_END) + 5]) {
        const socket = connect({ host: hostname, port: Number(port), noDelay: true });
        let heard = '';
        const end = closed(socket);
        socket.on('data', (chunk) => (heard += chunk.toString('latin1')));
        await new Promise((resolve) => socket.write(whole.slice(0, cut), resolve));
        await new Promise((resolve) => setImmediate(resolve));
        socket.write(whole.slice(cut));
        await end;
        expect(statuses(heard)).toEqual([400]);
        expect(seen).not.toContain('hello');
      }
    });

    test('a coding that only the next hop may use goes no further', async () => {
      const { host, base } = stageOf(listener);
      const lines = [`GET ${base}/v1 HTTP/1.1`, `host: ${host}`, `authorization: Bearer ${token}`];
      const fields = ['te: gzip;q=1, trailers', 'connection: te, close', 'trailer: x-a'];
      const heard = await speak(urlOf(listener), [...lines, ...fields].join('\r\n') + HEAD_END);
      expect(statuses(heard)).toEqual([200]);
      expect(seen).not.toMatch(/^(te|trailer):/im);
    });

    test('requests one behind the other wait in bounds', async () => {
      isAnswering = false;
      const one = head(stageOf(listener), ['content-length: 0']) + HEAD_END;
      const heard = await speak(urlOf(listener), one.repeat(400), 5000);
      expect(heard).toBe('');
      expect(seen.split(HEAD_END).length - 1).toBeLessThanOrEqual(16);
    });

    test('a head that crawls is cut off', async () => {
      const text = `${head(stageOf(listener, hasty), [])}\r\nx-slow: `;
      const heard = await speak(urlOf(listener, hasty), text);
      expect([statuses(heard), seen]).toEqual([[408], '']);
    });

    test.each([
      ['of a length', 'content-length: 100', 'hello'],
      ['in chunks', 'transfer-encoding: chunked', '5\r\nhello\r\n'],
    ])('a body %s that stands still is cut off', async (_how, field, begun) => {
      isAnswering = false;
      const text = head(stageOf(listener, hasty), [field]) + HEAD_END + begun;
      const heard = await speak(urlOf(listener, hasty), text);
      expect(statuses(heard)).toEqual([408]);
      expect(seen).not.toMatch(/\r\n0\r\n\r\n$/);
    });

    test('a web page of another origin is told nothing it may use', async () => {
      const { base } = stageOf(listener);
      const page = ['origin', 'https://evil.test'];
      const asking = [
        ...page,
        'access-control-request-method',
        'POST',
        'access-control-request-headers',
        'authorization',
      ];
      for (const path of [`${base}/v1/items`, '/v1/secrets', '/mcp', '/oauth/token', '/healthz']) {
        for (const [method, headers] of [
          ['OPTIONS', asking],
          ['GET', page],
        ] as const) {
          const answer = await send(urlOf(listener), path, { method, headers });
          expect(answer.headers.filter(([name]) => name.startsWith('access-control-'))).toEqual([]);
        }
      }
    });
  });

  test('connections beyond the limit are closed, and the admin socket serves on', async () => {
    const { hostname, port } = new URL(hasty.own);
    const closings = Array.from({ length: 60 }, async () => {
      const socket = connect(Number(port), hostname);
      let heard = '';
      socket.on('data', (chunk) => (heard += chunk.toString('latin1')));
      await closed(socket);
      return statuses(heard);
    });
    const answer = await send('http://localhost', '/healthz', {
      socketPath: hasty.world.apps[0]?.socketPath ?? '',
    });
    expect(answer.status).toBe(200);
    const found = await Promise.all(closings);
    expect(found.filter((answers) => answers.length === 0).length).toBeGreaterThanOrEqual(20);
    expect(found.filter(([status]) => status === 408).length).toBeGreaterThan(0); // of those that were let in
  });

  test('no listener on loopback answers by a name that a page could bring', async () => {
    const asked: [string, string, string][] = [
      [main(), '/healthz', 'GET'],
      [main(), '/call/vendor/v1', 'GET'],
      [main(), '/mcp', 'POST'],
      [main(), '/v1/secrets', 'GET'],
      [own, '/v1', 'GET'],
      [metrics, '/metrics', 'GET'],
    ];
    for (const [url, path, method] of asked) {
      const { port } = new URL(url);
      for (const as of [
        'rebound.evil.test',
        `rebound.evil.test:${port}`,
        `localhost.:${port}`,
        '127.0.0.1',
      ]) {
        const answer = await send(url, path, { method, as, headers: ['authorization', `Bearer ${token}`] });
        expect([url, path, as, answer.status]).toEqual([url, path, as, 421]);
      }
    }
    expect(seen).toBe('');
    expect((await send(metrics, '/metrics')).status).toBe(200);
    expect((await send(metrics, '/metrics', { as: `localhost:${new URL(metrics).port}` })).status).toBe(200);
  });

  test('a page of another origin can not use MCP by the right name either', async () => {
    const headers = ['origin', 'https://evil.test', 'content-type', 'application/json'];
    const answer = await send(main(), '/mcp', { method: 'POST', headers, body: '{}' });
    expect([answer.status, answer.json()['code']]).toEqual([403, 'origin-not-allowed']);
  });

  test('metrics refuse what the other listeners do', async () => {
    const { host } = new URL(metrics);
    for (const text of [
      `GET /metrics HTTP/1.1\nhost: ${host}\n\n`,
      `GET /metrics HTTP/1.1\r\nhost: ${host}\r\nhost: ${host}\r\nconnection: close\r\n\r\n`,
      `POST /metrics HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    ]) {
      expect(statuses(await speak(metrics, text))).toEqual([400]);
    }
  });
});
