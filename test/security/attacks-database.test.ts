// A37 to A39: somebody who writes to the database past every right and trigger gains nothing, and is noticed.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { createWorld, SECRET_VALUE, type World } from '../support/world.ts';
import { type Attacker, createAttacker } from './attacker.ts';

describe.each(testDatabases())('who can write to the database on $name', (database) => {
  let world: World;
  let attacker: Attacker;
  let token: string;
  let otherToken: string;
  let otherKey: string;

  beforeAll(async () => {
    world = await createWorld({ database, config: { valueCacheSeconds: 0 } });
    attacker = createAttacker(world);
    token = await world.token('robot', (await world.setUp({ allow: ['GET /v1/**'] })).key);
    otherKey = (await world.setUp({ service: 'other', agent: 'other', value: `${SECRET_VALUE}-other` })).key;
    otherToken = await world.token('other', otherKey);
    await world.admin('POST', '/v1/agents', { name: 'ice' });
  });
  beforeEach(() => {
    world.upstream.seen.length = 0;
  });
  afterAll(async () => {
    await attacker?.close();
    await world?.close();
  });

  const call = async (path = '/call/vendor/v1/models', as = token, method = 'GET') => {
    const answer = await world.call(as, path, { method });
    return { status: answer.status, ...((await answer.json()) as { code?: string }) };
  };
  const alarms = () => world.events('integrity.alarm');

  /** Does something to the database, sees what becomes of it, and undoes it. */
  async function tamper(
    table: string,
    change: () => Promise<unknown>,
    check: () => Promise<void>,
    statusAfter = 200,
  ): Promise<void> {
    const copy = `kept_${table}`;
    const before = (await alarms()).length;
    await attacker.sql(`create table ${copy} as select * from ${table}`);
    try {
      await change();
      await attacker.stir(table);
      await check();
      expect(world.upstream.seen).toEqual([]);
      if (table !== 'secret_version') await expectAlarm(table, before);
    } finally {
      const key = 'id';
      const columns = await attacker.sql(
        `select column_name as name from information_schema.columns where table_name = $1 and column_name <> $2`,
        [table, key],
      );
      const sets = columns.map(({ name }) => `${String(name)} = k.${String(name)}`).join(', ');
      await attacker.sql(
        `delete from ${table} t where not exists (select 1 from ${copy} k where k.id = t.id)`,
      );
      await attacker.sql(`update ${table} t set ${sets} from ${copy} k where k.id = t.id`);
      await attacker.sql(`drop table ${copy}`);
      await attacker.stir(table);
    }
    expect((await call()).status).toBe(statusAfter); // as it was
    world.upstream.seen.length = 0;
  }
  const expectUnavailable = async () => {
    expect(await call()).toMatchObject({ status: 503, code: 'secret-unavailable', fault: 'vault' });
  };
  const VENDOR = `(select id from secret where name = 'vendor')`;

  describe('A37: stored values', () => {
    test('swapped between two secrets do not open', async () => {
      for (const columns of [
        ['value_record'],
        ['dek_record'],
        ['value_record', 'dek_record'],
        ['value_record', 'dek_record', 'dek_id'],
      ]) {
        const sets = columns.map((name) => `${name} = o.${name}`).join(', ');
        await tamper(
          'secret_version',
          () =>
            attacker.sql(
              `update secret_version v set ${sets} from secret_version o where v.secret_id = ${VENDOR} and o.secret_id <> v.secret_id`,
            ),
          expectUnavailable,
        );
      }
      await expect.poll(async () => (await alarms()).map(({ table }) => table)).toContain('secret');
    });

    test('with a byte flipped anywhere, cut or emptied do not open', async () => {
      const [row] = await attacker.sql(
        `select length(value_record) as value, length(dek_record) as dek from secret_version where secret_id = ${VENDOR}`,
      );
      const damages: string[] = [];
      for (const [column, length] of [
        ['value_record', Number(row?.['value'])],
        ['dek_record', Number(row?.['dek'])],
      ] as const) {
        for (const at of [0, 2, 3, 4, 10, 25, 60, 85, length - 40, length - 1]) {
          damages.push(`${column} = set_byte(${column}, ${at}, get_byte(${column}, ${at}) # 1)`);
        }
        damages.push(
          `${column} = substr(${column}, 1, ${length - 1})`,
          `${column} = ''::bytea`,
          `${column} = null`,
        );
      }
      for (const damage of damages) {
        await attacker.sql('create table kept as select * from secret_version');
        await attacker.sql(`update secret_version set ${damage} where secret_id = ${VENDOR}`);
        await expectUnavailable();
        await attacker.sql(
          'update secret_version v set value_record = k.value_record, dek_record = k.dek_record from kept k where k.id = v.id',
        );
        await attacker.sql('drop table kept');
      }
      expect(world.upstream.seen).toEqual([]);
      expect((await call()).status).toBe(200);
    });

    test('under another number, DEK or generation do not open', async () => {
      for (const change of [
        'number = 2',
        `dek_id = (select dek_id from secret_version where secret_id <> ${VENDOR} limit 1)`,
        'kek_generation = 2',
      ]) {
        await tamper(
          'secret_version',
          () => attacker.sql(`update secret_version set ${change} where secret_id = ${VENDOR}`),
          expectUnavailable,
        );
      }
    });
  });

  async function expectAlarm(table: string, after: number): Promise<void> {
    await expect
      .poll(async () => (await alarms()).slice(after))
      .toContainEqual(expect.objectContaining({ table, principal: { type: 'system' } }));
  }

  describe('A38: where a secret goes', () => {
    const changes: [string, string][] = [
      ['host', `origin = jsonb_set(origin, '{host}', '"evil.test"')`],
      ['scheme', `origin = jsonb_set(origin, '{scheme}', '"https"')`],
      ['port', `origin = jsonb_set(origin, '{port}', '80')`],
      ['path', `base_path = '/evil'`],
      ['placement', `auth = '{"kind":"header","name":"x-evil"}'`],
      ['secret', `secret_id = (select id from secret where name = 'other')`],
      ['base-URL variable', `base_url_env = 'OPENAI_BASE_URL'`],
      ['name', `name = 'vendor2'`],
    ];
    test.each(changes)('a changed %s makes the service vanish, with an alarm', async (_what, change) => {
      await tamper(
        'service',
        () => attacker.sql(`update service set ${change} where name = 'vendor'`),
        async () => {
          expect(await call()).toMatchObject({ status: 403, code: 'no-grant' });
          expect(await call('/call/vendor2/v1/models')).toMatchObject({ status: 403, code: 'no-grant' });
        },
      );
    });

    test('a service under another vault’s or its own old MAC is no service', async () => {
      await tamper(
        'service',
        () =>
          attacker.sql(
            `update service s set mac = o.mac from service o where s.name = 'vendor' and o.name = 'other'`,
          ),
        async () => expect(await call()).toMatchObject({ status: 403, code: 'no-grant' }),
      );
    });
  });

  describe('A39: rights', () => {
    test('a widened, prolonged or re-pointed grant gives nothing, not even what it gave', async () => {
      const agentOf = (name: string) => `(select id from agent where name = '${name}')`;
      for (const change of ['allow = null', `allow = '["* /**"]'`, `expires_at = now() + interval '1 day'`]) {
        await tamper(
          'service_grant',
          () => attacker.sql(`update service_grant set ${change} where agent_id = ${agentOf('robot')}`),
          async () => {
            for (const method of ['GET', 'DELETE']) {
              expect(await call('/call/vendor/v1/models', token, method)).toMatchObject({
                status: 403,
                code: 'no-grant',
              });
            }
          },
        );
      }
      await tamper(
        'service_grant',
        () =>
          attacker.sql(
            `update service_grant set service_id = (select id from service where name = 'vendor') where agent_id = ${agentOf('other')}`,
          ),
        async () => {
          expect(await call('/call/vendor/v1/models', otherToken)).toMatchObject({
            status: 403,
            code: 'no-grant',
          });
        },
      );
    });

    test('an invented grant gives nothing', async () => {
      await tamper(
        'service_grant',
        () =>
          attacker.sql(`insert into service_grant (vault_id, id, agent_id, service_id, allow, revision, changed_epoch, mac, created_at)
            select vault_id, 'grt_01h455vb4pex5vsknk084sn02q', (select id from agent where name = 'other'), service_id, allow, revision, changed_epoch, mac, created_at
            from service_grant where agent_id = (select id from agent where name = 'robot')`),
        async () => {
          expect(await call('/call/vendor/v1/models', otherToken)).toMatchObject({
            status: 403,
            code: 'no-grant',
          });
        },
      );
    });

    test('a grant that was taken back does not come back', async () => {
      await world.admin('POST', '/v1/grants', { agent: 'ice', service: 'vendor' });
      const { key } = (await world.admin('POST', '/v1/agents', { name: 'back' })).body as { key: string };
      const backToken = await world.token('back', key);
      await world.admin('POST', '/v1/grants', { agent: 'back', service: 'vendor' });
      expect((await call('/call/vendor/v1/models', backToken)).status).toBe(200);
      await world.admin('DELETE', '/v1/agents/back/grants/vendor');
      world.upstream.seen.length = 0;
      await tamper(
        'service_grant',
        () =>
          attacker.sql(
            `update service_grant set removed_at = null where agent_id = (select id from agent where name = 'back')`,
          ),
        async () => {
          expect(await call('/call/vendor/v1/models', backToken)).toMatchObject({
            status: 403,
            code: 'no-grant',
          });
        },
      );
    });

    test('an agent can not be thawed, renamed, given another key or another generation', async () => {
      await world.admin('POST', '/v1/agents/robot/freeze');
      const foreignKey = `key_hash = (select key_hash from agent where name = 'other')`;
      for (const change of ['frozen_at = null', `name = 'robot2'`, 'generation = 2', foreignKey]) {
        await tamper(
          'agent',
          () => attacker.sql(`update agent set ${change} where name = 'robot'`),
          async () => {
            expect([401, 403]).toContain((await call()).status);
            for (const name of ['robot', 'robot2']) {
              await expect(world.token(name, otherKey)).rejects.toThrow('invalid_client');
            }
          },
          403,
        );
      }
      await world.admin('POST', '/v1/agents/robot/unfreeze');
      expect((await call()).status).toBe(200);
    });

    test('an invented agent can not log in', async () => {
      await tamper(
        'agent',
        () =>
          attacker.sql(`insert into agent (vault_id, id, name, key_hash, generation, revision, changed_epoch, mac, created_at)
            select vault_id, 'agt_01h455vb4pex5vsknk084sn02q', 'invented', key_hash, generation, revision, changed_epoch, mac, created_at
            from agent where name = 'other'`),
        async () => {
          await expect(world.token('invented', otherKey)).rejects.toThrow('invalid_client');
        },
      );
    });

    test('an owner with another credential is no owner', async () => {
      const [row] = await attacker.sql('select credential_hash, name from admin');
      await attacker.sql(
        `update admin set credential_hash = (select key_hash from agent where name = 'other')`,
      );
      await expect(world.token('owner', otherKey)).rejects.toThrow('invalid_client');
      expect((await world.admin('GET', '/v1/status')).status).toBe(401); // the real one is locked out: denied, not fooled
      await attacker.sql('update admin set credential_hash = $1', [row?.['credential_hash'] as Buffer]);
      expect((await world.admin('GET', '/v1/status')).status).toBe(200);
    });

    test('a run that is over does not live again', async () => {
      const started = (await world.admin('POST', '/v1/runs', { agent: 'robot' })).body as {
        run: string;
        placeholder: string;
      };
      expect((await call('/call/vendor/v1/models', started.placeholder)).status).toBe(200);
      await world.admin('POST', `/v1/runs/${started.run}/end`);
      world.upstream.seen.length = 0;
      await tamper(
        'run',
        () => attacker.sql(`update run set ended_at = null, lease_until = now() + interval '1 day'`),
        async () => {
          expect((await call('/call/vendor/v1/models', started.placeholder)).status).toBe(401);
        },
      );
    });
  });

  test('a vault whose epoch goes back is not believed', async () => {
    const [row] = await attacker.sql('select epoch::text as epoch from vault');
    await attacker.sql('update vault set epoch = 0');
    await expect(world.apps[0]?.authority.sync()).rejects.toThrow('went back');
    await attacker.sql(`update vault set epoch = ${String(row?.['epoch'])}`);
    // A round that was under way may have met the old one, too.
    await expect.poll(() => world.apps[0]?.lease.renew().then(() => true)).toBe(true);
    expect((await call()).status).toBe(200);
  });
});
