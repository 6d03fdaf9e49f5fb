// Another agent's placeholder in a body, behind whatever stands before it: the call ends there, and it is told.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { createWorld, type World } from '../support/world.ts';

const [embedded] = testDatabases();

describe('a placeholder of another agent in a body', () => {
  let world: World;
  let token = '';
  const placeholders: Record<string, string> = {};

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    world = await createWorld({ database: embedded });
    const { key } = await world.setUp();
    token = await world.token('robot', key);
    expect((await world.admin('POST', '/v1/agents', { name: 'other' })).status).toBe(201);
    const auth = { kind: 'bearer' };
    for (const catalogueId of ['sendgrid', 'openai', 'slack']) {
      const service = { name: catalogueId, baseUrl: world.upstream.url, auth, secret: 'vendor', catalogueId };
      expect((await world.admin('POST', '/v1/services', service)).status).toBe(201);
    }
    for (const service of ['vendor', 'sendgrid', 'openai', 'slack']) {
      await world.admin('POST', '/v1/grants', { agent: 'other', service });
      const minted = await world.admin('POST', '/v1/placeholders', { agent: 'other', service });
      placeholders[service] = String(minted.body['placeholder']);
    }
    expect(placeholders['sendgrid']).toMatch(/^SG\..+\./);
  });
  beforeEach(() => {
    world.upstream.seen.length = 0;
  });
  afterAll(() => world?.close());

  const post = (body: string | Buffer) =>
    world.call(token, '/call/vendor/notes', {
      method: 'POST',
      body: new Uint8Array(Buffer.from(body)),
      headers: { 'content-type': 'text/plain' },
    });
  const words = (count: number) =>
    Array.from({ length: count }, () => `a1${randomBytes(12).toString('hex')}`);

  test.each(['vendor', 'sendgrid', 'openai', 'slack'])(
    'is found behind ten thousand other words, with the look of %s',
    async (service) => {
      const before = (await world.events('placeholder.elsewhere')).length;
      const placeholder = placeholders[service] ?? '';
      const answer = await post(`${words(10_000).join(' ')} ${placeholder} and more`);
      expect([answer.status, await answer.json()]).toMatchObject([403, { code: 'secret-in-request' }]);
      expect(world.upstream.seen.filter(({ body }) => body.includes(placeholder.slice(4)))).toEqual([]);
      const told = async () => (await world.events('placeholder.elsewhere')).slice(before);
      await expect.poll(told).toMatchObject([{ service: { name: service }, where: 'body' }]);
    },
  );

  test('is found in one long word', async () => {
    const run = 'a1'.repeat(50_000);
    expect((await post(`${run}${placeholders['openai'] ?? ''}${run}`)).status).toBe(403);
  });

  test('is no reason to refuse what only looks like many words', async () => {
    const body = [...words(10_000), randomBytes(200_000).toString('base64')].join(' ');
    expect((await post(body)).status).toBe(200);
    expect(world.upstream.seen.at(-1)?.body.length).toBe(body.length);
  });

  test('is not to be had past by more of its look than can be looked up', async () => {
    const flood = Array.from(
      { length: 60_000 },
      () => `xoxb-000000000000-0000000000000-${randomBytes(12).toString('hex')}`,
    );
    expect((await post(`${flood.join(' ')} ${placeholders['slack'] ?? ''}`)).status).toBe(403);
    const prefixes = Array.from({ length: 20_000 }, () => `sk-proj-${randomBytes(1).toString('hex')}`).join(
      '',
    );
    const answer = await post(`${prefixes} ${placeholders['slack'] ?? ''}`);
    expect([answer.status, await answer.json()]).toMatchObject([400, { code: 'invalid-request' }]);
  });
});
