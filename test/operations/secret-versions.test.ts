// What one can see and switch of a secret's versions, on both engines: plans, disabling and enabling, and which are due.
import { describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { FIRST, FOURTH, SECOND, useRotationWorld, VALUES } from './rotation-world.ts';

describe.each(testDatabases())('versions on $name', (database) => {
  const { world, said, admin, setUp, hold, sentLast } = useRotationWorld(database);

  test('a plan says what would happen and does nothing', async () => {
    const { name, rotate, versions } = await setUp();
    await rotate({ value: SECOND });
    const query = 'probe=GET%20/v1/models&graceSeconds=60';
    expect(await admin('GET', `/v1/secrets/${name}/rotation-plan?${query}`)).toMatchObject({
      status: 200,
      body: {
        secret: name,
        fromVersion: 2,
        services: [name],
        probe: { service: name, method: 'GET', path: '/v1/models', status: null },
        graceSeconds: 60,
        endsGraceOf: 1,
      },
    });
    expect(await versions()).toEqual(['2 current', '1 previous']);
  });

  test('a disabled secret answers its calls with the reason until it is enabled', async () => {
    const { name, disable, enable, call, versions } = await setUp();
    expect(await disable()).toMatchObject({
      status: 200,
      body: { name, version: 1, state: 'disabled', currentVersion: null },
    });
    const refused = await call();
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({
      code: 'secret-unavailable',
      detail: expect.stringMatching(/disabled/) as string,
    });
    expect(await disable()).toMatchObject({ status: 409, body: { code: 'wrong-state' } });
    expect(await versions()).toEqual(['1 disabled']);
    expect(await enable()).toMatchObject({ status: 200, body: { version: 1, currentVersion: 1 } });
    expect((await call()).status).toBe(200);
    expect(await enable()).toMatchObject({ status: 409, body: { code: 'wrong-state' } });
    expect((await world().events('secret.disable')).at(-1)).toMatchObject({
      target: { type: 'secret', name },
      after: { version: 1, state: 'disabled' },
    });
  });

  test('a rotation makes a disabled secret usable again', async () => {
    const { disable, rotate, call, versions } = await setUp();
    await disable();
    expect((await rotate({ value: SECOND })).body).toMatchObject({
      fromVersion: null,
      toVersion: 2,
      step: 'completed',
      graceUntil: null,
    });
    expect(await versions()).toEqual(['2 current', '1 disabled']);
    await call();
    expect(sentLast()).toBe(`Bearer ${SECOND}`);
  });

  test('a secret that is disabled while a rotation of it is not decided stays so', async () => {
    const { disable, rotate, versions, story, enable } = await setUp();
    const { arrived, release } = hold();
    const rotating = rotate({ value: SECOND, probe: 'GET /v1/models' });
    await arrived;
    expect((await disable()).status).toBe(200);
    release();
    expect(await rotating).toMatchObject({ status: 409, body: { code: 'wrong-state' } });
    expect(await versions()).toEqual(['2 disabled', '1 disabled']);
    expect((await story()).at(-1)).toMatchObject({ kind: 'rotation.fail' });
    const several = await enable();
    expect(several).toMatchObject({ status: 409, body: { code: 'wrong-state' } });
    expect(several.body['detail']).toContain('2, 1');
    expect((await enable({ version: 1 })).status).toBe(200);
  });

  test('a previous version that is disabled ends its grace period', async () => {
    const { disable, rotate, rollBack, versions, story } = await setUp();
    await rotate({ value: SECOND });
    expect((await disable({ version: 1 })).body).toMatchObject({ version: 1, currentVersion: 2 });
    expect(await rollBack()).toMatchObject({ status: 409 });
    await world().apps[0]?.operations.rotations.goOn();
    expect((await story()).at(-1)).toMatchObject({ kind: 'rotation.complete', reason: 'disabled' });
    expect(await versions()).toEqual(['2 current', '1 disabled']);
    expect((await disable({ version: 9 })).status).toBe(404);
  });

  test('a secret that is destroyed takes its rotation along', async () => {
    await admin('POST', '/v1/secrets', { name: 'loose', value: FIRST });
    const rotated = await admin('POST', '/v1/secrets/loose/rotate', { value: SECOND });
    expect((await admin('DELETE', '/v1/secrets/loose')).body).toMatchObject({ versionsDestroyed: 2 });
    await world().apps[0]?.operations.rotations.goOn();
    expect((await world().events('rotation.complete')).at(-1)).toMatchObject({
      rotation: rotated.body['id'],
      reason: 'destroyed',
    });
    expect(await admin('POST', '/v1/secrets/loose/rotate', { value: SECOND })).toMatchObject({ status: 404 });
  });

  test('due are the oldest current versions, and whatever has a rotation under way', async () => {
    const young = await setUp();
    const rotating = await setUp();
    await rotating.rotate({ value: FOURTH });
    const due = async (query: string) => {
      const { body } = await admin('GET', `/v1/rotations/due?${query}`);
      return body as {
        items: { name: string; since: string; rotation: object | null }[];
        nextCursor: string | null;
      };
    };
    const now = (await due('olderThanSeconds=86400&limit=200')).items;
    expect(now.find(({ name }) => name === young.name)).toBeUndefined();
    expect(now.find(({ name }) => name === rotating.name)).toMatchObject({
      currentVersion: 2,
      rotation: { step: 'promoted', toVersion: 2 },
    });
    const all = (await due('olderThanSeconds=0&limit=200')).items;
    expect(all.map(({ name }) => name)).toEqual(expect.arrayContaining([young.name, rotating.name]));
    const times = all.map(({ since }) => (since === null ? Infinity : Date.parse(since)));
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    const paged: string[] = [];
    for (let cursor = ''; ; ) {
      const page = await due(`olderThanSeconds=0&limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`);
      paged.push(...page.items.map(({ name }) => name));
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    expect(paged).toEqual(all.map(({ name }) => name));
  });

  test('no answer and no event holds a value', async () => {
    const events = JSON.stringify(await world().events());
    for (const value of VALUES) {
      expect(said()).not.toContain(value);
      expect(events).not.toContain(value);
    }
    expect((await world().admin('POST', '/v1/audit/verify')).body).toMatchObject({ ok: true });
  });
});
