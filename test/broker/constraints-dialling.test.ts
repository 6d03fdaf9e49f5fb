// Constraints at the very last look: a call that was decided, recorded and dialled while they held, and whose first byte would
// be written when they do not any more.
import { expect, test } from 'vitest';
import { createAuthority } from '../egress/upstreams.ts';
import { startColdUpstream } from '../support/cold-upstream.ts';
import { testDatabases } from '../support/database.ts';
import { createWorld, type World } from '../support/world.ts';

/** Enough for a call to be dialled on a busy machine. */
const LEFT_MS = 8000;
const GRANT = '/v1/agents/robot/grants/vendor';

async function openColdWorld(database: Parameters<typeof createWorld>[0]['database']) {
  const authority = createAuthority();
  const cold = await startColdUpstream(authority.issue({ names: 'IP:127.0.0.1' }));
  const world = await createWorld({ database, config: { egressCa: [authority.ca] } });
  const { key } = await world.setUp({ baseUrl: `https://127.0.0.1:${cold.port}` });
  await world.admin('POST', '/v1/services', {
    name: 'other',
    baseUrl: world.upstream.url,
    auth: { kind: 'bearer' },
    secret: 'vendor',
  });
  await world.admin('POST', '/v1/grants', { agent: 'robot', service: 'other' });
  return { world, cold, token: await world.token('robot', key) };
}

async function told(answer: Response) {
  return [answer.status, ((await answer.json()) as Record<string, unknown>)['rule']];
}

async function within(world: World, work: () => Promise<void>) {
  try {
    await work();
  } finally {
    await world.close();
  }
}

test.each(testDatabases().slice(-1))(
  'hours that end while the upstream is dialled hold, on $name',
  async (database) => {
    const { world, cold, token } = await openColdWorld(database);
    await within(world, async () => {
      // The clock stands some seconds before a full minute, at which the hours end; it is not shifted while the call dials,
      // since a jump would end the lease and with it the call.
      const end = Math.ceil((Date.now() + LEFT_MS) / 60_000) * 60_000;
      world.clock.offsetMs = end - LEFT_MS - Date.now();
      const hhmm = (ms: number) => new Date(ms).toISOString().slice(11, 16);
      await expect.poll(async () => (await world.call(token, '/call/other/v1/x')).status).toBe(200);
      await world.admin('PATCH', GRANT, { constraints: { hours: `${hhmm(end - 3_600_000)}-${hhmm(end)}` } });
      const calling = world.call(token, '/call/vendor/v1/x');
      await expect.poll(() => cold.waiting).toBe(1);
      await expect
        .poll(() => Date.now() + world.clock.offsetMs >= end, { timeout: 2 * LEFT_MS, interval: 100 })
        .toBe(true);
      cold.open(true);
      expect(await told(await calling)).toEqual([403, 'constraint:hours']);
      expect(cold.seen).toEqual([]);
    });
  },
);

test.each(testDatabases())('a rule for bodies that comes meanwhile holds, on $name', async (database) => {
  const { world, cold, token } = await openColdWorld(database);
  await within(world, async () => {
    const calling = world.call(token, '/call/vendor/v1/x', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"jsonrpc":"2.0","id":1,"method":"drop"}',
    });
    await expect.poll(() => cold.waiting).toBe(1);
    const body = [{ kind: 'json-rpc', methods: ['sum'], batches: false }];
    await world.admin('PATCH', GRANT, { constraints: { body } });
    cold.open(true);
    // Of a body that was not read before nothing can be told any more.
    expect((await calling).status).toBe(503);
    expect(cold.seen).toEqual([]);
    const again = await world.call(token, '/call/vendor/v1/x', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"jsonrpc":"2.0","id":1,"method":"drop"}',
    });
    expect(await told(again)).toEqual([403, 'constraint:body']);
  });
});
