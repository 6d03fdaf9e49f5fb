// What a request may ask besides its input: made once under an Idempotency-Key, only as seen under If-Match, and not told
// again under If-None-Match.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { IDEMPOTENCY_KEY_SECONDS, removeIdempotencyKeys } from '../../src/store/idempotency-keys.ts';
import { testDatabases } from '../support/database.ts';
import { type RawAnswer, send } from '../support/raw-http.ts';
import { createWorld, SECRET_VALUE, type World } from '../support/world.ts';
import { ownerToken } from './owner-token.ts';

const KEYS = ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', 'a-key', 'another', 'third', 'fourth'] as const;

describe.each(testDatabases())('conditions of a request on $name', (database) => {
  const replicas = database.name === 'postgres' ? 2 : 1;
  let world: World;
  let token: string;

  beforeAll(async () => {
    world = await createWorld({ database, replicas });
    token = await ownerToken(world);
  });
  afterAll(() => world?.close());

  interface Request {
    readonly headers?: readonly string[];
    readonly body?: object;
    readonly replica?: number;
  }
  function ask(
    method: string,
    path: string,
    { headers = [], body, replica = 0 }: Request = {},
  ): Promise<RawAnswer> {
    const { address = '' } = world.apps[replica] ?? {};
    const type = body === undefined ? [] : ['content-type', 'application/json'];
    return send(address, path, {
      method,
      headers: ['authorization', `Bearer ${token}`, ...type, ...headers],
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
  const create = (path: string, key: string, body: object, replica = 0) =>
    ask('POST', path, { headers: ['idempotency-key', key], body, replica });
  const rows = (statement: string) => world.apps[0]?.operations.database.adminSql.unsafe(statement) ?? [];

  describe('an Idempotency-Key', () => {
    test('gives the first answer again, without what is told once', async () => {
      const first = await create('/v1/agents', KEYS[0], { name: 'once' });
      const again = await create('/v1/agents', KEYS[0], { name: 'once' }, replicas - 1);
      expect([first.status, again.status]).toEqual([201, 201]);
      expect([first.header('idempotent-replayed'), again.header('idempotent-replayed')]).toEqual([
        undefined,
        'true',
      ]);
      expect(first.json()['key']).toMatch(/^dw_agent_/);
      expect(again.json()).toEqual({ agent: first.json()['agent'] });
      expect([again.header('etag'), again.header('location')]).toEqual([
        first.header('etag'),
        first.header('location'),
      ]);
      expect(await world.events('agent.create')).toHaveLength(1);
    });

    test('works for everything that is made', async () => {
      await create('/v1/secrets', 'for-secret', { name: 'kept', value: SECRET_VALUE });
      const service = { name: 'kept', baseUrl: 'https://api.test', auth: { kind: 'bearer' }, secret: 'kept' };
      const made: [string, object][] = [
        ['/v1/secrets', { name: 'other', value: SECRET_VALUE }],
        ['/v1/services', service],
        ['/v1/agents', { name: 'maker' }],
        ['/v1/grants', { agent: 'maker', service: 'kept' }],
        ['/v1/runs', { agent: 'maker' }],
      ];
      for (const [path, body] of made) {
        const first = await create(path, `all${path}`, body);
        const again = await create(path, `all${path}`, body);
        expect([path, first.status, again.status]).toEqual([path, 201, 201]);
        const { key: _key, placeholder: _placeholder, ...told } = first.json();
        if (path === '/v1/runs') delete told['services']; // each has a placeholder of its own
        expect(again.json()).toEqual(told);
      }
      expect((await rows('select * from run')).length).toBe(1);
    });

    test('stands for one request: another under it is refused', async () => {
      await create('/v1/agents', KEYS[1], { name: 'first' });
      for (const [path, body] of [
        ['/v1/agents', { name: 'second' }],
        ['/v1/runs', { agent: 'first' }],
      ] as const) {
        const other = await create(path, KEYS[1], body);
        expect([other.status, other.json()['code']]).toEqual([422, 'idempotency-key-reused']);
      }
      expect((await ask('GET', '/v1/agents/second')).status).toBe(404);
    });

    test('is the same with and without quotes, and defaults are the same input', async () => {
      const value = SECRET_VALUE;
      expect((await create('/v1/secrets', KEYS[2], { name: 'quoted', value })).status).toBe(201);
      const again = await create('/v1/secrets', `"${KEYS[2]}"`, { force: false, value, name: 'quoted' });
      expect([again.status, again.header('idempotent-replayed')]).toEqual([201, 'true']);
    });

    test('makes one thing of 32 requests at once on every replica', async () => {
      const answers = await Promise.all(
        Array.from({ length: 32 }, (_, at) =>
          create('/v1/agents', KEYS[3], { name: 'crowd' }, at % replicas),
        ),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 32 }, () => 201));
      expect(answers.filter((answer) => answer.json()['key'] !== undefined)).toHaveLength(1);
      expect(answers.filter((answer) => answer.header('idempotent-replayed') === 'true')).toHaveLength(31);
      for (const answer of answers) expect(answer.json()['agent']).toEqual(answers[0]?.json()['agent']);
      expect((await rows("select * from agent where name = 'crowd'")).length).toBe(1);
    });

    test('is forgotten where nothing came of it, and where it makes nothing', async () => {
      const refused = await create('/v1/grants', 'tried', { agent: 'nobody', service: 'kept' });
      expect(refused.status).toBe(404);
      const better = await create('/v1/grants', 'tried', { agent: 'crowd', service: 'kept' });
      expect(better.status).toBe(201);
      const frozen = await create('/v1/agents/crowd/freeze', KEYS[3], {});
      expect([frozen.status, frozen.header('idempotent-replayed')]).toEqual([200, undefined]);
      expect((await ask('GET', '/v1/agents', { headers: ['idempotency-key', '"not closed'] })).status).toBe(
        200,
      );
    });

    test('is no clear text in the database, nor is the input', async () => {
      await create('/v1/secrets', 'secretive-key-4711', { name: 'hidden', value: SECRET_VALUE });
      const stored = JSON.stringify(await rows("select *, encode(key_hash, 'escape') from idempotency_key"));
      expect(stored).toContain('secret.create');
      for (const clear of [SECRET_VALUE, 'secretive-key-4711', 'dw_agent_', 'dw_run_']) {
        expect(stored).not.toContain(clear);
      }
    });

    test('ends after a day', async () => {
      await create('/v1/agents', KEYS[4], { name: 'daily' });
      await rows("update idempotency_key set created_at = created_at - interval '24 hours'");
      const late = await create('/v1/agents', KEYS[4], { name: 'daily' });
      expect([late.status, late.json()['code']]).toEqual([409, 'already-exists']);
      const other = await create('/v1/agents', KEYS[4], { name: 'daily-two' });
      expect([other.status, other.header('idempotent-replayed')]).toEqual([201, undefined]);
      const again = await create('/v1/agents', KEYS[4], { name: 'daily-two' });
      expect(again.header('idempotent-replayed')).toBe('true');
      const { operations } = world.apps[0] ?? {};
      if (operations === undefined) throw new Error('the world has a server');
      const aDayAgo = new Date(Date.now() - IDEMPOTENCY_KEY_SECONDS * 1000);
      await removeIdempotencyKeys(operations.database.admin, operations.vaultId, aDayAgo);
      expect((await rows('select * from idempotency_key')).length).toBe(1);
    });

    test.each([
      ['nothing', ''],
      ['a quote that is not closed', '"abc'],
      ['a space without quotes', 'a b'],
      ['two strings', '"a", "b"'],
      ['a parameter', '"a";b=1'],
      ['a backslash before a letter', '"a\\b"'],
      ['too much', `"${'k'.repeat(256)}"`],
      ['bytes', 'k\u00e9y'],
    ])('that is %s is refused', async (_what, key) => {
      const answer = await create('/v1/agents', key, { name: 'malformed' });
      expect([answer.status, answer.json()['code']]).toEqual([400, 'invalid-request']);
      expect(answer.json()['detail']).toContain('Idempotency-Key');
    });
  });

  describe('If-Match', () => {
    const change = (tag: string, name: string) =>
      ask('POST', `/v1/agents/${name}/freeze`, { headers: ['if-match', tag] });

    test('lets a change through for the tag that the record has', async () => {
      const made = await ask('POST', '/v1/agents', { body: { name: 'tagged' } });
      expect(made.header('etag')).toBe('"1"');
      expect(made.header('location')).toMatch(/\/v1\/agents\/tagged$/);
      expect((await ask('GET', '/v1/agents/tagged')).header('etag')).toBe('"1"');
      const frozen = await change('"9", "1"', 'tagged');
      expect([frozen.status, frozen.header('etag'), frozen.json()['revision']]).toEqual([200, '"2"', 2]);
      const late = await change('"1"', 'tagged');
      expect([late.status, late.json()]).toMatchObject([412, { code: 'precondition-failed', revision: 2 }]);
      expect((await change('*', 'tagged')).status).toBe(200);
      expect((await change('W/"3"', 'tagged')).json()['code']).toBe('precondition-failed');
      expect((await change('"3"', 'absent')).status).toBe(404);
    });

    test.each(['3', '"3', '""3""', '"1" "2"', '"1",', 'w/"1"', '"1", *', ''])(
      'written %s is refused',
      async (tag) => {
        const answer = await change(tag, 'tagged');
        expect([answer.status, answer.json()['code']]).toEqual([400, 'invalid-request']);
      },
    );

    test('is refused where it could mean nothing', async () => {
      for (const [method, path, body] of [
        ['POST', '/v1/agents', { name: 'unmatched' }],
        ['GET', '/v1/agents', undefined],
        ['POST', '/v1/audit/verify', undefined],
      ] as const) {
        const answer = await ask(method, path, {
          headers: ['if-match', '"1"'],
          ...(body === undefined ? {} : { body }),
        });
        expect([path, answer.status, answer.json()['code']]).toEqual([path, 400, 'invalid-request']);
      }
      expect((await ask('GET', '/v1/agents/unmatched')).status).toBe(404);
      expect((await ask('GET', '/v1/agents/tagged', { headers: ['if-match', '"1"'] })).status).toBe(412);
    });

    test('of two changes at the same time lets one through, whatever is changed', async () => {
      await ask('POST', '/v1/secrets', { body: { name: 'raced', value: SECRET_VALUE } });
      const service = {
        name: 'raced',
        baseUrl: 'https://api.test',
        auth: { kind: 'bearer' },
        secret: 'raced',
      };
      await ask('POST', '/v1/services', { body: service });
      await ask('POST', '/v1/agents', { body: { name: 'raced' } });
      await ask('POST', '/v1/grants', { body: { agent: 'raced', service: 'raced' } });
      const changes: [string, string, (at: number) => object | undefined][] = [
        ['PATCH', '/v1/services/raced', (at) => ({ baseUrl: `https://${at}.api.test` })],
        ['PATCH', '/v1/agents/raced/grants/raced', (at) => ({ allow: [`GET /${at}`] })],
        ['POST', '/v1/agents/raced/freeze', () => undefined],
        ['DELETE', '/v1/agents/raced/grants/raced', () => undefined],
      ];
      for (const [method, path, bodyOf] of changes) {
        const shown = await ask('GET', path.replace(/\/freeze$/, ''));
        const tag = shown.header('etag') ?? '';
        const answers = await Promise.all(
          [0, 1, 2, 3].map((at) => {
            const body = bodyOf(at);
            return ask(method, path, {
              headers: ['if-match', tag],
              replica: at % replicas,
              ...(body === undefined ? {} : { body }),
            });
          }),
        );
        const statuses = answers.map(({ status }) => status).toSorted((one, other) => one - other);
        const lost = method === 'DELETE' ? 404 : 412;
        expect([path, statuses]).toEqual([path, [200, lost, lost, lost]]);
        if (method !== 'PATCH') continue;
        const winner = answers.find(({ status }) => status === 200);
        expect((await ask('GET', path)).json()).toEqual(winner?.json());
      }
    });

    test('holds for a record as it is shown: what it names changes its tag', async () => {
      await ask('POST', '/v1/agents', { body: { name: 'named' } });
      const tags = [(await ask('GET', '/v1/agents/named')).header('etag')];
      await ask('POST', '/v1/grants', { body: { agent: 'named', service: 'kept' } });
      tags.push((await ask('GET', '/v1/agents/named')).header('etag'));
      await ask('DELETE', '/v1/agents/named/grants/kept');
      tags.push((await ask('GET', '/v1/agents/named')).header('etag'));
      expect(tags).toEqual(['"1"', '"2"', '"3"']);
      const before = (await ask('GET', '/v1/secrets/kept')).header('etag');
      const service = { name: 'more', baseUrl: 'https://api.test', auth: { kind: 'bearer' }, secret: 'kept' };
      await ask('POST', '/v1/services', { body: service });
      expect((await ask('GET', '/v1/secrets/kept')).header('etag')).not.toBe(before);
    });
  });

  test('If-None-Match saves what is known already', async () => {
    const get = (tag: string) => ask('GET', '/v1/services/kept', { headers: ['if-none-match', tag] });
    const shown = await ask('GET', '/v1/services/kept');
    const tag = shown.header('etag') ?? '';
    for (const known of [tag, `W/${tag}`, `"x", ${tag}`, '*']) {
      const answer = await get(known);
      expect([known, answer.status, answer.text(), answer.header('etag')]).toEqual([known, 304, '', tag]);
    }
    const head = await ask('HEAD', '/v1/services/kept', { headers: ['if-none-match', tag] });
    expect(head.status).toBe(304);
    expect((await get('"other"')).json()).toEqual(shown.json());
    expect((await get('other')).status).toBe(400);
  });
});
