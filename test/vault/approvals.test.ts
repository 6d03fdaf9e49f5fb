// Questions and approvals in a real database: asked once, good for one use on one replica, worthless where a row was written by
// anybody but Doorward.
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { App } from '../../src/compose.ts';
import type { Id } from '../../src/core/ids.ts';
import { newCall, question, useUp } from '../support/approvals.ts';
import { testDatabases } from '../support/database.ts';
import { createWorld, type World } from '../support/world.ts';

const MINUTE_MS = 60_000;

describe.each(testDatabases())('approvals on $name', (database) => {
  let world: World;
  let one: App;
  /** The other replica, where there is one. */
  let other: App;

  beforeAll(async () => {
    world = await createWorld({ database, replicas: database.name === 'postgres' ? 2 : 1 });
    await world.setUp();
    const [first, second = first] = world.apps;
    if (first === undefined || second === undefined) throw new Error('there is always a replica');
    [one, other] = [first, second];
    await other.authority.sync();
  });
  afterAll(() => world?.close());

  const decide = (id: string, verb: 'approve' | 'deny') =>
    world.admin('POST', `/v1/approvals/${id}/${verb}`, {});

  async function approved(app = one, call = newCall(app)) {
    const asked = await app.operations.approvals.ask(question(app, call));
    expect((await decide(asked.id, 'approve')).status).toBe(200);
    return { call, id: asked.id, digest: app.operations.approvals.digestOf(call) };
  }

  it('are asked once for the same call, however often it is repeated and wherever', async () => {
    const call = newCall(one);
    const asked = await Promise.all(
      [one, other, one, other, one].map((app) => app.operations.approvals.ask(question(app, call))),
    );
    expect(new Set(asked.map(({ id }) => id)).size).toBe(1);
    expect(asked.filter(({ isNew }) => isNew)).toHaveLength(1);
    const [first] = asked;
    expect(await other.operations.approvals.ask(question(other, call))).toMatchObject({
      id: first?.id,
      state: 'pending',
      isNew: false,
    });
    const events = await world.events('approval.ask');
    expect(events.filter((event) => JSON.stringify(event).includes(String(first?.id)))).toHaveLength(1);
    const more = await one.operations.approvals.ask(question(one, call, { rules: ['hidden-comment'] }));
    const answer = await one.operations.approvals.ask(question(one, call, { direction: 'answer' }));
    expect(new Set([first?.id, more.id, answer.id]).size).toBe(3);
    for (const { id } of [...asked.slice(0, 1), more, answer]) await decide(id, 'deny');
  });

  it('are good for one use: of ten at once on all replicas one gets it', async () => {
    const { id } = await approved();
    const tries = await Promise.allSettled(
      Array.from({ length: 10 }, (_, at) => useUp(at % 2 === 0 ? one : other, id)),
    );
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of tries) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'approval-required' });
    }
    const shown = await world.admin('GET', `/v1/approvals/${id}`);
    expect(shown.body['approval']).toMatchObject({ state: 'used' });
  });

  it('are used up all together or not at all', async () => {
    const [first, second] = [await approved(), await approved()];
    await useUp(other, second.id);
    await expect(useUp(one, first.id, second.id)).rejects.toMatchObject({ code: 'approval-required' });
    await useUp(one, first.id);
  });

  it('are not used up by a transaction that fails after it', async () => {
    const { id } = await approved();
    const { audit, approvals } = one.operations;
    const failing = audit.transaction(async (tx) => {
      await approvals.consume(tx, [id]);
      throw new Error('the intent could not be written');
    });
    await expect(failing).rejects.toThrow('the intent');
    await useUp(other, id);
  });

  it('can not be used while nobody has decided, after a denial, or under an id that is not there', async () => {
    const call = newCall(one);
    const { id } = await one.operations.approvals.ask(question(one, call));
    await expect(useUp(one, id)).rejects.toMatchObject({ code: 'approval-required' });
    await decide(id, 'deny');
    await expect(useUp(one, id)).rejects.toMatchObject({ code: 'approval-required' });
    const unknown: Id<'apr'> = `apr_${'0'.repeat(26)}`;
    await expect(useUp(one, unknown)).rejects.toMatchObject({ code: 'approval-required' });
  });

  it('are found by their call while they count, and no longer', async () => {
    const { call, id, digest } = await approved();
    const { approvals } = other.operations;
    const found = [{ id, direction: 'request', rules: ['en-override-earlier'], state: 'approved' }];
    expect(await approvals.ofCall(digest)).toEqual(found);
    expect(await approvals.ofCall(approvals.digestOf({ ...call, query: 'a=2' }))).toEqual([]);
    expect(await approvals.ask(question(other, call))).toMatchObject({ id, state: 'approved', isNew: false });
    await useUp(one, id);
    expect(await approvals.ofCall(digest)).toEqual([]);
    const anew = await approvals.ask(question(other, call));
    expect(anew).toMatchObject({ state: 'pending', isNew: true });
    await decide(anew.id, 'deny');
    expect(await approvals.ofCall(digest)).toMatchObject([{ id: anew.id, state: 'denied' }]);
    expect(await approvals.ask(question(other, call))).toMatchObject({ id: anew.id, state: 'denied' });
  });

  it('lapse: a question after an hour, an approval after ten minutes, a denial after an hour', async () => {
    const waiting = newCall(one);
    const { id } = await one.operations.approvals.ask(question(one, waiting));
    const good = await approved();
    const bad = await approved(one, newCall(one));
    const denied = newCall(one);
    const { id: deniedId } = await one.operations.approvals.ask(question(one, denied));
    await decide(deniedId, 'deny');
    try {
      world.clock.offsetMs += 10 * MINUTE_MS;
      await expect(useUp(one, good.id)).rejects.toMatchObject({ code: 'approval-required' });
      expect(await one.operations.approvals.ofCall(bad.digest)).toEqual([]);
      world.clock.offsetMs += 51 * MINUTE_MS;
      expect(await decide(id, 'approve')).toMatchObject({ status: 409, body: { code: 'approval-decided' } });
      const asked = [waiting, denied].map((call) => one.operations.approvals.ask(question(one, call)));
      expect(await Promise.all(asked)).toMatchObject([{ isNew: true }, { isNew: true }]);
    } finally {
      world.clock.offsetMs = 0;
    }
  });

  it('are at most twenty that wait for one agent', async () => {
    await world.admin('POST', '/v1/agents', { name: 'eager' });
    await world.admin('POST', '/v1/grants', { agent: 'eager', service: 'vendor' });
    const agent = one.authority.agentByName('eager');
    if (agent === undefined) throw new Error('the agent was just made');
    const ask = (app: App) => app.operations.approvals.ask(question(app, newCall(app, { agent })));
    const asked = await Promise.allSettled(
      Array.from({ length: 23 }, (_, at) => ask(at % 2 === 0 ? one : other)),
    );
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(20);
    for (const result of asked) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'too-many-pending' });
    }
    await one.operations.approvals.ask(question(one, newCall(one))); // another agent has room
    const [waiting] = asked;
    await decide(waiting?.status === 'fulfilled' ? waiting.value.id : '', 'deny');
    expect(await ask(other)).toMatchObject({ isNew: true });
  });

  it('show what was hashed, inert and cut', async () => {
    const hostile = `\u001b[2J\u202e<script>${'A'.repeat(300_000)}`;
    const call = newCall(one);
    const excerpts = Array.from({ length: 40 }, () => ({ rule: 'r', text: hostile, isCut: false }));
    const shown = { url: `http://x/${'%20'.repeat(2000)}`, excerpts };
    const { id } = await one.operations.approvals.ask(question(one, call, { shown }));
    const { body } = await world.admin('GET', `/v1/approvals/${id}`);
    expect(body['approval']).toMatchObject({ isUrlCut: true, body: call.body });
    const told = body['excerpts'] as { text: string; isCut: boolean }[];
    expect(told).toHaveLength(16);
    expect(told[0]).toMatchObject({ isCut: true });
    expect(told[0]?.text).toMatch(/^\\x1b\[2J\\u\{202e\}\\x3cscript\\x3eA{100,200}$/);
    await decide(id, 'deny');
  });
});

describe('rows of approvals that somebody else wrote', () => {
  const [database] = testDatabases().filter(({ name }) => name === 'postgres');
  let world: World;
  let app: App;
  let sql: postgres.Sql;

  beforeAll(async () => {
    if (database === undefined) throw new Error('a Postgres is needed');
    world = await createWorld({ database });
    await world.setUp();
    const [first] = world.apps;
    if (first === undefined || world.database.options.kind !== 'postgres') throw new Error('no replica');
    app = first;
    sql = postgres(world.database.options.url, { max: 1, onnotice: () => undefined });
  });
  afterAll(async () => {
    await sql?.end();
    await world?.close();
  });

  const ask = async (call = newCall(app)) => {
    const { approvals } = app.operations;
    return { ...(await approvals.ask(question(app, call))), call, digest: approvals.digestOf(call) };
  };
  const alarms = async (id: string) => {
    const events = await world.events('integrity.alarm');
    return events.filter((event) => event['row'] === id);
  };

  it('count as none, are not decided on, and raise one alarm', async () => {
    const { id, digest } = await ask();
    await sql`update approval set decision = 'approved', decided_at = now(), decided_by = 'adm_x' where id = ${id}`;
    await expect(useUp(app, id)).rejects.toMatchObject({ code: 'approval-required' });
    expect(await app.operations.approvals.ofCall(digest)).toEqual([]);
    expect((await world.admin('POST', `/v1/approvals/${id}/approve`, {})).status).toBe(404);
    expect((await world.admin('GET', `/v1/approvals/${id}`)).status).toBe(404);
    const listed = await world.admin('GET', '/v1/approvals');
    expect(JSON.stringify(listed.body)).not.toContain(id);
    await expect.poll(() => alarms(id)).toHaveLength(1);
    expect(await alarms(id)).toMatchObject([{ table: 'approval' }]);
  });

  it.each([
    ['another call', "call_digest = decode('00', 'hex')"],
    ['other rules', `rules = '["a"]'`],
    ['another text to decide by', `shown = jsonb_set(shown, '{url}', '"http://harmless/"')`],
    ['another moment', "created_at = now() + interval '1 day'"],
  ])('can not be made to be about %s', async (_, change) => {
    const { id } = await ask();
    await sql.unsafe(`update approval set ${change} where id = $1`, [id]);
    expect((await world.admin('POST', `/v1/approvals/${id}/approve`, {})).status).toBe(404);
  });

  it('can not be copied: an approval of one call is none of another', async () => {
    const [given, wanted] = [await ask(), await ask()];
    await world.admin('POST', `/v1/approvals/${given.id}/approve`, {});
    await sql`update approval set (decision, decided_at, decided_by, mac) =
      (select decision, decided_at, decided_by, mac from approval where id = ${given.id}) where id = ${wanted.id}`;
    await expect(useUp(app, wanted.id)).rejects.toMatchObject({ code: 'approval-required' });
    await sql`update approval set used_at = now() where id = ${given.id}`;
    await expect(useUp(app, given.id)).rejects.toMatchObject({ code: 'approval-required' });
  });
});
