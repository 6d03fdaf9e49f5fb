// Revocation is literal: once `freeze` has returned, no replica writes the first byte of a new upstream request.
// One replica is hammered while the other freezes and unfreezes, a thousand times.
import { describe, expect, it } from 'vitest';
import { watchFirstBytes } from '../support/first-bytes.ts';
import { startHammer } from '../support/hammer.ts';
import {
  expectWholeLog,
  freezeDirectly,
  killListeners,
  onPostgres,
  openWorld,
  type RevocationWorld,
  unfreeze,
  until,
} from './revocation-world.ts';

const CALLERS = 16;
const SLOW_ANSWER_MS = 500;
const MAX_BODY_DELAY_MS = 150;
/** Each call asks the database once more between its intent and its first byte. */
const SLOW_CALLS = { valueCacheSeconds: 0 };

/** Freezes in the middle of everything, again and again, and gives what was written after a freeze had returned. */
async function freezeWhileHammered(
  world: RevocationWorld,
  loops: number,
  before: (loop: number) => Promise<unknown> = () => Promise.resolve(),
): Promise<{ readonly late: readonly string[]; readonly written: readonly string[] }> {
  const { key } = await world.setUp();
  const token = await world.token('robot', key);
  // Most answers wait for longer than a freeze takes, so that it meets calls in every stage; a few come at once, on
  // connections that are then kept or closed, so that others are caught while they dial.
  world.upstream.respond = ({ url }, response) => {
    const call = Number(url.slice(1));
    response.shouldKeepAlive = call % 8 === 0;
    if (call % 4 === 0) response.end('ok');
    else setTimeout(() => response.end('ok'), SLOW_ANSWER_MS).unref();
  };
  const written = watchFirstBytes(world.port);
  const hammer = startHammer({
    callers: CALLERS,
    token,
    isPatient: true,
    address: world.apps[1]?.address ?? '',
    path: (call) => `/call/vendor/${call}`,
    // A call with a body has its first byte written with that of the body: up to then it is only on its way.
    bodyAfterMs: (call) => (call % 3 === 0 ? (call * 7) % MAX_BODY_DELAY_MS : undefined),
  });
  const late: string[] = [];
  for (let loop = 0; loop < loops; loop += 1) {
    const start = written.length;
    hammer.release();
    await before(loop);
    await until(() => written.length > start + (loop % (CALLERS / 2)));
    await freezeDirectly(world);
    const sent = written.length;
    await hammer.allRefused(); // whatever was under way has had its answer now
    late.push(...written.slice(sent));
    await unfreeze(world);
  }
  await hammer.stop();
  expect([...hammer.statuses.keys()].toSorted((a, b) => a - b)).toEqual([200, 403]);
  return { late, written };
}

describe.each(onPostgres)('an agent that is frozen at one replica while it calls through another', () => {
  it('has no request begun upstream after the freeze has returned, in a thousand freezes', async () => {
    const world = await openWorld(2, SLOW_CALLS);
    const { late, written } = await freezeWhileHammered(world, 1000);
    expect(late).toEqual([]);
    const { intents } = await expectWholeLog(world);
    expect(intents).toBeGreaterThan(written.length); // some were stopped between their intent and their first byte
    // What came out at the other end had been seen going in.
    const seen = world.upstream.seen.map(({ url }) => url);
    expect(seen.filter((url) => !written.includes(url))).toEqual([]);
    expect(seen.length).toBeGreaterThan(1000);
  }, 900_000);

  it('has none either while notifications are lost with the connections that listen', async () => {
    const world = await openWorld(2, SLOW_CALLS);
    let killed = 0;
    const { late, written } = await freezeWhileHammered(world, 60, async () => {
      killed += await killListeners(world);
    });
    expect(killed).toBeGreaterThan(20);
    expect(late).toEqual([]);
    expect((await expectWholeLog(world)).intents).toBeGreaterThanOrEqual(written.length);
  }, 300_000);
});
