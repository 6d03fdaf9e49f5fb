// The MCP endpoint as a whole: whatever comes in, on several replicas, and while it shuts down.
import * as fc from '../support/properties.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { createWorld, type World } from '../support/world.ts';
import { connect } from './client.ts';

const [database] = testDatabases();
const WHOAMI = { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'whoami', arguments: {} } };

describe('messages of any shape', () => {
  let world: World;
  let token = '';

  beforeAll(async () => {
    if (database === undefined) throw new Error('there is always a database');
    world = await createWorld({ database });
    token = await world.token('robot', (await world.setUp()).key);
  });
  afterAll(() => world?.close());

  const post = (body: unknown) =>
    fetch(`${world.apps[0]?.url ?? ''}/mcp?actions=all`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify(body),
    });

  it('are answered, and none is a mistake of ours', async () => {
    const id = fc.oneof(fc.integer(), fc.string(), fc.constant(null), fc.constant(undefined), fc.double());
    const method = fc.constantFrom(
      'tools/call',
      'tools/list',
      'initialize',
      'ping',
      'notifications/cancelled',
      'x',
    );
    const message = fc.record({ jsonrpc: fc.constantFrom('2.0', '1.0'), id, method, params: fc.jsonValue() });
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(message, fc.array(message, { maxLength: 4 }), fc.jsonValue()),
        async (body) => {
          const response = await post(body);
          await response.text();
          expect([200, 202, 400]).toContain(response.status);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('call tools with any arguments, and get a result', async () => {
    const name = fc.constantFrom('list_services', 'whoami', 'request_access', 'call_service');
    const part = fc.oneof(
      fc.string(),
      fc.jsonValue(),
      fc.constantFrom('vendor', 'GET', '/x', '//', '\u0000'),
    );
    const fields = [
      'service',
      'path',
      'method',
      'query',
      'headers',
      'body',
      'body_base64',
      'max_bytes',
      'reason',
      'allow',
      'actions',
    ];
    const given = fc.dictionary(fc.constantFrom(...fields), part);
    await fc.assert(
      fc.asyncProperty(name, given, async (tool, input) => {
        const response = await post({ ...WHOAMI, params: { name: tool, arguments: input } });
        expect(response.status).toBe(200);
        const { result, error } = (await response.json()) as { result?: object; error?: object };
        expect([input, error]).toEqual([input, undefined]);
        expect(result).toHaveProperty('content');
      }),
      { numRuns: 150 },
    );
  });
});

const postgres = testDatabases().find(({ name }) => name === 'postgres');

describe.runIf(postgres !== undefined)('two replicas', () => {
  it('are one server to a client', async () => {
    if (postgres === undefined) throw new Error('this run has Postgres');
    const world = await createWorld({
      database: postgres,
      replicas: 2,
      config: { publicUrl: 'http://127.0.0.1' },
    });
    try {
      const token = await world.token('robot', (await world.setUp()).key);
      const [first, second] = await Promise.all([0, 1].map((replica) => connect(world, token, { replica })));
      const call = { service: 'vendor', path: '/x' };
      expect((await first?.tool('call_service', call))?.isError).toBeUndefined();
      await world.admin('POST', '/v1/agents/robot/freeze', undefined, 1);
      const refused = await first?.tool('call_service', call);
      expect(refused?._meta?.['doorward/problem']).toMatchObject({ code: 'frozen' });
      const asked = { service: 'nowhere', reason: 'x' };
      expect((await second?.tool('request_access', asked))?._meta?.['doorward/problem']).toMatchObject({
        code: 'frozen',
      });
      await world.admin('POST', '/v1/agents/robot/unfreeze');
      const [one, other] = [
        await first?.tool('request_access', asked),
        await second?.tool('request_access', asked),
      ];
      expect(one?.structuredContent?.['request']).toBe(other?.structuredContent?.['request']);
    } finally {
      await world.close();
    }
  });
});

describe('a server that shuts down', () => {
  it('begins no call any more', async () => {
    if (database === undefined) throw new Error('there is always a database');
    const world = await createWorld({ database, config: { drainSeconds: 50 } });
    const { key } = await world.setUp();
    const agent = await connect(world, await world.token('robot', key));
    let finish: () => void = () => undefined;
    let arrived: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => (arrived = resolve));
    world.upstream.respond = (_, response) => {
      response.writeHead(200).write('half, ');
      finish = () => response.end('whole');
      arrived();
    };
    const under = agent.tool('call_service', { service: 'vendor', path: '/slow' });
    await begun;
    const closing = world.close();
    const late = await agent.tool('call_service', { service: 'vendor', path: '/late' });
    expect(late._meta?.['doorward/problem']).toMatchObject({ code: 'draining' });
    finish();
    expect((await under).text).toContain('half, whole');
    await closing;
  });
});
