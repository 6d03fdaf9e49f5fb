// What the revocation suites share: a world of two replicas on one Postgres, and what must hold when all is over.
import postgres from 'postgres';
import { expect, onTestFinished } from 'vitest';
import type { ServerConfig } from '../../src/config.ts';
import { newId } from '../../src/core/ids.ts';
import { PERMISSIONS } from '../../src/core/permission.ts';
import { freezeAgent } from '../../src/operations/agents.ts';
import { runOperation } from '../../src/operations/run.ts';
import { testDatabases } from '../support/database.ts';
import { testClock } from '../support/clock.ts';
import type { ColdUpstream } from '../support/cold-upstream.ts';
import type { Answered } from '../support/hammer.ts';
import { SHARED_URL } from '../support/replica.ts';
import { createWorld, type World } from '../support/world.ts';

export const onPostgres = testDatabases().filter(({ name }) => name === 'postgres');

export interface RevocationWorld extends World {
  /** Someone whom no right stops: looks, locks and ends connections. */
  readonly superuser: postgres.Sql;
  readonly port: number;
}

/** Replicas in this process, the first of which is the administrator's. Closed with the test. */
export async function openWorld(
  replicas: number,
  config: Partial<ServerConfig> = {},
): Promise<RevocationWorld> {
  const [database] = onPostgres;
  if (database === undefined) throw new Error('there is no Postgres');
  const world = await createWorld({ database, replicas, config: { publicUrl: SHARED_URL, ...config } });
  const superuser = postgres(world.database.superuserUrl ?? '', { max: 3, onnotice: () => undefined });
  onTestFinished(async () => {
    await superuser.end();
    await world.close();
  });
  return { ...world, superuser, port: Number(new URL(world.upstream.url).port) };
}

/** One administrative act that must succeed, by the first replica. */
export async function act(world: World, method: string, path: string, body?: object) {
  const answer = await world.admin(method, path, body);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
  return answer.body;
}

/**
 * Freezes without HTTP between: this returns a little earlier than any client can hear of it, so what is late for it
 * may not yet be late for a client, and what is in time for it is in time for all.
 */
export async function freezeDirectly(world: World): Promise<void> {
  const { operations } = world.apps[0] ?? {};
  if (operations === undefined) throw new Error('no replica');
  const { ids } = operations;
  const caller = {
    principal: { type: 'admin', id: newId(ids, 'adm'), name: 'owner' },
    permissions: new Set(PERMISSIONS),
    request: newId(ids, 'req'),
    client: undefined,
  } as const;
  await runOperation(operations, freezeAgent, { input: { name: 'robot' }, caller });
}

export const freeze = (world: World) => act(world, 'POST', '/v1/agents/robot/freeze');
export const unfreeze = (world: World) => act(world, 'POST', '/v1/agents/robot/unfreeze');

/** Ends every connection of this database that listens; postgres.js makes a new one. */
export async function killListeners({ superuser }: RevocationWorld): Promise<number> {
  const killed = await superuser`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and query ilike 'listen%'`;
  return killed.length;
}

const clock = testClock();

/** Milliseconds by the clock of servers, which stands still while the process does. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = clock.monotonicMs();
  await work();
  return clock.monotonicMs() - from;
}

/** Waits until `isSo`, which must come to be in time, on whatever machine. */
export async function until(isSo: () => boolean | Promise<boolean>, limitMs = 45_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`did not come to be: ${isSo.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/**
 * Calls that all wait in their handshake. One that is answered before that is made again: on a busy machine a replica may be
 * without its lease for a moment, and then says so.
 */
export async function dial(
  cold: ColdUpstream,
  count: number,
  call: () => Promise<Answered>,
): Promise<Promise<Answered>[]> {
  const calls = new Set<Promise<Answered>>();
  await until(() => {
    while (calls.size < count) {
      const made = call();
      const forget = () => calls.delete(made);
      calls.add(made);
      made.then(forget, forget);
    }
    return cold.waiting === count;
  });
  return [...calls];
}

/** What is answered where that moment comes in the middle of a call: nothing was sent then, either. */
export const WITHOUT_LEASE = [503, 'database-unavailable'];

interface Tally {
  readonly intents: number;
  readonly outcomes: number;
  /** Ended by a refusal when the upstream may have seen part. */
  readonly cut: number;
  readonly answered: number;
}

/** Every intent has one terminal event, nothing was sent that was not recorded as sent, and the log is whole. */
export async function expectWholeLog(world: RevocationWorld): Promise<Tally> {
  let tally: Tally = { intents: 0, outcomes: 0, cut: 0, answered: 0 };
  await until(async () => {
    const [row] = await world.superuser<Tally[]>`
      with intent as (select id from audit_event where kind = 'call.intent'),
        outcome as (
          select event.intent_id, body.json::jsonb ->> 'result' as result
          from audit_event event join audit_body body on body.event_id = event.id where event.kind = 'call.outcome')
      select (select count(*)::int from intent) as intents,
        (select count(distinct intent_id)::int from outcome join intent on intent.id = intent_id) as outcomes,
        (select count(*)::int from outcome where result = 'cut') as cut,
        (select count(*)::int from outcome where result = 'answered') as answered`;
    tally = row ?? tally;
    return tally.intents === tally.outcomes;
  });
  const report = await act(world, 'POST', '/v1/audit/verify');
  expect(report).toMatchObject({ ok: true });
  return tally;
}
