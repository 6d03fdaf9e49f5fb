// Decisions asked for before a call, the smallest grants for what was called, and changes tried on recorded calls: on both
// engines.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { createWorld, type World } from '../support/world.ts';

const UUID = '0f4e1a62-7b0c-4d3e-9a51-2c8d7e6f5a4';
const LONG_AGO = '2020-01-01T00:00:00.000Z';

describe.each(testDatabases())('policy on $name', (database) => {
  let world: World;
  let token: string;
  let key: string;

  beforeAll(async () => {
    world = await createWorld({ database });
    world.upstream.respond = (_request, response) => response.end('done');
    ({ key } = await world.setUp({ allow: ['GET /v1/**', 'POST /v1/chat'] }));
    await world.admin('POST', '/v1/agents', { name: 'idle' });
    await world.admin('POST', '/v1/services', {
      name: 'secluded',
      baseUrl: 'https://api.secluded.test/base',
      auth: { kind: 'bearer' },
      secret: 'vendor',
    });
    token = await world.token('robot', key);
    for (const id of [1, 2, 3]) await call('GET', `/call/vendor/v1/files/${id}?limit=2`);
    for (const id of [7, 8, 9]) await call('GET', `/call/vendor/v1/users/${UUID}${id}/posts/${id}`);
    await call('GET', '/call/vendor/v1/models');
    await call('POST', '/call/vendor/v1/chat');
    await call('DELETE', '/call/vendor/v1/files/1');
    await call('GET', '/call/secluded/v1/x');
    // A refusal is written behind its answer.
    await vi.waitFor(
      async () => expect(await world.events('call.refused')).toHaveLength(2),
      { timeout: 30_000 }, // polls are for tests alone
    );
  });
  afterAll(() => world?.close());

  const call = async (method: string, path: string, by = token) => {
    const answer = await world.call(by, path, { method });
    return { status: answer.status, body: (await answer.text()) || '{}' };
  };
  const decide = async (input: object) => (await world.admin('POST', '/v1/decisions', input)).body;
  const own = async (input: object, by = token) => {
    const answer = await fetch(`${world.apps[0]?.address ?? ''}/v1/decisions/own`, {
      method: 'POST',
      headers: { authorization: `Bearer ${by}`, 'content-type': 'application/json' },
      body: JSON.stringify(input),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const tighter = async (query = '') => {
    const since = `since=${LONG_AGO}`;
    return (await world.admin('GET', `/v1/agents/robot/tighter-grants?${since}${query}`)).body;
  };
  const replay = async (input: object) =>
    await world.admin('POST', '/v1/policy/replay', { since: LONG_AGO, ...input });

  describe('a call that nobody has made', () => {
    test('is decided by every address there is for it', async () => {
      const { port } = new URL(world.apps[0]?.address ?? '');
      const urls = [
        `${world.upstream.url}/v1/files/9?x=1`,
        `${world.upstream.url}/v1/files/9#part`,
        '/call/vendor/v1/files/9',
        `http://127.0.0.1:${port}/call/vendor/v1/files/9`,
        `http://LOCALHOST:${port}/call/vendor/v1/files/9`,
      ];
      for (const url of urls) {
        expect(await decide({ agent: 'robot', method: 'get', url })).toMatchObject({
          service: 'vendor',
          method: 'GET',
          path: '/v1/files/9',
          effect: 'allow',
          rule: 'GET /v1/**',
          grantRevision: 1,
          serviceRevision: 1,
          advice: null,
        });
      }
      const below = { agent: 'robot', method: 'GET', url: 'https://api.secluded.test/base/v1/x' };
      expect(await decide(below)).toMatchObject({ service: 'secluded', path: '/v1/x', rule: 'no-grant' });
      const beside = { ...below, url: 'https://api.secluded.test/basement/v1/x' };
      expect(await decide(beside)).toMatchObject({ service: null, path: null, rule: 'no-grant' });
    });

    test('is told with the rule, its revision and the smallest grant that would allow it', async () => {
      const asked = { agent: 'robot', service: 'vendor', method: 'DELETE', path: '/v1/files/9' };
      expect(await decide(asked)).toMatchObject({
        effect: 'deny',
        rule: 'grant',
        problem: 'not-allowed',
        grantRevision: 1,
        advice: {
          neededGrant: 'DELETE /v1/files/9',
          command: "doorward grant set robot vendor --also 'DELETE /v1/files/9'",
        },
      });
      expect(await decide({ ...asked, agent: 'idle' })).toMatchObject({
        rule: 'no-grant',
        grantRevision: null,
        advice: { command: "doorward grant add idle vendor --allow 'DELETE /v1/files/9'" },
      });
      expect(await decide({ ...asked, path: '/v1/../keys' })).toMatchObject({
        effect: 'deny',
        problem: 'invalid-address',
        rule: 'address/dot-segment',
        path: null,
      });
    });

    test('over a WebSocket needs what changes things', async () => {
      const url = `${world.upstream.url.replace('http:', 'ws:')}/v1/stream`;
      expect(await decide({ agent: 'robot', method: 'GET', url })).toMatchObject({
        effect: 'deny',
        rule: 'grant',
        advice: { neededGrant: 'POST /v1/stream' },
      });
    });

    test('has an agent, a method and an address', async () => {
      const ask = (input: object) => world.admin('POST', '/v1/decisions', input);
      const good = { agent: 'robot', method: 'GET', url: '/call/vendor/x' };
      expect((await ask({ ...good, agent: 'nobody' })).status).toBe(404);
      expect((await ask({ ...good, method: 'STEAL' })).status).toBe(405);
      for (const url of ['vendor/x', 'ftp://x/', '/v1/keys', 'http://a@b/']) {
        expect((await ask({ ...good, url })).status).toBe(422);
      }
      expect((await ask({ ...good, service: 'vendor' })).status).toBe(422);
      expect((await ask({ agent: 'robot', method: 'GET' })).status).toBe(422);
    });
  });

  describe('an agent that asks about itself', () => {
    test('is told what a call would be told', async () => {
      const asked = { method: 'DELETE', url: `${world.upstream.url}/v1/files/9` };
      const { status, body } = await own(asked);
      expect(status).toBe(200);
      expect(body).toMatchObject({
        agent: 'robot',
        service: 'vendor',
        rule: 'grant',
        advice: { neededGrant: 'DELETE /v1/files/9' },
      });
      const refused = JSON.parse((await call('DELETE', '/call/vendor/v1/files/9')).body) as object;
      expect(refused).toMatchObject({
        rule: 'grant',
        revision: body['grantRevision'],
        needed_grant: 'DELETE /v1/files/9',
      });
    });

    test('is asked for its scope', async () => {
      const narrow = await world.token('robot', key, { scope: 'vendor:read' });
      expect((await own({ method: 'POST', url: '/call/vendor/v1/chat' }, narrow)).body).toMatchObject({
        rule: 'scope',
        neededScope: 'vendor:write',
      });
    });

    test('can not tell a service of others from none', async () => {
      const about = async (input: object) => JSON.stringify((await own({ method: 'GET', ...input })).body);
      const path = '/v1/x';
      expect(await about({ service: 'secluded', path })).toBe(await about({ service: 'unheard-of', path }));
      expect(await about({ url: `/call/secluded${path}` })).toBe(
        await about({ url: `/call/unheard-of${path}` }),
      );
      expect(await about({ url: 'https://api.secluded.test/base/x' })).toBe(
        await about({ url: 'https://api.unheard-of.test/base/x' }),
      );
    });

    test('shows who it is', async () => {
      expect((await own({ method: 'GET', url: '/call/vendor/x' }, 'nonsense')).status).toBe(401);
    });
  });

  describe('the smallest grants', () => {
    test('cover what was called, with ids as typed segments, and refuse none of it', async () => {
      const { services } = await tighter();
      expect(services).toContainEqual({
        service: 'vendor',
        present: { allow: ['GET /v1/**', 'POST /v1/chat'], revision: 1 },
        calls: 8,
        allow: [
          'GET /v1/files/{id:int}',
          'GET /v1/models',
          'GET /v1/users/{id:uuid}/posts/{id2:int}',
          'POST /v1/chat',
        ],
        actions: [],
        isSmaller: true,
        wouldRefuse: 0,
        refusedAlready: 0,
        refused: { calls: expect.any(Number), allow: expect.arrayContaining(['DELETE /v1/files/1']) },
      });
    });

    test('are told for services that were called in vain too', async () => {
      const { services } = await tighter();
      expect(services).toContainEqual(
        expect.objectContaining({
          service: 'secluded',
          present: null,
          calls: 0,
          allow: [],
          refused: { calls: 1, allow: ['GET /v1/x'] },
        }),
      );
    });

    test('can be asked for one service, from a moment on, and of one run', async () => {
      const one = (await tighter('&service=vendor'))['services'] as object[];
      expect(one).toHaveLength(1);
      const later = new Date(Date.now() + 60_000).toISOString();
      const none = await world.admin('GET', `/v1/agents/robot/tighter-grants?since=${later}`);
      expect(none.body['services']).toMatchObject([
        { service: 'vendor', calls: 0, allow: [], isSmaller: false },
      ]);
      const run = (await world.admin('POST', '/v1/runs', { agent: 'robot' })).body;
      await call('GET', '/call/vendor/v1/of-the-run', String(run['placeholder']));
      const ofRun = await tighter(`&run=${String(run['run'])}`);
      expect(ofRun['services']).toMatchObject([
        { service: 'vendor', calls: 1, allow: ['GET /v1/of-the-run'] },
      ]);
    });

    test('are of an agent and a service that are there', async () => {
      expect((await world.admin('GET', '/v1/agents/nobody/tighter-grants')).status).toBe(404);
      const other = await world.admin('GET', '/v1/agents/idle/tighter-grants?service=vendor');
      expect(other.status).toBe(404);
    });
  });

  describe('a change that is tried on recorded calls', () => {
    test('tells what would be refused that was allowed, and the other way round; nothing is changed', async () => {
      const before = (await world.admin('GET', '/v1/agents/robot/grants/vendor')).body;
      const allow = ['GET /v1/models', 'DELETE /v1/files/{id:int}'];
      const { status, body } = await replay({ agent: 'robot', service: 'vendor', allow });
      expect(status).toBe(200);
      expect(body).toMatchObject({ refusedAlready: 0, cutAt: null });
      expect(body['wouldRefuse']).toBeGreaterThanOrEqual(7);
      expect(body['wouldAllow']).toBeGreaterThanOrEqual(1);
      expect(body['examples']).toContainEqual(
        expect.objectContaining({
          effect: 'deny',
          method: 'POST',
          path: '/v1/chat',
          calls: 1,
          rule: 'grant',
        }),
      );
      expect(body['examples']).toContainEqual(
        expect.objectContaining({ effect: 'allow', path: '/v1/files/1', rule: 'DELETE /v1/files/{id:int}' }),
      );
      expect((await world.admin('GET', '/v1/agents/robot/grants/vendor')).body).toEqual(before);
      expect((await call('GET', '/call/vendor/v1/files/1')).status).toBe(200);
    });

    test('refuses nothing where it is what the smallest grant says', async () => {
      const { services } = await tighter('&service=vendor');
      const [{ allow } = { allow: [] }] = services as { allow: string[] }[];
      const { body } = await replay({ agent: 'robot', service: 'vendor', allow });
      expect(body).toMatchObject({ wouldRefuse: 0, wouldAllow: 0, examples: [] });
    });

    test('may be a grant that nobody has, or the guards of a service for everybody', async () => {
      const made = await replay({ agent: 'robot', service: 'secluded', allow: null });
      expect(made.body).toMatchObject({ calls: 1, wouldRefuse: 0, wouldAllow: 1 });
      const guarded = await replay({ service: 'vendor', deny: ['GET /v1/files/**'] });
      expect(guarded.body['wouldRefuse']).toBeGreaterThanOrEqual(3);
      expect(guarded.body['examples']).toContainEqual(
        expect.objectContaining({ path: '/v1/files/2', rule: 'guard GET /v1/files/**', agent: 'robot' }),
      );
    });

    test('may be what is asked of a call besides, as far as that is on record', async () => {
      const asked = { agent: 'robot', service: 'vendor' };
      const reading = await replay({ ...asked, constraints: { methods: ['GET'] } });
      expect(reading.body).toMatchObject({
        wouldRefuse: 1,
        examples: [{ method: 'POST', path: '/v1/chat', rule: 'constraint:methods' }],
      });
      const forbidden = await replay({
        ...asked,
        constraints: { query: [{ name: 'limit', use: 'forbidden' }] },
      });
      expect(forbidden.body).toMatchObject({ wouldRefuse: 3 });
      const valued = { query: [{ name: 'limit', use: 'allowed', values: ['never-sent'] }] };
      const untried = (await replay({ ...asked, constraints: valued })).body;
      expect(untried).toMatchObject({ wouldRefuse: 0 });
      expect(untried['notRecorded']).toContainEqual(expect.stringMatching(/^Values of a query/));
      const unknown = await replay({ ...asked, constraints: { actions: ['chat'] } });
      expect(unknown).toMatchObject({ status: 422, body: { code: 'invalid-input' } });
    });

    test('names what would be changed', async () => {
      expect((await replay({ service: 'vendor' })).status).toBe(422);
      expect((await replay({ service: 'vendor', allow: ['GET /x'] })).status).toBe(422);
      expect((await replay({ service: 'vendor', deny: ['nonsense'] })).status).toBe(422);
      expect((await replay({ service: 'nobody', deny: [] })).status).toBe(404);
      expect((await replay({ service: 'vendor', agent: 'nobody', allow: null })).status).toBe(404);
    });

    test('is on record as a look at the log', async () => {
      const reads = (await world.events('audit.read')).map(({ after }) => after);
      expect(reads).toContainEqual({ filter: 'policy.replay vendor' });
      expect(reads).toContainEqual({ filter: 'grant.tighten robot' });
    });
  });

  test('a refusal tells the revision of the grant that decided, in the answer and on record', async () => {
    await world.admin('PATCH', '/v1/services/vendor', { deny: ['PUT /v1/guarded'] });
    await world.admin('PATCH', '/v1/agents/robot/grants/vendor', { allow: ['* /v1/**'] });
    const guarded = JSON.parse((await call('PUT', '/call/vendor/v1/guarded')).body) as object;
    expect(guarded).toMatchObject({ rule: 'guard', revision: 2 });
    const lacking = JSON.parse((await call('PUT', '/call/vendor/v2/x')).body) as object;
    expect(lacking).toMatchObject({ rule: 'grant', revision: 2, needed_grant: 'PUT /v2/x' });
    const unknown = JSON.parse((await call('PUT', '/call/secluded/v2/x')).body) as object;
    expect(unknown).not.toHaveProperty('revision');
    const recorded = async () =>
      (await world.events('call.refused')).map(({ path, grantRevision }) => [path, grantRevision]);
    await expect.poll(recorded).toContainEqual(['/v2/x', 2]);
    expect(await recorded()).toContainEqual(['/v1/guarded', undefined]);
  });
});
