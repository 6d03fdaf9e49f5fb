// Bodies in both directions: in time, in order, held by nobody, and ended from either side.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer, request as httpRequest, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { collect, open, send, speak } from '../support/raw-http.ts';
import { createWorld, type World } from '../support/world.ts';

const [embedded] = testDatabases();
const MB = 1024 * 1024;
/** What the kernel's buffers of two loopback connections hold at most, and some for our own. */
const IN_FLIGHT_BYTES = 50 * MB;

describe('streams of a call', () => {
  let world: World;
  let token: string;
  let upstream: Server;
  let listener: RequestListener = (_request, response) => response.end();
  const url = () => world.apps[0]?.address ?? '';
  const auth = () => ['authorization', `Bearer ${token}`];
  const outcome = async () => (await world.events('call.outcome')).at(-1);

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    upstream = createServer((request, response) => {
      request.on('error', () => undefined);
      response.on('error', () => undefined);
      listener(request, response);
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    world = await createWorld({ database: embedded });
    const { port } = upstream.address() as AddressInfo;
    const { key } = await world.setUp({ baseUrl: `http://127.0.0.1:${port}` });
    token = await world.token('robot', key);
  });
  afterAll(async () => {
    await world?.close();
    upstream?.closeAllConnections();
    upstream?.close();
  });

  /** A request whose body the test writes itself. */
  function start(method: string, headers: readonly string[] = []) {
    const { hostname, port, host } = new URL(url());
    const request = httpRequest({
      host: hostname,
      port,
      method,
      path: '/call/vendor/v1',
      agent: false,
      setHost: false,
      headers: ['host', host, ...auth(), ...headers],
    });
    request.on('error', () => undefined);
    const answer = once(request, 'response').then(
      ([response]) => response as Awaited<ReturnType<typeof open>>,
    );
    answer.catch(() => undefined); // whoever does not wait for it does not care
    return { request, answer };
  }

  test('an event arrives before the next one is made', async () => {
    const steps: (() => void)[] = [];
    listener = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      steps.push(
        () => response.write('data: one\n\n'),
        () => response.write('data: two\n\n'),
        () => response.end('data: [DONE]\n\n'),
      );
    };
    const response = await open(url(), '/call/vendor/v1', { headers: auth() }); // before any event
    expect(response.headers['content-type']).toBe('text/event-stream');
    const heard: string[] = [];
    const ended = once(response, 'end');
    response.on('data', (chunk: Buffer) => heard.push(chunk.toString()));
    for (const step of steps) {
      const before = heard.length;
      step();
      await expect.poll(() => heard.length, { interval: 2 }).toBe(before + 1);
    }
    await ended;
    expect(heard.join('')).toBe('data: one\n\ndata: two\n\ndata: [DONE]\n\n');
  });

  test('a hundred megabytes come down whole, and no faster than they are read', async () => {
    const piece = randomBytes(MB);
    const total = 100;
    let written = 0;
    listener = async (_request, response) => {
      response.writeHead(200, { 'content-length': total * MB });
      for (; written < total; written += 1) {
        if (!response.write(piece)) await once(response, 'drain');
      }
      response.end();
    };
    const response = await open(url(), '/call/vendor/v1', { headers: auth() });
    await settled(() => written);
    expect(written * MB).toBeLessThan(IN_FLIGHT_BYTES);
    const hash = createHash('sha256');
    const expected = createHash('sha256');
    for (let at = 0; at < total; at += 1) expected.update(piece);
    for await (const chunk of response as AsyncIterable<Buffer>) hash.update(chunk);
    expect(hash.digest('hex')).toBe(expected.digest('hex'));
    await expect.poll(outcome).toMatchObject({ result: 'answered', responseBytes: total * MB });
  });

  test.each([
    ['with its length told', ['content-length', String(100 * MB)]],
    ['in chunks', ['transfer-encoding', 'chunked']],
  ])('a hundred megabytes go up %s, and no faster than they are taken', async (_how, headers) => {
    const piece = randomBytes(MB);
    let received = 0;
    let go = () => {};
    let framing: unknown;
    listener = (request, response) => {
      framing = [request.headers['content-length'], request.headers['transfer-encoding']];
      go = () => {
        request.on('data', (chunk: Buffer) => (received += chunk.length));
        request.on('end', () => response.end('thanks'));
      };
    };
    const { request, answer } = start('POST', headers);
    let written = 0;
    const writing = (async () => {
      for (; written < 100; written += 1) if (!request.write(piece)) await once(request, 'drain');
      request.end();
    })();
    await settled(() => written);
    expect(written * MB).toBeLessThan(IN_FLIGHT_BYTES);
    go();
    await writing;
    expect((await collect(await answer)).text()).toBe('thanks');
    expect(received).toBe(100 * MB);
    expect(framing).toEqual(
      headers[0] === 'content-length' ? [headers[1], undefined] : [undefined, 'chunked'],
    );
    await expect.poll(outcome).toMatchObject({ result: 'answered', requestBytes: 100 * MB });
  });

  test('an upstream may answer before the upload has ended', async () => {
    listener = (request, response) => {
      request.once('data', () => response.writeHead(413).end('too much'));
    };
    const { request, answer } = start('POST', ['content-length', String(20 * MB)]);
    request.write(randomBytes(MB));
    const response = await answer;
    expect([response.statusCode, (await collect(response)).text()]).toEqual([413, 'too much']);
    request.destroy();
    await expect.poll(outcome).toMatchObject({ result: 'answered', status: 413 });
  });

  test('answers without a body stay without', async () => {
    listener = (request, response) => {
      if (request.url === '/204') response.writeHead(204).end();
      else if (request.url === '/304') response.writeHead(304, { etag: '"a"', 'content-length': '12' }).end();
      else response.writeHead(200, { 'content-length': '12' }).end('twelve bytes');
    };
    const head = await send(url(), '/call/vendor/200', { method: 'HEAD', headers: auth() });
    expect([head.status, head.header('content-length'), head.body.length]).toEqual([200, '12', 0]);
    const none = await send(url(), '/call/vendor/204', { headers: auth() });
    expect([none.status, none.header('content-length'), none.body.length]).toEqual([204, undefined, 0]);
    const same = await send(url(), '/call/vendor/304', { headers: auth() });
    expect([same.status, same.header('etag'), same.body.length]).toEqual([304, '"a"', 0]);
  });

  test('trailers arrive, but for those that would frame or speak for the broker', async () => {
    listener = (_request, response) => {
      response.writeHead(200, { trailer: 'x-sum' });
      response.write('body');
      response.addTrailers({ 'x-sum': 'abc', 'doorward-source': 'broker', 'set-cookie': 'a=1' });
      response.end();
    };
    const answer = await send(url(), '/call/vendor/v1', { headers: auth() });
    expect([answer.text(), answer.trailers]).toEqual(['body', { 'x-sum': 'abc' }]);
  });

  describe('a caller who goes away', () => {
    test.each(['before the head', 'in the middle of the answer', 'in the middle of the upload'])(
      '%s ends the upstream call',
      async (when) => {
        let hasArrived = () => {};
        const arrived = new Promise<void>((resolve) => (hasArrived = resolve));
        let hasClosed = () => {};
        const closed = new Promise<void>((resolve) => (hasClosed = resolve));
        listener = (request, response) => {
          request.socket.once('close', hasClosed);
          if (when === 'in the middle of the answer') response.write('some');
          request.once('data', () => undefined);
          hasArrived();
        };
        const { request, answer } = start('POST', ['content-length', '1000']);
        request.write(when === 'in the middle of the upload' ? 'part' : 'x'.repeat(1000));
        await arrived;
        if (when === 'in the middle of the answer') (await answer).on('error', () => undefined);
        request.destroy();
        await closed;
        await expect.poll(outcome).toMatchObject({ result: 'aborted' });
      },
    );

    test('before anything is sent is never answered for', async () => {
      const known = new Set((await world.events('call.intent')).map(({ id }) => id));
      let calls = 0;
      listener = (_request, response) => {
        calls += 1;
        response.end();
      };
      const lines = [
        `GET /call/vendor/v1 HTTP/1.1`,
        `host: ${new URL(url()).host}`,
        `authorization: Bearer ${token}`,
      ];
      const text = `${lines.join('\r\n')}\r\n\r\n`;
      for (let at = 0; at < 20; at += 1) await speak(url(), text, 1);
      const intents = async () => (await world.events('call.intent')).filter(({ id }) => !known.has(id));
      /** Of each of these calls, once it has one. */
      const outcomes = async () => {
        const begun = new Set((await intents()).map(({ id }) => id));
        return (await world.events('call.outcome')).filter(({ intent }) => begun.has(intent));
      };
      await expect.poll(async () => (await intents()).length - (await outcomes()).length).toBe(0);
      const ended = await outcomes();
      const answered = ended.filter(({ result, status }) => result === 'answered' || status !== undefined);
      expect(calls).toBeGreaterThanOrEqual(answered.length);
      expect(ended.every(({ result }) => result === 'answered' || result === 'aborted')).toBe(true);
    });

    test('256 at once, eight times: the process lives and keeps nothing', { timeout: 120_000 }, async () => {
      listener = (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: first\n\n');
      };
      const sockets = () =>
        process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
      await expect.poll(() => connections(upstream)).toBeLessThan(10);
      const before = sockets();
      for (let round = 0; round < 8; round += 1) {
        const calls = Array.from({ length: 256 }, () => start('GET'));
        for (const { request } of calls) request.end();
        // Half of them read the head, the others are gone at any moment before.
        await Promise.all(calls.slice(0, 128).map(({ answer }) => answer.catch(() => undefined)));
        for (const { request } of calls) request.destroy();
      }
      await expect.poll(() => connections(upstream)).toBe(0);
      await expect.poll(sockets).toBeLessThanOrEqual(before + 4);
      await expect.poll(() => openIntents()).toBe(0);
      listener = (_request, response) => response.end('alive');
      expect((await send(url(), '/call/vendor/v1', { headers: auth() })).text()).toBe('alive');
    });
  });

  test('calls that are over leave no timer behind', async () => {
    listener = (_request, response) => response.end('fine');
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const round = () =>
      Promise.all(
        Array.from({ length: 100 }, () =>
          open(url(), '/call/vendor/v1', { headers: auth(), agent }).then(collect),
        ),
      );
    await round();
    const before = timers();
    await round();
    await round();
    await expect.poll(timers).toBeLessThanOrEqual(before + 5);
    agent.destroy();
  });

  test.each([
    ['a length', { 'content-length': '1000' }],
    ['chunks', { 'transfer-encoding': 'chunked' }],
  ])('an answer with %s that the upstream cuts is cut for the caller too', async (_how, headers) => {
    listener = (_request, response) => {
      response.writeHead(200, headers);
      response.write('some of it', () => response.destroy());
    };
    const call = send(url(), '/call/vendor/v1', { headers: auth() });
    await expect(call).rejects.toThrow(/aborted|hang up|reset/i);
    await expect.poll(outcome).toMatchObject({ result: 'failed', problem: 'upstream-invalid', status: 200 });
  });

  test('an HTTP/1.0 caller is reset, since a mere end would look whole', async () => {
    listener = (_request, response) => {
      response.writeHead(200);
      response.write('some of it', () => setTimeout(() => response.destroy(), 20));
    };
    const { hostname, port, host } = new URL(url());
    const socket = connect(Number(port), hostname);
    socket.write(`GET /call/vendor/v1 HTTP/1.0\r\nhost: ${host}\r\nauthorization: Bearer ${token}\r\n\r\n`);
    socket.resume();
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNRESET');
  });

  async function openIntents(): Promise<number> {
    const sql = world.apps[0]?.operations.database.adminSql;
    const [row] =
      (await sql?.unsafe(
        `select count(*)::int as open from audit_event i where kind = 'call.intent'
       and not exists (select 1 from audit_event o where o.intent_id = i.id)`,
      )) ?? [];
    return Number(row?.['open']);
  }
});

function connections(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}

/** Waits until `value` has stood still for a while. */
async function settled(value: () => number): Promise<void> {
  for (let last = -1, still = 0; still < 5; still = value() === last ? still + 1 : 0) {
    last = value();
    for (let at = 0; at < 50; at += 1) await turn();
    await expect.poll(() => true, { interval: 20 }).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
