// Upstreams that mean ill: slow, endless, malformed, smuggling.
import { createServer } from 'node:net';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { call, deferred, listen, openEgress, rawUpstream, recorder, requestTo, rested } from './upstreams.ts';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

async function answering(bytes: string) {
  return rawUpstream((socket, received) => {
    if (received.endsWith('\r\n\r\n')) socket.write(bytes);
  });
}

describe('a malformed answer is no answer', () => {
  it.each([
    [
      'both kinds of length',
      'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'a transfer coding that nobody undoes',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    ],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nokk'],
    ['a length that is no number', 'HTTP/1.1 200 OK\r\ncontent-length: 2x\r\n\r\nok'],
    ['a broken chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
    ['a header with a NUL', 'HTTP/1.1 200 OK\r\nx-a: b\0c\r\ncontent-length: 0\r\n\r\n'],
    ['a header name with a space', 'HTTP/1.1 200 OK\r\nx a: b\r\ncontent-length: 0\r\n\r\n'],
    [
      'a switch of protocols',
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
    ],
    ['another switch of protocols', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
    ['interim answers without end', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(10_000)],
    ['an interim 100 nobody asked for', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['too many headers', `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(300)}content-length: 0\r\n\r\n`],
    ['too large a head', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(70_000)}\r\ncontent-length: 0\r\n\r\n`],
    [
      'endless trailers',
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n${'a: b\r\n'.repeat(40_000)}`,
    ],
  ])('%s', async (_what, bytes) => {
    const upstream = await answering(bytes);
    const egress = openEgress();
    const heard = await call(egress, requestTo(upstream.port));
    expect(heard).toMatchObject({ ends: 1, gates: 1, problem: { code: 'upstream-invalid' } });
    expect(heard.head?.status ?? 200).toBe(200);
    // The connection is not used again.
    await call(egress, requestTo(upstream.port));
    expect(upstream.received).toHaveLength(2);
  });

  it.each([
    ['closes without an answer', '', 'upstream-unreachable'],
    ['closes within the head', 'HTTP/1.1 200 OK\r\nx-a', 'upstream-unreachable'],
    ['closes within the body', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfour', 'upstream-invalid'],
    [
      'closes within a chunk',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\na\r\nfour',
      'upstream-invalid',
    ],
  ])('an upstream that %s', async (_what, bytes, code) => {
    const upstream = await rawUpstream((socket) => socket.end(bytes));
    const heard = await call(openEgress(), requestTo(upstream.port));
    expect(heard).toMatchObject({ ends: 1, problem: { code } });
    expect(heard.trailers).toBeUndefined();
  });

  it('what an upstream wrote is not repeated in the problem', async () => {
    const upstream = await answering('sk-live-echo HTTP/1.1\r\n\r\n');
    const { problem } = await call(openEgress(), requestTo(upstream.port));
    expect(JSON.stringify([problem?.toBody('req_x'), problem?.internal])).not.toContain('sk-live-echo');
  });

  it('a few interim answers are passed over', async () => {
    const upstream = await answering(`${'HTTP/1.1 103 Early Hints\r\nx-a: b\r\n\r\n'.repeat(3)}${OK}`);
    const heard = await call(openEgress(), requestTo(upstream.port));
    expect(heard).toMatchObject({
      head: { status: 200, headers: [['content-length', '2']] },
      problem: undefined,
    });
  });

  it('a reason phrase is passed on only in printable ASCII', async () => {
    const odd = await answering('HTTP/1.1 200 caf\u00e9\r\ncontent-length: 0\r\n\r\n');
    expect((await call(openEgress(), requestTo(odd.port))).head?.statusText).toBe('');
    const plain = await answering('HTTP/1.1 200 Fine then\r\ncontent-length: 0\r\n\r\n');
    expect((await call(openEgress(), requestTo(plain.port))).head?.statusText).toBe('Fine then');
  });
});

describe('what is no body has a cap of bytes', () => {
  const MOST_WRITTEN = 16 * 1024 * 1024;
  const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';

  it.each([
    ['a reason', 'HTTP/1.1 200 ', 'y'.repeat(16_384)],
    ['headers', 'HTTP/1.1 200 OK\r\n', `x-more: ${'y'.repeat(1000)}\r\n`],
    ['spaces before the value of a header', 'HTTP/1.1 200 OK\r\nx-more:', ' '.repeat(16_384)],
    ['empty lines before the answer', '', '\r\n'.repeat(8192)],
    ['an extension of a chunk', `${CHUNKED}2;`, 'y'.repeat(16_384)],
    ['extensions of many chunks', CHUNKED, `1;${'y'.repeat(1000)}\r\nx\r\n`],
    ['zeroes before the size of a chunk', CHUNKED, '0'.repeat(16_384)],
    ['trailers', `${CHUNKED}2\r\nok\r\n0\r\n`, `x-more: ${'y'.repeat(1000)}\r\n`],
    ['spaces in a trailer', `${CHUNKED}2\r\nok\r\n0\r\nx-more:`, ' '.repeat(16_384)],
  ])('%s without an end', async (_what, begin, piece) => {
    const closed = deferred<number>();
    const upstream = await rawUpstream((socket) => {
      socket.on('close', () => closed.resolve(socket.bytesWritten));
      const write = () => {
        while (!socket.destroyed && socket.write(piece));
      };
      socket.on('drain', write);
      socket.write(begin);
      write();
    });
    // No time ends it but that of the test.
    const timeouts = { connectMs: 0, firstByteMs: 0, idleMs: 0, totalMs: 0 };
    const heard = await call(openEgress(), requestTo(upstream.port, { timeouts }));
    expect(heard).toMatchObject({ ends: 1, problem: { code: 'upstream-invalid' } });
    expect(heard.body.length).toBeLessThan(64 * 1024);
    // Most of it is what the sockets of both sides hold.
    expect(await closed.promise).toBeLessThan(MOST_WRITTEN);
  });

  it('a long stream of chunks of one byte has room, and so has the next answer on its connection', async () => {
    const padded = '00000001\r\nx\r\n';
    const upstream = await answering(`${CHUNKED}${padded.repeat(40_000)}0\r\n\r\n`);
    const egress = openEgress();
    for (let count = 0; count < 3; count += 1) {
      const heard = await call(egress, requestTo(upstream.port));
      expect(heard).toMatchObject({ problem: undefined, body: { length: 40_000 } });
      await rested();
    }
    expect(upstream.received).toHaveLength(1);
  });

  it('the body is no part of it, also where its reader pauses', async () => {
    const size = 4 * 1024 * 1024;
    const upstream = await answering(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n${'b'.repeat(size)}`);
    const handler = recorder({
      onData: () => {
        setImmediate(() => flow.resume());
        return false;
      },
    });
    const flow = openEgress().send(requestTo(upstream.port), handler);
    expect(await handler.over).toMatchObject({ problem: undefined, body: { length: size } });
  });
});

describe('bytes after an answer', () => {
  it.each([
    [
      'in the same packet',
      (write: (text: string) => void) => write(`${OK}HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil`),
    ],
    [
      'in the next packet',
      (write: (text: string) => void) => {
        write(OK);
        setImmediate(() => write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil'));
      },
    ],
  ])('%s do not reach the next request', async (_what, answer) => {
    const closed = deferred<undefined>();
    const upstream = await rawUpstream((socket, received, connection) => {
      if (!received.endsWith('\r\n\r\n')) return;
      if (connection > 0) return void socket.write(OK);
      socket.on('close', () => closed.resolve(undefined));
      answer((text) => socket.write(text));
    });
    const egress = openEgress();
    expect((await call(egress, requestTo(upstream.port))).body.toString()).toBe('ok');
    await closed.promise; // nothing more can come of it
    expect((await call(egress, requestTo(upstream.port))).body.toString()).toBe('ok');
    expect(upstream.received).toHaveLength(2);
  });

  it('that come while a streamed body is still waiting for its first chunk end the request unwritten', async () => {
    const upstream = createServer((socket) => {
      socket.on('error', () => undefined);
      setTimeout(() => socket.write(OK), 10);
    });
    const port = await listen(upstream);
    const heard = await call(openEgress(), requestTo(port, { method: 'POST', body: new PassThrough() }));
    expect(heard).toMatchObject({
      gates: 0,
      ends: 1,
      head: undefined,
      problem: { code: 'upstream-invalid' },
    });
  });
});

describe('a slow upstream', () => {
  it('that never answers times out', async () => {
    const upstream = await rawUpstream(() => undefined);
    const heard = await call(openEgress({ timeouts: { firstByteMs: 200 } }), requestTo(upstream.port));
    expect(heard).toMatchObject({ ends: 1, problem: { code: 'upstream-timeout' } });
  });

  it('that stops within its answer times out', async () => {
    const upstream = await answering('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfour');
    const heard = await call(openEgress({ timeouts: { idleMs: 200 } }), requestTo(upstream.port));
    expect(heard).toMatchObject({ ends: 1, head: { status: 200 }, problem: { code: 'upstream-timeout' } });
  });

  it.each([
    ['head', 'HTTP/1.1 200 OK\r\n', 'x'],
    ['body', 'HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n', 'x'],
  ])('that drips its %s ends with the time of the whole call', async (_what, begin, drip) => {
    const upstream = await rawUpstream((socket) => {
      socket.write(begin);
      const timer = setInterval(() => socket.write(drip), 10);
      socket.on('close', () => clearInterval(timer));
    });
    const request = requestTo(upstream.port, { timeouts: { totalMs: 150 } });
    const heard = await call(openEgress(), request);
    expect(heard).toMatchObject({ ends: 1, problem: { code: 'upstream-timeout' } });
  });

  it('that accepts no connection times out', async () => {
    // A full backlog: nobody accepts, so the handshake of TLS never begins to be answered.
    const upstream = createServer({ pauseOnConnect: true });
    const port = await listen(upstream);
    const origin = { scheme: 'https', host: 'api.example.com', port } as const;
    const egress = openEgress({ timeouts: { connectMs: 100 } });
    const heard = await call(egress, requestTo(port, { origin }));
    expect(heard).toMatchObject({ gates: 0, ends: 1, problem: { code: 'upstream-timeout' } });
  });
});
