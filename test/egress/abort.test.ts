// Exchanges that end early, from either side, alone and by the hundred.
import { createServer } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Problem } from '../../src/core/problem.ts';
import { call, deferred, listen, openEgress, recorder, requestTo, rested } from './upstreams.ts';

const GONE = new Problem('draining');

async function streamingUpstream() {
  const sockets = new Set<Socket>();
  let requests = 0;
  let connections = 0;
  const server = createServer((request, response) => {
    requests += 1;
    if (request.url === '/ok') {
      response.end('ok');
      return;
    }
    if (request.url === '/silent') return;
    response.write('data: 1\n\n');
    const timer = setInterval(() => response.write('data: 2\n\n'), 5);
    response.on('close', () => clearInterval(timer));
  });
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  return { port: await listen(server), sockets, requests: () => requests, connections: () => connections };
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 2));
}

describe('an aborted exchange', () => {
  it('makes no connection in the place of the one it had', async () => {
    const upstream = await streamingUpstream();
    const egress = openEgress();
    for (const path of ['/stream', '/silent']) {
      const handler = recorder();
      const before = upstream.requests();
      const flow = egress.send(requestTo(upstream.port, { path }), handler);
      await until(() => upstream.requests() > before);
      flow.abort(GONE);
      await until(() => upstream.sockets.size === 0);
      await rested();
    }
    await call(egress, requestTo(upstream.port, { path: '/ok' }));
    expect(upstream.connections()).toBe(3);
  });

  it('ends the dial it was waiting for', async () => {
    const sockets = new Set<Socket>();
    // Accepts connections and never answers the TLS handshake.
    const silent = createTcpServer((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket)).resume();
    });
    const port = await listen(silent);
    const origin = { scheme: 'https', host: 'api.example.com', port } as const;
    const handler = recorder();
    const flow = openEgress().send(requestTo(port, { origin }), handler);
    await until(() => sockets.size === 1);
    flow.abort(GONE);
    expect(handler.heard()).toMatchObject({ problem: GONE, ends: 1, gates: 0 });
    await until(() => sockets.size === 0);
  });

  it('within its body hears one end, and its connection is destroyed', async () => {
    const upstream = await streamingUpstream();
    const handler = recorder();
    const flow = openEgress().send(requestTo(upstream.port, { path: '/stream' }), handler);
    await handler.hasHead;
    flow.abort(GONE);
    expect(handler.heard()).toMatchObject({ problem: GONE, ends: 1 });
    flow.abort(new Problem('frozen'));
    flow.resume();
    await until(() => upstream.sockets.size === 0);
    expect(handler.heard()).toMatchObject({ problem: GONE, ends: 1 });
  });

  it('before its head hears one end, and its connection is destroyed', async () => {
    const upstream = await streamingUpstream();
    const handler = recorder();
    const flow = openEgress().send(requestTo(upstream.port, { path: '/silent' }), handler);
    await until(() => upstream.requests() === 1);
    flow.abort(GONE);
    expect(handler.heard()).toMatchObject({ problem: GONE, ends: 1, head: undefined });
    await until(() => upstream.sockets.size === 0);
  });

  it('while its reader is paused hears one end', async () => {
    const upstream = await streamingUpstream();
    const data = deferred<undefined>();
    const handler = recorder({
      onData: () => {
        data.resolve(undefined);
        return false;
      },
    });
    const flow = openEgress().send(requestTo(upstream.port, { path: '/stream' }), handler);
    await data.promise;
    await rested();
    flow.abort(GONE);
    expect(handler.heard()).toMatchObject({ problem: GONE, ends: 1 });
    await until(() => upstream.sockets.size === 0);
  });

  it('from within each of its own callbacks hears one end', async () => {
    const upstream = await streamingUpstream();
    const egress = openEgress();
    for (const at of ['beforeFirstByte', 'onHead', 'onData'] as const) {
      const handler = recorder({
        [at]: () => {
          flow.abort(GONE);
          return at === 'onData' ? true : undefined;
        },
      });
      const flow = egress.send(requestTo(upstream.port, { path: '/stream' }), handler);
      expect(await handler.over).toMatchObject({ problem: GONE, ends: 1 });
    }
    await until(() => egress.openExchanges === 0);
    expect(upstream.requests()).toBe(2);
    expect((await call(egress, requestTo(upstream.port, { path: '/ok' }))).body.toString()).toBe('ok');
  });

  it('while it waits for a name or a connection is never written', async () => {
    const upstream = await streamingUpstream();
    const looked = deferred<readonly string[]>();
    const egress = openEgress({ lookup: () => looked.promise });
    const early = recorder();
    egress.send(requestTo(upstream.port), early).abort(GONE);
    const dialling = recorder();
    const flow = egress.send(requestTo(upstream.port), dialling);
    looked.resolve(['127.0.0.1']);
    await new Promise((resolve) => queueMicrotask(() => resolve(undefined)));
    flow.abort(GONE);
    for (const handler of [early, dialling]) {
      expect(handler.heard()).toMatchObject({ problem: GONE, ends: 1, gates: 0 });
    }
    expect((await call(egress, requestTo(upstream.port, { path: '/ok' }))).body.toString()).toBe('ok');
    expect(upstream.requests()).toBe(1);
  });

  it('with a body on its way leaves that stream to its owner', async () => {
    const upstream = await streamingUpstream();
    const body = new PassThrough();
    body.write('x');
    const handler = recorder();
    const flow = openEgress().send(
      requestTo(upstream.port, { path: '/silent', method: 'POST', body }),
      handler,
    );
    await until(() => upstream.requests() === 1);
    flow.abort(GONE);
    expect(body.destroyed).toBe(false);
    body.destroy(new Error('a late failure of the stream is nobody’s uncaught exception'));
    await until(() => upstream.sockets.size === 0);
    expect(handler.heard()).toMatchObject({ problem: GONE, ends: 1 });
  });
});

it('256 exchanges cut at once, eight times: the process lives and nothing leaks', async () => {
  const failures: unknown[] = [];
  const note = (error: unknown) => failures.push(error);
  process.on('uncaughtException', note).on('unhandledRejection', note);
  try {
    const upstream = await streamingUpstream();
    const egress = openEgress();
    for (let round = 0; round < 8; round += 1) {
      const handlers = Array.from({ length: 256 }, () => recorder());
      const bodies = handlers.map((_handler, index) => (index % 4 === 0 ? new PassThrough() : undefined));
      const flows = handlers.map((handler, index) => {
        const body = bodies[index];
        body?.write('x');
        const path = index % 3 === 0 ? '/silent' : '/stream';
        return egress.send(requestTo(upstream.port, { path, method: body ? 'POST' : 'GET', body }), handler);
      });
      // Half the rounds cut while the connections are still being made.
      if (round % 2 === 0)
        await Promise.all(handlers.filter((_none, index) => index % 3 !== 0).map((h) => h.hasHead));
      else await rested();
      for (const [index, flow] of flows.entries()) {
        if (index % 5 === 0) bodies[index]?.destroy(new Error('client gone'));
        flow.abort(GONE);
      }
      for (const handler of handlers) expect(handler.heard().ends).toBe(1);
    }
    await until(() => egress.openExchanges === 0);
    expect((await call(egress, requestTo(upstream.port, { path: '/ok' }))).body.toString()).toBe('ok');
    await egress.close();
    await until(() => upstream.sockets.size === 0);
  } finally {
    process.off('uncaughtException', note).off('unhandledRejection', note);
  }
  expect(failures).toEqual([]);
});
