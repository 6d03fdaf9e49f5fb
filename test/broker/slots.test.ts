// Where a token may stand in a call, and where the credential goes instead.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { send } from '../support/raw-http.ts';
import { createWorld, SECRET_VALUE, type World } from '../support/world.ts';

const [embedded] = testDatabases();

describe('slots of a call', () => {
  let world: World;
  let token: string;
  let other: string;
  const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;
  const url = () => world.apps[0]?.address ?? '';
  const headerPairs = () => {
    const { rawHeaders = [] } = world.upstream.seen.at(-1) ?? {};
    return rawHeaders.flatMap((name, at) =>
      at % 2 === 0 ? [`${name.toLowerCase()}: ${rawHeaders[at + 1]}`] : [],
    );
  };

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    world = await createWorld({ database: embedded });
    const { key } = await world.setUp();
    token = await world.token('robot', key);
    const services: [string, object][] = [
      ['basic', { kind: 'basic' }],
      ['header', { kind: 'header', name: 'x-vendor-key' }],
      ['query', { kind: 'query', name: 'apikey' }],
    ];
    for (const [name, auth] of services) {
      await world.admin('POST', '/v1/secrets', {
        name,
        value: name === 'basic' ? `user:${SECRET_VALUE}` : SECRET_VALUE,
      });
      await world.admin('POST', '/v1/services', {
        name,
        auth,
        secret: name,
        baseUrl: `${world.upstream.url}/base`,
      });
      await world.admin('POST', '/v1/grants', { agent: 'robot', service: name });
    }
    other = await world.token('robot', key);
  });
  beforeEach(() => {
    world.upstream.seen.length = 0;
  });
  afterAll(() => world?.close());

  const slots: [string, (token: string) => { headers?: string[]; path?: string }][] = [
    ['Bearer', (value) => ({ headers: ['Authorization', `Bearer ${value}`] })],
    ['bearer in small letters', (value) => ({ headers: ['authorization', `bearer ${value}`] })],
    ['token, as GitHub clients send it', (value) => ({ headers: ['Authorization', `token ${value}`] })],
    ['x-api-key', (value) => ({ headers: ['X-Api-Key', value] })],
    ['api-key', (value) => ({ headers: ['api-key', value] })],
    ['x-goog-api-key', (value) => ({ headers: ['x-goog-api-key', value] })],
    ['the Basic password', (value) => ({ headers: ['Authorization', basic(`anyone:${value}`)] })],
    [
      'the Basic user, with an empty password',
      (value) => ({ headers: ['Authorization', basic(`${value}:`)] }),
    ],
    ['the parameter key', (value) => ({ path: `/call/vendor/v1?key=${value}&page=2` })],
    ["the service's own header", (value) => ({ headers: ['X-Vendor-Key', value], path: '/call/header/v1' })],
    ["the service's own parameter", (value) => ({ path: `/call/query/v1?apikey=${value}&page=2` })],
    ['two slots at once', (value) => ({ headers: ['Authorization', `Bearer ${value}`, 'x-api-key', value] })],
    [
      'x-api-key, beside an Authorization that is none of ours',
      (value) => ({ headers: ['Authorization', 'Bearer sk-placeholder', 'x-api-key', value] }),
    ],
  ];

  test.each(slots)('a token counts as %s, and nothing of it reaches the upstream', async (_name, place) => {
    const { headers = [], path = '/call/vendor/v1' } = place(token);
    const answer = await send(url(), path, { headers: [...headers, 'accept', 'text/plain'] });
    expect(answer.status).toBe(200);
    const [seen, ...rest] = world.upstream.seen;
    expect(rest).toEqual([]);
    expect(JSON.stringify(seen)).not.toContain(token);
    expect(JSON.stringify(seen)).not.toContain(Buffer.from(token).toString('base64').slice(8, 60));
    expect(JSON.stringify(seen)).not.toContain('sk-placeholder');
    expect(seen?.headers.accept).toBe('text/plain');
    expect(JSON.stringify(seen).split(SECRET_VALUE).length - 1).toBe(
      path.startsWith('/call/query') ? 1 : 2, // once in `headers`, once in `rawHeaders`
    );
    if (path.includes('page=2')) expect(seen?.url).toContain('page=2');
  });

  test('two different tokens are refused, whichever slots they stand in', async () => {
    const pairs = [
      ['Authorization', `Bearer ${token}`, 'x-api-key', other],
      ['Authorization', `Bearer ${token}`, 'Authorization', `Bearer ${other}`],
    ];
    for (const headers of pairs) {
      const answer = await send(url(), '/call/vendor/v1', { headers });
      expect(answer.status).toBe(400);
      expect(answer.json()).toMatchObject({ code: 'ambiguous-credential', fault: 'caller' });
    }
    const inQuery = await send(url(), `/call/vendor/v1?key=${other}`, { headers: ['x-api-key', token] });
    expect(inQuery.status).toBe(400);
    expect(world.upstream.seen).toEqual([]);
  });

  const kinds: [string, string, (seen: string[]) => boolean][] = [
    ['bearer', 'vendor', (seen) => seen.includes(`authorization: Bearer ${SECRET_VALUE}`)],
    ['basic', 'basic', (seen) => seen.includes(`authorization: ${basic(`user:${SECRET_VALUE}`)}`)],
    ['header:NAME', 'header', (seen) => seen.includes(`x-vendor-key: ${SECRET_VALUE}`)],
  ];
  test.each(kinds)(
    '%s injects its header exactly once, whatever the agent sends',
    async (_kind, service, isThere) => {
      const name = service === 'header' ? 'X-Vendor-Key' : 'Authorization';
      const answer = await send(url(), `/call/${service}/v1`, {
        headers: [
          'x-goog-api-key',
          token,
          name,
          'mine',
          name.toUpperCase(),
          'mine too',
          name.replaceAll('-', '_'),
          'mine',
          'Connection',
          `keep-alive, ${name}`,
          'Proxy-Authorization',
          'mine',
          'X-Http-Method-Override',
          'DELETE',
          'X-Forwarded-For',
          '10.9.8.7',
          'Cookie',
          'mine=1',
          'X-Original-URL',
          '/admin',
          'TE',
          'trailers',
        ],
      });
      expect(answer.status).toBe(200);
      expect(headerPairs().filter((pair) => pair.startsWith(`${name.toLowerCase()}:`)).length).toBe(1);
      expect(isThere(headerPairs())).toBe(true);
      expect(headerPairs().join('\n')).not.toMatch(/mine|10\.9\.8\.7|DELETE|\/admin|x-goog-api-key/);
    },
  );

  test('query:NAME injects its parameter exactly once, whatever the agent sends', async () => {
    const query = 'apikey=mine&a=1&%61pikey=mine&ApiKey=mine&apikey[]=mine&b=2';
    const answer = await send(url(), `/call/query/v1?${query}`, { headers: ['x-api-key', token] });
    expect(answer.status).toBe(200);
    expect(world.upstream.seen[0]?.url).toBe(`/base/v1?a=1&b=2&apikey=${SECRET_VALUE}`);
  });

  test('what the agent writes is sent as written, never filled in', async () => {
    const body = '{"prompt":"{{TOKEN}} $OPENAI_API_KEY vendor"}';
    world.upstream.respond = (request, response) => response.end(request.body);
    const answer = await send(url(), '/call/vendor/v1', {
      method: 'POST',
      headers: ['x-api-key', token],
      body,
    });
    expect(answer.text()).toBe(body);
  });
});
