// The promise behind literal revocation: when the hook before the first byte refuses, no byte is written.
import { Socket } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { Problem } from '../../src/core/problem.ts';
import {
  call,
  createAuthority,
  deferred,
  listen,
  openEgress,
  rawUpstream,
  recorder,
  requestTo,
  rested,
} from './upstreams.ts';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const FROZEN = new Problem('frozen');
const refuse = { beforeFirstByte: () => FROZEN };

async function okUpstream() {
  return rawUpstream((socket, received) => {
    if (received.endsWith('\r\n\r\n')) socket.write(OK);
  });
}

const bodies = [
  ['no body', () => undefined],
  ['a held body', () => Buffer.from('{"a":1}')],
  ['a streamed body', () => Readable.from([Buffer.from('{"a"'), Buffer.from(':1}')], { objectMode: false })],
  ['an empty stream', () => Readable.from([], { objectMode: false })],
] as const;

describe.each(bodies)('a refusal with %s', (_what, body) => {
  it('writes nothing on a cold TCP connection', async () => {
    const upstream = await okUpstream();
    const egress = openEgress();
    const handler = recorder(refuse);
    egress.send(requestTo(upstream.port, { method: 'POST', body: body() }), handler);
    expect(await handler.over).toMatchObject({ problem: FROZEN, gates: 1, ends: 1, head: undefined });
    // The next call on the same pool is answered, so whatever had been written before would have arrived.
    expect((await call(egress, requestTo(upstream.port))).body.toString()).toBe('ok');
    expect(upstream.received.join('')).toMatch(/^GET /);
    expect(upstream.received.join('')).not.toContain('POST');
  });

  it('writes nothing on a cold TLS connection', async () => {
    const authority = createAuthority();
    const decrypted: string[] = [];
    const server = createTlsServer(authority.issue({ names: 'DNS:api.example.com' }), (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        decrypted.push(chunk.toString());
        socket.write(OK);
      });
    });
    const port = await listen(server);
    const egress = openEgress({ ca: [authority.ca] });
    const origin = { scheme: 'https', host: 'api.example.com', port } as const;
    const handler = recorder(refuse);
    egress.send(requestTo(port, { origin, method: 'POST', body: body() }), handler);
    expect(await handler.over).toMatchObject({ problem: FROZEN, gates: 1, ends: 1 });
    expect((await call(egress, requestTo(port, { origin }))).body.toString()).toBe('ok');
    expect(decrypted.join('')).toMatch(/^GET /);
    expect(decrypted.join('')).not.toContain('POST');
  });

  it('writes nothing on a warm connection', async () => {
    const upstream = await okUpstream();
    const egress = openEgress();
    await call(egress, requestTo(upstream.port));
    await rested();
    const handler = recorder(refuse);
    egress.send(requestTo(upstream.port, { method: 'POST', body: body() }), handler);
    expect(await handler.over).toMatchObject({ problem: FROZEN, gates: 1, ends: 1 });
    await rested();
    await call(egress, requestTo(upstream.port));
    expect(upstream.received).toHaveLength(body() instanceof Readable ? 2 : 1);
    expect(upstream.received.join('').match(/GET /g)).toHaveLength(2);
    expect(upstream.received.join('')).not.toContain('POST');
  });
});

describe('the hook', () => {
  it.each(bodies)('with %s nothing asynchronous runs between it and the write', async (_what, body) => {
    const upstream = await okUpstream();
    const egress = openEgress();
    let isOpen = true;
    const begun: boolean[] = [];
    const handler = recorder({
      beforeFirstByte: () => {
        begun.push(isOpen);
        // Had anything asynchronous come before the write, this would be seen by a check at that point.
        queueMicrotask(() => (isOpen = false));
        return undefined;
      },
    });
    const write = Reflect.get(Socket.prototype, 'write') as (this: Socket, ...args: unknown[]) => boolean;
    const openAtWrite: boolean[] = [];
    Reflect.set(Socket.prototype, 'write', function (this: Socket, ...args: unknown[]) {
      if (String(args[0]).startsWith('POST ')) openAtWrite.push(isOpen);
      return write.apply(this, args);
    });
    try {
      egress.send(requestTo(upstream.port, { method: 'POST', body: body() }), handler);
      while (openAtWrite.length === 0) await new Promise((resolve) => setImmediate(resolve));
    } finally {
      Reflect.deleteProperty(Socket.prototype, 'write'); // inherited, so the original shows again
    }
    expect(begun).toEqual([true]);
    expect(openAtWrite).toEqual([true]);
  });

  it('is asked of a request that waited for the connection only when that stands', async () => {
    const upstream = await okUpstream();
    const looked = deferred<readonly string[]>();
    let isFrozen = false;
    const egress = openEgress({ lookup: () => looked.promise });
    const handlers = Array.from({ length: 8 }, () =>
      recorder({ beforeFirstByte: () => (isFrozen ? FROZEN : undefined) }),
    );
    for (const handler of handlers) egress.send(requestTo(upstream.port), handler);
    looked.resolve(['127.0.0.1']);
    // The dials are under way and no connection stands yet.
    await new Promise((resolve) => queueMicrotask(() => resolve(undefined)));
    expect(handlers.map((handler) => handler.heard().gates)).toEqual(Array(8).fill(0));
    isFrozen = true;
    const heard = await Promise.all(handlers.map((handler) => handler.over));
    for (const one of heard) expect(one).toMatchObject({ problem: FROZEN, gates: 1, ends: 1 });
    await call(egress, requestTo(upstream.port, { path: '/after' }));
    expect(upstream.received.join('')).toMatch(/^GET \/after/);
    expect(upstream.received.join('')).not.toContain('/v1/models');
  });

  it('is asked of a streamed request when its first chunk is there, not when the connection is', async () => {
    const upstream = await okUpstream();
    const connected = deferred<undefined>();
    const egress = openEgress();
    const body = new PassThrough();
    let isFrozen = false;
    const handler = recorder({ beforeFirstByte: () => (isFrozen ? FROZEN : undefined) });
    egress.send(requestTo(upstream.port, { method: 'POST', body }), handler);
    const wait = setInterval(() => {
      if (upstream.received.length > 0) connected.resolve(undefined);
    }, 5);
    await connected.promise;
    clearInterval(wait);
    expect(handler.heard().gates).toBe(0);
    isFrozen = true;
    body.write('late');
    expect(await handler.over).toMatchObject({ problem: FROZEN, gates: 1, ends: 1 });
    await call(egress, requestTo(upstream.port));
    expect(upstream.received.join('')).not.toContain('POST');
    expect(body.destroyed).toBe(false);
  });

  it('after a refusal the idle connection serves the next call', async () => {
    const upstream = await okUpstream();
    const egress = openEgress();
    await call(egress, requestTo(upstream.port));
    await rested();
    const handler = recorder(refuse);
    egress.send(requestTo(upstream.port), handler);
    await handler.over;
    await rested();
    expect((await call(egress, requestTo(upstream.port))).body.toString()).toBe('ok');
    expect(upstream.received).toHaveLength(1);
  });

  it('a hook that throws stops the request', async () => {
    const upstream = await okUpstream();
    const egress = openEgress();
    for (const body of [undefined, Readable.from([Buffer.from('x')])]) {
      const handler = recorder({
        beforeFirstByte: () => {
          throw new TypeError('broken');
        },
      });
      egress.send(requestTo(upstream.port, { method: 'POST', body }), handler);
      expect(await handler.over).toMatchObject({ problem: { code: 'internal' }, ends: 1 });
    }
    expect(upstream.received.join('')).toBe('');
  });

  it.each(['GET', 'POST'])('a %s whose stale connection dies is not sent a second time', async (method) => {
    let requests = 0;
    const upstream = await rawUpstream((socket, received) => {
      if (!received.endsWith('\r\n\r\n')) return;
      requests += 1;
      // The first is answered; the second on the same connection is cut without an answer.
      if (requests === 2) socket.destroy();
      else socket.write(OK);
    });
    const egress = openEgress();
    await call(egress, requestTo(upstream.port, { method }));
    await rested();
    const heard = await call(egress, requestTo(upstream.port, { method }));
    expect(heard).toMatchObject({ problem: { code: 'upstream-unreachable' }, gates: 1, ends: 1 });
    expect(requests).toBe(2);
    expect(await call(egress, requestTo(upstream.port, { method }))).toMatchObject({
      problem: undefined,
      gates: 1,
    });
    expect(requests).toBe(3);
  });
});
