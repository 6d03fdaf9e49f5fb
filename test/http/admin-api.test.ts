// Administration as anybody may try it over HTTP: who may, what counts as a request, and what is never said back.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OPERATIONS } from '../../src/operations/registry.ts';
import { testDatabases } from '../support/database.ts';
import { send } from '../support/raw-http.ts';
import { createWorld, type World } from '../support/world.ts';

const [embedded] = testDatabases();
const CANARY = 'Canary-8Xw3Kp5RtYq1';

describe('administration over HTTP', () => {
  let world: World;
  let agentToken: string;
  let adminToken: string;
  const url = () => world.apps[0]?.address ?? '';

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    world = await createWorld({ database: embedded });
    const { key } = await world.setUp();
    agentToken = await world.token('robot', key);
    adminToken = await ownerToken();
  });
  afterAll(() => world?.close());

  async function ownerToken(): Promise<string> {
    const credential = (await readFile(join(world.keysDirectory, 'owner.credential'), 'utf8')).trim();
    return await world.token('owner', credential);
  }
  function post(path: string, body: string | Buffer, type = 'application/json', method = 'POST') {
    const headers = ['authorization', `Bearer ${adminToken}`, ...(type === '' ? [] : ['content-type', type])];
    return send(url(), path, { method, headers, body });
  }

  test('every operation needs an admin token, also by the socket', async () => {
    const tampered = adminToken.slice(0, -6) + 'AAAAAA';
    for (const { contract } of OPERATIONS) {
      const path = contract.path.replaceAll(/\{\w+\}/g, 'robot');
      for (const token of [undefined, agentToken, tampered]) {
        for (const socketPath of [undefined, world.apps[0]?.socketPath]) {
          const answer = await send(url(), path, {
            method: contract.method,
            headers: token === undefined ? [] : ['authorization', `Bearer ${token}`],
            ...(socketPath === undefined ? {} : { socketPath }),
          });
          expect([contract.name, answer.status]).toEqual([contract.name, 401]);
          expect(answer.json()).toMatchObject({ code: 'admin-required' });
        }
      }
    }
    expect((await world.admin('GET', '/v1/agents')).body['items']).toHaveLength(1);
  });

  test('an admin token is over after fifteen minutes', async () => {
    const token = await ownerToken();
    await world.shift(906_000);
    const answer = await send(url(), '/v1/status', { headers: ['authorization', `Bearer ${token}`] });
    await world.shift(0);
    expect(answer.status).toBe(401);
  });

  const bodies: [string, string | Buffer, number, string][] = [
    ['malformed JSON', `{"name": "${CANARY}`, 400, 'invalid-request'],
    [
      'bytes that are no UTF-8',
      Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]),
      400,
      'invalid-request',
    ],
    [
      'a byte order mark',
      Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from('{"name":"a"}')]),
      400,
      'invalid-request',
    ],
    ['an array', '[]', 422, 'invalid-input'],
    ['null', 'null', 422, 'invalid-input'],
    ['a string', `"${CANARY}"`, 422, 'invalid-input'],
    ['a field of the wrong type', '{"name":["a"]}', 422, 'invalid-input'],
    ['a missing field', '{}', 422, 'invalid-input'],
    ['a field nobody knows', `{"name":"a","${CANARY}":"${CANARY}"}`, 422, 'invalid-input'],
    ['__proto__', '{"name":"a","__proto__":{"isAdmin":true}}', 422, 'invalid-input'],
    ['constructor', '{"name":"a","constructor":{"prototype":{}}}', 422, 'invalid-input'],
    [
      'an object as deep as it gets',
      `{"name":${'['.repeat(200_000)}${']'.repeat(200_000)}}`,
      400,
      'invalid-request',
    ],
    ['two megabytes', JSON.stringify({ name: CANARY.repeat(120_000) }), 413, 'body-too-large'],
  ];
  test.each(bodies)('%s is refused without being repeated', async (_what, body, status, code) => {
    const answer = await post('/v1/agents', body);
    expect([answer.status, answer.json()['code']]).toEqual([status, code]);
    expect(answer.header('content-type')).toBe('application/problem+json');
    expect(answer.header('doorward-source')).toBe('broker');
    expect(answer.text()).not.toContain(CANARY);
    expect(answer.text()).not.toContain('proto__');
    expect((await world.admin('GET', '/v1/agents')).body['items']).toHaveLength(1);
  });

  test('__proto__ is refused inside objects too', async () => {
    const auths = ['{"kind":"bearer","__proto__":{"name":"x"}}', '{"__proto__":{"kind":"bearer"}}'];
    for (const auth of auths) {
      const body = `{"name":"a","baseUrl":"https://api.test","secret":"vendor","auth":${auth}}`;
      expect((await post('/v1/services', body)).status).toBe(422);
    }
  });

  test('a body that is not said to be JSON is refused', async () => {
    for (const type of ['', 'text/plain', 'application/x-www-form-urlencoded', 'application/jsonx']) {
      expect((await post('/v1/agents', '{"name":"a"}', type)).status).toBe(415);
    }
    expect((await post('/v1/agents', '{"name":"typed"}', 'Application/JSON; charset=utf-8')).status).toBe(
      201,
    );
    expect((await world.admin('DELETE', '/v1/agents/typed')).status).toBe(200);
  });

  test('a parameter is sent once and known', async () => {
    const get = async (query: string) => (await world.admin('GET', `/v1/agents?${query}`)).status;
    expect(await get('limit=1')).toBe(200);
    for (const query of [
      'limit=1&limit=2',
      'limit=0',
      'limit=201',
      'limit=x',
      'limit=',
      'surprise=1',
      '__proto__=1',
    ]) {
      expect([query, await get(query)]).toEqual([query, 422]);
    }
  });

  test('a field of the path is not sent a second time', async () => {
    expect((await post('/v1/agents/robot/freeze', '{"name":"other"}')).status).toBe(422);
    expect((await world.admin('GET', '/v1/agents/robot')).body['state']).toBe('active');
  });

  test('names have one form: what differs by case, space or script is refused', async () => {
    const names = [
      'Robot',
      'robot ',
      ' robot',
      'robоt',
      'ｒobot',
      'robot\u200b',
      'robot\n',
      'ro bot',
      'röbot',
      '',
      'r'.repeat(65),
    ];
    for (const name of names) {
      const made = await world.admin('POST', '/v1/agents', { name });
      expect([name, made.status]).toEqual([name, 422]);
      expect(made.body).toMatchObject({
        issues: [{ field: 'name', reason: expect.stringContaining('1 to 64') as string }],
      });
      if (name !== '')
        expect((await world.admin('GET', `/v1/agents/${encodeURIComponent(name)}`)).status).toBe(422);
    }
    expect((await world.admin('POST', '/v1/agents', { name: 'robot' })).status).toBe(409);
  });

  test('names that mean something to JavaScript are names like any other', async () => {
    for (const name of ['__proto__', 'constructor', 'tostring']) {
      expect((await world.admin('GET', `/v1/agents/${name}`)).status).toBe(404);
      const { key } = await world.setUp({ service: name, agent: name });
      const token = await world.token(name, key, { scope: name });
      expect((await world.call(token, `/call/${name}/v1`)).status).toBe(200);
      expect((await world.call(token, '/call/vendor/v1')).status).toBe(403);
      await world.admin('DELETE', `/v1/services/${name}`);
      await world.admin('DELETE', `/v1/agents/${name}`);
      await world.admin('DELETE', `/v1/secrets/${name}`);
    }
  });

  test('answers are never stored, and carry the id of the request', async () => {
    const answer = await send(url(), '/v1/status', { headers: ['authorization', `Bearer ${adminToken}`] });
    expect(answer.header('cache-control')).toBe('no-store');
    expect(answer.header('x-request-id')).toMatch(/^req_/);
    expect(answer.header('doorward-source')).toBe('broker');
  });
});
