// Brokered calls through the whole house, on every engine.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { createWorld, SECRET_VALUE, type World } from '../support/world.ts';

describe.each(testDatabases())('a brokered call on $name', (database) => {
  let world: World;
  let token: string;

  beforeAll(async () => {
    world = await createWorld({ database });
    const { key } = await world.setUp({ allow: ['GET /v1/models', 'POST /v1/chat/**'] });
    token = await world.token('robot', key);
  });
  afterAll(() => world?.close());

  test('reaches the upstream with the real key, and the answer comes back without it', async () => {
    const answer = await world.call(token, '/call/vendor/v1/models?limit=2');
    const text = await answer.text();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('doorward-source')).toBe('upstream');
    const seen = world.upstream.seen.at(-1);
    expect(seen?.url).toBe('/v1/models?limit=2');
    expect(seen?.headers.authorization).toBe(`Bearer ${SECRET_VALUE}`);
    expect(text).not.toContain(SECRET_VALUE);
    expect(text).toContain('"authorization":"Bearer ****');
  });

  test('is refused outside the grant with the rule and what would allow it', async () => {
    const before = world.upstream.seen.length;
    const answer = await world.call(token, '/call/vendor/v1/admin', { method: 'DELETE' });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({
      code: 'not-allowed',
      rule: 'grant',
      needed_grant: 'DELETE /v1/admin',
    });
    expect(answer.headers.get('x-should-retry')).toBe('false');
    expect(world.upstream.seen.length).toBe(before);
  });

  test('leaves an intent and an outcome that parse and verify', async () => {
    await expect.poll(async () => (await world.events('call.outcome')).length).toBeGreaterThan(0);
    const verified = await world.admin('POST', '/v1/audit/verify', {});
    expect(verified.body).toMatchObject({ ok: true, problems: [] });
  });

  test('is made also where the machine stood still and no lease is left', async () => {
    for (let loop = 0; loop < 5; loop += 1) {
      world.clock.offsetMs += 5000;
      expect((await world.call(token, '/call/vendor/v1/models')).status).toBe(200);
    }
  });
});
