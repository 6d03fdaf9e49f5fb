// Where a call may not go, and what is said when an upstream can not be reached.
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { send } from '../support/raw-http.ts';
import { createWorld, SECRET_VALUE, type World } from '../support/world.ts';

describe.each(testDatabases())('where a call may not go, on $name', (database) => {
  let world: World;
  let token: string;
  let added = 0;
  const url = () => world.apps[0]?.address ?? '';

  beforeAll(async () => {
    world = await createWorld({ database });
    const { key } = await world.setUp();
    token = await world.token('robot', key);
  });
  afterAll(() => world?.close());

  async function callTo(baseUrl: string, to = world, as = token) {
    const name = `s${(added += 1)}`;
    const made = await to.admin('POST', '/v1/services', {
      name,
      baseUrl,
      auth: { kind: 'bearer' },
      secret: 'vendor',
    });
    expect(made.status).toBe(201);
    await to.admin('POST', '/v1/grants', { agent: 'robot', service: name });
    const headers = ['authorization', `Bearer ${as}`];
    return await send(to.apps[0]?.address ?? '', `/call/${name}/v1`, { headers });
  }

  test("the broker's own listener, by every name", async () => {
    const { port } = new URL(url());
    for (const host of ['127.0.0.1', 'localhost']) {
      const answer = await callTo(`http://${host}:${port}`);
      expect(answer.status).toBe(502);
      expect(answer.json()).toMatchObject({ code: 'address-blocked', fault: 'vault' });
      expect(answer.header('doorward-source')).toBe('broker');
      expect(answer.header('x-should-retry')).toBe('false');
      expect(answer.text()).not.toContain(SECRET_VALUE);
    }
  });

  test('the database, where it is one that listens', async () => {
    const { options } = world.database;
    if (options.kind !== 'postgres') return;
    const { port } = new URL(options.url);
    const answer = await callTo(`http://127.0.0.1:${port}`);
    expect([answer.status, answer.json()['code']]).toEqual([502, 'address-blocked']);
  });

  test('metadata addresses, even if everything private were allowed', async () => {
    for (const host of ['169.254.169.254', '[fd00:ec2::254]', '[::ffff:a9fe:a9fe]', '100.100.100.200']) {
      const answer = await callTo(`http://${host}`);
      expect([answer.status, answer.json()['code']]).toEqual([502, 'address-blocked']);
    }
  });

  test('an upstream that refuses or does not speak HTTP is its own fault', async () => {
    const refused = await callTo('http://127.0.0.1:1'); // nobody listens there
    expect([refused.status, refused.json()['code'], refused.json()['fault']]).toEqual([
      502,
      'upstream-unreachable',
      'upstream',
    ]);
    expect(refused.header('doorward-source')).toBe('broker');

    const garbage = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (data) => socket.end(`nonsense ${data.toString()}`));
    });
    await new Promise<void>((resolve) => garbage.listen(0, '127.0.0.1', resolve));
    const spoken = await callTo(`http://127.0.0.1:${(garbage.address() as AddressInfo).port}`);
    garbage.close();
    expect([spoken.status, spoken.json()['code'], spoken.json()['fault']]).toEqual([
      502,
      'upstream-invalid',
      'upstream',
    ]);
    expect(spoken.text()).not.toContain(SECRET_VALUE);
    await expect
      .poll(async () => (await world.events('call.outcome')).at(-1))
      .toMatchObject({
        result: 'failed',
        problem: 'upstream-invalid',
      });
  });

  test('private addresses, unless the installation allows them', async () => {
    const strict = await createWorld({ database, config: { egressAllowCidrs: [] } });
    try {
      const { key } = await strict.setUp();
      const answer = await callTo(strict.upstream.url, strict, await strict.token('robot', key));
      expect([answer.status, answer.json()['code']]).toEqual([502, 'address-blocked']);
      expect(strict.upstream.seen).toEqual([]);
    } finally {
      await strict.close();
    }
  });
});
