// A replica that is stopped (SIGSTOP) with calls on it while the agent is frozen elsewhere: the freeze waits for its lease
// and no longer, and when it goes on it sends nothing.
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAuthority } from '../egress/upstreams.ts';
import { startColdUpstream } from '../support/cold-upstream.ts';
import { callOnce } from '../support/hammer.ts';
import { startReplica } from '../support/replica.ts';
import { dial, expectWholeLog, freeze, onPostgres, openWorld, unfreeze, until } from './revocation-world.ts';

const CALLERS = 16;
const LOOPS = 6;

describe.each(onPostgres)('a replica that is stopped while an agent is frozen', () => {
  it('holds the freeze up no longer than its lease, sends nothing afterwards and recovers', async () => {
    const authority = createAuthority();
    const cold = await startColdUpstream(authority.issue({ names: 'IP:127.0.0.1' }));
    const world = await openWorld(1, { egressCa: [authority.ca] });
    const { key } = await world.setUp({ baseUrl: `https://127.0.0.1:${cold.port}` });
    const token = await world.token('robot', key);
    const stopped = await startReplica(world, { ca: authority.ca });
    onTestFinished(() => stopped.close());
    const call = (path: string) =>
      callOnce(undefined, { url: `${stopped.address}/call/vendor/${path}`, token });

    for (let loop = 0; loop < LOOPS; loop += 1) {
      // Half of the calls wait for their upstream's handshake, the others come while the process stands still.
      const dialling = await dial(cold, CALLERS / 2, () => call('dialling'));
      const sent = cold.seen.length;
      stopped.pause();
      const queued = Array.from({ length: CALLERS / 2 }, () => call('queued'));
      cold.open(true); // the handshakes could go on at once

      await freeze(world); // answered as settled, which it is not where it waits for longer than three leases
      stopped.resume();
      for (const { status } of await Promise.all([...dialling, ...queued]))
        expect([403, 503]).toContain(status);
      expect(cold.seen.length).toBe(sent);

      await unfreeze(world);
      await until(async () => (await call('again')).status === 200);
      await cold.shut();
    }
    await expectWholeLog(world);
  }, 300_000);
});
