// A rotation whose server dies between two steps, at each of them: another one goes on from the row. There is one current
// version before, between and after, and no value is lost.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../src/core/ids.ts';
import { SecretBytes } from '../../src/crypto/secret-bytes.ts';
import { findRotation, listUndecided, type RotationRow } from '../../src/store/rotations.ts';
import { findSecretByName, liveVersions } from '../../src/store/secrets.ts';
import { vault } from '../../src/store/tables.ts';
import { raiseEpoch } from '../../src/store/vaults.ts';
import { promoteRotation } from '../../src/vault/rotation-promotion.ts';
import { beginProbe, failRotation, startRotation, verifyRotation } from '../../src/vault/rotation-staging.ts';
import type { StepDeps } from '../../src/vault/rotation-step.ts';
import { testDatabases } from '../support/database.ts';
import { createWorld, type World } from '../support/world.ts';

const FIRST = 'sk-crash-1-pW4nXk82RmZt5LwY8cHdNbQ';
const SECOND = 'sk-crash-2-vB7kLq93TsYw6MxZ1dJeRcU';

describe.each(testDatabases())('a rotation on $name', (database) => {
  let world: World;
  let count = 0;
  beforeAll(async () => {
    world = await createWorld({ database, replicas: database.name === 'postgres' ? 2 : 1 });
  });
  afterAll(() => world?.close());

  const operations = (replica = 0) => {
    const app = world.apps[replica];
    if (app === undefined) throw new Error(`there is no replica ${replica}`);
    return app.operations;
  };

  /** The upstream takes these values, and answers 401 to others. */
  function accept(...values: readonly string[]): void {
    world.upstream.respond = ({ headers }, response) => {
      response
        .writeHead(values.some((value) => headers.authorization === `Bearer ${value}`) ? 200 : 401)
        .end();
    };
  }

  /** Nobody goes on with anything while the vault is frozen, so no server is faster than the test. */
  async function freeze(isFrozen: boolean): Promise<void> {
    const { audit, vaultId, lease } = operations();
    const frozen = { frozenAt: isFrozen ? new Date() : null, frozenReason: isFrozen ? 'a test' : null };
    const epoch = await audit.transaction(async (tx) => {
      const raised = await raiseEpoch(tx, vaultId);
      await tx.update(vault).set(frozen);
      return raised;
    });
    await lease.settle(epoch);
    for (const { operations: each } of world.apps) await each.authority.syncTo(epoch);
  }

  /** A secret, and the steps of its rotation as a server takes them that is gone afterwards. */
  async function setUp({ probe = true, replica = newId(operations().ids, 'rep') } = {}) {
    count += 1;
    const name = `crash-${count}`;
    const { key } = await world.setUp({ value: FIRST, service: name, agent: `robot-${count}` });
    const token = await world.token(`robot-${count}`, key);
    accept(FIRST, SECOND);
    await freeze(true);
    const { ids, keyring, vaultId, audit, database: db } = operations();
    const dying: StepDeps = { ids, keyring, vaultId, audit, replica };
    const secret = await findSecretByName(db.admin, vaultId, name);
    if (secret === undefined) throw new Error('the secret is missing');
    const by = { principal: { type: 'system' } } as const;
    const value = SecretBytes.copyOf(Buffer.from(SECOND));
    const { body: admin } = await world.admin('GET', '/v1/audit/events?kind=secret.create&limit=1');
    const [created] = admin['items'] as { principal: { id: `adm_${string}` } }[];
    return {
      name,
      dying,
      by,
      start: () =>
        startRotation(
          dying,
          {
            id: newId(ids, 'rot'),
            secret,
            check: () => undefined,
            to: { value },
            graceSeconds: 600,
            probe: probe ? { probe: 'GET /v1/models', service: undefined } : undefined,
            startedBy: created?.principal.id ?? 'adm_',
          },
          by,
        ),
      states: async () =>
        (await liveVersions(db.admin, vaultId, secret.id)).map(({ number, state }) => `${number} ${state}`),
      step: async ({ id }: RotationRow) => (await findRotation(db.admin, vaultId, id))?.step,
      sent: async () => {
        expect((await world.call(token, `/call/${name}/v1/use`)).status).toBe(200);
        return world.upstream.seen.at(-1)?.headers.authorization;
      },
      probes: () => world.upstream.seen.filter(({ url }) => url === '/v1/models').length,
      story: async () => {
        const events = (await world.events('rotation')) as {
          kind: string;
          secret: { name: string };
          result?: string;
        }[];
        return events.filter((event) => event.secret.name === name).map((event) => event.kind);
      },
      /** Its server is dead: another one may go on. */
      goOn: async () => {
        expect(await operations().rotations.goOn()).toBe(0); // frozen
        await freeze(false);
        await operations().rotations.goOn();
      },
    };
  }

  /** The last step before the death, and what is known of the rotation then. */
  const deaths: [
    string,
    { probe: boolean },
    (of: Awaited<ReturnType<typeof setUp>>) => Promise<RotationRow>,
  ][] = [
    ['after the value is stored', { probe: false }, (of) => of.start()],
    ['after the value is stored, before its probe', { probe: true }, (of) => of.start()],
    [
      'after the intent of the probe',
      { probe: true },
      async (of) => await beginProbe(of.dying, await of.start()),
    ],
    [
      'after the probe',
      { probe: true },
      async (of) => await verifyRotation(of.dying, await beginProbe(of.dying, await of.start()), 200),
    ],
  ];

  test.each(deaths)('left %s is promoted by another server', async (_, options, die) => {
    const of = await setUp(options);
    const row = await die(of);
    expect(await of.step(row)).toBe(row.step);
    expect((await of.states()).filter((state) => state.endsWith('current'))).toHaveLength(1);
    await of.goOn();
    await settled(of, row, 'promoted');
    expect(await of.states()).toEqual(['1 previous', '2 current']);
    expect(await of.sent()).toBe(`Bearer ${SECOND}`);
    expect((await of.story()).at(-1)).toBe('rotation.promote');
    expect((await world.admin('POST', `/v1/secrets/${of.name}/rollback`)).status).toBe(200);
    expect(await of.sent()).toBe(`Bearer ${FIRST}`); // neither value is lost
  });

  async function settled(
    of: Awaited<ReturnType<typeof setUp>>,
    row: RotationRow,
    step: RotationRow['step'],
  ): Promise<void> {
    await expect.poll(() => of.step(row), { timeout: 30_000 }).toBe(step);
  }

  test('left within its probe tells that nobody knows what became of it, and probes again', async () => {
    const of = await setUp();
    const before = of.probes();
    const row = await beginProbe(of.dying, await of.start());
    await of.goOn();
    await settled(of, row, 'promoted');
    expect(of.probes() - before).toBe(1);
    const probed = (await world.events('rotation.probed')) as { secret: { name: string }; result: string }[];
    expect(probed.filter(({ secret }) => secret.name === of.name).map(({ result }) => result)).toEqual([
      'unknown',
      'answered',
    ]);
  });

  test('found good already is not probed again', async () => {
    const of = await setUp();
    const before = of.probes();
    const row = await verifyRotation(of.dying, await beginProbe(of.dying, await of.start()), 204);
    await of.goOn();
    await settled(of, row, 'promoted');
    expect(of.probes()).toBe(before);
  });

  test('left before its probe fails where the upstream does not take the value, and what was current stays', async () => {
    const of = await setUp();
    accept(FIRST);
    const row = await of.start();
    await of.goOn();
    await settled(of, row, 'failed');
    expect(await of.states()).toEqual(['1 current', '2 disabled']);
    expect(await of.sent()).toBe(`Bearer ${FIRST}`);
    accept(FIRST, SECOND);
    const again = { version: 2, probe: 'GET /v1/models' };
    expect((await world.admin('POST', `/v1/secrets/${of.name}/rotate`, again)).status).toBe(200);
    expect(await of.sent()).toBe(`Bearer ${SECOND}`);
  });

  test('whose service is gone when another server goes on fails and says why', async () => {
    const of = await setUp();
    const row = await of.start();
    await world.admin('DELETE', `/v1/services/${of.name}`);
    await of.goOn();
    await settled(of, row, 'failed');
    expect(await of.states()).toEqual(['1 current', '2 disabled']);
    const failures = (await world.events('rotation.fail')) as { secret: { name: string }; reason: string }[];
    expect(failures.find(({ secret }) => secret.name === of.name)?.reason).toMatch(
      /does not send this secret/,
    );
  });

  test('left after its promotion is completed when the grace period is over', async () => {
    const of = await setUp({ probe: false });
    const { row } = await promoteRotation(of.dying, await of.start(), of.by);
    await of.goOn();
    expect(await of.step(row)).toBe('promoted');
    world.clock.offsetMs += 601_000;
    try {
      await operations().rotations.goOn();
    } finally {
      world.clock.offsetMs -= 601_000;
    }
    await settled(of, row, 'completed');
    expect(await of.states()).toEqual(['1 revoked', '2 current']);
    expect(await of.sent()).toBe(`Bearer ${SECOND}`);
  });

  // Embedded there is no other server.
  if (database.name === 'postgres') {
    test('is not taken from a server that lives', async () => {
      const { database: db, vaultId, server } = operations(0);
      const other = operations(1).server.replica;
      const of = await setUp({ probe: false, replica: other });
      const row = await of.start();
      const undecided = async (self: typeof other) => {
        const all = { self, isAlone: false, graceSeconds: 0, limit: 20 };
        return (await listUndecided(db.admin, vaultId, all)).map(({ id }) => id);
      };
      const whileOtherLives = async () => {
        await world.apps[1]?.lease.renew();
        return await undecided(server.replica);
      };
      await expect.poll(whileOtherLives).not.toContain(row.id);
      expect(await undecided(other)).toContain(row.id); // its own, and it knows whether it works on it
      await of.goOn();
      await settled(of, row, 'promoted');
    });
  }

  test('can not be moved by a server that was taken for dead and comes back', async () => {
    const of = await setUp();
    const begun = await beginProbe(of.dying, await of.start());
    await of.goOn();
    await settled(of, begun, 'promoted');
    const late = { code: 'rotation-under-way' };
    await expect(verifyRotation(of.dying, begun, 200)).rejects.toMatchObject(late);
    await expect(promoteRotation(of.dying, { ...begun, step: 'verified' }, of.by)).rejects.toMatchObject({
      code: expect.stringMatching(/^(rotation-under-way|wrong-state)$/) as string,
    });
    await expect(failRotation(of.dying, begun, { reason: 'late', by: of.by })).rejects.toMatchObject(late);
    expect(await of.states()).toEqual(['1 previous', '2 current']);
    expect(await of.step(begun)).toBe('promoted');
    expect(await of.sent()).toBe(`Bearer ${SECOND}`);
  });

  test('that races with others leaves one version current, whoever was first', async () => {
    const of = await setUp();
    await freeze(false);
    world.upstream.respond = (_, response) => response.end();
    const answers = await Promise.all(
      Array.from({ length: 8 }, async (_, number) => {
        const body = { value: `sk-race-${number}-hT6mQw93`, graceSeconds: number % 2 === 0 ? 600 : 0 };
        const probe = number % 3 === 0 ? { probe: 'GET /v1/models' } : {};
        const path = `/v1/secrets/${of.name}/rotate`;
        const replica = number % world.apps.length;
        return await world.admin('POST', path, { ...body, ...probe }, replica);
      }),
    );
    const statuses = answers.map(({ status }) => status);
    expect(new Set([...statuses, 200, 409])).toEqual(new Set([200, 409]));
    expect(statuses).toContain(200);
    const states = await of.states();
    const countOf = (state: string) => states.filter((text) => text.endsWith(` ${state}`)).length;
    expect([countOf('current'), countOf('staged')]).toEqual([1, 0]);
    expect(countOf('previous')).toBeLessThanOrEqual(1);
    expect(states).toHaveLength(1 + statuses.filter((status) => status === 200).length);
    const newest = Math.max(...answers.map(({ body }) => Number(body['toVersion'] ?? 0)));
    expect(states).toContain(`${newest} current`);
  });

  test('leaves a log that holds', async () => {
    expect((await world.admin('POST', '/v1/audit/verify')).body).toMatchObject({ ok: true });
  });
});
