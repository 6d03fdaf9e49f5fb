// How a server ends: it drains when it is asked to, and when it is killed the next one finds everything whole.
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { createInstallation, eventually, type Installation, type Server } from './server.ts';

let installation: Installation;
let upstream: Upstream;
beforeAll(async () => {
  [installation, upstream] = await Promise.all([createInstallation(), startUpstream()]);
});
afterAll(async () => {
  await installation.remove();
  await upstream.close();
});

/** An answer that begins and does not end: `tick` sends a line, `end` the last one. */
async function openStream(server: Server, token: string) {
  let tick = () => {};
  let end = () => {};
  upstream.respond = (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    tick = () => void response.write('data: tick\n\n');
    end = () => void response.end('data: last\n\n');
    tick();
  };
  const response = await server.call(token, '/call/vendor/stream');
  expect(response.status).toBe(200);
  return { text: response.text(), tick: () => tick(), end: () => end() };
}

async function isDraining(server: Server): Promise<true | undefined> {
  const response = await fetch(`${server.url}/readyz`);
  const { checks } = (await response.json()) as { checks: { draining: string } };
  return response.status === 503 && checks.draining === 'shutting down' ? true : undefined;
}

/** How calls ended, oldest first. */
async function results(server: Server): Promise<unknown[]> {
  const { body } = await server.admin('GET', '/v1/audit/events?limit=500&kind=call.outcome');
  return (body['items'] as { result: unknown }[]).map(({ result }) => result);
}

async function expectVerified(server: Server): Promise<void> {
  const { status, body } = await server.admin('POST', '/v1/audit/verify');
  expect({ status, ...body }).toMatchObject({ status: 200, ok: true });
}

test('SIGTERM lets calls and streams under way end, refuses new ones, and then the process is gone', async () => {
  const server = await installation.serve({ environment: { DOORWARD_DRAIN_SECONDS: '45' } });
  const token = await server.setUp(upstream.url);
  const { hostname, port } = new URL(server.url);
  const unused = connect(Number(port), hostname); // says nothing, now or later
  const stream = await openStream(server, token);
  server.process.kill('SIGTERM');
  await eventually(30_000, () => isDraining(server));

  const refused = await server.call(token, '/call/vendor/late');
  expect(refused.status).toBe(503);
  expect(refused.headers.get('doorward-error')).toBe('draining');
  expect(refused.headers.get('retry-after')).toBe('1');
  stream.tick();
  stream.end();
  expect(await stream.text).toBe('data: tick\n\ndata: tick\n\ndata: last\n\n');
  expect(await server.exited).toMatchObject({ code: 0, signal: null });
  unused.destroy();

  const next = await installation.serve({ dataDirectory: server.dataDirectory });
  expect(await results(next)).toEqual(['answered']);
  await expectVerified(next);
  await next.stop();
});

test('what does not end within the drain limit is cut, and the record says so', async () => {
  const server = await installation.serve({ environment: { DOORWARD_DRAIN_SECONDS: '1' } });
  const stream = await openStream(server, await server.setUp(upstream.url));
  const cut = expect(stream.text).rejects.toThrow();
  server.process.kill('SIGINT');
  expect(await server.exited).toMatchObject({ code: 0, signal: null });
  await cut;
  const next = await installation.serve({ dataDirectory: server.dataDirectory });
  expect(await results(next)).toEqual(['failed']);
  await expectVerified(next);
  await next.stop();
});

test('a second signal ends it at once', async () => {
  const server = await installation.serve({ environment: { DOORWARD_DRAIN_SECONDS: '3600' } });
  const stream = await openStream(server, await server.setUp(upstream.url));
  const cut = expect(stream.text).rejects.toThrow();
  server.process.kill('SIGTERM');
  await eventually(30_000, () => isDraining(server));
  const again = setInterval(() => server.process.kill('SIGINT'), 50); // until it no longer counts as the same one
  expect(await server.exited).toMatchObject({ code: 130 });
  clearInterval(again);
  await cut;
});

test('administrative changes that race the end are made when they were answered, and only then', async () => {
  const server = await installation.serve();
  await server.setUp(upstream.url);
  const names = Array.from({ length: 12 }, (_, at) => `agent-${at}`);
  const statuses = names.map((name) =>
    server.admin('POST', '/v1/agents', { name }).then(
      ({ status }) => status,
      () => undefined,
    ),
  );
  await statuses[0];
  await server.stop();
  const answered = (await Promise.all(statuses)).map((status, at) =>
    status === 201 ? names[at] : undefined,
  );
  const next = await installation.serve({ dataDirectory: server.dataDirectory });
  const { body } = await next.admin('GET', '/v1/agents?limit=200');
  const there = new Set((body['items'] as { name: string }[]).map(({ name }) => name));
  expect(answered.filter((name) => name !== undefined && !there.has(name))).toEqual([]);
  expect(answered[0]).toBe('agent-0');
  await expectVerified(next);
  await next.stop();
});

test('after kill -9 in the middle of calls everything answered is there, and open calls end as unknown', async () => {
  const server = await installation.serve();
  const token = await server.setUp(upstream.url);
  const stream = await openStream(server, token);
  const cut = expect(stream.text).rejects.toThrow();
  upstream.respond = (_, response) => response.end('ok');
  let answered = 0;
  const callers = Array.from({ length: 8 }, async () => {
    for (;;) {
      const response = await server.call(token, '/call/vendor/busy').catch(() => undefined);
      if (response === undefined) return;
      answered += 1;
      if (answered !== 200) continue;
      await server.admin('POST', '/v1/secrets', { name: 'late', value: 'sk-late-value-0123456789' });
      void server.kill();
    }
  });
  await Promise.all([...callers, cut]);
  expect(await server.exited).toMatchObject({ signal: 'SIGKILL' });

  const next = await installation.serve({ dataDirectory: server.dataDirectory });
  const intents = await next.admin('GET', '/v1/audit/events?limit=500&kind=call.intent');
  const intentCount = (intents.body['items'] as unknown[]).length;
  expect(intentCount).toBeGreaterThanOrEqual(answered + 1);
  const found = await eventually(45_000, async () => {
    const ended = await results(next);
    return ended.length === intentCount ? ended : undefined;
  });
  expect(found.filter((result) => result === 'unknown').length).toBeGreaterThanOrEqual(1);
  expect(found.filter((result) => result !== 'unknown' && result !== 'answered')).toEqual([]);
  expect((await next.admin('GET', '/v1/secrets/late')).status).toBe(200);
  const again = await next.call(token, '/call/vendor/after');
  expect(again.status).toBe(401); // another address is another issuer
  await expectVerified(next);
  await next.stop();
});
