// A replica that no longer hears from the database: a revocation returns in bounded time all the same, and by then that
// replica no longer acts on what it remembers.
import { get } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { App } from '../../src/compose.ts';
import type { ServerConfig } from '../../src/config.ts';
import { reapIntents } from '../../src/vault/audit/reap.ts';
import { createAuthority } from '../egress/upstreams.ts';
import { startColdUpstream } from '../support/cold-upstream.ts';
import { watchFirstBytes } from '../support/first-bytes.ts';
import { callOnce, startHammer } from '../support/hammer.ts';
import { joinReplica } from '../support/replica.ts';
import { addressOf, startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import {
  act,
  expectWholeLog,
  freeze,
  onPostgres,
  openWorld,
  type RevocationWorld,
  unfreeze,
  timed,
  until,
} from './revocation-world.ts';

interface Far {
  readonly app: App;
  /** Carries everything but notifications. */
  readonly database: TcpProxy;
  readonly notifications: TcpProxy;
}

/** The second replica reaches the database over two relays. */
async function openWorldWithFarReplica(
  config: Partial<ServerConfig> = {},
): Promise<{ readonly world: RevocationWorld; readonly far: Far }> {
  const world = await openWorld(1);
  const { options } = world.database;
  if (options.kind !== 'postgres') throw new Error('this needs Postgres');
  const database = await startTcpProxy(addressOf(options.url));
  const notifications = await startTcpProxy(addressOf(options.url));
  const app = await joinReplica(world, {
    databaseUrl: database.through(options.url),
    listenDatabaseUrl: notifications.through(options.url),
    drainSeconds: 1,
    ...config,
  });
  onTestFinished(async () => {
    for (const relay of [database, notifications]) relay.resume();
    await app.close();
    await database.close();
    await notifications.close();
  });
  return { world, far: { app, database, notifications } };
}

/** Fails as soon as the replica would act on memory from before the revocation that has returned. */
async function neverActsOnOldMemory(world: RevocationWorld, { app }: Far, forMs: number): Promise<void> {
  const epoch = world.apps[0]?.authority.epoch ?? 0n;
  const end = performance.now() + forMs;
  while (performance.now() < end) {
    if (app.lease.isValid()) expect(app.authority.epoch).toBeGreaterThanOrEqual(epoch);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Gives the intents of replicas that have ended their outcome, as the job does that comes round. */
async function reap(world: RevocationWorld): Promise<void> {
  const { database, audit, server } = world.apps[0]?.operations ?? {};
  if (database === undefined || audit === undefined || server === undefined) throw new Error('no replica');
  await reapIntents({ database, audit, replica: server.replica });
}

describe.each(onPostgres)('a replica', () => {
  it('that hears no notification begins no request after the freeze has returned', async () => {
    const { world, far } = await openWorldWithFarReplica();
    const { key } = await world.setUp();
    const token = await world.token('robot', key);
    await until(
      () => far.app.authority.grantsOf(far.app.authority.agentByName('robot')?.id ?? 'agt_').length > 0,
    );
    far.notifications.stall();
    const written = watchFirstBytes(world.port);
    const path = (call: number) => `/call/vendor/${call}`;
    const hammer = startHammer({ callers: 16, token, address: far.app.address, path, isPatient: true });
    for (let loop = 0; loop < 12; loop += 1) {
      const start = written.length;
      hammer.release();
      await until(() => written.length > start + 16);
      await freeze(world);
      const sent = written.length;
      await hammer.allRefused();
      expect(written.length).toBe(sent);
      await unfreeze(world);
    }
    await hammer.stop();
    expect([...hammer.statuses.keys()].toSorted((a, b) => a - b)).toEqual([200, 403]);
    await expectWholeLog(world);
  }, 180_000);

  it('that hears no notification sends nothing for a run that ended before the intent was written', async () => {
    const authority = createAuthority();
    const cold = await startColdUpstream(authority.issue({ names: 'IP:127.0.0.1' }));
    const { world, far } = await openWorldWithFarReplica({ egressCa: [authority.ca] });
    await world.setUp({ baseUrl: `https://127.0.0.1:${cold.port}` });
    const url = `${far.app.address}/call/vendor/1`;
    far.notifications.stall();
    let met = 0;
    for (let loop = 0; loop < 8; loop += 1) {
      const { run, placeholder } = await act(world, 'POST', '/v1/runs', { agent: 'robot' });
      const known = world.apps[0]?.authority.epoch ?? 0n;
      const ending = act(world, 'POST', `/v1/runs/${String(run)}/end`);
      await until(async () => {
        const [row] = await world.superuser<{ epoch: string }[]>`select epoch::text as epoch from vault`;
        return BigInt(row?.epoch ?? 0) > known;
      });
      if (far.app.authority.epoch === known) met += 1; // it still believes in the run
      const answer = callOnce(undefined, { url, token: String(placeholder) });
      await ending;
      cold.open(true);
      expect((await answer).status).toBe(401);
      await cold.shut();
    }
    expect(met).toBeGreaterThan(0);
    expect(cold.seen).toEqual([]);
  }, 180_000);

  it('whose database went silent does not hold up a freeze, and refuses until it hears again', async () => {
    const { world, far } = await openWorldWithFarReplica();
    const { key } = await world.setUp();
    const token = await world.token('robot', key);
    const url = `${far.app.address}/call/vendor/1`;
    await until(async () => (await callOnce(undefined, { url, token })).status === 200);
    const written = watchFirstBytes(world.port);
    const queued = startHammer({ callers: 8, token, address: far.app.address, path: () => '/call/vendor/2' });
    await until(() => written.length > 20);

    far.database.stall();
    far.notifications.stall();
    expect(await timed(() => freeze(world))).toBeLessThan(4000);
    expect(far.app.lease.isValid()).toBe(false);
    const sent = written.length;
    expect(await callOnce(undefined, { url, token })).toMatchObject({
      status: 503,
      code: 'database-unavailable',
    });
    await neverActsOnOldMemory(world, far, 500);

    far.database.resume();
    far.notifications.resume();
    await neverActsOnOldMemory(world, far, 500);
    await until(() => far.app.lease.isValid());
    await queued.allRefused();
    await queued.stop();
    expect(await callOnce(undefined, { url, token })).toMatchObject({ status: 403, code: 'frozen' });
    expect(written.length).toBe(sent);
    await unfreeze(world);
    expect(await callOnce(undefined, { url, token })).toMatchObject({ status: 200 });
    await expectWholeLog(world);
  }, 180_000);

  it('whose connections are cut again and again begins no request after the freeze has returned', async () => {
    const { world, far } = await openWorldWithFarReplica();
    const { key } = await world.setUp();
    const token = await world.token('robot', key);
    const url = `${far.app.address}/call/vendor/1`;
    await until(async () => (await callOnce(undefined, { url, token })).status === 200);
    const written = watchFirstBytes(world.port);
    for (let loop = 0; loop < 10; loop += 1) {
      const calls = Array.from({ length: 16 }, () => callOnce(undefined, { url, token }));
      const cutting = setInterval(
        () => {
          far.database.cut();
          far.notifications.cut();
        },
        20 + loop * 10,
      );
      expect(await timed(() => freeze(world))).toBeLessThan(5000);
      const sent = written.length;
      clearInterval(cutting);
      for (const { status } of await Promise.all(calls)) expect([200, 403, 503]).toContain(status);
      expect(written.length).toBe(sent);
      await until(() => far.app.lease.isValid());
      await unfreeze(world);
    }
    await until(async () => (await callOnce(undefined, { url, token })).status === 200);
    // Of some intents only the database knows: their writer never heard that they were committed.
    await far.app.close();
    await reap(world);
    await expectWholeLog(world);
  }, 240_000);

  it('that is cut off ends the open streams of a frozen agent within two seconds of the freeze', async () => {
    const { world, far } = await openWorldWithFarReplica();
    const { key } = await world.setUp();
    const token = await world.token('robot', key);
    await until(() => far.app.authority.counts.grants === 1);
    world.upstream.respond = (_, response) => response.writeHead(200).write('first');
    const stream = await openStream(`${far.app.address}/call/vendor/stream`, token);
    far.database.stall();
    far.notifications.stall();
    await freeze(world);
    expect(await timed(() => stream.ended)).toBeLessThan(2000);
  }, 180_000);

  it('that is well ends the open streams of a frozen agent at once, and leaves those of others alone', async () => {
    const { world, far } = await openWorldWithFarReplica();
    const { key } = await world.setUp();
    const { key: otherKey } = await act(world, 'POST', '/v1/agents', { name: 'other' });
    await act(world, 'POST', '/v1/grants', { agent: 'other', service: 'vendor' });
    const tokens = [await world.token('robot', key), await world.token('other', String(otherKey))];
    await until(() => far.app.authority.counts.grants === 2);
    world.upstream.respond = (_, response) => response.writeHead(200).write('first');
    const url = `${far.app.address}/call/vendor/stream`;
    const [robot, other] = await Promise.all(tokens.map((token) => openStream(url, token)));
    let otherEnded = false;
    void other?.ended.then(() => (otherEnded = true));
    await freeze(world);
    expect(await timed(async () => await robot?.ended)).toBeLessThan(2000);
    // A lease that lapsed for a moment and was renewed ends nobody's stream either.
    far.database.stall();
    await until(() => !far.app.lease.isValid());
    far.database.resume();
    await until(() => far.app.lease.isValid());
    await unfreeze(world);
    expect(otherEnded).toBe(false);
  }, 180_000);
});

describe.each(onPostgres)('a lease', () => {
  it('is waited for whatever the clock of the database says', async () => {
    const { world, far } = await openWorldWithFarReplica();
    await world.setUp();
    for (let loop = 0; loop < 3; loop += 1) {
      await until(() => far.app.lease.isValid());
      far.database.stall();
      far.notifications.stall();
      // As if the database's clock had been set forward, or its standby with another clock had taken over.
      await world.superuser`
        update replica set lease_until = lease_until - interval '5 seconds'
        where lease_until > clock_timestamp() and id <> ${world.apps[0]?.operations.server.replica ?? ''}`;
      await freeze(world);
      await neverActsOnOldMemory(world, far, 200);
      far.database.resume();
      far.notifications.resume();
      await until(() => far.app.lease.isValid());
      await unfreeze(world);
    }
  }, 180_000);

  it('that is taken anew while another replica takes it for lapsed sees what was revoked meanwhile', async () => {
    const { world, far } = await openWorldWithFarReplica();
    await world.setUp();
    far.notifications.stall();
    const replica = far.app.operations.server.replica;
    for (let loop = 0; loop < 6; loop += 1) {
      await until(() => far.app.lease.isValid());
      // The renewal stands still inside its statement, from before the freeze until after it.
      await world.superuser.begin(async (tx) => {
        await tx`select from replica where id = ${replica} for update`;
        await until(async () => {
          const waiting = await world.superuser`
            select from pg_stat_activity where wait_event_type = 'Lock' and query like '%update replica%'`;
          return waiting.length > 0;
        });
        await freeze(world);
      });
      await neverActsOnOldMemory(world, far, 500);
      await unfreeze(world);
    }
  }, 180_000);

  it('of a replica that never acknowledges makes the command say that its change is made but not known everywhere', async () => {
    const world = await openWorld(1);
    await world.setUp();
    const id = 'rep_stuck';
    const renew = () => world.superuser`
      insert into replica (id, started_at, lease_until, audit_heads)
      values (${id}, now(), clock_timestamp() + interval '2 seconds', '{}')
      on conflict (id) do update set lease_until = excluded.lease_until`;
    await renew();
    const renewing = setInterval(() => void renew().execute(), 200);
    onTestFinished(() => clearInterval(renewing));
    const answer = await world.admin('POST', '/v1/agents/robot/freeze', {});
    clearInterval(renewing);
    expect(answer).toMatchObject({ status: 503, body: { code: 'not-settled', fault: 'vault' } });
    expect(await world.admin('GET', '/v1/agents/robot')).toMatchObject({ body: { state: 'frozen' } });
    expect((await freeze(world))['state']).toBe('frozen'); // by now that replica's lease has lapsed
  }, 180_000);
});

/** A call whose answer has begun. */
async function openStream(url: string, token: string): Promise<{ readonly ended: Promise<void> }> {
  return new Promise((resolve, reject) => {
    const request = get(url, { headers: { authorization: `Bearer ${token}` } }, (response) => {
      response.on('error', () => undefined);
      const ended = new Promise<void>((done) => response.once('close', () => done()));
      response.once('data', () => resolve({ ended }));
    });
    request.on('error', reject);
  });
}
