// Clients that are slow, on every listener: each limit of time that docs/security.md names ends them with one 408, where
// the answer to something else can not be mistaken for it; who is slow within the limits is served.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../src/attack/free-port.ts';
import type { ServerConfig } from '../../src/config.ts';
import { testDatabases } from '../support/database.ts';
import { createWorld, type World } from '../support/world.ts';
import { ownerToken } from './owner-token.ts';

const [embedded] = testDatabases();
const HASTY = { maxConnections: 100, headersMs: 1000, bodyIdleMs: 1000 };
const RULED = [{ kind: 'json-rpc', methods: ['sum'], batches: false }];

const LISTENERS = ['main', 'own', 'metrics', 'socket'] as const;

type Where = { readonly host: string; readonly port: number } | { readonly path: string };

/** A client that sends `begun` at once, then `drops` one after the other, and hears until the connection ends. */
async function crawl(where: Where, begun: string, drops: Iterable<string> = []): Promise<Heard> {
  const socket = connect(where);
  const fromMs = performance.now();
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString('latin1')));
  socket.on('error', () => undefined); // it may be reset
  const next = drops[Symbol.iterator]();
  const timer = setInterval(() => {
    const { done, value } = next.next();
    if (done !== true && socket.writable) socket.write(value);
  }, PAUSE_MS);
  socket.write(begun);
  await new Promise((resolve) => socket.once('close', resolve));
  clearInterval(timer);
  return { text, afterMs: performance.now() - fromMs };
}

interface Heard {
  readonly text: string;
  readonly afterMs: number;
}

const PAUSE_MS = 250;

function* endless(drop: string) {
  for (;;) yield drop;
}

const statuses = ({ text }: Heard) =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));

/** What is seen of one that was too slow: one problem, alone on a connection that ends with it. */
function late({ text }: Heard): object {
  const [head = '', body = ''] = text.split('\r\n\r\n');
  expect(head).toMatch(/^connection: close$/im);
  expect(head).toMatch(/^doorward-source: broker$/im);
  const { status, code, detail } = JSON.parse(body) as Record<string, unknown>;
  return { status, code, detail };
}
const LATE = { status: 408, code: 'request-timeout' };

interface Served {
  readonly world: World;
  readonly main: Where;
  readonly own: Where;
  readonly metrics: Where;
  readonly socket: Where;
  readonly agent: string;
  readonly owner: string;
}

/** With a service `vendor` that has a listener of its own, `ruled`, whose bodies are read whole, and `asked`, as well. */
async function serve(upstreamUrl: string, config: Partial<ServerConfig> = {}): Promise<Served> {
  if (embedded === undefined) throw new Error('there is always an embedded database');
  const metricsListen = { host: '127.0.0.1', port: await freePort() };
  const world = await createWorld({ database: embedded, config: { metricsListen, ...config } });
  const { key } = await world.setUp({ baseUrl: upstreamUrl });
  const { body } = await world.admin('PATCH', '/v1/services/vendor', { listen: '127.0.0.1:0' });
  for (const name of ['ruled', 'asked']) {
    const service = { name, baseUrl: upstreamUrl, auth: { kind: 'bearer' }, secret: 'vendor' };
    const protection = name === 'asked' ? { protection: { text: { mode: 'ask' } } } : {};
    const constraints = name === 'ruled' ? { constraints: { body: RULED } } : {};
    expect((await world.admin('POST', '/v1/services', { ...service, ...protection })).status).toBe(201);
    const grant = await world.admin('POST', '/v1/grants', { agent: 'robot', service: name, ...constraints });
    expect([grant.status, grant.body]).toMatchObject([201, {}]);
  }
  const tcp = (url: string) => ({ host: '127.0.0.1', port: Number(new URL(url).port) });
  return {
    world,
    main: tcp(world.apps[0]?.address ?? ''),
    own: tcp(String(body['address'])),
    metrics: metricsListen,
    socket: { path: world.apps[0]?.socketPath ?? '' },
    agent: await world.token('robot', key),
    owner: await ownerToken(world),
  };
}

const hostOf = (where: Where) => ('port' in where ? `${where.host}:${where.port}` : 'localhost');
const head = (where: Where, path: string, fields: readonly string[]) =>
  [`POST ${path} HTTP/1.1`, `host: ${hostOf(where)}`, ...fields].join('\r\n');

type Road = readonly [what: string, where: 'main' | 'own' | 'socket', path: string, as: 'agent' | 'owner'];
const READ_WHOLE: readonly Road[] = [
  ['administration', 'main', '/v1/agents', 'owner'],
  ['administration on the admin socket', 'socket', '/v1/agents', 'owner'],
  ['a token', 'main', '/oauth/token', 'agent'],
  ['MCP', 'main', '/mcp', 'agent'],
  ['a call whose body is ruled', 'main', '/call/ruled/rpc', 'agent'],
  ['a call that people are asked about', 'main', '/call/asked/v1', 'agent'],
];
const STREAMED: readonly Road[] = [
  ['a call', 'main', '/call/vendor/v1', 'agent'],
  ['a call at a listener of its own', 'own', '/v1', 'agent'],
];
const FRAMINGS = [
  ['of a length', 'content-length: 5000', '{"a":"'],
  ['in chunks', 'transfer-encoding: chunked', '6\r\n{"a":"\r\n'],
] as const;
type Framing = readonly [how: string, field: string, begun: string];

/** The head of a request to `road`, and the beginning of its body. */
function begin(served: Served, [, at, path, as]: Road, [, framing, body]: Framing): string {
  const type = path === '/oauth/token' ? 'application/x-www-form-urlencoded' : 'application/json';
  const fields = [`authorization: Bearer ${served[as]}`, `content-type: ${type}`, 'accept: */*', framing];
  return `${head(served[at], path, fields)}\r\n\r\n${body}`;
}

describe('a slow client', () => {
  let hasty: Served;
  let seen = '';
  const upstream = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => (seen += chunk.toString('latin1')));
    request.on('error', () => undefined);
    if (request.url === '/early') response.write('begun');
    request.on('end', () => response.end('done'));
  });
  let upstreamUrl = '';
  beforeAll(async () => {
    await once(upstream.listen(0, '127.0.0.1'), 'listening');
    upstreamUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    hasty = await serve(upstreamUrl, { httpLimits: HASTY });
  });
  beforeEach(() => {
    seen = '';
  });
  afterAll(async () => {
    await hasty?.world.close();
    upstream.closeAllConnections();
    upstream.close();
  });

  test('whose head trickles in is told so once the time for heads is over, on every listener', async () => {
    await each(LISTENERS, async (at) => {
      const heard = await crawl(hasty[at], head(hasty[at], '/v1', ['x-slow: ']), endless('a'));
      expect([at, late(heard)]).toEqual([at, { ...LATE, detail: 'The headers must arrive within 1 s.' }]);
      expect(heard.afterMs).toBeGreaterThanOrEqual(HASTY.headersMs);
      expect(statuses(await crawl(hasty[at], ''))).toEqual([408]); // and who says nothing at all
    });
  });

  test('whose second head is slow is told so after the first answer', async () => {
    const first = `GET /healthz HTTP/1.1\r\nhost: ${hostOf(hasty.main)}\r\n\r\n`;
    const heard = await crawl(hasty.main, `${first}GET /healthz HTTP/1.1\r\nx-slow: `, endless('a'));
    expect(statuses(heard)).toEqual([200, 408]);
  });

  test('whose body stands still is told so, on every road', async () => {
    await each([...READ_WHOLE, ...STREAMED], async (road) => {
      for (const framing of FRAMINGS) {
        const heard = await crawl(hasty[road[1]], begin(hasty, road, framing));
        expect([road, framing, statuses(heard), late(heard)]).toMatchObject([road, framing, [408], LATE]);
      }
    });
    expect(seen).not.toContain('}');
  });

  test.each(STREAMED)('whose body for %s trickles within the limit is served', async (...road) => {
    const begun = begin(hasty, road, FRAMINGS[1]).replace('accept:', 'connection: close\r\naccept:');
    const heard = await crawl(hasty[road[1]], begun, [
      ...Array<string>(10).fill('1\r\na\r\n'),
      '2\r\n"}\r\n0\r\n\r\n',
    ]);
    expect([statuses(heard), seen]).toEqual([[200], '{"a":"aaaaaaaaaa"}']);
    expect(heard.afterMs).toBeGreaterThanOrEqual(2 * HASTY.bodyIdleMs);
  });

  test('whose answer has begun gets no second one: it is cut', async () => {
    const heard = await crawl(
      hasty.main,
      begin(hasty, ['', 'main', '/call/vendor/early', 'agent'], FRAMINGS[0]),
    );
    expect(statuses(heard)).toEqual([200]);
    expect(heard.text).toContain('begun');
    expect(heard.text).not.toContain('0\r\n\r\n'); // the end of a whole answer
  });

  test('that waits for another answer gets that one or none, never a problem in its place', async () => {
    const held = begin(
      hasty,
      ['', 'main', '/call/vendor/early', 'agent'],
      ['', 'content-length: 6', '{"a":"'],
    );
    const heard = await crawl(hasty.main, `${held}GET /healthz HTTP/1.1\r\nx-slow: `, endless('a'));
    expect(statuses(heard).filter((status) => status !== 200)).toEqual([408]);
    expect(heard.text.indexOf('done')).toBeLessThan(heard.text.indexOf('HTTP/1.1 408'));
  });

  test('is on record with what became of its call', async () => {
    const { world } = hasty;
    const call = async (path: string) => {
      const heard = await crawl(hasty.main, begin(hasty, ['', 'main', path, 'agent'], FRAMINGS[0]));
      expect(statuses(heard)).toEqual([408]);
    };
    await call('/call/vendor/late');
    await call('/call/ruled/late');
    const toldOf = async () => {
      const events = await world.events();
      const intent = events.find(({ kind, path }) => kind === 'call.intent' && path === '/late')?.['id'];
      return events.filter((event) => event['path'] === '/late' || event['intent'] === intent);
    };
    await expect.poll(toldOf, { timeout: 30_000 }).toHaveLength(3);
    expect(await toldOf()).toMatchObject([
      { kind: 'call.intent', service: { name: 'vendor' } },
      { kind: 'call.outcome', result: 'aborted', requestBytes: 6, responseBytes: 0 },
      { kind: 'call.refused', service: 'ruled', problem: 'invalid-request' }, // its body ended early
    ]);
  });

  test('of a whole request that takes too long is told so, however it comes in', async () => {
    const served = await serve(upstreamUrl, { httpLimits: { ...HASTY, requestMs: 2000 } });
    try {
      await each(STREAMED, async (road) => {
        const heard = await crawl(served[road[1]], begin(served, road, FRAMINGS[1]), endless('1\r\na\r\n'));
        expect(late(heard)).toEqual({ ...LATE, detail: 'The whole request must arrive within 2 s.' });
        expect(heard.afterMs).toBeGreaterThanOrEqual(2000);
      });
    } finally {
      await served.world.close();
    }
  });

  test('has as long as the documents say where nothing else is set', async () => {
    const served = await serve(upstreamUrl);
    try {
      const heads = each(LISTENERS, async (at) => {
        const heard = await crawl(served[at], head(served[at], '/v1', ['x-slow: ']), endless('a'));
        expect([at, late(heard)]).toMatchObject([at, { ...LATE, detail: expect.stringContaining('15 s') }]);
        expect(heard.afterMs).toBeGreaterThanOrEqual(15_000);
      });
      const bodies = each(READ_WHOLE, async (road) => {
        const heard = await crawl(served[road[1]], begin(served, road, FRAMINGS[1]), endless('1\r\na\r\n'));
        expect([road, late(heard)]).toMatchObject([
          road,
          { ...LATE, detail: expect.stringContaining('30 s') },
        ]);
        expect(heard.afterMs).toBeGreaterThanOrEqual(30_000);
      });
      await Promise.all([heads, bodies]);
    } finally {
      await served.world.close();
    }
  }, 90_000);
});

async function each<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  await Promise.all(all.map(work));
}
