// Calls that are revoked in the middle of dialling: they have passed every check but the last one, directly before the
// first byte. Each goes to a TLS connection of its own, whose handshake the upstream holds back.
import { describe, expect, it } from 'vitest';
import { createAuthority } from '../egress/upstreams.ts';
import { type ColdUpstream, startColdUpstream } from '../support/cold-upstream.ts';
import { watchFirstBytes } from '../support/first-bytes.ts';
import { type Answered, callOnce } from '../support/hammer.ts';
import {
  act,
  dial,
  expectWholeLog,
  freeze,
  onPostgres,
  openWorld,
  unfreeze,
  WITHOUT_LEASE,
} from './revocation-world.ts';

const CALLS = 8;
const LOOPS = 100;

async function openColdWorld() {
  const authority = createAuthority();
  const cold = await startColdUpstream(authority.issue({ names: 'IP:127.0.0.1' }));
  const world = await openWorld(2, { egressCa: [authority.ca] });
  const baseUrl = `https://127.0.0.1:${cold.port}`;
  const { key } = await world.setUp({ baseUrl });
  const written = watchFirstBytes(cold.port);
  let count = 0;
  const call = (token: string) =>
    callOnce(undefined, {
      url: `${world.apps[1]?.address ?? ''}/call/vendor/${(count += 1)}`,
      token,
    });
  return { world, cold, key, baseUrl, written, call };
}

async function dialAnew(cold: ColdUpstream, call: () => Promise<Answered>): Promise<Promise<Answered>[]> {
  await cold.shut();
  return await dial(cold, CALLS, call);
}

describe.each(onPostgres)('a call that is still dialling at another replica', () => {
  it('is never sent once the freeze has returned, whichever moment of the handshake that is', async () => {
    const { world, cold, key, written, call } = await openColdWorld();
    const token = await world.token('robot', key);
    let sent = 0;
    for (let loop = 0; loop < LOOPS; loop += 1) {
      const calls = await dialAnew(cold, () => call(token));
      // Half of the time the handshakes go on before, so that the freeze races with their ends.
      if (loop % 2 === 0) cold.open(true);
      await freeze(world);
      sent = written.length;
      cold.open(true);
      const answers = await Promise.all(calls);
      expect(written.length).toBe(sent);
      for (const { status, code } of answers)
        expect([[200, ''], [403, 'frozen'], WITHOUT_LEASE]).toContainEqual([status, code]);
      await unfreeze(world);
    }
    expect(sent).toBeGreaterThan(0);
    expect(cold.seen.filter((path) => !written.includes(path))).toEqual([]);
    const { intents } = await expectWholeLog(world);
    expect(intents).toBeGreaterThanOrEqual(LOOPS * CALLS);
  }, 300_000);

  it('is as dead when its grant, its run, its service or its agent is taken away', async () => {
    const { world, cold, key, baseUrl, written, call } = await openColdWorld();
    const ways = {
      grant: {
        take: () => act(world, 'DELETE', '/v1/agents/robot/grants/vendor'),
        give: () => act(world, 'POST', '/v1/grants', { agent: 'robot', service: 'vendor' }),
        answer: [403, 'no-grant'],
      },
      service: {
        take: () => act(world, 'DELETE', '/v1/services/vendor'),
        give: async () => {
          const service = { name: 'vendor', baseUrl, auth: { kind: 'bearer' }, secret: 'vendor' };
          await act(world, 'POST', '/v1/services', service);
          await act(world, 'POST', '/v1/grants', { agent: 'robot', service: 'vendor' });
        },
        answer: [403, 'no-grant'],
      },
    };
    const token = await world.token('robot', key);
    for (let loop = 0; loop < 10; loop += 1) {
      for (const { take, give, answer } of Object.values(ways)) {
        const calls = await dialAnew(cold, () => call(token));
        await take();
        cold.open(true);
        for (const { status, code } of await Promise.all(calls))
          expect([answer, WITHOUT_LEASE]).toContainEqual([status, code]);
        await give();
      }
      const { run, placeholder } = await act(world, 'POST', '/v1/runs', { agent: 'robot' });
      const calls = await dialAnew(cold, () => call(String(placeholder)));
      await act(world, 'POST', `/v1/runs/${String(run)}/end`);
      cold.open(true);
      for (const { status } of await Promise.all(calls)) expect([401, 503]).toContain(status);
    }
    const calls = await dialAnew(cold, () => call(token));
    await act(world, 'DELETE', '/v1/agents/robot');
    cold.open(true);
    for (const { status } of await Promise.all(calls)) expect([401, 503]).toContain(status);
    expect(written).toEqual([]);
    await expectWholeLog(world);
  }, 300_000);
});
