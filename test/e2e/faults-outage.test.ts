// A database that is restarted in the middle of calls: each is answered rightly or refused with one problem, streams end,
// and when the database is back everything goes on, with nothing lost.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestDatabase } from '../support/database.ts';
import { startHammer } from '../support/hammer.ts';
import { findPostgres, type PostgresServer, startPostgres } from '../support/postgres.ts';
import { createWorld, type World } from '../support/world.ts';
import { eventually } from './server.ts';

/** What security.md allows; the lease makes it about three seconds. */
const STREAM_LIMIT_MS = 30_000;
const CALLERS = 8;

describe.runIf(!('missing' in findPostgres()))('a Postgres that is restarted in the middle of calls', () => {
  let server: PostgresServer;
  let world: World;
  let token: string;
  beforeAll(async () => {
    server = await startPostgres({ durable: true });
    const database: TestDatabase = {
      name: 'postgres',
      create: () =>
        Promise.resolve({
          options: { kind: 'postgres', url: server.url },
          drop: () => Promise.resolve(),
        }),
    };
    world = await createWorld({ database });
    const { key } = await world.setUp();
    token = await world.token('robot', key);
  });
  afterAll(async () => {
    await world?.close();
    await server?.stop();
  });

  const readiness = async () => {
    const response = await fetch(`${world.apps[0]?.address ?? ''}/readyz`);
    const { checks } = (await response.json()) as { checks: Record<string, string> };
    return { status: response.status, checks };
  };

  test('costs some of them a 503, and loses nothing', async () => {
    world.upstream.respond = (request, response) => {
      if (!request.url.endsWith('/stream')) {
        response.end('ok');
        return;
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: tick\n\n');
    };
    const stream = await world.call(token, '/call/vendor/stream');
    let hasStreamEnded = false;
    const streamEnds = stream.text().catch(() => (hasStreamEnded = true));
    const hammer = startHammer({
      callers: CALLERS,
      token,
      address: world.apps[0]?.address ?? '',
      path: (call) => `/call/vendor/n-${call}`,
    });
    await eventually(60_000, () => Promise.resolve((hammer.statuses.get(200) ?? 0) > 50 || undefined));

    const startAgain = await server.interrupt();
    await hammer.allRefused();
    const refused = await world.call(token, '/call/vendor/down');
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    const problem = (await refused.json()) as { code: string; detail: string };
    expect(['database-unavailable', 'audit-unavailable']).toContain(problem.code);
    const change = await world.admin('POST', '/v1/agents', { name: 'during' });
    expect(change).toMatchObject({
      status: 503,
      body: { code: expect.stringMatching(/^(database|audit)-unavailable$/) },
    });
    await eventually(STREAM_LIMIT_MS, () => Promise.resolve(hasStreamEnded || undefined));
    await streamEnds;
    expect(await readiness()).toMatchObject({ status: 503, checks: { database: 'does not answer' } });

    await startAgain();
    await eventually(60_000, async () => ((await readiness()).status === 200 ? true : undefined));
    const before = hammer.statuses.get(200) ?? 0;
    await eventually(60_000, () => {
      hammer.release(); // a connection that was lost may cost a call more
      return Promise.resolve((hammer.statuses.get(200) ?? 0) > before + 50 || undefined);
    });
    await hammer.stop();
    expect(new Set(hammer.statuses.keys())).toEqual(new Set([200, 503]));

    expect(await world.admin('POST', '/v1/agents', { name: 'after' })).toMatchObject({ status: 201 });
    expect(await world.admin('GET', '/v1/secrets/vendor')).toMatchObject({ status: 200 });
    const outcomes = async () => {
      const { body } = await world.admin('POST', '/v1/audit/verify');
      expect(body).toMatchObject({ ok: true, problems: [] });
      return await world.events('call.outcome');
    };
    await expect.poll(async () => (await outcomes()).length).toBeGreaterThan(100);
  });
});
