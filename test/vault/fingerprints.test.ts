// Fingerprints live and die with the values they are of; who can write to the database can take one away, and no more than that.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OlderFingerprints } from '../../src/vault/fingerprint-older.ts';
import { type Attacker, createAttacker } from '../security/attacker.ts';
import { testDatabases } from '../support/database.ts';
import { createWorld, type World } from '../support/world.ts';

const VALUES = ['sk-proj-9vT2mQ8xLr4KpZ7wYc1NbJ5dHs3FgA6e', 'ghp_9QmT4xLr8KpZ7wYc1NbJ5dHs3FgA6eVu2Ti0'];

describe.each(testDatabases())('fingerprints on $name', (database) => {
  let world: World;
  let attacker: Attacker;
  let token = '';

  beforeAll(async () => {
    world = await createWorld({ database });
    attacker = createAttacker(world);
    token = await world.token('robot', (await world.setUp()).key);
    for (const [at, value] of VALUES.entries()) {
      await world.admin('POST', '/v1/secrets', { name: `key-${at}`, value });
    }
  });
  afterAll(async () => {
    await attacker?.close();
    await world?.close();
  });

  const isKnown = async (value: string) =>
    (await world.call(token, `/call/vendor/v1/search?q=${value}`)).status === 403;
  const rows = async () =>
    (await attacker.sql(
      `select f.record, f.removed_at, s.name from secret_fingerprint f join secret s on s.id = f.secret_id order by s.name`,
    )) as unknown as { record: Buffer; removed_at: Date | null; name: string }[];

  it('are stored with a value, and hold nothing of it', async () => {
    const found = await rows();
    expect(found.map(({ name }) => name)).toEqual(['key-0', 'key-1', 'vendor']);
    for (const { record } of found) {
      for (const value of VALUES) {
        expect(Buffer.from(record).includes(value.slice(0, 4))).toBe(false);
        expect(Buffer.from(record).includes(Buffer.from(value).toString('base64').slice(0, 6))).toBe(false);
      }
    }
    expect(await isKnown(VALUES[0] ?? '')).toBe(true);
  });

  it('are made anew for values that have none, once, without an event, and not for what does not open', async () => {
    const app = world.apps[0];
    if (app === undefined) throw new Error('the world has one server');
    const { keyring, ids, vaultId, database: db } = app.operations;
    const events = (await world.events()).length;
    await attacker.sql(`delete from secret_fingerprint`);
    await attacker.sql(
      `update secret_version set value_record = '\\x00' where secret_id = (select id from secret where name = 'key-1')`,
    );
    const older = () => new OlderFingerprints({ db: db.admin, keyring, ids, vaultId });
    const [made, again] = await Promise.all([older().make(), older().make()]);
    expect(made + again).toBe(2);
    expect((await rows()).map(({ name }) => name)).toEqual(['key-0', 'vendor']);
    await app.authority.sync();
    expect(await isKnown(VALUES[0] ?? '')).toBe(true);
    const kinds = (await world.events()).slice(events).map(({ kind }) => kind);
    expect(kinds.filter((kind) => !/^(audit|call|guard)\./.test(String(kind)))).toEqual([]);
  });

  it('that were edited are ignored, and told', async () => {
    const alarms = (await world.events('integrity.alarm')).length;
    await attacker.sql(
      `update secret_fingerprint set is_decoy = true where secret_id = (select id from secret where name = 'vendor')`,
    );
    await attacker.stir('secret_fingerprint');
    await world.apps[0]?.authority.sync();
    await expect.poll(async () => (await world.events('integrity.alarm')).length).toBe(alarms + 1);
    expect((await world.events('integrity.alarm')).at(-1)).toMatchObject({ table: 'secret_fingerprint' });
    await attacker.sql(
      `update secret_fingerprint set is_decoy = false where secret_id = (select id from secret where name = 'vendor')`,
    );
  });

  it('of every version stay as long as its value does', async () => {
    const next = 'sk-proj-Zz2mQ8xLr4KpZ7wYc1NbJ5dHs3FgA6eQ';
    const name = 'rotated';
    await world.admin('POST', '/v1/secrets', { name, value: 'sk-proj-Aa2mQ8xLr4KpZ7wYc1NbJ5dHs3FgA6eQ' });
    const rotated = await world.admin('POST', `/v1/secrets/${name}/rotate`, { value: next, graceSeconds: 0 });
    expect(rotated.status).toBeLessThan(300);
    expect(await isKnown(next)).toBe(true);
    expect(await isKnown('sk-proj-Aa2mQ8xLr4KpZ7wYc1NbJ5dHs3FgA6eQ')).toBe(true);
    await world.admin('DELETE', `/v1/secrets/${name}`);
    expect(await isKnown(next)).toBe(false);
    const left = (await rows()).filter((row) => row.name === name);
    expect(left.map(({ record, removed_at }) => [record.length, removed_at !== null])).toEqual([
      [0, true],
      [0, true],
    ]);
  });
});

describe.each(testDatabases())('a freeze by a guard on $name', (database) => {
  let world: World;
  let token = '';

  beforeAll(async () => {
    world = await createWorld({ database, replicas: database.name === 'postgres' ? 2 : 1 });
    token = await world.token('robot', (await world.setUp()).key);
  });
  afterAll(() => world?.close());

  const statuses = () =>
    Promise.all(
      [...world.apps.keys()].map(
        async (replica) => (await world.call(token, '/call/vendor/x', { replica })).status,
      ),
    );

  it('of a grant holds on every replica once it resolves, is made once, and is lifted by an administrator', async () => {
    const app = world.apps[0];
    const { body } = await world.admin('GET', '/v1/agents/robot/grants/vendor');
    const grantId = body['id'] as `grt_${string}`;
    const wanted = { grantId, reason: 'its answers held the key again and again' };
    expect(new Set(await statuses())).toEqual(new Set([200]));
    await Promise.all([1, 2, 3].map(async () => app?.operations.freezing.freezeGrant(wanted)));
    expect(new Set(await statuses())).toEqual(new Set([403]));
    const events = await world.events('grant.freeze');
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ principal: { type: 'system' }, after: { reason: wanted.reason } });
    const frozen = await world.admin('GET', '/v1/agents/robot/grants/vendor');
    expect(frozen.body).toMatchObject({ frozenAt: expect.any(String), frozenReason: wanted.reason });
    const thawed = await world.admin('POST', '/v1/agents/robot/grants/vendor/unfreeze');
    expect(thawed.body).toMatchObject({ frozenAt: null, frozenReason: null });
    expect(new Set(await statuses())).toEqual(new Set([200]));
  });

  it('of an agent that is gone does nothing, and throws nothing', async () => {
    const { body } = await world.admin('POST', '/v1/agents', { name: 'short' });
    const agentId = (body['agent'] as { id: `agt_${string}` }).id;
    await world.admin('DELETE', '/v1/agents/short');
    await world.apps[0]?.operations.freezing.freezeAgent({ agentId, reason: 'too late' });
    expect(await world.events('agent.freeze')).toEqual([]);
  });

  it('by an administrator keeps its first reason', async () => {
    const path = '/v1/agents/robot/grants/vendor/freeze';
    expect((await world.admin('POST', path, { reason: 'odd calls' })).body).toMatchObject({
      frozenReason: 'odd calls',
    });
    expect((await world.admin('POST', path, { reason: 'again' })).body).toMatchObject({
      frozenReason: 'odd calls',
    });
    expect(new Set(await statuses())).toEqual(new Set([403]));
  });
});
