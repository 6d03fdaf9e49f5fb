// Leaks that come again and again, over two replicas of one database: what both have seen decides, and what is counted once
// is not counted again.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { createWorld, type World } from '../support/world.ts';

const HOUR_MS = 3_600_000;

describe.each(testDatabases().filter(({ name }) => name === 'postgres'))('on two replicas', (database) => {
  let world: World;
  let key: string;
  let token: string;
  beforeAll(async () => {
    world = await createWorld({ database, replicas: 2 });
    ({ key } = await world.setUp());
    token = await world.token('robot', key);
    await protect({ freezeAfter: 4 });
  });
  afterAll(() => world?.close());

  async function protect(leaks: object): Promise<void> {
    const input = { protection: { leaks }, acceptWeaker: true };
    const { status, body } = await world.admin('PATCH', '/v1/services/vendor', input);
    expect({ status, body }).toMatchObject({ status: 200 });
  }
  /** The status of a call whose answer holds the key, once its replica is done with it. */
  async function leakAt(replica: number): Promise<number> {
    world.upstream.respond = (request, response) => response.end(request.headers.authorization);
    const before = await told();
    const answer = await world.call(token, '/call/vendor/v1', { replica });
    if (answer.status === 200) {
      expect(await answer.text()).toMatch(/^Bearer \*+$/);
      await expect.poll(told).toBe(before + 1);
    }
    return answer.status;
  }
  async function harmlessAt(replica: number): Promise<number> {
    world.upstream.respond = (_request, response) => response.end('fine');
    return (await world.call(token, '/call/vendor/v1', { replica })).status;
  }
  const alarms = () => world.events('guard.alarm');
  const told = async () => (await alarms()).filter(({ alarm }) => alarm === 'secret-in-answer').length;
  const freezes = () => world.events('grant.freeze');
  async function unfreeze(): Promise<void> {
    const path = '/v1/agents/robot/grants/vendor/unfreeze';
    expect(await world.admin('POST', path)).toMatchObject({ status: 200 });
  }

  test('the leaks of both freeze the grant, as many as are allowed in all', async () => {
    for (const replica of [0, 1, 0]) expect(await leakAt(replica)).toBe(200);
    expect([await harmlessAt(0), await harmlessAt(1)]).toEqual([200, 200]);
    expect(await freezes()).toEqual([]);
    expect(await leakAt(1)).toBe(200); // the fourth
    await expect.poll(freezes).toHaveLength(1);
    expect(await freezes()).toMatchObject([{ after: { frozen: true, reason: 'leaks-repeated' } }]);
    await expect.poll(() => Promise.all([harmlessAt(0), harmlessAt(1)])).toEqual([403, 403]);
    await expect.poll(alarms).toMatchObject([
      ...[1, 2, 3, 4].map(() => ({
        alarm: 'secret-in-answer',
        done: 'told',
        agent: { name: 'robot' },
        service: { name: 'vendor' },
      })),
      { alarm: 'leaks-repeated', done: 'grant-frozen' },
    ]);
  });

  test('counting begins anew when the grant is given back, at both', async () => {
    await unfreeze();
    for (const replica of [0, 0, 1]) expect(await leakAt(replica)).toBe(200);
    expect([await harmlessAt(0), await harmlessAt(1)]).toEqual([200, 200]);
    expect(await freezes()).toHaveLength(1);
    expect(await leakAt(0)).toBe(200);
    await expect.poll(freezes).toHaveLength(2);
  });

  test('those of an hour ago do not count', async () => {
    await unfreeze();
    for (const replica of [0, 1, 1]) expect(await leakAt(replica)).toBe(200);
    await world.shift(HOUR_MS + 60_000);
    token = await world.token('robot', key);
    expect([await harmlessAt(0), await harmlessAt(1)]).toEqual([200, 200]);
    expect(await leakAt(0)).toBe(200);
    expect(await leakAt(1)).toBe(200);
    expect([await harmlessAt(0), await harmlessAt(1)]).toEqual([200, 200]);
    expect(await freezes()).toHaveLength(2);
  });

  test('calls without a leak write no alarm, nor do those of a service that freezes nothing', async () => {
    await protect({ freezeAfter: 0 });
    const before = (await alarms()).length;
    world.upstream.respond = (request, response) => response.end(request.headers.authorization);
    expect((await world.call(token, '/call/vendor/v1')).status).toBe(200);
    expect(await harmlessAt(1)).toBe(200);
    expect(await alarms()).toHaveLength(before);
  });
});
