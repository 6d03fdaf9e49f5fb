// Placeholders and what an agent's clients are told, by administrative requests: what is given, refused and recorded.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientVariablesOf } from '../../src/operations/client-variables.ts';
import { forgetExpiredPlaceholders } from '../../src/vault/placeholders.ts';
import { ownerToken } from '../http/owner-token.ts';
import { testDatabases } from '../support/database.ts';
import { createWorld, type World } from '../support/world.ts';

describe.each(testDatabases())('placeholders on $name', (database) => {
  let world: World;
  const newest = async (kind: string) => (await world.events(kind)).at(-1);
  const make = (input: object, key?: string) =>
    key === undefined
      ? world.admin('POST', '/v1/placeholders', input)
      : withKey('/v1/placeholders', input, key);

  async function withKey(path: string, input: object, key: string) {
    const url = world.apps[0]?.address ?? '';
    const answer = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await ownerToken(world)}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: JSON.stringify(input),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  }

  beforeAll(async () => {
    world = await createWorld({ database });
    await world.setUp();
    await world.admin('POST', '/v1/secrets', { name: 'slack', value: 'xoxb-a-value-that-is-long-enough' });
    await world.admin('POST', '/v1/services', {
      name: 'slack',
      baseUrl: world.upstream.url,
      auth: { kind: 'bearer' },
      secret: 'slack',
      catalogueId: 'slack',
      deny: ['POST /apps.manifest.create'],
    });
    await world.admin('POST', '/v1/grants', {
      agent: 'robot',
      service: 'slack',
      allow: ['POST /chat.postMessage'],
    });
  });
  afterAll(() => world?.close());

  test('are made, listed without themselves, and revoked', async () => {
    const { status, body } = await make({ agent: 'robot', service: 'slack', expiresInSeconds: 3600 });
    expect(status).toBe(201);
    const { placeholder, ...record } = body;
    expect(record).toEqual({
      id: expect.stringMatching(/^plh_/) as string,
      agent: 'robot',
      service: 'slack',
      createdAt: expect.any(String) as string,
      expiresAt: expect.any(String) as string,
    });
    const lasts = Date.parse(String(record['expiresAt'])) - Date.parse(String(record['createdAt']));
    expect(lasts).toBe(3_600_000);
    const listed = (await world.admin('GET', '/v1/placeholders?service=slack')).body['items'];
    expect(listed).toEqual([record]);
    expect((await world.admin('GET', '/v1/placeholders?service=vendor')).body['items']).toEqual([]);
    expect(await newest('placeholder.create')).toMatchObject({
      target: { type: 'placeholder', id: record['id'] },
      after: { expiresAt: record['expiresAt'] },
    });
    const revoked = await world.admin('POST', `/v1/placeholders/${String(record['id'])}/revoke`);
    expect([revoked.status, revoked.body]).toEqual([200, record]);
    expect((await world.admin('GET', '/v1/placeholders')).body['items']).toEqual([]);
    const again = await world.admin('POST', `/v1/placeholders/${String(record['id'])}/revoke`);
    expect([again.status, again.body['code']]).toEqual([404, 'not-found']);
    expect(await newest('placeholder.revoke')).toMatchObject({ target: { id: record['id'] } });
    expect(JSON.stringify(await world.events())).not.toContain(String(placeholder));
  });

  test('are refused where there is nobody and nothing to make them for', async () => {
    const wrong: [object, number, string][] = [
      [{ agent: 'nobody', service: 'slack' }, 404, 'not-found'],
      [{ agent: 'robot', service: 'nothing' }, 404, 'not-found'],
      [{ agent: 'robot' }, 422, 'invalid-input'],
      [{ agent: 'robot', service: 'slack', expiresInSeconds: 0 }, 422, 'invalid-input'],
      [{ agent: 'robot', service: 'slack', expiresInSeconds: 1.5 }, 422, 'invalid-input'],
      [{ agent: 'robot', service: 'slack', expiresInSeconds: 1e12 }, 422, 'invalid-input'],
      [{ agent: 'robot', service: 'slack', value: 'mine' }, 422, 'invalid-input'],
    ];
    for (const [input, status, code] of wrong) {
      const answer = await make(input);
      expect([input, answer.status, answer.body['code']]).toEqual([input, status, code]);
    }
    await world.admin('POST', '/v1/agents/robot/freeze');
    const frozen = await make({ agent: 'robot', service: 'slack' });
    await world.admin('POST', '/v1/agents/robot/unfreeze');
    expect([frozen.status, frozen.body['code']]).toEqual([403, 'frozen']);
    expect((await world.admin('GET', '/v1/placeholders')).body['items']).toEqual([]);
  });

  test('are shown once: a repeated request is answered without them', async () => {
    const input = { agent: 'robot', service: 'slack' };
    const first = await make(input, 'placeholder-1');
    const second = await make(input, 'placeholder-1');
    expect(first.body['placeholder']).toMatch(/^xoxb-/);
    const { placeholder: _shown, ...rest } = first.body;
    expect(second.body).toEqual(rest);
    const run = await withKey('/v1/runs', { agent: 'robot' }, 'run-1');
    const repeated = await withKey('/v1/runs', { agent: 'robot' }, 'run-1');
    expect(run.body['services']).toHaveLength(2);
    expect(JSON.stringify(repeated.body)).not.toMatch(/xoxb-|dw_/);
  });

  test('whose end is long past are forgotten, and no others', async () => {
    const made = [];
    for (const expiresInSeconds of [60, 3600, undefined]) {
      const ends = expiresInSeconds === undefined ? {} : { expiresInSeconds };
      made.push((await make({ agent: 'robot', service: 'vendor', ...ends })).body['id']);
    }
    const { operations, authority } = world.apps[0] ?? {};
    if (operations === undefined || authority === undefined) throw new Error('the world has an application');
    const db = operations.database.admin;
    const hours = (count: number) => new Date(Date.now() + count * 3_600_000);
    const left = async () => {
      const { items } = (await world.admin('GET', '/v1/placeholders?service=vendor')).body;
      return (items as { id: string }[]).map(({ id }) => id);
    };
    expect(await forgetExpiredPlaceholders({ ...operations, db }, hours(23))).toBe(0); // seen elsewhere, they still tell
    const epoch = authority.epoch;
    expect(await forgetExpiredPlaceholders({ ...operations, db }, hours(24.5))).toBe(1);
    expect(await left()).toEqual(made.slice(1));
    await authority.sync();
    expect(authority.epoch).toBeGreaterThan(epoch);
    expect(await forgetExpiredPlaceholders({ ...operations, db }, hours(24 * 3650))).toBe(1);
    expect(await left()).toEqual(made.slice(2));
    expect((await world.admin('POST', '/v1/audit/verify')).body).toMatchObject({ ok: true });
  });

  test('come with a run, one for each service, and are not in the list', async () => {
    const before = (await world.admin('GET', '/v1/placeholders')).body['items'];
    const { body } = await world.admin('POST', '/v1/runs', { agent: 'robot' });
    const [slack, vendor] = body['services'] as Record<string, unknown>[];
    expect(slack).toMatchObject({
      name: 'slack',
      path: '/call/slack',
      url: null,
      placeholder: expect.stringMatching(/^xoxb-/) as string,
    });
    expect(slack?.['variables']).toContainEqual({ name: 'SLACK_BOT_TOKEN', holds: 'key', suffix: '' });
    expect(vendor).toMatchObject({ name: 'vendor', variables: [] });
    expect(vendor?.['placeholder']).toMatch(/^dw_placeholder_/);
    expect((await world.admin('GET', '/v1/placeholders')).body['items']).toEqual(before);
  });

  test('an agent’s services are told with what their clients read', async () => {
    const { services } = (await world.admin('GET', '/v1/agents/robot/services')).body as {
      services: Record<string, unknown>[];
    };
    expect(services.map(({ name }) => name)).toEqual(['slack', 'vendor']);
    expect(services[0]).toMatchObject({
      catalogue: 'slack',
      path: '/call/slack',
      url: null,
      allow: ['POST /chat.postMessage'],
      deny: ['POST /apps.manifest.create'],
      expiresAt: null,
    });
    expect(services[1]).toMatchObject({ catalogue: null, allow: null, deny: [], variables: [] });
    const none = await world.admin('GET', '/v1/agents/nobody/services');
    expect([none.status, none.body['code']]).toEqual([404, 'not-found']);
  });
});

describe('the variables of a service', () => {
  const entry = { env: ['A_KEY', 'B_KEY'], baseUrlEnv: [{ name: 'A_URL', suffix: '/v1' }] };
  const bare = { keyEnv: null, baseUrlEnv: null, baseUrlSuffix: '' };
  const key = (name: string) => ({ name, holds: 'key', suffix: '' });

  test.each([
    [
      'by hand',
      { keyEnv: 'K', baseUrlEnv: 'U', baseUrlSuffix: '/v2' },
      undefined,
      [key('K'), { name: 'U', holds: 'base-url', suffix: '/v2' }],
    ],
    [
      'by the catalogue',
      bare,
      entry,
      [key('A_KEY'), key('B_KEY'), { name: 'A_URL', holds: 'base-url', suffix: '/v1' }],
    ],
    [
      'by both: what was said by hand counts',
      { keyEnv: 'B_KEY', baseUrlEnv: 'A_URL', baseUrlSuffix: '' },
      entry,
      [key('B_KEY'), key('A_KEY'), { name: 'A_URL', holds: 'base-url', suffix: '' }],
    ],
    ['by nobody', bare, undefined, []],
  ])('are known %s', (_how, service, from, expected) => {
    expect(clientVariablesOf(service, from)).toEqual(expected);
  });
});
