// Bodies on their way up, and load: what is under way when an agent is frozen, on both databases.
import { type ClientRequest, request } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { watchFirstBytes } from '../support/first-bytes.ts';
import { startHammer } from '../support/hammer.ts';
import { SHARED_URL } from '../support/replica.ts';
import { createWorld, type World } from '../support/world.ts';
import { freeze, timed, until } from './revocation-world.ts';

const LOAD_MS = 10_000;

/** Calls go through `far`: the only replica on the embedded database, the second one on Postgres. */
async function openWorldOn(database: ReturnType<typeof testDatabases>[number]) {
  const replicas = database.name === 'postgres' ? 2 : 1;
  const world = await createWorld({ database, replicas, config: { publicUrl: SHARED_URL } });
  onTestFinished(() => world.close());
  const { key } = await world.setUp();
  const token = await world.token('robot', key);
  const written = watchFirstBytes(Number(new URL(world.upstream.url).port));
  const far = world.apps.at(-1);
  await until(() => far?.authority.counts.grants === 1);
  return { world, token, written, address: far?.address ?? '' };
}

interface Upload {
  readonly sending: ClientRequest;
  /** The status, or `cut` where the connection ended before there was one. */
  readonly answer: Promise<number | 'cut'>;
}

function startUpload(address: string, token: string): Upload {
  const headers = { authorization: `Bearer ${token}`, 'transfer-encoding': 'chunked' };
  const sending = request(`${address}/call/vendor/upload`, { method: 'POST', headers });
  sending.flushHeaders();
  const answer = new Promise<number | 'cut'>((resolve) => {
    sending.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sending.on('error', () => resolve('cut'));
  });
  return { sending, answer };
}

async function intents(world: World): Promise<number> {
  return (await world.events('call.intent')).length;
}

describe.each(testDatabases())('while an agent is frozen on the $name database', (database) => {
  it('a call whose body has not begun is refused and never begins', async () => {
    const { world, token, written, address } = await openWorldOn(database);
    const { sending, answer } = startUpload(address, token);
    await until(async () => (await intents(world)) === 1);
    await freeze(world);
    expect(await answer).toBe(403);
    sending.write('too late');
    sending.end();
    expect(written).toEqual([]);
    expect(world.upstream.seen).toEqual([]);
  });

  it('an upload that is under way is cut off', async () => {
    const { world, token, written, address } = await openWorldOn(database);
    const { sending, answer } = startUpload(address, token);
    sending.write('the first of it');
    await until(() => written.length === 1);
    await freeze(world);
    const tookMs = await timed(async () => expect(['cut', 403]).toContain(await answer));
    expect(tookMs).toBeLessThan(2000);
    sending.destroy();
    expect(world.upstream.seen).toEqual([]); // it never saw a whole request
  });

  it('sixty-four callers at once are never refused for want of a lease', async () => {
    const { token, address } = await openWorldOn(database);
    const path = (call: number) => `/call/vendor/${call}`;
    const hammer = startHammer({ callers: 64, token, address, path });
    await new Promise((resolve) => setTimeout(resolve, LOAD_MS));
    await hammer.stop();
    expect([...hammer.statuses.keys()]).toEqual([200]);
  }, 240_000);
});
