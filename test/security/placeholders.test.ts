// What a thief can do with a placeholder: nothing at another service, nothing after its end, and not without a trace.
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { freePort } from '../../src/attack/free-port.ts';
import { type RawAnswer, send } from '../support/raw-http.ts';
import { createWorld, type World } from '../support/world.ts';
import { type Attacker, createAttacker } from './attacker.ts';

interface Minted {
  readonly id: string;
  readonly placeholder: string;
}

const bearer = (text: string) => ['authorization', `Bearer ${text}`];

async function mint(world: World, service: string, fields: object = {}, replica = 0): Promise<Minted> {
  const input = { agent: 'robot', service, ...fields };
  const { status, body } = await world.admin('POST', '/v1/placeholders', input, replica);
  expect(status).toBe(201);
  return body as unknown as Minted;
}

describe.each(testDatabases())('a placeholder in wrong hands on $name', (database) => {
  let world: World;
  let attacker: Attacker;
  let token: string;
  let metrics: string;
  let log = '';
  const url = () => world.apps[0]?.address ?? '';
  const call = (path: string, headers: readonly string[]) => send(url(), path, { headers });
  const statusOf = async (placeholder: string, service = 'vendor') =>
    (await call(`/call/${service}/x`, bearer(placeholder))).status;
  const sightings = () => world.events('placeholder.elsewhere');
  /** What a client sees of an answer, but for what differs between any two. */
  const comparable = (answer: RawAnswer) => {
    const id = answer.header('x-request-id') ?? '';
    const headers = answer.headers.filter(([name]) => name !== 'date');
    return JSON.stringify([answer.status, headers, answer.text()]).replaceAll(id, 'REQ');
  };

  beforeAll(async () => {
    const lines = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        log += chunk.toString();
        done();
      },
    });
    const port = await freePort();
    metrics = `http://127.0.0.1:${port}`;
    world = await createWorld({
      database,
      log: pino({ level: 'info' }, lines),
      config: { metricsListen: { host: '127.0.0.1', port } },
    });
    const { key } = await world.setUp();
    token = await world.token('robot', key);
    await world.admin('POST', '/v1/services', {
      name: 'elsewhere',
      baseUrl: world.upstream.url,
      auth: { kind: 'header', name: 'x-own-key' },
      secret: 'vendor',
    });
    await world.admin('POST', '/v1/grants', { agent: 'robot', service: 'elsewhere' });
    attacker = createAttacker(world);
  });
  beforeEach(() => {
    world.upstream.seen.length = 0;
  });
  afterAll(async () => {
    await attacker?.close();
    await world?.close();
  });

  test('is refused at every other service like any stranger’s text', async () => {
    const { placeholder } = await mint(world, 'vendor');
    const stranger = placeholder.slice(0, -1) + (placeholder.endsWith('a') ? 'b' : 'a');
    const other = (await mint(world, 'elsewhere')).placeholder;
    for (const service of ['elsewhere', 'nothing-of-that-name']) {
      for (const place of [
        (text: string) => ['authorization', `Bearer ${text}`],
        (text: string) => ['x-api-key', text],
        (text: string) => ['x-own-key', text],
        (text: string) => ['authorization', `Basic ${Buffer.from(`u:${text}`).toString('base64')}`],
      ]) {
        const refused = await call(`/call/${service}/x`, place(placeholder));
        expect(refused.status).toBe(401);
        expect(refused.text()).not.toContain(placeholder);
        // Unlike one character less, it is a well-formed one: compare with a well-formed one that was revoked.
        expect([401]).toContain((await call(`/call/${service}/x`, place(stranger))).status);
      }
      const inQuery = await call(`/call/${service}/x?key=${placeholder}`, []);
      expect(inQuery.status).toBe(401);
    }
    const revoked = await mint(world, 'vendor');
    await world.admin('POST', `/v1/placeholders/${revoked.id}/revoke`);
    expect(comparable(await call('/call/elsewhere/x', bearer(placeholder)))).toBe(
      comparable(await call('/call/elsewhere/x', bearer(revoked.placeholder))),
    );
    expect(await statusOf(other, 'vendor')).toBe(401);
    expect(world.upstream.seen).toEqual([]);
    expect(await statusOf(placeholder)).toBe(200);
  });

  test('raises an event, a line in the log and a metric, none of which shows it', async () => {
    const { placeholder, id } = await mint(world, 'vendor');
    const count = async () =>
      Number(
        /^doorward_placeholders_elsewhere_total (\d+)$/m.exec((await send(metrics, '/metrics')).text())?.[1],
      );
    const before = await count();
    const own = async () => (await sightings()).filter((event) => event['placeholder'] === id);
    log = '';
    for (let again = 0; again < 5; again += 1) await call('/call/elsewhere/x', ['x-api-key', placeholder]);
    expect(await count()).toBe(before + 5);
    // Events are written one behind the other: what another one tells comes behind all that this one had told.
    const marker = await mint(world, 'vendor');
    await call('/call/elsewhere/x', ['x-api-key', marker.placeholder]);
    await expect
      .poll(async () => (await sightings()).map((event) => event['placeholder']))
      .toContain(marker.id);
    const [event, ...others] = await own();
    expect(others).toEqual([]); // told once, not five times
    expect(event).toMatchObject({
      placeholder: id,
      principal: { type: 'stranger' },
      agent: { name: 'robot' },
      service: { name: 'vendor' },
      seenAt: 'elsewhere',
      where: 'header x-api-key',
      client: '127.0.0.1',
    });
    expect(log).toContain(id);
    expect(log + JSON.stringify(await world.events())).not.toContain(placeholder);
  });

  test('is seen and kept back wherever it stands in a call that is authenticated otherwise', async () => {
    const places: [string, string[], string][] = [
      ['header x-debug', ['x-debug', '%'], '/x'],
      ['header x-note', ['x-note', 'key: %; more'], '/x'],
      ['header x-pair', ['x-pair', 'a=%'], '/x'],
      ['header x-api-key', ['x-api-key', '%'], '/x'],
      ['query leak', [], '/x?leak=%&page=2'],
      ['header authorization', ['authorization', 'Bearer %', 'x-own-key', 'TOKEN'], '/x'],
    ];
    for (const [where, pattern, path] of places) {
      const { placeholder, id } = await mint(world, 'vendor');
      const headers = pattern.map((text) => text.replace('%', placeholder).replace('TOKEN', token));
      const own = pattern.includes('TOKEN') ? [] : bearer(token);
      const answer = await call(`/call/elsewhere${path.replace('%', placeholder)}`, [...own, ...headers]);
      expect([where, answer.status]).toEqual([where, 200]);
      expect(JSON.stringify(world.upstream.seen)).not.toContain(placeholder);
      await expect
        .poll(async () => (await sightings()).at(-1))
        .toMatchObject({
          placeholder: id,
          where,
          seenAt: 'elsewhere',
          principal: { type: 'agent', name: 'robot' },
        });
    }
  });

  test('is looked for in so many words of a call, and no more', async () => {
    const { placeholder } = await mint(world, 'vendor');
    const words = Array.from({ length: 400 }, (_, at) => `noise-${at}-AbCdEfGh12345678`).join(' ');
    const answer = await call('/call/elsewhere/x', [
      ...bearer(token),
      'x-noise',
      words,
      'x-late',
      placeholder,
    ]);
    expect(answer.status).toBe(200);
    expect(await statusOf(placeholder)).toBe(200); // what is looked for elsewhere does not count against the slots
    const noisy = ['x-noise', words, ...bearer(placeholder)];
    expect((await call('/call/vendor/x', noisy)).status).toBe(200);
  });

  test('in two slots, for two services, is good at its own alone', async () => {
    const [here, there] = [await mint(world, 'vendor'), await mint(world, 'elsewhere')];
    const both = [...bearer(here.placeholder), 'x-api-key', there.placeholder];
    for (const service of ['vendor', 'elsewhere']) {
      const answer = await call(`/call/${service}/x`, both);
      expect(answer.status).toBe(200);
    }
    const seen = JSON.stringify(world.upstream.seen);
    expect(world.upstream.seen).toHaveLength(2);
    for (const { placeholder } of [here, there]) expect(seen).not.toContain(placeholder);
    await expect
      .poll(async () => (await sightings()).slice(-2).map(({ placeholder }) => placeholder))
      .toEqual([there.id, here.id]);
  });

  test('is worthless from its end on', async () => {
    const { placeholder } = await mint(world, 'vendor', { expiresInSeconds: 60 });
    expect(await statusOf(placeholder)).toBe(200);
    await world.shift(61_000);
    const late = await call('/call/vendor/x', bearer(placeholder));
    await world.shift(0);
    expect([late.status, late.json()['code']]).toEqual([401, 'unauthenticated']);
    expect(late.json()['detail']).toContain('expired');
    expect(world.upstream.seen).toHaveLength(1);
  });

  test('of a run ends with it, and with its lease', async () => {
    for (const end of ['end', 'lapse'] as const) {
      const { body } = await world.admin('POST', '/v1/runs', { agent: 'robot' });
      const services = body['services'] as { name: string; placeholder: string }[];
      const own = services.find(({ name }) => name === 'vendor')?.placeholder ?? '';
      expect(await statusOf(own)).toBe(200);
      if (end === 'end') {
        await world.admin('POST', `/v1/runs/${String(body['run'])}/end`);
      } else {
        await attacker.sql(`update run set lease_until = clock_timestamp() - interval '1 second'`);
        await attacker.stir('run');
      }
      expect([end, await statusOf(own)]).toEqual([end, 401]);
    }
  });

  test('ends with its agent, with its service, and with all that its agent was handed', async () => {
    await world.admin('POST', '/v1/agents', { name: 'brief' });
    await world.admin('POST', '/v1/services', {
      name: 'brief',
      baseUrl: world.upstream.url,
      auth: { kind: 'bearer' },
      secret: 'vendor',
    });
    for (const service of ['brief', 'vendor'])
      await world.admin('POST', '/v1/grants', { agent: 'brief', service });
    const ofService = await mint(world, 'brief', { agent: 'brief' });
    const ofAgent = [
      await mint(world, 'vendor', { agent: 'brief' }),
      await mint(world, 'vendor', { agent: 'brief' }),
    ];
    expect(await statusOf(ofService.placeholder, 'brief')).toBe(200);
    await world.admin('DELETE', '/v1/services/brief');
    expect(await statusOf(ofService.placeholder, 'brief')).toBe(401);
    expect(await statusOf(ofAgent[0]?.placeholder ?? '')).toBe(200);
    await world.admin('POST', '/v1/agents/brief/revoke');
    expect(await statusOf(ofAgent[0]?.placeholder ?? '')).toBe(401);
    const last = await mint(world, 'vendor', { agent: 'brief' });
    expect(await statusOf(last.placeholder)).toBe(200);
    await world.admin('DELETE', '/v1/agents/brief');
    expect(await statusOf(last.placeholder)).toBe(401);
    const rows = await attacker.sql(
      `select id from placeholder where removed_at is null and agent_id not in (select id from agent where removed_at is null)`,
    );
    expect(rows).toEqual([]);
  });

  test('can not be widened, prolonged, re-pointed or brought back in the database', async () => {
    const thief = (await world.admin('POST', '/v1/agents', { name: `thief` })).body;
    expect(thief['key']).toBeDefined();
    await world.admin('POST', '/v1/grants', { agent: 'thief', service: 'elsewhere' });
    const { placeholder, id } = await mint(world, 'vendor', { expiresInSeconds: 3600 });
    const serviceOf = (name: string) =>
      `(select id from service where name = '${name}' and removed_at is null)`;
    for (const change of [
      `service_id = ${serviceOf('elsewhere')}`,
      `agent_id = (select id from agent where name = 'thief')`,
      'expires_at = null',
      `expires_at = expires_at + interval '1 day'`,
    ]) {
      await attacker.sql('create table kept as select * from placeholder');
      await attacker.sql(`update placeholder set ${change} where id = $1`, [id]);
      await attacker.stir('placeholder');
      expect([change, await statusOf(placeholder), await statusOf(placeholder, 'elsewhere')]).toEqual([
        change,
        401,
        401,
      ]);
      await attacker.sql(
        'update placeholder p set service_id = k.service_id, agent_id = k.agent_id, expires_at = k.expires_at from kept k where k.id = p.id',
      );
      await attacker.sql('drop table kept');
      await attacker.stir('placeholder');
      expect(await statusOf(placeholder)).toBe(200);
    }
    world.upstream.seen.length = 0;
    await world.admin('POST', `/v1/placeholders/${id}/revoke`);
    await attacker.sql('update placeholder set removed_at = null where id = $1', [id]);
    await attacker.stir('placeholder');
    expect(await statusOf(placeholder)).toBe(401);
    expect(world.upstream.seen).toEqual([]);
    await expect
      .poll(async () => (await world.events('integrity.alarm')).map(({ table }) => table))
      .toContain('placeholder');
  });

  test('is nowhere stored as it is', async () => {
    const { placeholder } = await mint(world, 'vendor');
    const rows = await attacker.sql('select row_to_json(p)::text as row from placeholder p');
    const keys = await attacker.sql('select output::text as row from idempotency_key');
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify([rows, keys])).not.toContain(placeholder);
  });
});

describe.each(testDatabases().filter(({ name }) => name === 'postgres'))('on two replicas', (database) => {
  test('a placeholder that is revoked at one is worthless at both, again and again', async () => {
    const world = await createWorld({ database, replicas: 2 });
    try {
      await world.setUp();
      const at = async (replica: number, placeholder: string) =>
        (await world.call(placeholder, '/call/vendor/x', { replica })).status;
      for (let round = 0; round < 20; round += 1) {
        const { id, placeholder } = await mint(world, 'vendor', {}, round % 2);
        expect([await at(0, placeholder), await at(1, placeholder)]).toEqual([200, 200]);
        await world.admin('POST', `/v1/placeholders/${id}/revoke`, undefined, (round + 1) % 2);
        world.upstream.seen.length = 0;
        const replays = [0, 1, 0, 1].map((replica) => at(replica, placeholder));
        expect(await Promise.all(replays)).toEqual([401, 401, 401, 401]);
        expect(world.upstream.seen).toEqual([]);
      }
    } finally {
      await world.close();
    }
  });

  test('a stream that a placeholder began ends when it is revoked at the other', async () => {
    const world = await createWorld({ database, replicas: 2 });
    try {
      await world.setUp();
      const { id, placeholder } = await mint(world, 'vendor');
      world.upstream.respond = (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: 1\n\n');
      };
      const answer = await world.call(placeholder, '/call/vendor/stream', { replica: 1 });
      expect(answer.status).toBe(200);
      const rest = answer.text().then(
        () => 'ended',
        () => 'cut',
      );
      await world.admin('POST', `/v1/placeholders/${id}/revoke`);
      expect(await rest).toBe('cut');
    } finally {
      await world.close();
    }
  });
});
