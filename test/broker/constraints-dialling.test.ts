// Constraints at the very last look: a call that was decided, recorded and dialled while they held, and whose first byte would
// be written when they do not any more.
import { expect, test } from 'vitest';
import { createAuthority } from '../egress/upstreams.ts';
import { startColdUpstream } from '../support/cold-upstream.ts';
import { testDatabases } from '../support/database.ts';
import { createWorld, type World } from '../support/world.ts';

const [embedded] = testDatabases();
const MINUTE_MS = 60_000;
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

test('hours that end while the upstream is dialled hold', async () => {
  if (embedded === undefined) throw new Error('there is always an embedded database');
  const { world, cold, token } = await openColdWorld(embedded);
  await within(world, async () => {
    const hhmm = (inMs: number) => new Date(Date.now() + inMs).toISOString().slice(11, 16);
    const hours = `${hhmm(-60 * MINUTE_MS)}-${hhmm(3 * MINUTE_MS)}`;
    await world.admin('PATCH', GRANT, { constraints: { hours } });
    const calling = world.call(token, '/call/vendor/v1/x');
    await expect.poll(() => cold.waiting).toBe(1);
    world.clock.offsetMs = 4 * MINUTE_MS; // where nobody else writes to the database a jump ends no lease
    cold.open(true);
    expect(await told(await calling)).toEqual([403, 'constraint:hours']);
    expect(cold.seen).toEqual([]);
  });
});

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
