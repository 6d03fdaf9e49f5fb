// Constraints of a grant, through the whole house: what is not covered reaches no upstream, and the refusal says which of
// them decided and what would change it. Two services, so that one grant's constraints are seen not to be another's.
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { createWorld, type World } from '../support/world.ts';

const GRANT = '/v1/agents/robot/grants/vendor';

describe.each(testDatabases())('constraints of a grant on $name', (database) => {
  let world: World;
  let token: string;
  const constrain = async (constraints: object | null) => {
    const lifted = Object.fromEntries(ALL.map((name) => [name, null]));
    const answer = await world.admin('PATCH', GRANT, { constraints: { ...lifted, ...constraints } });
    expect(answer.body).toMatchObject({ constraints: constraints ?? {} });
  };
  const post = (path: string, body: unknown, type = 'application/json') =>
    world.call(token, `/call/vendor${path}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const refusal = async (answer: Response) => {
    const body = (await answer.json()) as Record<string, unknown>;
    expect(world.upstream.seen).toEqual([]);
    return { status: answer.status, ...body };
  };

  beforeAll(async () => {
    world = await createWorld({ database });
    const { key } = await world.setUp();
    await world.admin('POST', '/v1/services', {
      name: 'other',
      baseUrl: world.upstream.url,
      auth: { kind: 'bearer' },
      secret: 'vendor',
    });
    await world.admin('POST', '/v1/grants', { agent: 'robot', service: 'other' });
    token = await world.token('robot', key);
  });
  beforeEach(() => {
    world.upstream.seen.length = 0;
  });
  afterEach(() => {
    world.clock.offsetMs = 0;
  });
  afterAll(() => world?.close());

  test('narrow the methods, name themselves, and leave the other service alone', async () => {
    await constrain({ methods: ['GET'] });
    expect(await refusal(await post('/v1/x', {}))).toMatchObject({
      status: 403,
      code: 'not-allowed',
      rule: 'constraint:methods',
      revision: (await world.admin('GET', GRANT)).body['revision'],
      needed_change: '--methods GET,POST',
      detail: expect.stringContaining('doorward grant set robot vendor --methods GET,POST'),
    });
    expect((await world.call(token, '/call/vendor/v1/x')).status).toBe(200);
    expect((await world.call(token, '/call/vendor/v1/x', { method: 'HEAD' })).status).toBe(200);
    expect((await world.call(token, '/call/other/v1/x', { method: 'POST', body: 'x' })).status).toBe(200);
    await expect
      .poll(async () => (await world.events('call.refused')).at(-1))
      .toMatchObject({ service: 'vendor', path: '/v1/x', rule: 'constraint:methods' });
  });

  test('ask for parameters, once and with these values', async () => {
    await constrain({
      query: [
        { name: 'org', use: 'required', values: ['acme'] },
        { name: 'state', use: 'allowed', prefixes: ['op'] },
        { name: 'admin', use: 'forbidden' },
      ],
    });
    const get = (query: string) => world.call(token, `/call/vendor/v1/x${query}`);
    for (const query of [
      '',
      '?org=other',
      '?org=acme&org=evil',
      '?org=acme&ORG=evil',
      '?org=acme&state=closed',
      '?org=acme&Admin=1',
      '?org=acme&unnamed=1',
      '?org%5B%5D=acme',
    ]) {
      expect(await refusal(await get(query)), query).toMatchObject({ rule: 'constraint:query' });
    }
    expect((await get('?org=acme')).status).toBe(200);
    expect((await get('?state=open&org=%61cme')).status).toBe(200);
  });

  test('hold a longest body, told before or counted on its way', async () => {
    await constrain({ maxBodyBytes: 1000 });
    expect(await refusal(await post('/v1/x', 'x'.repeat(1001), 'text/plain'))).toMatchObject({
      rule: 'constraint:maxBodyBytes',
      needed_change: '--max-body 1001',
    });
    expect((await post('/v1/x', 'x'.repeat(1000), 'text/plain')).status).toBe(200);
    world.upstream.seen.length = 0;
    const endless = await world
      .call(token, '/call/vendor/v1/x', {
        method: 'POST',
        body: Readable.toWeb(Readable.from([Buffer.alloc(900), Buffer.alloc(900)])),
        duplex: 'half',
      })
      .then(
        async (answer) => ({ status: answer.status, body: await answer.text() }),
        () => ({ status: 0, body: '' }),
      );
    expect(endless.status === 0 || endless.body.includes('constraint:maxBodyBytes')).toBe(true);
    await expect
      .poll(async () => (await world.events('call.outcome')).at(-1))
      .toMatchObject({ problem: 'not-allowed' });
  });

  test('hold content types and where callers come from', async () => {
    await constrain({ contentTypes: ['application/json', 'image/*'] });
    expect(await refusal(await post('/v1/x', 'a=b', 'application/x-www-form-urlencoded'))).toMatchObject({
      rule: 'constraint:contentTypes',
    });
    expect((await post('/v1/x', '{}', 'Application/JSON; charset=utf-8')).status).toBe(200);
    expect((await post('/v1/x', 'GIF', 'image/gif')).status).toBe(200);
    expect((await world.call(token, '/call/vendor/v1/x')).status).toBe(200);
    await constrain({ sources: ['10.0.0.0/8'] });
    world.upstream.seen.length = 0;
    expect(await refusal(await world.call(token, '/call/vendor/v1/x'))).toMatchObject({
      rule: 'constraint:sources',
      needed_change: '--from 10.0.0.0/8 --from 127.0.0.1',
    });
    await constrain({ sources: ['127.0.0.0/8'] });
    expect((await world.call(token, '/call/vendor/v1/x')).status).toBe(200);
  });

  test('hold hours, which also end while a body is held', async () => {
    const hhmm = (ms: number) => new Date(Date.now() + ms).toISOString().slice(11, 16);
    await constrain({ hours: `${hhmm(-3_600_000)}-${hhmm(3_600_000)}` });
    expect((await world.call(token, '/call/vendor/v1/x')).status).toBe(200);
    world.upstream.seen.length = 0;
    await constrain({ hours: `${hhmm(3_600_000)}-${hhmm(7_200_000)}` });
    expect(await refusal(await world.call(token, '/call/vendor/v1/x'))).toMatchObject({
      rule: 'constraint:hours',
      needed_change: '--hours 00:00-24:00',
    });
    await constrain({
      hours: `${hhmm(-3_600_000)}-${hhmm(300_000)}`,
      body: [{ kind: 'json-rpc', methods: ['sum'], batches: false }],
    });
    const calling = request(`${world.apps[0]?.address}/call/vendor/v1/x`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        expect: '100-continue',
      },
    });
    calling.flushHeaders();
    await once(calling, 'continue'); // it is decided, and the body is asked for
    world.clock.offsetMs = 400_000; // six minutes on, past the end of the hours
    // The lease has lapsed with the clock; once another service can be called it is renewed.
    await expect.poll(async () => (await world.call(token, '/call/other/v1/x')).status).toBe(200);
    world.upstream.seen.length = 0;
    calling.end('{"jsonrpc":"2.0","id":1,"method":"sum"}');
    const [answer] = (await once(calling, 'response')) as [IncomingMessage];
    expect(await json(answer)).toMatchObject({ rule: 'constraint:hours' });
    expect(world.upstream.seen).toEqual([]);
  });

  test('decide what a body asks for, and send it as Doorward writes it', async () => {
    await constrain({
      body: [
        {
          kind: 'graphql',
          at: ['/graphql'],
          operations: [{ type: 'query', fields: ['viewer'] }],
          batches: false,
        },
      ],
    });
    expect((await post('/graphql', '{ "query" : "{ me: viewer { login } }" }')).status).toBe(200);
    expect(world.upstream.seen.at(-1)?.body.toString()).toBe('{"query":"{ me: viewer { login } }"}');
    expect((await world.call(token, '/call/vendor/v1/x')).status).toBe(200); // elsewhere there is no rule
    world.upstream.seen.length = 0;
    const wrong: [string, unknown, string?][] = [
      ['a field that is not covered', { query: '{ viewer: repository { id } }' }],
      ['one in a fragment', { query: 'query { ...F } fragment F on Query { repository { id } }' }],
      ['a mutation', { query: 'mutation { viewer { id } }' }],
      ['a stored document', { extensions: { persistedQuery: { sha256Hash: 'x' } } }],
      ['several at once', [{ query: '{ viewer { id } }' }]],
      ['a member twice', '{"query":"{ viewer { id } }","query":"mutation { a }"}'],
      ['another content type', { query: '{ viewer { id } }' }, 'application/graphql'],
      ['what is no JSON', '{ viewer { id } }'],
    ];
    for (const [what, body, type] of wrong) {
      expect(await refusal(await post('/graphql', body, type)), what).toMatchObject({
        status: 403,
        rule: 'constraint:body',
        detail: expect.stringContaining('the body is not what the grant allows'),
      });
    }
    for (const path of ['/graphql?query=%7Bviewer%7D', '/GraphQL', '/graphql/']) {
      const answer = await world.call(token, `/call/vendor${path}`);
      expect(await refusal(answer), path).toMatchObject({ rule: 'constraint:body' });
    }
    const coded = await world.call(token, '/call/vendor/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: JSON.stringify({ query: '{ viewer { id } }' }),
    });
    expect(await refusal(coded)).toMatchObject({ rule: 'constraint:body' });
  });

  test('refuse a body that is too long to be read whole with 413, and say whose rule it is', async () => {
    await constrain({ body: [{ kind: 'json-rpc', methods: ['*'], batches: true }] });
    const long = JSON.stringify({ jsonrpc: '2.0', method: 'a', params: ['x'.repeat(1024 * 1024)] });
    expect(await refusal(await post('/', long))).toMatchObject({
      status: 413,
      code: 'body-too-large',
      rule: 'constraint:body',
    });
  });

  test('decide each element of a batch, and tools by name and argument', async () => {
    await constrain({
      body: [
        {
          kind: 'mcp',
          tools: [{ name: 'search' }, { name: 'create_issue', arguments: { owner: 'acme' } }],
          batches: true,
        },
      ],
    });
    const tool = (name: string, given?: object) => ({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name, arguments: given },
    });
    expect((await post('/mcp', tool('search'))).status).toBe(200);
    expect((await post('/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/list' })).status).toBe(200);
    expect(
      (await post('/mcp', [tool('search'), tool('create_issue', { owner: 'acme', title: 'x' })])).status,
    ).toBe(200);
    expect((await world.call(token, '/call/vendor/mcp')).status).toBe(200);
    world.upstream.seen.length = 0;
    for (const body of [
      tool('delete_repository'),
      tool('create_issue', { owner: 'evil' }),
      tool('create_issue'),
      [tool('search'), tool('delete_repository')],
      { jsonrpc: '2.0', id: 1, method: 'resources/read', params: { uri: 'file:///' } },
      { ...tool('search'), Method: 'x' },
    ]) {
      expect(await refusal(await post('/mcp', body))).toMatchObject({ rule: 'constraint:body' });
    }
  });

  test('end a call that was decided before they came', async () => {
    await constrain(null);
    let changing = Promise.resolve();
    world.upstream.respond = (_request, response) => {
      changing = constrain({ methods: ['POST'] }).then(() => void response.end('late'));
    };
    const under = await world.call(token, '/call/vendor/v1/slow').then(
      async (answer) => await answer.text().catch(() => 'cut'),
      () => 'cut',
    );
    expect(under).not.toContain('late');
    await changing;
  });
});

const ALL = [
  'actions',
  'methods',
  'query',
  'maxBodyBytes',
  'contentTypes',
  'hours',
  'days',
  'timeZone',
  'sources',
  'body',
];
