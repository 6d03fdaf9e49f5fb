// Constraints of a grant as they are stored: actions become patterns when they are named, each part is changed by itself, the
// audit log tells both sides, and a row that somebody else wrote allows nothing.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { createWorld, type World } from '../support/world.ts';

const GRANT = '/v1/agents/robot/grants/vendor';

describe.each(testDatabases())('constraints of a grant on $name', (database) => {
  let world: World;
  let token: string;

  beforeAll(async () => {
    world = await createWorld({ database });
    const { key } = await world.setUp({ allow: ['GET /v1/models'] });
    token = await world.token('robot', key);
    await world.admin('POST', '/v1/services', {
      name: 'ai',
      baseUrl: 'https://api.openai.com',
      auth: { kind: 'bearer' },
      secret: 'vendor',
      catalogueId: 'openai',
    });
  });
  afterAll(() => world?.close());

  const set = (fields: object) => world.admin('PATCH', GRANT, fields);
  const setAi = (fields: object) => world.admin('PATCH', '/v1/agents/robot/grants/ai', fields);

  test('are made with it, in canonical form, and changed one by one', async () => {
    const first = await set({
      constraints: { methods: ['GET'], sources: ['10.1.2.3/8'], hours: '09:00-18:00' },
    });
    expect(first).toMatchObject({
      status: 200,
      body: {
        allow: ['GET /v1/models'],
        constraints: { methods: ['GET'], sources: ['10.0.0.0/8'], hours: '09:00-18:00' },
      },
    });
    const second = await set({ constraints: { hours: null, timeZone: 'Europe/Berlin', days: ['mon'] } });
    expect(second.body['constraints']).toEqual({
      methods: ['GET'],
      sources: ['10.0.0.0/8'],
      timeZone: 'Europe/Berlin',
      days: ['mon'],
    });
    expect((await world.events('grant.update')).at(-1)).toMatchObject({
      before: { constraints: expect.arrayContaining(['hours "09:00-18:00"']) },
      after: { constraints: expect.arrayContaining(['timeZone "Europe/Berlin"']) },
    });
    const kept = await set({ expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
    expect(kept.body['constraints']).toEqual(second.body['constraints']);
    expect((await world.admin('GET', GRANT)).body).toEqual(kept.body);
  });

  test('turn the actions of the service into patterns, and keep their names while those stand', async () => {
    const made = await world.admin('POST', '/v1/grants', {
      agent: 'robot',
      service: 'ai',
      constraints: { actions: ['chat'], maxBodyBytes: 5 },
    });
    expect(made).toMatchObject({
      status: 201,
      body: { constraints: { actions: ['chat'], maxBodyBytes: 5 } },
    });
    const patterns = made.body['allow'] as string[];
    expect(patterns).toContain('POST /v1/chat/completions');
    const wider = await setAi({ allow: [...patterns, 'GET /v1/files'] });
    expect(wider.body['constraints']).toEqual({ actions: ['chat'], maxBodyBytes: 5 });
    const other = await setAi({ allow: ['GET /v1/files'] });
    expect(other.body['constraints']).toEqual({ maxBodyBytes: 5 });
    const both = await setAi({ allow: ['GET /v1/files'], constraints: { actions: ['chat'] } });
    expect(both.body['allow']).toEqual(['GET /v1/files', ...patterns]);
  });

  test.each([
    [
      { constraints: { actions: ['no-such-action'] } },
      /none of the name no-such-action for this service, but .*chat/,
    ],
    [{ allow: null, constraints: { actions: ['chat'] } }, /every method and path is named besides/],
    [{}, /at least one field/],
  ])('%j is refused, and says what to do', async (fields, detail) => {
    const before = (await world.admin('GET', '/v1/agents/robot/grants/ai')).body;
    const answer = await setAi(fields);
    expect([answer.status, answer.body['detail']]).toEqual([422, expect.stringMatching(detail)]);
    expect((await world.admin('GET', '/v1/agents/robot/grants/ai')).body).toEqual(before);
  });

  test.each([
    { hours: 'always' },
    { timeZone: 'Mars/Olympus' },
    { sources: ['everywhere'] },
    { body: [{ kind: 'graphql', operations: [{ type: 'query', fields: ['not a name'] }] }] },
    { nonsense: true },
    'GET',
    [],
  ])('%j is refused with the field that is wrong', async (constraints) => {
    const answer = await set({ constraints });
    expect(answer.status).toBe(422);
    expect(JSON.stringify(answer.body['issues'])).toContain('constraints');
  });

  test('are told to whoever grants what they would refuse all the same', async () => {
    await set({
      allow: ['* /v1/**'],
      constraints: { methods: ['GET'], sources: null, days: null, timeZone: null },
    });
    const ask = (allow: string) =>
      world.call(token, '/v1/access-requests', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ service: 'vendor', allow: [allow], reason: 'A test.' }),
      });
    expect((await ask('GET /v1/x')).status).toBe(409); // covered already
    const asked = await ask('POST /v1/x');
    expect(asked.status).toBeLessThan(300);
    const { items } = (await world.admin('GET', '/v1/access-requests?state=pending')).body;
    const [{ id } = { id: '' }] = items as { id: string }[];
    const refused = await world.admin('POST', `/v1/access-requests/${id}/grant`, {});
    expect([refused.status, refused.body['detail']]).toEqual([
      422,
      expect.stringContaining('POST would be refused'),
    ]);
    await set({ constraints: { methods: ['GET', 'POST'] } });
    expect((await world.admin('POST', `/v1/access-requests/${id}/grant`, {})).status).toBe(200);
  });
});
