// A planted value that is shown to the broker itself, as if it opened something there: nobody to freeze, but somebody to tell.
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { createWorld, type World } from '../support/world.ts';

const [embedded] = testDatabases();

describe('a decoy shown at the door', () => {
  let world: World;
  let decoy = '';
  /** Shown last: alarms are written one behind the other, so those before its own are all there are. */
  let marker = '';
  let key = '';

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    world = await createWorld({ database: embedded });
    ({ key } = await world.setUp());
    const made = await world.admin('POST', '/v1/decoys', { name: 'planted', like: 'openai' });
    decoy = String(made.body['value']);
    expect([made.status, decoy.length > 16]).toEqual([201, true]);
    const { body } = await world.admin('POST', '/v1/decoys', { name: 'marker', like: 'openai' });
    marker = String(body['value']);
  });
  afterAll(() => world?.close());

  /** A minute on, so that what was told before is told again. */
  const later = () => {
    world.clock.offsetMs += 61_000;
  };
  const alarms = () => world.events('guard.alarm');

  /** The status of a call from an address of this machine. */
  const from = (localAddress: string, authorization: string) =>
    new Promise<number>((resolve, reject) => {
      const url = new URL('/call/vendor/x', world.apps[0]?.address);
      const sending = httpRequest(url, { localAddress, agent: false, headers: { authorization } });
      sending.on('response', (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      sending.on('error', reject);
      sending.end();
    });

  /** All that was told behind the first so many. */
  async function toldSince(before: number): Promise<Record<string, unknown>[]> {
    later();
    expect(await from('127.0.0.1', `Bearer ${marker}`)).toBe(401);
    const isMarked = { secret: { name: 'marker' } };
    await expect.poll(async () => (await alarms()).slice(before).at(-1)).toMatchObject(isMarked);
    return (await alarms()).slice(before, -1);
  }

  it.each([
    [
      'as bearer token',
      'header authorization',
      () => ['/call/vendor/x', { authorization: `Bearer ${decoy}` }],
    ],
    ['as a vendor key', 'header x-api-key', () => ['/call/vendor/x', { 'x-api-key': decoy }]],
    [
      'as password of Basic',
      'header authorization',
      () => ['/call/vendor/x', { authorization: `Basic ${Buffer.from(`api:${decoy}`).toString('base64')}` }],
    ],
    ['as a parameter', 'query', () => [`/call/vendor/x?key=${decoy}`, {}]],
    [
      'beside a token that is none',
      'header x-note',
      () => ['/call/vendor/x', { authorization: 'Bearer dw_run_nonsense', 'x-note': decoy }],
    ],
    [
      'at a service there is not',
      'header authorization',
      () => ['/call/nothing/x', { authorization: `Bearer ${decoy}` }],
    ],
    ['on the road of MCP', 'header authorization', () => ['/mcp', { authorization: `Bearer ${decoy}` }]],
    [
      'as the key of an agent',
      'header authorization',
      () => ['/oauth/token', { authorization: `Basic ${Buffer.from(`robot:${decoy}`).toString('base64')}` }],
    ],
  ] as [string, string, () => [string, Record<string, string>]][])(
    '%s is 401 and an alarm with the address, and freezes nobody',
    async (_what, where, shape) => {
      later();
      const before = await alarms();
      const [path, headers] = shape();
      const isForm = path === '/oauth/token';
      const answer = await fetch(`${world.apps[0]?.address}${path}`, {
        method: 'POST',
        headers: { ...headers, ...(isForm ? { 'content-type': 'application/x-www-form-urlencoded' } : {}) },
        body: isForm ? 'grant_type=client_credentials' : '{}',
      });
      expect(answer.status).toBe(401);
      expect(await answer.text()).not.toContain(decoy);
      const told = await toldSince(before.length);
      expect(told).toMatchObject([
        {
          alarm: 'decoy-touched',
          done: 'told',
          principal: { type: 'stranger' },
          client: '127.0.0.1',
          secret: { name: 'planted' },
          where,
        },
      ]);
      expect(told[0]).not.toHaveProperty('agent');
      expect(await world.events('agent.freeze')).toEqual([]);
      expect(JSON.stringify(await world.events())).not.toContain(decoy);
    },
  );

  it('is told once a minute of one network, and thirty times of all, however often it is shown', async () => {
    later();
    const before = (await alarms()).length;
    for (let count = 0; count < 20; count += 1) expect(await from('127.0.0.1', `Bearer ${decoy}`)).toBe(401);
    for (let network = 1; network <= 40; network += 1)
      expect(await from(`127.9.${network}.1`, `Bearer ${decoy}`)).toBe(401);
    later();
    expect(await from('127.9.1.1', `Bearer ${decoy}`)).toBe(401);
    const clients = (await toldSince(before)).map(({ client }) => client);
    const networks = Array.from({ length: 29 }, (_, at) => `127.9.${at + 1}.1`);
    expect(clients).toEqual(['127.0.0.1', ...networks, '127.9.1.1']);
  });

  it('is nothing to tell where it is another stored value, a stranger’s text, or a decoy that is gone', async () => {
    later();
    const before = (await alarms()).length;
    const stored = 'sk-proj-9vT2mQ8xLr4KpZ7wYc1NbJ5dHs3FgA6e';
    await world.admin('POST', '/v1/secrets', { name: 'stored', value: stored });
    for (const text of [stored, `${decoy.slice(0, -4)}0000`, 'sk-proj-of-nobody-0123456789'])
      expect(await from('127.0.0.1', `Bearer ${text}`)).toBe(401);
    const token = await world.token('robot', key);
    expect((await world.call(token, '/call/vendor/ok')).status).toBe(200);
    expect((await world.admin('DELETE', '/v1/secrets/planted')).status).toBe(200);
    expect(await from('127.0.0.1', `Bearer ${decoy}`)).toBe(401);
    expect(await toldSince(before)).toEqual([]);
  });
});
