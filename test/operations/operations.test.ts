// Every administrative operation on both engines: what it gives, what it refuses, what it leaves in the audit log.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { createWorld, SECRET_VALUE, type World } from '../support/world.ts';

const SERVICE = { baseUrl: 'https://api.test/v2', auth: { kind: 'bearer' } };

describe.each(testDatabases())('administrative operations on $name', (database) => {
  let world: World;
  /** Everything any operation has answered. */
  let said = '';

  beforeAll(async () => {
    world = await createWorld({ database });
  });
  afterAll(() => world?.close());

  async function admin(method: string, path: string, body?: object) {
    const answer = await world.admin(method, path, body);
    said += JSON.stringify(answer.body);
    return answer;
  }
  async function expectRefusal(status: number, code: string, ...request: Parameters<typeof admin>) {
    const answer = await admin(...request);
    expect([request[1], answer.status, answer.body['code']]).toEqual([request[1], status, code]);
    return answer.body;
  }
  const names = (answer: { body: Record<string, unknown> }) =>
    (answer.body['items'] as { name: string }[]).map(({ name }) => name);
  const newest = async (kind: string) => (await world.events(kind)).at(-1);

  describe('secrets', () => {
    test('are stored, shown and listed without their value', async () => {
      const made = await admin('POST', '/v1/secrets', {
        name: 'openai',
        value: SECRET_VALUE,
      });
      expect(made.status).toBe(201);
      const record = {
        name: 'openai',
        isDecoy: false,
        credentialKind: 'static',
        currentVersion: 1,
        services: [],
        revision: 1,
        id: expect.stringMatching(/^sec_/) as string,
        createdAt: expect.any(String) as string,
      };
      expect(made.body).toEqual(record);
      expect((await admin('GET', '/v1/secrets/openai')).body).toEqual(record);
      expect((await admin('GET', '/v1/secrets')).body).toEqual({ items: [record], nextCursor: null });
      expect(await newest('secret.create')).toMatchObject({
        principal: { type: 'admin', name: 'owner' },
        target: { type: 'secret', name: 'openai' },
        after: { version: 1, bytes: SECRET_VALUE.length },
      });
    });

    test('come as text or as bytes, one of both, and of a form that can be sent', async () => {
      const wrong: object[] = [
        {},
        { value: SECRET_VALUE, valueBase64: 'c2stdGVzdC05ZksybVE3eA==' },
        { value: 'short' },
        { value: '' },
        { value: 'line\nbreak-in-it' },
        { value: 'ends-with-a-return\r' },
        { value: 'a-nul-inside\0-it' },
        { value: 'delete\u007f-inside' },
        { valueBase64: 'not base64!' },
        { valueBase64: Buffer.from('tab\tinside-it').toString('base64') },
        { value: 12345678 },
        { value: 'x'.repeat(65_537) },
        { value: 'ü'.repeat(40_000) },
      ];
      for (const body of wrong) {
        const refusal = await expectRefusal(422, 'invalid-input', 'POST', '/v1/secrets', {
          name: 'wrong',
          ...body,
        });
        expect(JSON.stringify(refusal)).not.toMatch(/line.break-in|ends-with|nul-inside|12345678|ü/);
      }
      await expectRefusal(404, 'not-found', 'GET', '/v1/secrets/wrong');
      expect((await admin('POST', '/v1/secrets', { name: 'tiny', value: 'short', force: true })).status).toBe(
        201,
      );
      const bytes = Buffer.from(`${SECRET_VALUE}-as-bytes`).toString('base64');
      expect((await admin('POST', '/v1/secrets', { name: 'bytes', valueBase64: bytes })).status).toBe(201);
      expect((await admin('POST', '/v1/secrets', { name: 'long', value: 'x'.repeat(65_536) })).status).toBe(
        201,
      );
    });

    test('are not stored twice under one name', async () => {
      const before = (await world.events('secret.create')).length;
      await expectRefusal(409, 'already-exists', 'POST', '/v1/secrets', {
        name: 'openai',
        value: `${SECRET_VALUE}2`,
      });
      expect((await world.events('secret.create')).length).toBe(before);
    });

    test('are listed page by page, each once', async () => {
      const seen: string[] = [];
      let cursor = '';
      do {
        const page = await admin('GET', `/v1/secrets?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
        expect(names(page).length).toBeLessThanOrEqual(2);
        seen.push(...names(page));
        const { nextCursor } = page.body;
        cursor = typeof nextCursor === 'string' ? nextCursor : '';
      } while (cursor !== '');
      expect(seen).toEqual(['bytes', 'long', 'openai', 'tiny']);
    });

    test('are destroyed for ever, but not while a service sends them', async () => {
      await admin('POST', '/v1/services', { name: 'holder', ...SERVICE, secret: 'bytes' });
      const refusal = await expectRefusal(409, 'in-use', 'DELETE', '/v1/secrets/bytes');
      expect(refusal['detail']).toContain('holder');
      await admin('DELETE', '/v1/services/holder');
      const gone = await admin('DELETE', '/v1/secrets/bytes');
      expect(gone.body).toMatchObject({ name: 'bytes', versionsDestroyed: 1 });
      await expectRefusal(404, 'not-found', 'GET', '/v1/secrets/bytes');
      await expectRefusal(404, 'not-found', 'DELETE', '/v1/secrets/bytes');
      expect(await newest('secret.destroy')).toMatchObject({
        target: { name: 'bytes' },
        after: { versionsDestroyed: 1 },
      });
      const [row] =
        await rows(`select count(*)::int as kept from secret_version v join secret s on s.id = v.secret_id
        where s.name = 'bytes' and (v.value_record is not null or v.dek_record is not null)`);
      expect(row?.['kept']).toBe(0);
      expect((await admin('POST', '/v1/secrets', { name: 'bytes', value: SECRET_VALUE })).status).toBe(201); // the name is free
    });
  });

  describe('services', () => {
    test('are added, shown, listed and removed with their grants', async () => {
      const given = {
        name: 'vendor',
        ...SERVICE,
        secret: 'openai',
        keyEnv: 'OPENAI_API_KEY',
        baseUrlEnv: 'OPENAI_BASE_URL',
        baseUrlSuffix: '/v1',
      };
      const made = await admin('POST', '/v1/services', given);
      expect(made.status).toBe(201);
      expect(made.body).toMatchObject({ ...given, revision: 1 });
      expect((await admin('GET', '/v1/services/vendor')).body).toEqual(made.body);
      expect((await admin('GET', '/v1/services')).body['items']).toEqual([made.body]);
      expect((await admin('GET', '/v1/secrets/openai')).body['services']).toEqual(['vendor']);
      expect(await newest('service.create')).toMatchObject({
        target: { name: 'vendor' },
        after: { baseUrl: 'https://api.test/v2', auth: 'bearer', revision: 1 },
      });
      await admin('POST', '/v1/agents', { name: 'one' });
      await admin('POST', '/v1/grants', { agent: 'one', service: 'vendor' });
      expect((await admin('DELETE', '/v1/services/vendor')).body).toMatchObject({
        name: 'vendor',
        grantsRemoved: 1,
      });
      expect(await newest('service.remove')).toMatchObject({
        before: { baseUrl: 'https://api.test/v2' },
        after: { grantsRemoved: 1 },
      });
      await expectRefusal(404, 'not-found', 'GET', '/v1/services/vendor');
      await expectRefusal(404, 'not-found', 'DELETE', '/v1/services/vendor');
      expect((await admin('GET', '/v1/grants')).body['items']).toEqual([]);
    });

    test('say where a secret goes in one form only', async () => {
      const wrong: [string, object][] = [
        ['a base URL with a user', { baseUrl: 'https://user:pass-word@api.test' }],
        ['a base URL with a query', { baseUrl: 'https://api.test/?a=1' }],
        ['a base URL in capitals', { baseUrl: 'https://API.test' }],
        ['a base URL with dots', { baseUrl: 'https://api.test/a/../b' }],
        ['a base URL of another scheme', { baseUrl: 'ftp://api.test' }],
        ['an address written oddly', { baseUrl: 'http://0x7f.1' }],
        ['an unknown kind', { auth: { kind: 'oauth' } }],
        ['a kind with too much', { auth: { kind: 'bearer', name: 'x' } }],
        ['a header without a name', { auth: { kind: 'header' } }],
        ['a header in capitals', { auth: { kind: 'header', name: 'X-Key' } }],
        ['a header with a line break', { auth: { kind: 'header', name: 'x\r\ny' } }],
        ['a header that frames', { auth: { kind: 'header', name: 'content-length' } }],
        ['a header that addresses', { auth: { kind: 'header', name: 'host' } }],
        ['a parameter with an equals sign', { auth: { kind: 'query', name: 'a=b' } }],
        ['a variable in small letters', { keyEnv: 'openai_api_key' }],
        ['a suffix that is no path', { baseUrlSuffix: 'v1/' }],
      ];
      for (const [what, fields] of wrong) {
        const answer = await admin('POST', '/v1/services', {
          name: 'wrong',
          ...SERVICE,
          secret: 'openai',
          ...fields,
        });
        expect([what, answer.status]).toEqual([what, 422]);
        expect(JSON.stringify(answer.body)).not.toContain('pass-word');
      }
      await expectRefusal(404, 'not-found', 'POST', '/v1/services', {
        name: 'wrong',
        ...SERVICE,
        secret: 'nothing',
      });
      await expectRefusal(404, 'not-found', 'GET', '/v1/services/wrong');
    });

    test('share a secret: adding and removing one keeps the others working', async () => {
      const { key } = await world.setUp({ service: 'first', agent: 'sharer' });
      const token = await world.token('sharer', key);
      const works = async (service: string) => (await world.call(token, `/call/${service}/x`)).status;
      for (const [name, auth] of [
        ['second', { kind: 'header', name: 'x-key' }],
        ['third', { kind: 'bearer' }],
      ] as const) {
        await admin('POST', '/v1/services', { name, baseUrl: world.upstream.url, auth, secret: 'first' });
        await admin('POST', '/v1/grants', { agent: 'sharer', service: name });
        expect([await works('first'), await works(name)]).toEqual([200, 200]);
      }
      await admin('DELETE', '/v1/services/first');
      expect([await works('first'), await works('second'), await works('third')]).toEqual([403, 200, 200]);
      expect(world.upstream.seen.at(-2)?.headers['x-key']).toBe(SECRET_VALUE);
      await admin('DELETE', '/v1/services/third');
      expect([await works('second'), await works('third')]).toEqual([200, 403]);
      expect((await admin('GET', '/v1/secrets/first')).body['currentVersion']).toBe(1);
    });
  });

  describe('agents', () => {
    test('are added with a key shown once, frozen, unfrozen and removed', async () => {
      const made = await world.admin('POST', '/v1/agents', { name: 'robot' });
      expect(made.status).toBe(201);
      const key = String(made.body['key']);
      expect(key).toMatch(/^dw_agent_/);
      const record = { name: 'robot', state: 'active', services: [], generation: 1, revision: 1 };
      expect((await admin('GET', '/v1/agents/robot')).body).toMatchObject(record);
      expect((await admin('POST', '/v1/agents/robot/freeze')).body).toMatchObject({
        state: 'frozen',
        revision: 2,
      });
      expect(await newest('agent.freeze')).toMatchObject({
        before: { frozen: false, revision: 1 },
        after: { frozen: true, revision: 2 },
      });
      expect((await admin('POST', '/v1/agents/robot/freeze', {})).body).toMatchObject({ state: 'frozen' });
      expect((await admin('POST', '/v1/agents/robot/unfreeze', {})).body).toMatchObject({ state: 'active' });
      expect(await newest('agent.unfreeze')).toMatchObject({
        before: { frozen: true },
        after: { frozen: false },
      });
      await expectRefusal(409, 'already-exists', 'POST', '/v1/agents', { name: 'robot' });
      expect((await admin('DELETE', '/v1/agents/robot')).body).toMatchObject({
        name: 'robot',
        grantsRemoved: 0,
      });
      for (const [method, path] of [
        ['GET', ''],
        ['DELETE', ''],
        ['POST', '/freeze'],
        ['POST', '/unfreeze'],
      ] as const) {
        await expectRefusal(404, 'not-found', method, `/v1/agents/robot${path}`);
      }
      expect(said + JSON.stringify(await world.events())).not.toContain(key);
      await expect(world.token('robot', key)).rejects.toThrow('invalid_client');
    });

    test('removed and added again are somebody else', async () => {
      const { key } = await world.setUp({ service: 'again', agent: 'again' });
      const token = await world.token('again', key);
      expect((await world.call(token, '/call/again/x')).status).toBe(200);
      await admin('DELETE', '/v1/agents/again');
      const second = await world.admin('POST', '/v1/agents', { name: 'again' });
      expect(second.status).toBe(201);
      expect((await world.call(token, '/call/again/x')).status).toBe(401);
      await expect(world.token('again', key)).rejects.toThrow('invalid_client');
      const fresh = await world.token('again', String(second.body['key']));
      expect((await world.call(fresh, '/call/again/x')).status).toBe(403);
    });
  });

  describe('grants', () => {
    test('are given with patterns and an end, listed and taken back', async () => {
      await admin('POST', '/v1/agents', { name: 'granted' });
      await admin('POST', '/v1/services', { name: 'api', ...SERVICE, secret: 'openai' });
      const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
      const given = {
        agent: 'granted',
        service: 'api',
        allow: ['GET /v1/models', 'POST /v1/chat/**'],
        expiresAt,
      };
      const made = await admin('POST', '/v1/grants', given);
      expect([made.status, made.body]).toMatchObject([201, given]);
      expect((await admin('GET', '/v1/grants?agent=granted')).body['items']).toEqual([made.body]);
      expect((await admin('GET', '/v1/grants?service=api')).body['items']).toEqual([made.body]);
      expect((await admin('GET', '/v1/agents/granted')).body['services']).toEqual(['api']);
      await expectRefusal(409, 'already-exists', 'POST', '/v1/grants', { agent: 'granted', service: 'api' });
      expect((await admin('DELETE', '/v1/agents/granted/grants/api')).body).toEqual(made.body);
      await expectRefusal(404, 'not-found', 'DELETE', '/v1/agents/granted/grants/api');
      expect(await newest('grant.create')).toMatchObject({
        after: { allow: given.allow, expiresAt, revision: 1 },
      });
      expect(await newest('grant.remove')).toMatchObject({ before: { allow: given.allow } });
    });

    test('are refused when nobody could mean them', async () => {
      const past = new Date(Date.now() - 60_000).toISOString();
      const wrong: [object, number][] = [
        [{ agent: 'nobody' }, 404],
        [{ service: 'nothing' }, 404],
        [{ allow: [] }, 422],
        [{ allow: ['FETCH /v1'] }, 422],
        [{ allow: ['GET v1'] }, 422],
        [{ allow: ['GET /v1/../x'] }, 422],
        [{ allow: ['GET /v1/**/x'] }, 422],
        [{ allow: ['GET /v1?x=1'] }, 422],
        [{ allow: Array.from({ length: 257 }, () => 'GET /v1') }, 422],
        [{ expiresAt: past }, 422],
        [{ expiresAt: 'tomorrow' }, 422],
        [{ limit: 5 }, 422],
      ];
      for (const [fields, status] of wrong) {
        const answer = await admin('POST', '/v1/grants', { agent: 'granted', service: 'api', ...fields });
        expect([fields, answer.status]).toEqual([fields, status]);
      }
      expect((await admin('GET', '/v1/grants?agent=granted')).body['items']).toEqual([]);
      await expectRefusal(404, 'not-found', 'GET', '/v1/grants?agent=nobody');
    });

    test('end when they said they would', async () => {
      const { key } = await world.setUp({ service: 'ending', agent: 'ending' });
      await admin('DELETE', '/v1/agents/ending/grants/ending');
      const expiresAt = new Date(Date.now() + 60_000).toISOString();
      await admin('POST', '/v1/grants', { agent: 'ending', service: 'ending', expiresAt });
      const token = await world.token('ending', key);
      expect((await world.call(token, '/call/ending/x')).status).toBe(200);
      await world.shift(120_000);
      const answer = await world.call(token, '/call/ending/x');
      expect([answer.status, await answer.json()]).toMatchObject([403, { rule: 'grant-expired' }]);
      await world.shift(0);
    });
  });

  describe('runs', () => {
    test('give a placeholder that is good while they live', async () => {
      await world.setUp({ service: 'run', agent: 'runner' });
      const started = await world.admin('POST', '/v1/runs', { agent: 'runner' });
      expect(started.status).toBe(201);
      const { run, placeholder } = started.body as { run: string; placeholder: string };
      expect((await world.call(placeholder, '/call/run/x')).status).toBe(200);
      expect(JSON.stringify(world.upstream.seen.at(-1))).not.toContain(placeholder);
      expect((await admin('POST', `/v1/runs/${run}/renew`)).status).toBe(200);
      const ended = await admin('POST', `/v1/runs/${run}/end`, {});
      expect(ended.body).toMatchObject({ run, calls: 1, refused: 0, failed: 0 });
      const late = await world.call(placeholder, '/call/run/x');
      expect([late.status, await late.json()]).toMatchObject([401, { reason: 'run-over' }]);
      await expectRefusal(404, 'not-found', 'POST', `/v1/runs/${run}/renew`);
      await expectRefusal(404, 'not-found', 'POST', '/v1/runs/run_01h455vb4pex5vsknk084sn02q/end');
      await expectRefusal(422, 'invalid-input', 'POST', '/v1/runs/nonsense/end');
      await expectRefusal(404, 'not-found', 'POST', '/v1/runs', { agent: 'nobody' });
      await admin('POST', '/v1/agents/runner/freeze');
      await expectRefusal(403, 'frozen', 'POST', '/v1/runs', { agent: 'runner' });
      expect(said + JSON.stringify(await world.events())).not.toContain(placeholder);
    });
  });

  test('no answer and no event ever held a value, and nothing of the log is missing', async () => {
    expect((await admin('GET', '/v1/status')).body).toMatchObject({ database: { kind: database.name } });
    expect(said).not.toContain(SECRET_VALUE);
    expect(JSON.stringify(await world.events())).not.toContain(SECRET_VALUE);
    expect((await admin('POST', '/v1/audit/verify', {})).body).toMatchObject({ ok: true, problems: [] });
  });

  async function rows(statement: string): Promise<readonly Record<string, unknown>[]> {
    return (await world.apps[0]?.operations.database.adminSql.unsafe(statement)) ?? [];
  }
});
