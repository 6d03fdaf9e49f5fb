// What no grant allows: guards of a service, at the first decision and at the last look before the first byte.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { createWorld, type World } from '../support/world.ts';

describe.each(testDatabases())('guards of a service on $name', (database) => {
  let world: World;
  let token: string;
  const set = (deny: readonly string[]) => world.admin('PATCH', '/v1/services/vendor', { deny });

  beforeAll(async () => {
    world = await createWorld({ database });
    const { key } = await world.setUp();
    token = await world.token('robot', key);
  });
  beforeEach(() => {
    world.upstream.seen.length = 0;
  });
  afterAll(() => world?.close());

  test('beat a grant of everything, and the refusal names the one that did', async () => {
    expect((await set(['post /v1/keys/**', 'DELETE /v1/projects/{id}'])).body['deny']).toEqual([
      'POST /v1/keys/**',
      'DELETE /v1/projects/{id}',
    ]);
    const refused = await world.call(token, '/call/vendor/v1/Keys/', { method: 'POST' });
    expect(refused.status).toBe(403);
    const body = (await refused.json()) as Record<string, unknown>;
    expect(body).toMatchObject({ code: 'not-allowed', rule: 'guard', guard: 'POST /v1/keys/**' });
    expect(body).not.toHaveProperty('needed_grant');
    expect(body['detail']).not.toContain('grant set');
    expect(refused.headers.get('x-should-retry')).toBe('false');
    expect(world.upstream.seen).toEqual([]);
    expect((await world.call(token, '/call/vendor/v1/keys')).status).toBe(200);
    await expect
      .poll(async () => (await world.events('call.refused')).at(-1))
      .toMatchObject({ service: 'vendor', path: '/v1/Keys/', problem: 'not-allowed', rule: 'guard' });
  });

  test('stop a call that was decided before they came, unless its first byte is written', async () => {
    await set([]);
    let changing = Promise.resolve();
    world.upstream.respond = ({ method, url }, response) => {
      if (url.endsWith('/last')) response.end('done');
      else changing = set(['GET /v1/**']).then(() => void response.end(`${method} late`));
    };
    const under = await world.call(token, '/call/vendor/v1/slow').then(
      async (answer) => [answer.status, await answer.text().catch(() => 'cut')],
      () => ['cut'],
    );
    expect(JSON.stringify(under)).not.toContain('late'); // a change of the service ends what is under way by the old one
    await changing;
    world.upstream.seen.length = 0;
    const after = await world.call(token, '/call/vendor/v1/last');
    expect([after.status, ((await after.json()) as Record<string, unknown>)['rule']]).toEqual([403, 'guard']);
    expect(world.upstream.seen).toEqual([]);
  });

  test('that are none are refused whole, and change nothing', async () => {
    const { deny } = (await world.admin('GET', '/v1/services/vendor')).body;
    for (const wrong of [['v1/keys'], ['FETCH /v1'], ['GET /v1/*'], ['GET /ok', ''], 'GET /v1', [1]]) {
      const answer = await world.admin('PATCH', '/v1/services/vendor', { deny: wrong });
      expect([answer.status, answer.body['code']]).toEqual([422, 'invalid-input']);
    }
    expect((await world.admin('GET', '/v1/services/vendor')).body['deny']).toEqual(deny);
  });
});
