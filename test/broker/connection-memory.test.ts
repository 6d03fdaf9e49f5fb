// The same head over and over on one connection: what is remembered of it must not outlive what it was made from.
import { Client } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ConnectionMemory, Remembered } from '../../src/broker/connection-memory.ts';
import { testDatabases } from '../support/database.ts';
import { createWorld, SECRET_VALUE, type World } from '../support/world.ts';

const [embedded] = testDatabases();
const NOTE = 'qT5uNc2YbXe8Gm3LpKs6Vf1RhZo9Ui7aJd0W';

describe('what follows from a head', () => {
  test('is found out again where anything it follows from is another', () => {
    const remembered = new Remembered<number>();
    let made = 0;
    const of = (...from: unknown[]) => remembered.of(from, () => ++made);
    const service = {};
    expect([of('a', service), of('a', service), of('a', service, undefined), of('a', service)]).toEqual([
      1, 1, 2, 3,
    ]);
    expect([of('a', {}), of('a', {}), of('b', service), of()]).toEqual([4, 5, 6, 7]);
  });

  test('is not kept where finding it out failed', () => {
    const remembered = new Remembered<number>();
    expect(remembered.of([1], () => 1)).toBe(1);
    expect(() => remembered.of([2], () => expect.unreachable())).toThrow();
    expect(remembered.of([2], () => 3)).toBe(3);
  });

  test('is of the very same pairs only for the very same head', () => {
    const memory = new ConnectionMemory();
    const first = memory.headers(['Host', 'x', 'A', 'b']);
    expect(memory.headers(['Host', 'x', 'A', 'b'])).toBe(first);
    for (const other of [['Host', 'x', 'a', 'b'], ['Host', 'x', 'A', 'c'], ['Host', 'x'], []]) {
      expect(memory.headers(other)).not.toBe(first);
      expect(memory.headers(['Host', 'x', 'A', 'b'])).toEqual(first);
    }
  });
});

describe('calls of one connection with the same head', () => {
  let world: World;
  let client: Client;
  let key: string;
  let token: string;
  let connections: number;

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    world = await createWorld({ database: embedded });
    ({ key } = await world.setUp());
    token = await world.token('robot', key);
  });
  beforeEach(() => {
    client = new Client(world.apps[0]?.address ?? '');
    connections = 0;
    client.on('connect', () => (connections += 1));
    world.upstream.seen.length = 0;
  });
  afterEach(async () => {
    await client.close();
    expect(connections).toBe(1);
  });
  afterAll(() => world?.close());

  async function call(
    path = '/call/vendor/v1',
    headers: Record<string, string> = { authorization: `Bearer ${token}` },
  ) {
    const answer = await client.request({ method: 'GET', path, headers: { 'x-note': NOTE, ...headers } });
    const text = await answer.body.text();
    const problem: unknown = answer.statusCode < 400 ? undefined : JSON.parse(text);
    return { status: answer.statusCode, problem, seen: world.upstream.seen.at(-1)?.headers };
  }
  const admin = async (method: string, path: string, body?: object) => {
    const { status, body: answer } = await world.admin(method, path, body);
    expect({ status, answer, isDone: status < 300 }).toMatchObject({ isDone: true });
  };

  test('go on with the credential and the headers of the service as it is by then', async () => {
    const before = await call();
    expect(before.seen).toMatchObject({ authorization: `Bearer ${SECRET_VALUE}`, 'x-note': NOTE });
    await admin('PATCH', '/v1/services/vendor', {
      auth: { kind: 'header', name: 'x-note' },
      acceptWeaker: true,
    });
    const { seen } = await call();
    expect(seen).toMatchObject({ 'x-note': SECRET_VALUE });
    expect(seen?.authorization).toBeUndefined();
    await admin('PATCH', '/v1/services/vendor', { auth: { kind: 'bearer' }, acceptWeaker: true });
    expect((await call()).seen).toMatchObject({ authorization: `Bearer ${SECRET_VALUE}`, 'x-note': NOTE });
    await admin('PATCH', '/v1/services/vendor', { headers: { 'x-required': 'yes' } });
    expect((await call()).seen).toMatchObject({ 'x-required': 'yes' });
  });

  test('are refused from the moment on that their head holds a stored value, and until it is gone', async () => {
    expect((await call()).status).toBe(200);
    await admin('POST', '/v1/secrets', { name: 'noted', value: NOTE });
    expect(await call()).toMatchObject({ status: 403, problem: { code: 'secret-in-request' } });
    expect(await call()).toMatchObject({ status: 403, problem: { code: 'secret-in-request' } });
    expect(world.upstream.seen).toHaveLength(1);
    await admin('DELETE', '/v1/secrets/noted');
    expect((await call()).status).toBe(200);
  });

  test('are decided anew each time', async () => {
    expect((await call()).status).toBe(200);
    await admin('POST', '/v1/agents/robot/freeze');
    expect(await call()).toMatchObject({ status: 403, problem: { code: 'frozen' } });
    await admin('POST', '/v1/agents/robot/unfreeze');
    expect((await call()).status).toBe(200);
    await admin('POST', '/v1/agents/robot/revoke');
    expect(await call()).toMatchObject({ status: 401, problem: { reason: 'invalid-token' } });
    token = await world.token('robot', key);
    expect((await call()).status).toBe(200);
  });

  test('show a token only where the address and the service have a place for it', async () => {
    await admin('POST', '/v1/services', {
      name: 'third',
      baseUrl: world.upstream.url,
      auth: { kind: 'header', name: 'x-own' },
      secret: 'vendor',
    });
    await admin('POST', '/v1/grants', { agent: 'robot', service: 'third' });
    const noToken = { status: 401, problem: { reason: 'no-token' } };
    expect((await call(`/call/vendor/v1?key=${token}`, {})).status).toBe(200);
    expect(await call('/call/vendor/v1', {})).toMatchObject(noToken);
    expect((await call('/call/third/v1', { 'x-own': token })).status).toBe(200);
    expect(await call('/call/vendor/v1', { 'x-own': token })).toMatchObject(noToken);
  });

  test('are the same to a head too long to be remembered', async () => {
    const headers = { authorization: `Bearer ${token}`, 'x-long': 'long '.repeat(2000).trim() };
    for (const _ of [1, 2]) {
      const { status, seen } = await call('/call/vendor/v1', headers);
      expect({ status, long: seen?.['x-long'] }).toEqual({ status: 200, long: headers['x-long'] });
    }
  });

  test('are of whoever sends the token, one after the other', async () => {
    const { key: otherKey } = await world.setUp({ service: 'second', agent: 'second' });
    const own = token;
    const other = await world.token('second', otherKey);
    for (const [name, used, status] of [
      ['robot', own, 200],
      ['second', other, 403],
      ['robot', own, 200],
      ['robot', `${own}x`, 401],
    ] as const) {
      token = used;
      expect({ name, status: (await call()).status }).toEqual({ name, status });
    }
    token = own;
  });
});
