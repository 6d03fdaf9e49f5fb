// A38 and A39, by way of the administrator: somebody who writes to the database changes a row and waits until an honest
// command reads it. The command builds nothing on it and puts no MAC under it; what takes rights away still does.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { createWorld, SECRET_VALUE, type World } from '../support/world.ts';
import { type Attacker, createAttacker } from './attacker.ts';

const NEXT_VALUE = 'sk-next-4bV8qWm2Zr6TnX9cLk3HsJ7yPd5GfA1u';

describe.each(testDatabases())('an administrator whose database somebody writes to, on $name', (database) => {
  let world: World;
  let attacker: Attacker;
  let evil: Server;
  let evilPort: number;
  const evilSaw: string[] = [];
  let count = 0;

  beforeAll(async () => {
    world = await createWorld({ database, config: { valueCacheSeconds: 0 } });
    attacker = createAttacker(world);
    evil = createServer((request, response) => {
      evilSaw.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
      response.end('{}');
    });
    await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
    evilPort = (evil.address() as AddressInfo).port;
  });
  beforeEach(() => {
    world.upstream.seen.length = 0;
  });
  afterAll(async () => {
    evil?.closeAllConnections();
    evil?.close();
    await attacker?.close();
    await world?.close();
  });

  /** An agent with a grant to read at a service of its own, which denies `/v1/admin/**`. */
  async function stand() {
    count += 1;
    const [service, agent] = [`vendor-${count}`, `robot-${count}`];
    const { key } = await world.setUp({
      service,
      agent,
      allow: ['GET /v1/**'],
      value: `${SECRET_VALUE}-${count}`,
    });
    await done('PATCH', `/v1/services/${service}`, { deny: ['* /v1/admin/**'] });
    const token = await world.token(agent, key);
    const status = async (path = '/v1/models', method = 'GET', as = token) =>
      (await world.call(as, `/call/${service}${path}`, { method })).status;
    return { service, agent, key, token, status };
  }

  async function done(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const answer = await world.admin(method, path, body);
    expect(answer.status, `${method} ${path}: ${JSON.stringify(answer.body)}`).toBeLessThan(300);
    return answer.body;
  }
  async function refused(method: string, path: string, body?: object): Promise<void> {
    const answer = await world.admin(method, path, body);
    expect(answer, `${method} ${path}`).toMatchObject({ status: 409, body: { code: 'record-altered' } });
    const [alarm] = await world.events('integrity.alarm');
    expect(alarm).toMatchObject({ reason: 'read for an administrative command, with a MAC that is wrong' });
  }

  test('an agent that was given another one’s key hash can not log in with it, whatever is done to it', async () => {
    const [robot, thief, other] = [await stand(), await stand(), await stand()];
    await attacker.sql(
      `update agent set key_hash = (select key_hash from agent where name = '${thief.agent}') where name = '${robot.agent}'`,
    );
    await refused('POST', '/v1/grants', { agent: robot.agent, service: other.service });
    await refused('POST', '/v1/placeholders', { agent: robot.agent, service: robot.service });
    await refused('POST', '/v1/runs', { agent: robot.agent });
    await refused('PATCH', `/v1/agents/${robot.agent}/grants/${robot.service}`, { allow: ['GET /v1/x'] });
    await refused('POST', `/v1/agents/${robot.agent}/unfreeze`);
    await done('POST', `/v1/agents/${robot.agent}/grants/${robot.service}/freeze`);
    await done('DELETE', `/v1/agents/${robot.agent}/grants/${robot.service}`); // raises its revision
    await done('POST', `/v1/agents/${robot.agent}/freeze`);
    await done('POST', `/v1/agents/${robot.agent}/revoke`);
    await expect(world.token(robot.agent, thief.key)).rejects.toThrow('invalid_client');
    expect([401, 403]).toContain(await robot.status());
    await done('DELETE', `/v1/agents/${robot.agent}`);
    await done('POST', '/v1/agents', { name: robot.agent });
  });

  test('a grant that was widened, thawed or invented stays nothing', async () => {
    const one = await stand();
    const path = `/v1/agents/${one.agent}/grants/${one.service}`;
    const own = `agent_id = (select id from agent where name = '${one.agent}')`;
    await done('POST', `${path}/freeze`);
    await attacker.sql(`update service_grant set allow = null, frozen_at = null where ${own}`);
    await refused('PATCH', path, { expiresAt: null });
    await refused('POST', `${path}/unfreeze`);
    await done('POST', `${path}/freeze`);
    await attacker.sql(`update service_grant set frozen_at = null where ${own}`);
    await attacker.stir('service_grant');
    expect(await one.status()).toBe(403);
    expect(await one.status('/v1/models', 'DELETE')).toBe(403);
    await done('DELETE', path);
    await done('POST', '/v1/grants', { agent: one.agent, service: one.service });
    expect(await one.status()).toBe(200);
  });

  test('a service without its guards is not saved with a MAC', async () => {
    const one = await stand();
    for (const change of [
      `deny = '[]'`,
      `protection = '{"leaks":{"minting":"off"}}'`,
      `base_url_env = 'LD_PRELOAD'`,
    ]) {
      await attacker.sql(`create table kept as select * from service where name = '${one.service}'`);
      await attacker.sql(`update service set ${change} where name = '${one.service}'`);
      await refused('PATCH', `/v1/services/${one.service}`, { keyEnv: 'SOME_KEY' });
      await refused('POST', '/v1/placeholders', { agent: one.agent, service: one.service });
      const run = await done('POST', '/v1/runs', { agent: one.agent });
      expect(run['services']).toEqual([]); // no variable of the attacker's reaches a program
      await attacker.stir('service');
      expect(await one.status('/v1/admin/keys')).toBe(403);
      await attacker.sql(
        `update service s set deny = k.deny, protection = k.protection, base_url_env = k.base_url_env from kept k where k.id = s.id`,
      );
      await attacker.sql('drop table kept');
      await attacker.stir('service');
    }
    expect(await one.status()).toBe(200);
    expect(world.upstream.seen.map(({ url }) => url)).toEqual(['/v1/models']);
  });

  test('a new value is neither sealed for nor probed at an address that somebody else wrote', async () => {
    const one = await stand();
    const rotate = { value: NEXT_VALUE, probe: 'GET /v1/models', service: one.service };
    await attacker.sql(
      `update service set origin = jsonb_set(origin, '{port}', '${evilPort}') where name = '${one.service}'`,
    );
    await refused('POST', `/v1/secrets/${one.service}/rotate`, rotate);
    await refused('POST', `/v1/secrets/${one.service}/rotate`, { value: NEXT_VALUE });
    await refused('POST', '/v1/services', {
      name: `second-${count}`,
      baseUrl: world.upstream.url,
      auth: { kind: 'bearer' },
      secret: one.service,
    });
    const port = new URL(world.upstream.url).port;
    await attacker.sql(
      `update service set origin = jsonb_set(origin, '{port}', '${port}') where name = '${one.service}'`,
    );
    await done('POST', `/v1/secrets/${one.service}/rotate`, rotate);
    expect(await one.status()).toBe(200);
    expect(world.upstream.seen.map(({ headers }) => headers.authorization)).toEqual(
      Array(2).fill(`Bearer ${NEXT_VALUE}`),
    );
    expect(evilSaw).toEqual([]);
  });

  test('a grant is given to nobody who bears another one’s name', async () => {
    const [trusted, thief, other] = [await stand(), await stand(), await stand()];
    const rename = (from: string, to: string) =>
      attacker.sql(`update agent set name = '${to}' where name = '${from}'`);
    await rename(trusted.agent, 'aside');
    await rename(thief.agent, trusted.agent);
    await refused('POST', '/v1/grants', { agent: trusted.agent, service: other.service });
    await rename(trusted.agent, thief.agent);
    await rename('aside', trusted.agent);
    await attacker.stir('agent');
    expect((await world.call(thief.token, `/call/${other.service}/v1/models`)).status).toBe(403);
    await done('POST', '/v1/grants', { agent: trusted.agent, service: other.service });
  });

  test('an access request is granted to nobody whose row or whose service’s row was changed', async () => {
    const [robot, thief, other] = [await stand(), await stand(), await stand()];
    const asking = await fetch(`${world.apps[0]?.address}/v1/access-requests`, {
      method: 'POST',
      headers: { authorization: `Bearer ${robot.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ service: other.service, allow: ['GET /v1/**'], reason: 'to read' }),
    });
    const { id } = (await asking.json()) as { id: string };
    for (const [table, change, undo] of [
      ['agent', `revision = revision + 1 where name = '${robot.agent}'`, 'revision = revision - 1'],
      ['service', `deny = '[]' where name = '${other.service}'`, `deny = '["* /v1/admin/**"]'`],
    ] as const) {
      await attacker.sql(`update ${table} set ${change}`);
      await refused('POST', `/v1/access-requests/${id}/grant`, { allow: ['GET /v1/**'] });
      await attacker.sql(`update ${table} set ${undo} where ${change.split(' where ')[1] ?? ''}`);
    }
    await done('POST', `/v1/access-requests/${id}/grant`, { allow: ['GET /v1/**'] });
    expect((await world.call(robot.token, `/call/${other.service}/v1/models`)).status).toBe(200);
    expect((await world.call(thief.token, `/call/${other.service}/v1/models`)).status).toBe(403);
  });

  test('a rotation that somebody else began or changed makes no request', async () => {
    const one = await stand();
    await done('POST', `/v1/secrets/${one.service}/rotate`, {
      value: NEXT_VALUE,
      probe: 'GET /v1/models',
      graceSeconds: 0,
    });
    world.upstream.seen.length = 0;
    await attacker.sql(
      `insert into rotation (vault_id, id, secret_id, from_version, to_version, step, probe, grace_seconds, replica_id, started_by, started_at)
       select vault_id, 'rot_01h455vb4pex5vsknk084sn02q', secret_id, 2, 2, 'staged',
         probe || '{"method": "DELETE", "path": "/v1/everything"}', 0, 'rep_01h455vb4pex5vsknk084sn02q', started_by, started_at
       from rotation where secret_id = (select id from secret where name = '${one.service}')`,
    );
    await world.apps[0]?.operations.rotations.goOn();
    expect(world.upstream.seen).toEqual([]);
    const story = await world.events('rotation');
    expect(story).toContainEqual(
      expect.objectContaining({ kind: 'rotation.fail', rotation: 'rot_01h455vb4pex5vsknk084sn02q' }),
    );
    expect(await one.status()).toBe(200);
  });
});
