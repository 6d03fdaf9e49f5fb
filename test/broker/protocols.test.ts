// What HTTP clients do besides a plain call: each protocol feature through the whole road, as the vendor's own server and
// the agent's own client see it.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request as httpRequest, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { send, speak } from '../support/raw-http.ts';
import { createWorld, SECRET_VALUE, type World } from '../support/world.ts';

const [embedded] = testDatabases();
const MiB = 1024 * 1024;
const PATIENTLY = { timeout: 30_000 };

describe('through the broker', () => {
  let world: World;
  let token: string;
  let upstream: Server;
  let listener: RequestListener;
  let seen: string[];
  const url = () => world.apps[0]?.address ?? '';
  const host = () => new URL(url()).host;
  const auth = () => ['authorization', `Bearer ${token}`];
  const call = (path: string, headers: readonly string[] = [], method = 'GET', body?: Buffer) =>
    send(url(), `/call/vendor${path}`, {
      method,
      headers: [...auth(), ...headers],
      ...(body === undefined ? {} : { body }),
    });

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    upstream = createServer((request, response) => {
      seen.push(`${request.method ?? ''} ${request.url ?? ''}`);
      if (request.headers.authorization !== `Bearer ${SECRET_VALUE}`) response.writeHead(401).end();
      else listener(request, response);
    });
    upstream.on('checkContinue', (request, response) => upstream.emit('request', request, response));
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    world = await createWorld({ database: embedded });
    const { port } = upstream.address() as AddressInfo;
    const { key } = await world.setUp({ baseUrl: `http://127.0.0.1:${port}` });
    token = await world.token('robot', key);
  });
  beforeEach(() => {
    seen = [];
    listener = (_request, response) => response.end('fine');
  });
  afterAll(async () => {
    await world?.close();
    upstream?.closeAllConnections();
    upstream?.close();
  });

  test('an event stream keeps its comments, ids, line ends and silence', async () => {
    const events = [
      ': hello\n\n',
      'id: 7\r\nevent: x\r\ndata: {"a":1}\r\n\r\n',
      'data: ä\n\n',
      'retry: 10\n\n',
    ];
    listener = (_request, response) => {
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache',
      });
      for (const event of events) response.write(event);
      response.end();
    };
    const answer = await call('/stream', ['accept', 'text/event-stream', 'last-event-id', '6']);
    expect(answer.header('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(answer.header('content-length')).toBeUndefined();
    expect(answer.body.toString()).toBe(events.join(''));
  });

  test.each([
    ['a length', (body: Buffer) => ['content-length', String(body.length)]],
    ['chunks', () => ['transfer-encoding', 'chunked']],
  ])(
    '64 MiB with %s come back as they went, both ways at once',
    async (_how, framing) => {
      listener = (request, response) => void request.pipe(response);
      const body = randomBytes(64 * MiB);
      const { hostname, port } = new URL(url());
      const request = httpRequest({
        hostname,
        port,
        method: 'POST',
        path: '/call/vendor/echo',
        headers: ['host', host(), ...auth(), ...framing(body)],
      });
      request.end(body);
      const [answer] = (await once(request, 'response')) as [AsyncIterable<Buffer>];
      const hash = createHash('sha256');
      for await (const chunk of answer) hash.update(chunk);
      expect(hash.digest('hex')).toBe(createHash('sha256').update(body).digest('hex'));
    },
    300_000,
  );

  test('a range is asked for in vain: the whole is the answer, and no part of a key slips through', async () => {
    let asked: unknown;
    listener = (request, response) => {
      asked = [request.headers.range, request.headers['if-range']];
      response.writeHead(200, { 'accept-ranges': 'bytes' });
      response.end('the whole of it');
    };
    const answer = await call('/file', ['range', 'bytes=4-8', 'if-range', '"v1"']);
    expect([answer.status, answer.text(), asked]).toEqual([200, 'the whole of it', [undefined, undefined]]);
  });

  test('a partial answer that nobody asked for is passed on as it is', async () => {
    listener = (_request, response) =>
      response.writeHead(206, { 'content-range': 'bytes 0-3/8', 'content-length': 4 }).end('half');
    const answer = await call('/file');
    expect([answer.status, answer.header('content-range'), answer.text()]).toEqual([
      206,
      'bytes 0-3/8',
      'half',
    ]);
  });

  test('HEAD tells the length of what it does not send, and the connection stays good', async () => {
    listener = (_request, response) =>
      response.writeHead(200, { 'content-length': 12_345, etag: '"v1"' }).end();
    const lines = (path: string) =>
      `HEAD /call/vendor${path} HTTP/1.1\r\nhost: ${host()}\r\n${auth().join(': ')}\r\n`;
    const heard = await speak(url(), `${lines('/a')}\r\n${lines('/b')}connection: close\r\n\r\n`);
    expect(heard.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
    expect(heard.match(/content-length: 12345/gi)).toHaveLength(2);
    expect(seen).toEqual(['HEAD /a', 'HEAD /b']);
  });

  test('validators go out, 304 and 412 come back, with their headers and no body', async () => {
    listener = ({ headers }, response) => {
      if (headers['if-none-match'] === 'W/"v1"')
        response.writeHead(304, { etag: 'W/"v1"', vary: 'accept' }).end();
      else if (headers['if-match'] === '"v2"') response.writeHead(412).end();
      else
        response
          .writeHead(200, { etag: '"v1"', 'last-modified': 'Sat, 01 Jan 2022 00:00:00 GMT' })
          .end('body');
    };
    expect((await call('/x')).header('etag')).toBe('"v1"');
    const known = await call('/x', ['if-none-match', 'W/"v1"']);
    expect([known.status, known.header('etag'), known.header('vary'), known.text()]).toEqual([
      304,
      'W/"v1"',
      'accept',
      '',
    ]);
    expect((await call('/x', ['if-match', '"v2"'], 'PUT', Buffer.from('new'))).status).toBe(412);
  });

  test('a multipart upload arrives byte for byte', async () => {
    let got: [string | undefined, string] | undefined;
    listener = (request, response) => {
      const hash = createHash('sha256');
      request.on('data', (chunk: Buffer) => hash.update(chunk));
      request.on('end', () => {
        got = [request.headers['content-type'], hash.digest('hex')];
        response.end('{}');
      });
    };
    const boundary = '----boundary7MA4YWxk';
    const body = Buffer.concat([
      Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nfine-tune\r\n`),
      Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="a.bin"\r\n\r\n`),
      randomBytes(3 * MiB),
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]);
    const type = `multipart/form-data; boundary=${boundary}`;
    expect((await call('/files', ['content-type', type], 'POST', body)).status).toBe(200);
    expect(got).toEqual([type, createHash('sha256').update(body).digest('hex')]);
  });

  test('trailers come down, but for those that would frame; those of a request end here', async () => {
    let up: unknown;
    listener = (request, response) => {
      request.resume().on('end', () => {
        up = [request.headers.te, request.headers.trailer, request.trailers];
        response.writeHead(200, { trailer: 'grpc-status, content-length' });
        response.write('body');
        response.addTrailers({ 'grpc-status': '0' });
        response.end();
      });
    };
    const heard = await speak(
      url(),
      `POST /call/vendor/rpc HTTP/1.1\r\nhost: ${host()}\r\n${auth().join(': ')}\r\nte: trailers\r\n` +
        'transfer-encoding: chunked\r\ntrailer: x-sum\r\nconnection: close\r\n\r\n4\r\nbody\r\n0\r\nx-sum: 1\r\n\r\n',
    );
    expect(heard).toMatch(/\r\n0\r\ngrpc-status: 0\r\n\r\n$/i);
    expect(up).toEqual([undefined, undefined, {}]);
  });

  describe('a caller that waits for 100 Continue', () => {
    const head = (path: string, bearer: string) =>
      `POST ${path} HTTP/1.1\r\nhost: ${host()}\r\nauthorization: Bearer ${bearer}\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n`;

    /** Sends the body only once it is asked for. */
    async function politely(path: string, bearer = token): Promise<string> {
      const { hostname, port } = new URL(url());
      const socket = connect(Number(port), hostname);
      let heard = '';
      socket.on('data', (chunk: Buffer) => {
        heard += chunk.toString('latin1');
        if (heard.endsWith('100 Continue\r\n\r\n')) socket.write('hello');
      });
      socket.on('error', () => undefined);
      socket.write(head(path, bearer));
      await expect.poll(() => /HTTP\/1\.1 [2-5]\d\d/.test(heard), PATIENTLY).toBe(true);
      socket.destroy();
      return heard;
    }

    test('is asked for its body once the call is allowed', async () => {
      listener = (request, response) => {
        request.on('data', (chunk: Buffer) => response.write(chunk)).on('end', () => response.end());
      };
      const heard = await politely('/call/vendor/up');
      expect(heard).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200/);
      expect(seen).toEqual(['POST /up']);
    });

    test('is refused without being asked for it', async () => {
      expect(await politely('/call/nothing/up')).toMatch(/^HTTP\/1\.1 403/);
      expect(await politely('/call/vendor/up', 'dw_run_none')).toMatch(/^HTTP\/1\.1 401/);
      expect(await politely('/v1/secrets')).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 401/);
      expect(seen).toEqual([]);
    });

    test('hears an upstream that refuses before the body has ended', async () => {
      // It goes on reading: one that closes at once may reset the connection before its answer is read.
      listener = (request, response) => {
        request.resume();
        response.writeHead(413).end('too large');
      };
      const { hostname, port } = new URL(url());
      const socket = connect(Number(port), hostname);
      let heard = '';
      socket.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
      socket.on('error', () => undefined);
      socket.write(
        head('/call/vendor/up', token).replace('content-length: 5', `content-length: ${64 * MiB}`),
      );
      await expect.poll(() => heard, PATIENTLY).toContain('100 Continue');
      socket.write(randomBytes(MiB));
      await expect.poll(() => heard, PATIENTLY).toContain('HTTP/1.1 413');
      socket.destroy();
    });
  });

  test.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ])('an answer in %s that nobody asked for arrives decoded, its length gone', async (coding, encode) => {
    const text = 'a long answer '.repeat(50_000);
    let asked: unknown;
    listener = ({ headers }, response) => {
      asked = headers['accept-encoding'];
      const body = encode(text);
      response.writeHead(200, { 'content-encoding': coding, 'content-length': body.length }).end(body);
    };
    const answer = await call('/text', ['accept-encoding', 'gzip, br']);
    expect(asked).toBe('identity');
    expect(answer.text()).toBe(text);
    expect(answer.header('content-encoding')).toBeUndefined();
  });

  test('a request in gzip goes up as it is', async () => {
    const body = gzipSync('{"a":1}');
    let got: Buffer | undefined;
    listener = (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        got = Buffer.concat(chunks);
        response.end(request.headers['content-encoding']);
      });
    };
    expect((await call('/text', ['content-encoding', 'gzip'], 'POST', body)).text()).toBe('gzip');
    expect(got).toEqual(body);
  });

  test('an absolute target is served where it names the host it came to', async () => {
    const lines = (target: string) =>
      `GET ${target} HTTP/1.1\r\nhost: ${host()}\r\n${auth().join(': ')}\r\nconnection: close\r\n\r\n`;
    expect(await speak(url(), lines(`http://${host()}/call/vendor/a?b=1`))).toMatch(/^HTTP\/1\.1 200/);
    expect(await speak(url(), lines(`HTTP://${host().toUpperCase()}/call/vendor/c`))).toMatch(
      /^HTTP\/1\.1 200/,
    );
    expect(await speak(url(), lines(`http://${host()}`))).toMatch(/^HTTP\/1\.1 404/);
    expect(seen).toEqual(['GET /a?b=1', 'GET /c']);
  });

  test('header names and schemes may be in any casing, methods and service names may not', async () => {
    const odd = await send(url(), '/call/vendor/a', {
      headers: ['AUTHORIZATION', `bEARER ${token}`, 'X-Odd', 'Kept'],
    });
    expect(odd.status).toBe(200);
    const lower = `get /call/vendor/a HTTP/1.1\r\nhost: ${host()}\r\n${auth().join(': ')}\r\n\r\n`;
    expect(await speak(url(), lower)).toMatch(/^HTTP\/1\.1 400/);
    expect((await send(url(), '/call/VENDOR/a', { headers: auth() })).status).toBe(403);
    expect((await send(url(), '/CALL/vendor/a', { headers: auth() })).status).toBe(404);
    expect(seen).toEqual(['GET /a']);
  });
});
