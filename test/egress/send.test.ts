// One exchange over real sockets: request, answer, streaming, back-pressure, timeouts.
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { call, deferred, listen, openEgress, rawUpstream, recorder, requestTo, rested } from './upstreams.ts';

async function httpUpstream(listener: RequestListener) {
  const connections: unknown[] = [];
  const server = createServer(listener).on('connection', (socket) => connections.push(socket));
  return { port: await listen(server), connections };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

describe('a request', () => {
  it('arrives as it was put together, with our own Host and framing', async () => {
    const { port, received } = await rawUpstream((socket, bytes) => {
      if (bytes.endsWith('{"a":1}'))
        socket.end('HTTP/1.1 201 Created\r\nX-Id: 7\r\nContent-Length: 2\r\n\r\nok');
    });
    const heard = await call(
      openEgress(),
      requestTo(port, {
        method: 'POST',
        path: '/v1/x?y=%20',
        headers: [
          ['content-type', 'application/json'],
          ['x-tag', 'a'],
          ['x-tag', 'b'],
        ],
        body: Buffer.from('{"a":1}'),
      }),
    );
    expect(received).toEqual([
      [
        'POST /v1/x?y=%20 HTTP/1.1',
        `host: api.example.com:${port}`,
        'connection: keep-alive',
        'content-type: application/json',
        'x-tag: a',
        'x-tag: b',
        'content-length: 7',
        '',
        '{"a":1}',
      ].join('\r\n'),
    ]);
    expect(heard).toMatchObject({ gates: 1, ends: 1, problem: undefined, trailers: [] });
    expect(heard.head).toEqual({
      status: 201,
      statusText: 'Created',
      headers: [
        ['x-id', '7'],
        ['content-length', '2'],
      ],
      remoteAddress: '127.0.0.1',
    });
    expect(heard.body.toString()).toBe('ok');
  });

  it('is refused when a header could break a line', async () => {
    const { port, received } = await rawUpstream(() => undefined);
    const heard = await call(openEgress(), requestTo(port, { headers: [['x-key', 'a\r\nx-more: b']] }));
    expect(heard).toMatchObject({ problem: { code: 'invalid-request' }, gates: 0, ends: 1 });
    expect(received).toEqual([]);
  });

  it('streams its body in chunks, or with the length it was given', async () => {
    const { port } = await httpUpstream((request, response) => {
      const { 'transfer-encoding': coding, 'content-length': length } = request.headers;
      textOf(request).then(
        (text) => response.end(JSON.stringify([coding ?? null, length ?? null, text])),
        () => response.destroy(),
      );
    });
    const egress = openEgress();
    const parts = () => Readable.from([Buffer.from('one '), Buffer.from('two')], { objectMode: false });
    const post = (contentLength?: number) =>
      call(egress, requestTo(port, { method: 'POST', body: parts(), contentLength }));
    expect(JSON.parse(String((await post()).body))).toEqual(['chunked', null, 'one two']);
    expect(JSON.parse(String((await post(7)).body))).toEqual([null, '7', 'one two']);
    expect((await post(99)).problem?.code).toBe('invalid-request');
    expect((await post(3)).problem?.code).toBe('invalid-request');
  });

  it('whose body breaks is cut off at the upstream', async () => {
    const came = deferred<undefined>();
    const cut = deferred<string>();
    const { port } = await httpUpstream((request) => {
      request.on('data', () => came.resolve(undefined));
      request.on('error', (error) => cut.resolve(error.message));
    });
    const body = new PassThrough();
    const handler = recorder();
    openEgress().send(requestTo(port, { method: 'POST', body }), handler);
    body.write('first');
    await came.promise;
    body.destroy(new Error('client gone'));
    expect(await handler.over).toMatchObject({ problem: { code: 'invalid-request' }, ends: 1 });
    expect(await cut.promise).toBe('aborted');
  });

  it('whose body broke before the connection stood is never sent', async () => {
    const { port, received } = await rawUpstream(() => undefined);
    const looked = deferred<readonly string[]>();
    const egress = openEgress({ lookup: () => looked.promise });
    const body = new PassThrough().on('error', () => undefined);
    const handler = recorder();
    egress.send(requestTo(port, { method: 'POST', body }), handler);
    body.destroy(new Error('client gone'));
    await rested();
    looked.resolve(['127.0.0.1']);
    expect(await handler.over).toMatchObject({ problem: { code: 'invalid-request' }, gates: 0, ends: 1 });
    await rested();
    expect(received.join('')).toBe('');
  });

  it('that is answered early keeps its answer, and its body stream stays open', async () => {
    const { port } = await rawUpstream((socket, bytes) => {
      if (bytes.includes('first')) socket.write('HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig');
    });
    const body = new PassThrough();
    const handler = recorder();
    openEgress().send(requestTo(port, { method: 'POST', body }), handler);
    body.write('first');
    const heard = await handler.over;
    expect(heard).toMatchObject({ head: { status: 413 }, problem: undefined, ends: 1 });
    expect(body.destroyed).toBe(false);
    body.write('more');
    await rested();
  });

  it('to an address literal names it in Host', async () => {
    const server = createServer((request, response) => response.end(request.headers.host));
    const port = await listen(server, '::1');
    const origin = { scheme: 'http', host: '[::1]', port } as const;
    const heard = await call(openEgress(), requestTo(port, { origin }));
    expect(heard.body.toString()).toBe(`[::1]:${port}`);
    expect(heard.head?.remoteAddress).toBe('::1');
  });
});

describe('an answer', () => {
  it.each([301, 302, 303, 307, 308])('that redirects with %d is an answer like any other', async (status) => {
    let requests = 0;
    const { port } = await httpUpstream((_request, response) => {
      requests += 1;
      response.writeHead(status, { location: 'http://169.254.169.254/latest/meta-data' }).end('moved');
    });
    const heard = await call(
      openEgress(),
      requestTo(port, { method: 'POST', body: Buffer.from('x'), headers: [['authorization', 'Bearer x']] }),
    );
    expect(heard).toMatchObject({ head: { status }, problem: undefined });
    expect(heard.head?.headers).toContainEqual(['location', 'http://169.254.169.254/latest/meta-data']);
    expect(requests).toBe(1);
  });

  it('comes piece by piece, with its trailers', async () => {
    const { port } = await rawUpstream((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n3\r\none\r\n');
      setImmediate(() => socket.write('3\r\ntwo\r\n0\r\nX-Sum: 6\r\n\r\n'));
    });
    const pieces: string[] = [];
    const handler = recorder({
      onData: (chunk) => {
        pieces.push(chunk.toString());
        return true;
      },
    });
    openEgress().send(requestTo(port), handler);
    expect(await handler.over).toMatchObject({ trailers: [['x-sum', '6']], ends: 1 });
    expect(pieces).toEqual(['one', 'two']);
  });

  it('to HEAD and of status 204 has no body', async () => {
    const { port } = await httpUpstream((request, response) => {
      response.writeHead(request.method === 'HEAD' ? 200 : 204, { 'x-a': 'b' }).end();
    });
    const egress = openEgress();
    expect(await call(egress, requestTo(port, { method: 'HEAD' }))).toMatchObject({
      head: { status: 200 },
      ends: 1,
    });
    expect(await call(egress, requestTo(port))).toMatchObject({ head: { status: 204 }, ends: 1 });
  });

  it('is whole where its upstream leaves behind the last byte, however slowly it is read', async () => {
    const body = Buffer.alloc(2 * 1024 * 1024, 0x61);
    const upstream = await rawUpstream((socket, received) => {
      if (!received.endsWith('\r\n\r\n')) return;
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`);
      socket.end(body);
    });
    const handler = recorder({
      onData: () => {
        setImmediate(() => flow.resume());
        return false;
      },
    });
    const flow = openEgress().send(requestTo(upstream.port), handler);
    const heard = await handler.over;
    expect(heard).toMatchObject({ problem: undefined, trailers: [], ends: 1 });
    expect(heard.body.equals(body)).toBe(true);
  });

  it('waits in the kernel while its reader is slow', async () => {
    let written = 0;
    const size = 64 * 1024 * 1024;
    const { port } = await httpUpstream((_request, response) => {
      const chunk = Buffer.alloc(64 * 1024);
      response.writeHead(200, { 'content-length': size });
      const write = () => {
        while (written < size) {
          written += chunk.length;
          if (!response.write(chunk)) {
            response.once('drain', write);
            return;
          }
        }
        response.end();
      };
      write();
    });
    let received = 0;
    let isPaused = true;
    const handler = recorder();
    // Not through the recorder's own onData, which keeps every byte.
    const onData = (chunk: Buffer) => {
      received += chunk.length;
      return !isPaused;
    };
    const flow = openEgress().send(requestTo(port), { ...handler, onData });
    await handler.hasHead;
    // Let the upstream write for as long as it can: until it made no progress for some turns.
    for (let idle = 0, before = -1; idle < 50; idle = before === written ? idle + 1 : 0) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(received).toBeLessThanOrEqual(64 * 1024);
    expect(written).toBeLessThan(16 * 1024 * 1024);
    isPaused = false;
    flow.resume();
    expect(await handler.over).toMatchObject({ problem: undefined, ends: 1 });
    expect(received).toBe(size);
  });

  it('holds back the body of the request while the upstream is slow', async () => {
    const came = deferred<IncomingMessage>();
    const { port } = await httpUpstream((request, response) => {
      request.pause();
      request.on('end', () => response.end('done'));
      came.resolve(request);
    });
    let produced = 0;
    const size = 64 * 1024 * 1024;
    const body = new Readable({
      read() {
        produced += 64 * 1024;
        this.push(produced > size ? null : Buffer.alloc(64 * 1024));
      },
    });
    const handler = recorder();
    openEgress().send(requestTo(port, { method: 'POST', body }), handler);
    const slow = await came.promise;
    for (let idle = 0, before = -1; idle < 50; idle = before === produced ? idle + 1 : 0) {
      before = produced;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(produced).toBeLessThan(16 * 1024 * 1024);
    slow.resume();
    expect((await handler.over).body.toString()).toBe('done');
  });
});

describe('connections', () => {
  it('are kept for the same pool key and never shared with another', async () => {
    const { port, connections } = await httpUpstream((_request, response) => response.end('ok'));
    const egress = openEgress();
    for (const poolKey of ['v/a/1', 'v/a/1', 'v/a/1', 'v/b/1', 'v/a/2']) {
      expect((await call(egress, requestTo(port, { poolKey }))).body.toString()).toBe('ok');
      await rested();
    }
    expect(connections).toHaveLength(3);
    expect(egress.openPools).toBe(3);
    egress.closePool('v/a/');
    expect(egress.openPools).toBe(1);
    await call(egress, requestTo(port, { poolKey: 'v/b/1' }));
    expect(connections).toHaveLength(3);
  });

  it('of a closed pool finish what runs on them', async () => {
    const answer = deferred<undefined>();
    const { port } = await httpUpstream((_request, response) => {
      response.write('one ');
      void answer.promise.then(() => response.end('two'));
    });
    const egress = openEgress();
    const handler = recorder();
    egress.send(requestTo(port), handler);
    await handler.hasHead;
    egress.closePool('vault/');
    answer.resolve(undefined);
    expect((await handler.over).body.toString()).toBe('one two');
  });

  it('are bounded in their pools', async () => {
    const { port } = await httpUpstream((_request, response) => response.end('ok'));
    const egress = openEgress();
    const keys = Array.from({ length: 300 }, (_none, index) => `v/s${index}/1`);
    await Promise.all(keys.map((poolKey) => call(egress, requestTo(port, { poolKey }))));
    expect(egress.openPools).toBeLessThanOrEqual(256);
  });

  it('go to the next address when one cannot be dialled', async () => {
    const { port } = await httpUpstream((_request, response) => response.end('ok'));
    const egress = openEgress({ lookup: () => Promise.resolve(['127.9.9.9', '::1', '127.0.0.1']) });
    const heard = await call(egress, requestTo(port));
    expect(heard).toMatchObject({ head: { remoteAddress: '127.0.0.1' }, gates: 1, ends: 1 });
    expect(egress.openPools).toBe(1);
  });

  it('to nobody are unreachable', async () => {
    const { port } = await httpUpstream(() => undefined);
    const egress = openEgress({ lookup: () => Promise.resolve(['127.9.9.9', '::1']) });
    expect(await call(egress, requestTo(port))).toMatchObject({
      problem: { code: 'upstream-unreachable', detail: 'api.example.com: it refused the connection.' },
      gates: 0,
      ends: 1,
    });
    expect(egress.openPools).toBe(0);
  });

  it('to an address that is not allowed are never dialled', async () => {
    const { port, connections } = await httpUpstream((_request, response) => response.end('ok'));
    const egress = openEgress({ policy: { allowedCidrs: [] } });
    expect(await call(egress, requestTo(port))).toMatchObject({
      problem: { code: 'address-blocked' },
      gates: 0,
    });
    expect(connections).toHaveLength(0);
  });

  it('end with the egress, and later calls are refused', async () => {
    const { port } = await httpUpstream((_request, response) => response.write('one '));
    const egress = openEgress();
    const handler = recorder();
    egress.send(requestTo(port), handler);
    await handler.hasHead;
    await egress.close();
    expect(await handler.over).toMatchObject({ problem: { code: 'draining' }, ends: 1 });
    expect(await call(egress, requestTo(port))).toMatchObject({ problem: { code: 'draining' }, ends: 1 });
    expect(egress.openExchanges).toBe(0);
  });
});
