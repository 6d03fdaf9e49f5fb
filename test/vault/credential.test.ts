// Opened credentials: how long they live, when they are wiped, and what happens when a stored value does not open.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Credentials } from '../../src/vault/credential.ts';
import { testDatabases } from '../support/database.ts';
import { createWorld, SECRET_VALUE, type World } from '../support/world.ts';

describe.each(testDatabases())('credentials on $name', (database) => {
  let world: World;
  let alarms: string[] = [];
  const auth = { kind: 'bearer' };

  beforeAll(async () => {
    world = await createWorld({ database });
    await world.setUp();
  });
  afterAll(() => world?.close());

  function open(cacheSeconds: number): Credentials {
    const app = world.apps[0];
    if (app === undefined) throw new Error('the world has no application');
    const { authority, operations } = app;
    alarms = [];
    return new Credentials({
      calls: operations.database.calls,
      authority,
      keyring: operations.keyring,
      minting: { read: async () => undefined, serial: () => '', forget: () => undefined }, // nothing is exchanged here
      clock: operations.ids.clock,
      cacheSeconds,
      onAlarm: (secret, reason) => alarms.push(`${secret}: ${reason}`),
    });
  }
  const vendor = () => {
    const service = world.apps[0]?.authority.serviceByName('vendor');
    if (service === undefined) throw new Error('the service is not there');
    return service;
  };
  const headerOf = ({ credential }: Awaited<ReturnType<Credentials['open']>>) => {
    const current = world.apps[0]?.authority.secret(credential.secretId)?.current;
    if (current === undefined) throw new Error('the secret has no current version');
    return credential.place(current.id, ({ headers }) => headers[0]?.[1]);
  };

  test('are opened once for many calls, and wiped when the last one of a cleared cache is over', async () => {
    const credentials = open(60);
    const [one, other] = await Promise.all([credentials.open(vendor()), credentials.open(vendor())]);
    expect(one.credential).toBe(other.credential);
    expect(headerOf(one)).toBe(`Bearer ${SECRET_VALUE}`);
    credentials.close();
    expect(headerOf(other)).toBe(`Bearer ${SECRET_VALUE}`); // a call under way keeps what it needs
    one.release();
    one.release(); // counts once
    expect(headerOf(other)).toBe(`Bearer ${SECRET_VALUE}`);
    other.release();
    expect(() => headerOf(other)).toThrow();
  });

  test('without a cache are opened for each call and wiped after it', async () => {
    const credentials = open(0);
    const one = await credentials.open(vendor());
    const other = await credentials.open(vendor());
    expect(one.credential).not.toBe(other.credential);
    one.release();
    expect(() => headerOf(one)).toThrow();
    expect(headerOf(other)).toBe(`Bearer ${SECRET_VALUE}`);
    other.release();
    credentials.close();
  });

  test('leave the cache as soon as their service is changed', async () => {
    const credentials = open(60);
    const before = await credentials.open(vendor());
    before.release();
    await world.admin('DELETE', '/v1/services/vendor');
    expect(() => headerOf(before)).toThrow();
    await world.admin('POST', '/v1/services', {
      name: 'vendor',
      baseUrl: world.upstream.url,
      auth,
      secret: 'vendor',
    });
    const after = await credentials.open(vendor());
    expect(headerOf(after)).toBe(`Bearer ${SECRET_VALUE}`);
    after.release();
    credentials.close();
  });

  test('open whatever administrators change beside them', async () => {
    const credentials = open(0);
    let isOver = false;
    let opened = 0;
    const opening = (async () => {
      while (!isOver) {
        const one = await credentials.open(vendor());
        expect(headerOf(one)).toBe(`Bearer ${SECRET_VALUE}`);
        one.release();
        opened += 1;
      }
    })();
    for (let round = 0; round < 8; round += 1) {
      const name = `beside-${round}`;
      const before = opened;
      await world.admin('POST', '/v1/services', {
        name,
        baseUrl: 'https://api.test',
        auth,
        secret: 'vendor',
      });
      if (round % 2 === 0) await world.admin('DELETE', `/v1/services/${name}`);
      await expect.poll(() => opened, { interval: 5 }).toBeGreaterThan(before + 1);
    }
    isOver = true;
    await opening;
    expect(alarms).toEqual([]);
    credentials.close();
  });

  test('that do not open are a 503 and one alarm', async () => {
    const credentials = open(0);
    const sql = world.apps[0]?.operations.database.adminSql;
    await sql?.unsafe(
      'update secret_version set value_record = set_byte(value_record, 100, get_byte(value_record, 100) # 1)',
    );
    for (let at = 0; at < 3; at += 1) {
      await expect(credentials.open(vendor())).rejects.toMatchObject({
        code: 'secret-unavailable',
        status: 503,
      });
    }
    expect(alarms).toEqual([expect.stringMatching(/^sec_.*does not open/)]);
    expect(alarms.join()).not.toContain(SECRET_VALUE);
    credentials.close();
  });
});
