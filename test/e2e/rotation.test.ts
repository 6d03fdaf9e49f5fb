// The promise of a rotation: agents that never rest while a key is staged, promoted and revoked notice nothing, whichever
// key the vendor takes at the moment, and the audit log tells it all.
import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { send } from '../support/raw-http.ts';
import { keyOf, newKey, refuse, sha256 } from '../support/rotating-vendor.ts';
import { createWorld, type World } from '../support/world.ts';

const WORKERS = 8;
/** Of each worker, in each phase. */
const CALLS = 12;
const PHASE_LIMIT_MS = 120_000;

const engines = testDatabases().map((database) => ({
  database,
  replicas: database.name === 'postgres' ? 2 : 1,
  name: database.name === 'postgres' ? 'two replicas on Postgres' : 'the embedded database',
}));

/** An upstream that takes some keys, and counts what it was sent. */
function openVendor(world: World) {
  const accepted = new Set<string>();
  const answered = new Map<string, number>();
  const refused = new Map<string, number>();
  world.upstream.respond = ({ headers, body }, response) => {
    const key = keyOf(headers);
    const counts = accepted.has(key) ? answered : refused;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    world.upstream.seen.length = 0;
    if (accepted.has(key)) response.end(JSON.stringify({ hash: sha256(body), echo: key }));
    else refuse(response);
  };
  const accept = (...keys: string[]) => {
    accepted.clear();
    for (const key of keys) accepted.add(key);
  };
  return { accept, answered, refused };
}

/** Workers that call without a pause, each at a replica of its own, until they are stopped. */
function startWorkers(world: World, token: string, replicas: number) {
  const agent = new Agent({ keepAlive: true });
  const done = Array.from({ length: WORKERS }, () => 0);
  const failures: string[] = [];
  let isStopped = false;
  const callOnce = async (worker: number, call: number) => {
    const url = world.apps[worker % replicas]?.address ?? '';
    const method = ['GET', 'POST', 'PUT', 'POST'][call % 4] ?? 'GET';
    const body = method === 'GET' ? undefined : randomBytes(1 + ((call * 977) % 50_000));
    const headers = ['authorization', `Bearer ${token}`];
    const request = { method, headers, agent, ...(body === undefined ? {} : { body }) };
    const answer = await send(url, `/call/vendor/v1/things/${worker}-${call}`, request);
    const text = answer.text();
    const isWhole = answer.status === 200 && text.includes(sha256(body ?? Buffer.alloc(0)));
    if (!isWhole || text.includes('sk-test-')) failures.push(`${method} ${answer.status} ${text}`);
  };
  const work = async (worker: number) => {
    for (let call = 0; !isStopped; call += 1) {
      await callOnce(worker, call).catch((error: unknown) => failures.push(String(error)));
      done[worker] = (done[worker] ?? 0) + 1;
    }
  };
  const working = Promise.all(done.map((_, worker) => work(worker)));
  return {
    failures,
    calls: () => done.reduce((sum, count) => sum + count, 0),
    /** Every worker has made its calls in the phase; the one that it was at when the phase began is not among them. */
    phase: async () => {
      const before = [...done];
      const isOver = () => done.every((count, worker) => count >= (before[worker] ?? 0) + 1 + CALLS);
      await expect.poll(isOver, { timeout: PHASE_LIMIT_MS, interval: 10 }).toBe(true);
    },
    stop: async () => {
      isStopped = true;
      await working;
      agent.destroy();
    },
  };
}

interface Counts {
  readonly intents: number;
  readonly outcomes: number;
  readonly settled: number;
  readonly unauthorized: number;
  readonly fallbacks: number;
}

/** Of the whole audit log. `settled`: intents with an outcome. */
async function countEvents(world: World): Promise<Counts | undefined> {
  const sql = world.apps[0]?.operations.database.adminSql;
  if (sql === undefined) throw new Error('the world has no application');
  const [counts] = await sql<Counts[]>`
    with event as (
      select event.kind, event.id, event.intent_id, body.json::jsonb as json
      from audit_event event join audit_body body on body.event_id = event.id)
    select
      count(*) filter (where kind = 'call.intent')::int as intents,
      count(*) filter (where kind = 'call.outcome')::int as outcomes,
      count(distinct intent_id) filter (where kind = 'call.outcome')::int as settled,
      count(*) filter (where kind = 'call.outcome' and json ->> 'status' = '401')::int as unauthorized,
      count(*) filter (where kind = 'rotation.fallback')::int as fallbacks
    from event`;
  return counts;
}

describe.each(engines)('a rotation under way, on $name', ({ database, replicas }) => {
  test('is noticed by none of the calls beside it', { timeout: 8 * PHASE_LIMIT_MS }, async () => {
    const world = await createWorld({ database, replicas });
    onTestFinished(() => world.close());
    const [first, second, third] = [newKey(), newKey(), newKey()];
    const vendor = openVendor(world);
    const { key } = await world.setUp({ value: first });
    const rotate = async (value: string, graceSeconds: number) => {
      const answer = await world.admin('POST', '/v1/secrets/vendor/rotate', { value, graceSeconds });
      expect(answer).toMatchObject({ status: 200, body: { step: 'promoted' } });
    };
    vendor.accept(first);
    const workers = startWorkers(world, await world.token('robot', key), replicas);
    await workers.phase();

    await rotate(second, 3600); // the vendor has not activated the second key yet: every call falls back
    await workers.phase();
    expect(vendor.refused.get(second)).toBeGreaterThanOrEqual(WORKERS * CALLS);
    vendor.accept(first, second);
    await workers.phase();
    vendor.accept(second); // the vendor has ended the first one
    await workers.phase();

    vendor.accept(second, third);
    await rotate(third, 1); // ends the first one's grace period at once, and the second one's soon
    await workers.phase();
    const ended = async () => (await world.events('rotation.complete')).map((event) => event['reason']);
    await expect.poll(ended, { timeout: PHASE_LIMIT_MS }).toEqual(['superseded', 'grace-over']);
    vendor.accept(third);
    await workers.phase();
    await workers.stop();

    expect(workers.failures).toEqual([]);
    expect(workers.calls()).toBeGreaterThanOrEqual(500);
    for (const value of [first, second, third]) expect(vendor.answered.get(value)).toBeGreaterThan(0);
    await expect
      .poll(async () => (await countEvents(world))?.settled, { timeout: 60_000 })
      .toBe((await countEvents(world))?.intents);
    const counts = await countEvents(world);
    expect(counts).toMatchObject({ outcomes: counts?.intents, fallbacks: counts?.unauthorized });
    expect(counts?.fallbacks).toBe([...vendor.refused.values()].reduce((sum, count) => sum + count, 0));
    const verified = await world.admin('POST', '/v1/audit/verify', {});
    expect(verified.body).toMatchObject({ ok: true, problems: [] });
  });

  test('without a grace period is noticed by none either, where the vendor takes both', {
    timeout: 8 * PHASE_LIMIT_MS,
  }, async () => {
    const world = await createWorld({ database, replicas });
    onTestFinished(() => world.close());
    const vendor = openVendor(world);
    const keys = Array.from({ length: 6 }, newKey);
    vendor.accept(...keys);
    const { key } = await world.setUp({ value: keys[0] ?? '' });
    const workers = startWorkers(world, await world.token('robot', key), replicas);
    await workers.phase();
    for (const value of keys.slice(1)) {
      await world.admin('POST', '/v1/secrets/vendor/rotate', { value, graceSeconds: 0 });
      await workers.phase();
    }
    await workers.stop();
    expect(workers.failures).toEqual([]);
    for (const value of keys) expect(vendor.answered.get(value)).toBeGreaterThan(0);
    const counts = async () => await countEvents(world);
    await expect
      .poll(async () => (await counts())?.settled, { timeout: 60_000 })
      .toBe((await counts())?.intents);
    const verified = await world.admin('POST', '/v1/audit/verify', {});
    expect(verified.body).toMatchObject({ ok: true, problems: [] });
  });
});
