// Services and grants changed in place: what is named changes, the rest stays, calls follow at once, and the audit log
// tells both sides.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { createWorld, SECRET_VALUE, type World } from '../support/world.ts';

describe.each(testDatabases())('changes in place on $name', (database) => {
  let world: World;
  let elsewhere: Upstream;
  let token: string;

  beforeAll(async () => {
    world = await createWorld({ database });
    elsewhere = await startUpstream();
    const { key } = await world.setUp();
    token = await world.token('robot', key);
  });
  afterAll(async () => {
    await world?.close();
    await elsewhere?.close();
  });

  const patch = (fields: object) => world.admin('PATCH', '/v1/services/vendor', fields);
  const call = async (path = '/call/vendor/v1/models') => (await world.call(token, path)).status;
  const newest = async (kind: string) => (await world.events(kind)).at(-1);

  describe('a service', () => {
    test('sends its secret to another address from the next call on, and to the old one never again', async () => {
      expect(await call()).toBe(200);
      const seen = world.upstream.seen.length;
      const changed = await patch({ baseUrl: `${elsewhere.url}/base` });
      expect(changed).toMatchObject({ status: 200, body: { baseUrl: `${elsewhere.url}/base`, revision: 2 } });
      expect(await call()).toBe(200);
      expect(world.upstream.seen).toHaveLength(seen);
      expect(elsewhere.seen.at(-1)).toMatchObject({ url: '/base/v1/models' });
      expect(elsewhere.seen.at(-1)?.headers.authorization).toBe(`Bearer ${SECRET_VALUE}`);
      expect(await newest('service.update')).toMatchObject({
        target: { name: 'vendor' },
        before: { baseUrl: world.upstream.url, auth: 'bearer', revision: 1 },
        after: { baseUrl: `${elsewhere.url}/base`, auth: 'bearer', revision: 2 },
      });
    });

    test('places its credential elsewhere, and keeps what was not named', async () => {
      await patch({ keyEnv: 'VENDOR_KEY', baseUrlEnv: 'VENDOR_URL', baseUrlSuffix: '/v1' });
      const changed = await patch({ baseUrl: world.upstream.url, auth: { kind: 'header', name: 'x-key' } });
      expect(changed.body).toMatchObject({
        keyEnv: 'VENDOR_KEY',
        baseUrlEnv: 'VENDOR_URL',
        baseUrlSuffix: '/v1',
      });
      expect(await call()).toBe(200);
      expect(world.upstream.seen.at(-1)?.headers['x-key']).toBe(SECRET_VALUE);
      expect(world.upstream.seen.at(-1)?.headers.authorization).toBeUndefined();
      expect((await patch({ keyEnv: null, baseUrlEnv: null })).body).toMatchObject({
        keyEnv: null,
        baseUrlEnv: null,
      });
      expect((await patch({ graceRetry: 'idempotent' })).body).toMatchObject({
        graceRetry: 'idempotent',
        baseUrlSuffix: '/v1',
      });
      expect(await call()).toBe(200);
    });

    test('sends another secret; both stay usable where they are bound', async () => {
      const other = `${SECRET_VALUE}-other`;
      await world.admin('POST', '/v1/secrets', { name: 'other', value: other });
      const bearer = { kind: 'bearer' };
      await world.admin('POST', '/v1/services', {
        name: 'second',
        baseUrl: world.upstream.url,
        auth: bearer,
        secret: 'vendor',
      });
      await world.admin('POST', '/v1/grants', { agent: 'robot', service: 'second' });
      expect((await patch({ secret: 'other', auth: bearer })).body).toMatchObject({ secret: 'other' });
      expect([await call(), world.upstream.seen.at(-1)?.headers.authorization]).toEqual([
        200,
        `Bearer ${other}`,
      ]);
      expect([await call('/call/second/x'), world.upstream.seen.at(-1)?.headers.authorization]).toEqual([
        200,
        `Bearer ${SECRET_VALUE}`,
      ]);
      expect((await world.admin('GET', '/v1/secrets/other')).body['services']).toEqual(['vendor']);
      expect((await world.admin('GET', '/v1/secrets/vendor')).body['services']).toEqual(['second']);
      expect((await world.admin('DELETE', '/v1/secrets/other')).status).toBe(409);
      await patch({ secret: 'vendor' });
      expect((await world.admin('DELETE', '/v1/secrets/other')).status).toBe(200);
      expect([await call(), await call('/call/second/x')]).toEqual([200, 200]);
    });

    test('stays as it is when a change of it is refused', async () => {
      const before = (await world.admin('GET', '/v1/services/vendor')).body;
      const wrong: [object, number][] = [
        [{}, 422],
        [{ baseUrl: 'https://API.test' }, 422],
        [{ auth: { kind: 'header', name: 'host' } }, 422],
        [{ baseUrlSuffix: 'v1' }, 422],
        [{ secret: 'nothing' }, 404],
        [{ rename: 'other' }, 422],
        [{ name: 'other' }, 422],
      ];
      for (const [fields, status] of wrong)
        expect([fields, (await patch(fields)).status]).toEqual([fields, status]);
      expect((await world.admin('PATCH', '/v1/services/absent', { graceRetry: 'any' })).status).toBe(404);
      expect((await world.admin('GET', '/v1/services/vendor')).body).toEqual(before);
      expect(await call()).toBe(200);
    });

    test('ends a call that is under way by its old settings', async () => {
      world.upstream.respond = (_request, response) => void response.writeHead(200).write('begun');
      const answer = await world.call(token, '/call/vendor/stream');
      expect(answer.status).toBe(200);
      await patch({ baseUrl: elsewhere.url });
      await expect(answer.text()).rejects.toThrow();
    });
  });

  describe('a grant', () => {
    const path = '/v1/agents/robot/grants/vendor';

    test('covers what it is changed to from the next call on', async () => {
      const shown = await world.admin('GET', path);
      expect(shown).toMatchObject({
        status: 200,
        body: { agent: 'robot', service: 'vendor', allow: null, revision: 1 },
      });
      const narrow = await world.admin('PATCH', path, { allow: ['get /v1/models'] });
      expect(narrow).toMatchObject({
        status: 200,
        body: { allow: ['GET /v1/models'], expiresAt: null, revision: 2 },
      });
      expect([await call(), await call('/call/vendor/v1/files')]).toEqual([200, 403]);
      expect(await newest('grant.update')).toMatchObject({
        before: { allow: null, expiresAt: null, revision: 1 },
        after: { allow: ['GET /v1/models'], expiresAt: null, revision: 2 },
      });
      await world.admin('PATCH', path, { allow: null });
      expect(await call('/call/vendor/v1/files')).toBe(200);
    });

    test('ends when it is told to, and has no end again', async () => {
      const hour = new Date(Date.now() + 3_600_000);
      const inAnHour = hour.toISOString().replace('Z', '+00:00');
      expect((await world.admin('PATCH', path, { expiresAt: inAnHour })).body['expiresAt']).toBe(
        hour.toISOString(),
      );
      expect((await world.admin('PATCH', path, { expiresAt: null })).body['expiresAt']).toBeNull();
      const past = new Date(Date.now() - 60_000).toISOString();
      for (const fields of [
        {},
        { allow: [] },
        { allow: ['nonsense'] },
        { expiresAt: past },
        { agent: 'other' },
      ]) {
        expect([fields, (await world.admin('PATCH', path, fields)).status]).toEqual([fields, 422]);
      }
      expect((await world.admin('PATCH', '/v1/agents/robot/grants/absent', { allow: null })).status).toBe(
        404,
      );
      expect((await world.admin('GET', '/v1/agents/absent/grants/vendor')).status).toBe(404);
    });
  });

  test('the audit log is whole', async () => {
    expect((await world.admin('POST', '/v1/audit/verify', {})).body).toMatchObject({
      ok: true,
      problems: [],
    });
  });
});
