// One version of a secret is destroyed, on both engines: nothing of its value stays, its row does, and what is sent or may be
// is refused with what to do first.
import { describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { FIRST, SECOND, useRotationWorld, VALUES } from './rotation-world.ts';

/** Values that share nothing: pieces of one would be found by another. */
const NEXT = 'tk_live_Zw3Vb8Nq1Lr6Ty0Ks5Hd2Gf7Jm4Pc9X';
const LAST = 'xoxb-4410-Ue7Oi2Wa9Sz5Dx1Cv6Fb3Rg8Nh0M';

describe.each(testDatabases())('destroying one version on $name', (database) => {
  const { world, said, admin, setUp } = useRotationWorld(database);
  const destroy = (name: string, version: unknown) =>
    admin('POST', `/v1/secrets/${name}/destroy-version`, { version });
  const stored = async (name: string, number: number) => {
    const sql = world().apps[0]?.operations.database.adminSql;
    if (sql === undefined) throw new Error('the world has one server');
    const [row] = await sql<Record<string, unknown>[]>`
      select v.state, v.dek_record, v.value_record, v.grace_until, length(f.record) as print, f.removed_at is not null as gone
      from secret_version v join secret s on s.vault_id = v.vault_id and s.id = v.secret_id
      left join secret_fingerprint f on f.vault_id = v.vault_id and f.version_id = v.id
      where s.name = ${name} and v.number = ${number}`;
    return row;
  };
  const answer = (text: string) => {
    world().upstream.respond = (_request, response) => void response.end(text);
  };

  test('erases its value and what it was known by; row, number and the rest stay', async () => {
    const { name, rotate, call, versions } = await setUp();
    await rotate({ value: NEXT, graceSeconds: 0 });
    expect(await versions()).toEqual(['2 current', '1 revoked']);
    answer(`an old key: ${FIRST}`);
    expect(await (await call()).text()).not.toContain(FIRST);
    expect(await stored(name, 1)).toMatchObject({ dek_record: expect.anything(), gone: false });

    expect(await destroy(name, 1)).toMatchObject({
      status: 200,
      body: { name, version: 1, state: 'destroyed' },
    });
    expect(await versions()).toEqual(['2 current', '1 destroyed']);
    const none = { dek_record: null, value_record: null, grace_until: null };
    expect(await stored(name, 1)).toEqual({ state: 'destroyed', ...none, print: 0, gone: true });
    expect(await stored(name, 2)).toMatchObject({
      state: 'current',
      value_record: expect.anything(),
      gone: false,
    });
    expect(await (await call()).text()).toBe(`an old key: ${FIRST}`); // nobody knows it any more
    answer('fine');
    expect((await call()).status).toBe(200);
    expect(world().upstream.seen.at(-1)?.headers.authorization).toBe(`Bearer ${NEXT}`);
    expect((await rotate({ value: LAST, graceSeconds: 0 })).body).toMatchObject({ toVersion: 3 });
  });

  test('is told in the audit log, with what it was', async () => {
    const { name, rotate } = await setUp();
    await rotate({ value: SECOND, graceSeconds: 0 });
    await destroy(name, 1);
    expect((await world().events('version.destroy')).at(-1)).toMatchObject({
      principal: { type: 'admin', name: 'owner' },
      target: { type: 'secret', name },
      before: { version: 1, state: 'revoked' },
      after: { version: 1, state: 'destroyed' },
    });
    expect((await admin('POST', '/v1/audit/verify')).body).toMatchObject({ ok: true, problems: [] });
  });

  test('of the current one is refused, with what to do instead', async () => {
    const { name, call, versions } = await setUp();
    const refused = await destroy(name, 1);
    expect(refused).toMatchObject({ status: 409, body: { code: 'wrong-state' } });
    expect(refused.body['detail']).toContain(`doorward secret rotate ${name}`);
    expect(refused.body['detail']).toContain(`doorward secret destroy ${name}`);
    expect(await versions()).toEqual(['1 current']);
    expect((await call()).status).toBe(200);
    expect((await world().events('version.destroy')).filter(({ target }) => isOf(target, name))).toEqual([]);
  });

  test('of one that may still be sent is refused until it is disabled', async () => {
    const { name, rotate, rollBack, disable, versions } = await setUp();
    await rotate({ value: SECOND });
    const refused = await destroy(name, 1);
    expect(refused).toMatchObject({ status: 409, body: { code: 'wrong-state' } });
    expect(refused.body['detail']).toContain(`doorward secret disable ${name} --version 1`);
    expect((await disable({ version: 1 })).status).toBe(200);
    expect((await destroy(name, 1)).status).toBe(200);
    expect(await versions()).toEqual(['2 current', '1 destroyed']);
    await world().apps[0]?.operations.rotations.goOn();
    expect((await rollBack()).status).toBe(409);
    expect((await rotate({ version: 1 })).status).toBe(409);
    expect(await versions()).toEqual(['2 current', '1 destroyed']);
  });

  test('leaves a disabled secret without a value, and it can have another', async () => {
    const { name, disable, enable, rotate, call, versions } = await setUp();
    await disable();
    expect((await destroy(name, 1)).status).toBe(200);
    expect((await enable()).status).toBe(409);
    expect((await call()).status).toBe(503);
    await rotate({ value: SECOND });
    expect(await versions()).toEqual(['2 current', '1 destroyed']);
    expect((await call()).status).toBe(200);
  });

  test('of none, of one that is gone, and of what is no number is refused', async () => {
    const { name, disable } = await setUp();
    await disable();
    expect((await destroy(name, 1)).status).toBe(200);
    expect(await destroy(name, 1)).toMatchObject({ status: 409, body: { code: 'wrong-state' } });
    expect(await destroy(name, 2)).toMatchObject({ status: 404, body: { code: 'not-found' } });
    expect(await destroy('nowhere', 1)).toMatchObject({ status: 404, body: { code: 'not-found' } });
    for (const wrong of [0, -1, 1.5, '1', null, 1e9, undefined]) {
      expect(await destroy(name, wrong)).toMatchObject({ status: 422, body: { code: 'invalid-input' } });
    }
  });

  test('never tells a value', () => {
    for (const value of [...VALUES, NEXT, LAST]) expect(said()).not.toContain(value);
  });
});

function isOf(target: unknown, name: string): boolean {
  return typeof target === 'object' && target !== null && 'name' in target && target.name === name;
}
