// Rotation by hand over the API, on both engines: a new value becomes current, the one before stays for a while, and the
// audit log tells the story.
import { describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { FIRST, kinds, SECOND, THIRD, useRotationWorld, VALUES } from './rotation-world.ts';

describe.each(testDatabases())('a rotation on $name', (database) => {
  const { world, said, admin, setUp, accept, hold, sentLast } = useRotationWorld(database);

  test('a new value is current when the command returns, and the one before is kept for the grace period', async () => {
    const { name, rotate, call, versions, story } = await setUp();
    const answer = await rotate({ value: SECOND });
    expect(answer).toMatchObject({
      status: 200,
      body: { secret: name, fromVersion: 1, toVersion: 2, step: 'promoted', probe: null, graceSeconds: 3600 },
    });
    expect(await versions()).toEqual(['2 current', '1 previous']);
    expect((await call()).status).toBe(200);
    expect(sentLast()).toBe(`Bearer ${SECOND}`);
    const events = await story();
    expect(kinds(events)).toEqual(['rotation.start', 'rotation.promote']);
    expect(events[0]).toMatchObject({
      principal: { type: 'admin', name: 'owner' },
      rotation: answer.body['id'],
      secret: { name, from: 1, to: 2 },
      bytes: SECOND.length,
      graceSeconds: 3600,
    });
    expect(events[1]).toMatchObject({ graceUntil: answer.body['graceUntil'] });
  });

  test('a probe that is answered 2xx comes before the promotion, and nothing of its answer is told', async () => {
    const { name, rotate, story } = await setUp();
    const before = world().upstream.seen.length;
    const answer = await rotate({ value: SECOND, probe: 'GET /v1/models?page=1' });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        step: 'promoted',
        probe: { service: name, method: 'GET', path: '/v1/models?page=1', status: 200 },
      },
    });
    const sent = world().upstream.seen.slice(before);
    expect(sent.map(({ method, url, headers }) => [method, url, headers.authorization])).toEqual([
      ['GET', '/v1/models?page=1', `Bearer ${SECOND}`],
    ]);
    const events = await story();
    expect(kinds(events)).toEqual([
      'rotation.start',
      'rotation.probe',
      'rotation.probed',
      'rotation.promote',
    ]);
    const probe = { service: { name }, method: 'GET', path: '/v1/models' };
    expect(events[1]).toMatchObject({ principal: { type: 'system' }, probe });
    expect(events[2]).toMatchObject({
      principal: { type: 'system' },
      intent: (events[1] as unknown as { id: string }).id,
      probe,
      result: 'answered',
      status: 200,
    });
  });

  test.each([
    ['is answered 401', () => accept(FIRST), { upstreamStatus: 401 }, /answered 401/],
    [
      'is answered with a redirect',
      () => {
        world().upstream.respond = (_, response) => response.writeHead(302, { location: '/login' }).end();
      },
      { upstreamStatus: 302 },
      /answered 302/,
    ],
    [
      'is cut off',
      () => {
        world().upstream.respond = (_, response) => response.destroy();
      },
      {},
      /(broke|closed) the connection/,
    ],
  ])(
    'a probe that %s leaves the secret as it was, and the new value stored',
    async (_, arrange, told, reason) => {
      const { rotate, call, versions, story } = await setUp();
      arrange();
      const answer = await rotate({ value: SECOND, probe: 'GET /v1/models' });
      expect(answer).toMatchObject({ status: 502, body: { code: 'probe-failed', version: 2, ...told } });
      expect(answer.body['detail']).toMatch(reason);
      expect(await versions()).toEqual(['2 disabled', '1 current']);
      expect(kinds(await story())).toEqual([
        'rotation.start',
        'rotation.probe',
        'rotation.probed',
        'rotation.fail',
      ]);

      accept(...VALUES);
      await call();
      expect(sentLast()).toBe(`Bearer ${FIRST}`);
      // The value is not lost: the same version can be tried again.
      expect(await rotate({ version: 2, probe: 'GET /v1/models' })).toMatchObject({
        status: 200,
        body: { toVersion: 2, step: 'promoted' },
      });
      await call();
      expect(sentLast()).toBe(`Bearer ${SECOND}`);
      expect(await versions()).toEqual(['2 current', '1 previous']);
    },
  );

  test('without a grace period the version before is revoked at once', async () => {
    const { rotate, rollBack, versions, story } = await setUp();
    expect((await rotate({ value: SECOND, graceSeconds: 0 })).body).toMatchObject({
      step: 'completed',
      graceUntil: null,
    });
    expect(await versions()).toEqual(['2 current', '1 revoked']);
    expect(kinds(await story())).toEqual(['rotation.start', 'rotation.promote', 'rotation.complete']);
    expect(await rollBack()).toMatchObject({ status: 409, body: { code: 'wrong-state' } });
  });

  test('the version before is revoked when the grace period is over; its echo is still masked', async () => {
    const { rotate, rollBack, versions, story, call } = await setUp();
    await rotate({ value: SECOND, graceSeconds: 600 });
    await world().apps[0]?.operations.rotations.goOn();
    expect(await versions()).toEqual(['2 current', '1 previous']);
    world().clock.offsetMs += 601_000;
    try {
      expect(await rollBack()).toMatchObject({ status: 409, body: { code: 'wrong-state' } });
      await world().apps[0]?.operations.rotations.goOn();
    } finally {
      world().clock.offsetMs -= 601_000;
    }
    expect(await versions()).toEqual(['2 current', '1 revoked']);
    expect((await story()).at(-1)).toMatchObject({
      kind: 'rotation.complete',
      principal: { type: 'system' },
      secret: { from: 1, to: 2 },
      reason: 'grace-over',
    });
    world().upstream.respond = (_, response) => response.end(`the old one was ${FIRST}`);
    expect(await (await call()).text()).not.toContain(FIRST);
  });

  test('a rollback makes the version before current again and disables the newer one', async () => {
    const { name, rotate, rollBack, call, versions, story } = await setUp();
    await rotate({ value: SECOND });
    expect(await rollBack()).toMatchObject({
      status: 200,
      body: { secret: name, step: 'rolled-back', fromVersion: 1, toVersion: 2 },
    });
    await call();
    expect(sentLast()).toBe(`Bearer ${FIRST}`);
    expect(await versions()).toEqual(['2 disabled', '1 current']);
    expect((await story()).at(-1)).toMatchObject({
      kind: 'rotation.rollback',
      principal: { type: 'admin', name: 'owner' },
    });
    expect(await rollBack()).toMatchObject({ status: 409, body: { code: 'wrong-state' } });
    expect((await rotate({ value: THIRD })).body).toMatchObject({ fromVersion: 1, toVersion: 3 });
  });

  test('a rotation within the grace period of another ends it when it is promoted', async () => {
    const { rotate, versions, story } = await setUp();
    const first = await rotate({ value: SECOND });
    expect((await rotate({ value: THIRD })).body).toMatchObject({ fromVersion: 2, toVersion: 3 });
    expect(await versions()).toEqual(['3 current', '2 previous', '1 revoked']);
    const events = await story();
    expect(kinds(events).slice(2)).toEqual(['rotation.start', 'rotation.complete', 'rotation.promote']);
    expect(events[2]).toMatchObject({ supersedes: first.body['id'] });
    expect(events[3]).toMatchObject({ rotation: first.body['id'], reason: 'superseded' });
  });

  test('a rotation that fails within the grace period of another leaves that one as it was', async () => {
    const { rotate, rollBack, versions, call } = await setUp();
    await rotate({ value: SECOND });
    accept(FIRST, SECOND);
    expect((await rotate({ value: THIRD, probe: 'GET /' })).status).toBe(502);
    expect(await versions()).toEqual(['3 disabled', '2 current', '1 previous']);
    expect((await rollBack()).status).toBe(200);
    await call();
    expect(sentLast()).toBe(`Bearer ${FIRST}`);
    expect(await versions()).toEqual(['3 disabled', '2 disabled', '1 current']);
  });

  test('while a rotation is not decided there is no second one, and no other way to change what is current', async () => {
    const { name, rotate, rollBack, enable, versions } = await setUp();
    const { arrived, release } = hold();
    const first = rotate({ value: SECOND, probe: 'GET /v1/models' });
    await arrived;
    const refusal = { status: 409, body: { code: 'rotation-under-way' } };
    expect(await rotate({ value: THIRD })).toMatchObject(refusal);
    expect(await rollBack()).toMatchObject(refusal);
    expect(await enable()).toMatchObject(refusal);
    expect(await admin('GET', `/v1/secrets/${name}/rotation-plan`)).toMatchObject(refusal);
    expect(await versions()).toEqual(['2 staged', '1 current']);
    release();
    expect((await first).status).toBe(200);
    expect(await versions()).toEqual(['2 current', '1 previous']);
  });

  test('services that come, change and go between the steps bind every live version anew', async () => {
    const { name, rotate, call, rollBack } = await setUp();
    const { arrived, release } = hold();
    const rotating = rotate({ value: SECOND, probe: 'GET /v1/models' });
    await arrived;
    const other = {
      name: `${name}-too`,
      baseUrl: `${world().upstream.url}/other`,
      auth: { kind: 'header', name: 'x-key' },
      secret: name,
    };
    expect((await admin('POST', '/v1/services', other)).status).toBe(201);
    release();
    expect((await rotating).status).toBe(200);
    accept(...VALUES);
    expect((await call()).status).toBe(200);
    expect(sentLast()).toBe(`Bearer ${SECOND}`);
    expect((await admin('DELETE', `/v1/services/${name}-too`)).status).toBe(200);
    expect((await rollBack()).status).toBe(200);
    expect((await call()).status).toBe(200);
    expect(sentLast()).toBe(`Bearer ${FIRST}`);
  });

  test('of several services the one to probe is named; with one there is nothing to say', async () => {
    const { name, rotate, versions } = await setUp();
    const other = {
      name: `${name}-too`,
      baseUrl: `${world().upstream.url}/other`,
      auth: { kind: 'bearer' },
      secret: name,
    };
    await admin('POST', '/v1/services', other);
    const unsaid = await rotate({ value: SECOND, probe: 'GET /v1/models' });
    expect(unsaid).toMatchObject({ status: 422, body: { code: 'invalid-input' } });
    expect(unsaid.body['detail']).toContain(`${name}, ${name}-too`);
    for (const body of [
      { service: 'nobody' },
      { service: name, probe: undefined },
      { probe: 'DELETE /v1/models' },
      { probe: 'GET v1/models' },
      { probe: 'GET /a/../b' },
      { probe: 'GET /v1/models HTTP/1.1' },
      { graceSeconds: -1 },
      { version: 1 },
      { value: 'short' },
    ]) {
      const answer = await rotate({ value: SECOND, probe: 'GET /v1/models', ...body });
      expect([body, answer.status, answer.body['code']]).toEqual([body, 422, 'invalid-input']);
    }
    expect(await versions()).toEqual(['1 current']); // nothing was stored
    expect(
      (await rotate({ value: SECOND, probe: 'GET /v1/models', service: `${name}-too` })).body,
    ).toMatchObject({ probe: { service: `${name}-too`, status: 200 } });
    expect(world().upstream.seen.at(-1)?.url).toBe('/other/v1/models');
  });

  test('the value that is current already is refused, so that a request sent twice gives nothing up', async () => {
    const { rotate, versions } = await setUp();
    await rotate({ value: SECOND });
    const again = await rotate({ value: SECOND });
    expect(again).toMatchObject({ status: 409, body: { code: 'wrong-state' } });
    expect(again.body['detail']).toMatch(/version 2, which is current/);
    expect(await versions()).toEqual(['2 current', '1 previous']);
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
