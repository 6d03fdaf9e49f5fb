// A placeholder in place of a key: where it may stand, what of it goes on, and what it is worth at its own service.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { send } from '../support/raw-http.ts';
import { createWorld, SECRET_VALUE, type World } from '../support/world.ts';

const [embedded] = testDatabases();
const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;

describe('a placeholder', () => {
  let world: World;
  const url = () => world.apps[0]?.address ?? '';
  const mint = async (service: string, fields: object = {}) => {
    const { status, body } = await world.admin('POST', '/v1/placeholders', {
      agent: 'robot',
      service,
      ...fields,
    });
    expect(status).toBe(201);
    return body as { placeholder: string; id: string };
  };
  const statusOf = async (service: string, headers: readonly string[], path = '/v1') =>
    (await send(url(), `/call/${service}${path}`, { headers })).status;

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    world = await createWorld({ database: embedded });
    await world.setUp();
    const services: [string, object, string | undefined][] = [
      ['basic', { kind: 'basic' }, undefined],
      ['header', { kind: 'header', name: 'x-vendor-key' }, undefined],
      ['query', { kind: 'query', name: 'apikey' }, undefined],
      ['path', { kind: 'path', template: '/bot{value}' }, 'telegram'],
      ['slack', { kind: 'bearer' }, 'slack'],
      ['stripe', { kind: 'bearer' }, 'stripe'],
    ];
    for (const [name, auth, catalogueId] of services) {
      const value = name === 'basic' ? `user:${SECRET_VALUE}` : SECRET_VALUE;
      await world.admin('POST', '/v1/secrets', { name, value });
      const made = await world.admin('POST', '/v1/services', {
        name,
        auth,
        secret: name,
        baseUrl: `${world.upstream.url}/base`,
        ...(catalogueId === undefined ? {} : { catalogueId }),
      });
      expect(made.status).toBe(201);
      await world.admin('POST', '/v1/grants', { agent: 'robot', service: name });
    }
  });
  beforeEach(() => {
    world.upstream.seen.length = 0;
  });
  afterAll(() => world?.close());

  test('has the look of its vendor’s keys where that is known, and one of ours elsewhere', async () => {
    expect((await mint('slack')).placeholder).toMatch(/^xoxb-/);
    expect((await mint('stripe')).placeholder).toMatch(/^[rs]k_/);
    expect((await mint('vendor')).placeholder).toMatch(/^dw_placeholder_\w{49}$/);
  });

  const places: [string, string, (value: string) => { headers?: string[]; path?: string }][] = [
    ['Bearer', 'slack', (value) => ({ headers: ['Authorization', `Bearer ${value}`] })],
    [
      'token, as GitHub clients send it',
      'slack',
      (value) => ({ headers: ['Authorization', `token ${value}`] }),
    ],
    [
      'a parameter of a scheme',
      'slack',
      (value) => ({ headers: ['Authorization', `Token token="${value}"`] }),
    ],
    ['x-api-key', 'vendor', (value) => ({ headers: ['X-Api-Key', value] })],
    ['the Basic password', 'basic', (value) => ({ headers: ['Authorization', basic(`anyone:${value}`)] })],
    ['the Basic user', 'stripe', (value) => ({ headers: ['Authorization', basic(`${value}:`)] })],
    [
      'both halves of Basic',
      'basic',
      (value) => ({ headers: ['Authorization', basic(`${value}:${value}`)] }),
    ],
    ["the service's own header", 'header', (value) => ({ headers: ['X-Vendor-Key', value] })],
    ["the service's own parameter", 'query', (value) => ({ path: `/v1?apikey=${value}&page=2` })],
    ['the parameter key', 'stripe', (value) => ({ path: `/v1?key=${value}&page=2` })],
    [
      'an escaped parameter',
      'query',
      (value) => ({ path: `/v1?apikey=%${value.charCodeAt(0).toString(16)}${value.slice(1)}` }),
    ],
    ["the service's own place in the path", 'path', (value) => ({ path: `/bot${value}/v1` })],
    [
      'two slots at once',
      'slack',
      (value) => ({ headers: ['Authorization', `Bearer ${value}`, 'x-api-key', value] }),
    ],
    [
      'a slot, and headers and parameters that are none',
      'slack',
      (value) => ({
        headers: ['Authorization', `Bearer ${value}`, 'x-echo', `a ${value}`, 'x-plain', 'stays'],
        path: `/v1?copy=${value}&page=2`,
      }),
    ],
  ];
  test.each(places)('counts as %s, and nothing of it reaches the upstream', async (_name, service, place) => {
    const { placeholder } = await mint(service);
    const { headers = [], path = '/v1' } = place(placeholder);
    const answer = await send(url(), `/call/${service}${path}`, { headers });
    expect([answer.status, answer.text()]).toEqual([200, expect.any(String)]);
    const seen = JSON.stringify(world.upstream.seen);
    expect(world.upstream.seen).toHaveLength(1);
    expect(seen).not.toContain(placeholder);
    expect(seen).not.toContain(placeholder.slice(1));
    expect(seen).not.toContain(Buffer.from(placeholder).toString('base64').slice(4, 40));
    expect(seen).toContain(service === 'basic' ? basic(`user:${SECRET_VALUE}`) : SECRET_VALUE);
    if (path.includes('page=2')) expect(world.upstream.seen[0]?.url).toContain('page=2');
    if (headers.includes('x-plain')) expect(world.upstream.seen[0]?.headers['x-plain']).toBe('stays');
  });

  test('is one of the caller’s tokens: with another one it is ambiguous', async () => {
    const [one, two] = [await mint('slack'), await mint('slack')];
    const pairs = ['authorization', `Bearer ${one.placeholder}`, 'x-api-key', two.placeholder];
    expect(await statusOf('slack', pairs)).toBe(400);
    const { key } = (await world.admin('POST', '/v1/agents', { name: 'other' })).body;
    const token = await world.token('other', String(key));
    expect(await statusOf('slack', ['authorization', `Bearer ${token}`, 'x-api-key', one.placeholder])).toBe(
      400,
    );
    expect(world.upstream.seen).toEqual([]);
  });

  test('is named in the log of the calls made with it, and never shown', async () => {
    const { placeholder, id } = await mint('slack');
    expect(await statusOf('slack', ['authorization', `Bearer ${placeholder}`])).toBe(200);
    expect((await world.events('call.intent')).at(-1)).toMatchObject({
      principal: { type: 'agent', name: 'robot', placeholder: id },
      service: { name: 'slack' },
    });
    expect(JSON.stringify(await world.events())).not.toContain(placeholder);
  });

  test('gives no more than its agent may: grants, guards and a freeze hold', async () => {
    const { placeholder } = await mint('slack');
    const bearer = ['authorization', `Bearer ${placeholder}`];
    await world.admin('PATCH', '/v1/agents/robot/grants/slack', { allow: ['GET /v2/**'] });
    expect(await statusOf('slack', bearer)).toBe(403);
    expect(await statusOf('slack', bearer, '/v2/x')).toBe(200);
    await world.admin('POST', '/v1/agents/robot/freeze');
    expect(await statusOf('slack', bearer, '/v2/x')).toBe(403);
    await world.admin('POST', '/v1/agents/robot/unfreeze');
    await world.admin('DELETE', '/v1/agents/robot/grants/slack');
    const answer = await send(url(), '/call/slack/v2/x', { headers: bearer });
    expect([answer.status, answer.json()['code']]).toEqual([403, 'no-grant']);
    await world.admin('POST', '/v1/grants', { agent: 'robot', service: 'slack' });
    expect(await statusOf('slack', bearer)).toBe(200);
  });
});
