// The audit log's writing side: durable appends, one chain per lane, and heads that follow the database's truth.
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parseAuditEvent } from '../../src/core/audit-event.ts';
import { newId } from '../../src/core/ids.ts';
import type { Id } from '../../src/core/ids.ts';
import { Problem } from '../../src/core/problem.ts';
import type { AuditLog } from '../../src/vault/audit/audit-log.ts';
import { countRunCalls, listEvents, lowestIdAt } from '../../src/vault/audit/read.ts';
import { reapIntents } from '../../src/vault/audit/reap.ts';
import { testDatabases } from '../support/database.ts';
import { chainOf, chainsOf, createAuditWorld, ids, intent, outcome, refusal } from './audit-fixture.ts';
import type { AuditWorld } from './audit-fixture.ts';

const SYSTEM = { vault: null, principal: { type: 'system' } } as const;

describe.each(testDatabases())('the audit log on $name', (engine) => {
  let world: AuditWorld;
  let log: AuditLog;
  beforeAll(async () => {
    world = await createAuditWorld(engine);
    log = await world.start();
  });
  afterAll(async () => {
    await log.close();
    await world.close();
  });
  afterEach(() => {
    world.alarms.length = 0;
  });

  const seqOf = (lane: 'call' | 'admin') => log.heads()[chainOf(log, lane)]?.seq ?? 0;
  const bodies = async (event: Id<'evt'>) => {
    const rows = await world.database.adminSql<{ json: string }[]>`
      select json from audit_body where event_id = ${event}`;
    return rows.map((row) => row.json);
  };

  test('an append is in the database when it resolves, and gives the epoch of its vault', async () => {
    const { id, epoch } = await log.append(intent(world.vault));
    const [json] = await bodies(id);
    expect(parseAuditEvent(json ?? '')).toMatchObject({ id, kind: 'call.intent', vault: world.vault });
    expect(epoch).toBe(7n);
    await world.superuser`update vault set epoch = 8 where id = ${world.vault}`;
    expect((await log.append(refusal(world.vault))).epoch).toBe(8n);
    expect((await log.append({ ...refusal(world.vault), vault: null })).epoch).toBe(0n);
  });

  test('a thousand appends at once become a few statements', async () => {
    const countCalls = () =>
      chainsOf(log, 'call').reduce((sum, chain) => sum + (log.heads()[chain]?.seq ?? 0), 0);
    const before = countCalls();
    const startedAt = new Date();
    const appended = await Promise.all(Array.from({ length: 1000 }, () => log.append(refusal(world.vault))));
    expect(new Set(appended.map(({ id }) => id)).size).toBe(1000);
    expect(countCalls()).toBe(before + 1000);
    const transactions = await world.database.adminSql`
      select count(*)::int as rows, count(distinct xmin::text)::int as statements from audit_event
      where chain_id = any(${chainsOf(log, 'call')}) and id >= ${lowestIdAt(startedAt)}`;
    expect(transactions[0]?.['rows']).toBe(1000);
    expect(transactions[0]?.['statements']).toBeLessThanOrEqual(3);
    expect(await world.verify()).toMatchObject({ ok: true });
  });

  test('ids ascend in the order of the appends', async () => {
    const appended = await Promise.all(Array.from({ length: 200 }, () => log.append(refusal(world.vault))));
    const written = appended.map(({ id }) => id);
    expect([...written].sort()).toEqual(written);
  });

  test.each(['\u0000', '\u0001'])('hostile text stays inside its field: %j', async (control) => {
    const rule = `\n{"kind":"chain.open"}\r\n\u001b[2J${control}|=CEF,=cmd()"\\\u2028é🔑`;
    const { id } = await log.append(refusal(world.vault, rule));
    const [json = ''] = await bodies(id);
    expect([...Buffer.from(json)].filter((byte) => byte < 0x20)).toEqual([]);
    expect(json).toContain(String.raw`\n{\"kind\":\"chain.open\"}\r\n\u001b[2J`);
    expect(json).toContain(`${JSON.stringify(control).slice(1, -1)}|=CEF`);
    expect(parseAuditEvent(json)).toMatchObject({ rule });
  });

  test('an event that has no canonical form is refused alone', async () => {
    const bad = log.append(refusal(world.vault, 'lone \ud800 surrogate'));
    const good = log.append(refusal(world.vault));
    await expect(bad).rejects.toThrow(TypeError);
    await expect(good).resolves.toBeDefined();
  });

  test('an intent has one outcome, and the second one does not take its batch along', async () => {
    const first = await log.append(intent(world.vault));
    await log.append(outcome(world.vault, first.id));
    const second = await log.append(intent(world.vault));
    const results = await Promise.allSettled([
      log.append(refusal(world.vault)),
      log.append(outcome(world.vault, first.id)),
      log.append(outcome(world.vault, second.id, 'failed')),
      log.append(outcome(world.vault, second.id, 'aborted')),
      log.append({ ...SYSTEM, kind: 'secret.minted', intent: first.id, result: 'unknown' }),
      log.append(refusal(world.vault)),
    ]);
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
    ]);
    expect(results[1]).toMatchObject({ reason: { code: 'already-exists' } });
    expect(await world.verify()).toMatchObject({ ok: true });
  });

  test('an administrative change and its events are one transaction', async () => {
    const before = seqOf('admin');
    const event = await log.transaction(async (tx, append) => {
      await tx.execute(`update vault set name = 'renamed'`);
      const target = { type: 'vault', id: world.vault, name: 'renamed' };
      return append({ kind: 'audit.read', ...SYSTEM, target, after: { limit: 5, kinds: ['a', 'b'] } });
    });
    const [row] = await world.database.adminSql`
      select chain_seq::int as seq, xmin::text = (select xmin::text from vault) as together
      from audit_event where id = ${event}`;
    expect(row).toEqual({ seq: before + 1, together: true });
    expect(parseAuditEvent((await bodies(event))[0] ?? '')).toMatchObject({ kind: 'audit.read' });
  });

  test('a rollback takes the events back and restores the head', async () => {
    const before = log.heads();
    const failed = log.transaction(async (tx, append) => {
      await tx.execute(`update vault set name = 'never'`);
      await append({ kind: 'audit.verify', ...SYSTEM, target: { type: 'audit', id: 'x' } });
      throw new Problem('in-use');
    });
    await expect(failed).rejects.toMatchObject({ code: 'in-use' });
    expect(log.heads()).toEqual(before);
    await log.transaction((_, append) =>
      append({ kind: 'audit.verify', ...SYSTEM, target: { type: 'audit', id: 'y' } }),
    );
    expect(await world.verify()).toMatchObject({ ok: true });
  });

  test('transactions and appends at once take their turns', async () => {
    const before = seqOf('admin');
    const changes = Array.from({ length: 20 }, (_, i) =>
      log.transaction(async (_tx, append) => {
        const target = { type: 'audit', id: `${i}` };
        await Promise.all([1, 2, 3].map(() => append({ kind: 'audit.verify', ...SYSTEM, target })));
        if (i % 3 === 0) throw new Problem('in-use');
      }),
    );
    const calls = Array.from({ length: 100 }, () => log.append(refusal(world.vault)));
    const results = await Promise.allSettled([...changes, ...calls]);
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(7);
    expect(seqOf('admin')).toBe(before + 13 * 3);
    expect(await world.verify()).toMatchObject({ ok: true });
  });

  test('an append after its transaction has ended is an error', async () => {
    const late = await log.transaction(async (_, append) => ({ append }));
    const event = { kind: 'audit.verify', ...SYSTEM, target: { type: 'audit', id: 'late' } } as const;
    expect(() => late.append(event)).toThrow(Problem);
  });

  test('the head file knows an administrative change when it returns', async () => {
    await log.transaction((_, append) =>
      append({ kind: 'audit.verify', ...SYSTEM, target: { type: 'audit', id: 'z' } }),
    );
    const path = join(world.folder, 'heads.json');
    const { chains } = JSON.parse(await readFile(path, 'utf8'));
    const { seq, mac } = log.heads()[chainOf(log, 'admin')] ?? {};
    expect(chains[chainOf(log, 'admin')]).toMatchObject({ seq, mac });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test('the head file follows the calls by itself', async () => {
    await log.append(refusal(world.vault));
    const wanted = seqOf('call');
    const read = async () => {
      const { chains } = JSON.parse(await readFile(join(world.folder, 'heads.json'), 'utf8'));
      return chains[chainOf(log, 'call')]?.seq;
    };
    await expect.poll(read).toBe(wanted);
  });

  test('failed authentications are counted by peer prefix and reason', async () => {
    const other = await world.start('other.json');
    for (let i = 0; i < 50; i += 1) other.noteFailedAuthentication(`198.51.100.${i}`, 'unknown token');
    other.noteFailedAuthentication('::ffff:198.51.100.9', 'unknown token');
    other.noteFailedAuthentication('198.51.100.9', 'expired');
    other.noteFailedAuthentication('2001:db8:1:2ff::1', 'expired');
    await other.close();
    const events = await listEvents(world, { limit: 100, kinds: ['authentication.failed'] });
    expect(
      events.map(
        (event) => event.kind === 'authentication.failed' && [event.peer, event.reason, event.count],
      ),
    ).toEqual([
      ['198.51.100.0/24', 'unknown token', 51],
      ['198.51.100.0/24', 'expired', 1],
      ['2001:db8:1:200::/56', 'expired', 1],
    ]);
  });

  test('a start names the heads of the start before it', async () => {
    const first = await world.start('again.json');
    await first.append(refusal(world.vault));
    await first.close();
    const heads = Object.entries(first.heads()).map(([chain, { lane, seq, mac }]) => ({
      lane,
      predecessor: { chain, seq, mac },
    }));
    expect(heads.map(({ predecessor }) => predecessor.seq)).toEqual(
      engine.name === 'postgres' ? [3, 2, 4] : [3, 4],
    );
    const second = await world.start('again.json');
    const opened = await listEvents(world, { limit: heads.length, kinds: ['chain.open'] });
    expect(opened).toMatchObject(heads);
    await second.close();
    expect(await world.verify('again.json')).toMatchObject({ ok: true });
  });

  test('a start on a foreign head file is refused, a start on shortened chains raises the alarm', async () => {
    const first = await world.start('cut.json');
    await first.append(refusal(world.vault));
    await first.close();
    const path = join(world.folder, 'cut.json');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('"v":1', '"v": 1'));
    await expect(world.start('cut.json')).rejects.toMatchObject({ code: 'audit-unavailable' });
    await writeFile(path, text.replace(/"seq":3/, '"seq":4'));
    await expect(world.start('cut.json')).rejects.toMatchObject({ code: 'audit-unavailable' });
    await writeFile(path, text);
    await world.superuser.begin(async (tx) => {
      await tx`alter table audit_event disable trigger all`;
      await tx`create temp table kept on commit drop as
        select * from audit_event where chain_id = ${chainOf(first, 'call')} and chain_seq = 3`;
      await tx`delete from audit_event using kept where audit_event.id = kept.id`;
      await tx`create table cut_rows as select * from kept`;
    });
    const second = await world.start('cut.json');
    expect(world.alarms).toMatchObject([{ table: 'audit_event', row: `${chainOf(first, 'call')}:3` }]);
    await second.close();
    expect((await world.verify('cut.json')).problems).toContainEqual(
      expect.objectContaining({ chain: chainOf(first, 'call'), seq: 3, reason: 'cut' }),
    );
    await world.superuser`insert into audit_event select * from cut_rows`;
    await world.superuser`drop table cut_rows`;
    await world.superuser`alter table audit_event enable trigger all`;
    expect(await world.verify('cut.json')).toMatchObject({ ok: true });
  });

  test('after close nothing is taken any more', async () => {
    const other = await world.start('closed.json');
    await other.close();
    await expect(other.append(refusal(world.vault))).rejects.toMatchObject({ code: 'draining' });
    await expect(other.transaction(async () => undefined)).rejects.toMatchObject({ code: 'draining' });
  });

  test('intents of a replica that ended get the outcome unknown, once', async () => {
    const dead = newId(ids, 'rep');
    const other = await world.start('dead.json', dead);
    const open = [await other.append(intent(world.vault)), await other.append(intent(world.vault))];
    const settled = await other.append(intent(world.vault));
    await other.append(outcome(world.vault, settled.id));
    const heads = JSON.stringify(other.heads());
    await world.database.adminSql`
      insert into replica (id, started_at, lease_until, audit_heads)
      values (${dead}, now(), clock_timestamp() - interval '1 second', ${heads}::text::jsonb)`;
    expect((await world.verify('dead.json')).problems.map(({ reason }) => reason)).toContain(
      'intent-without-outcome',
    );
    const reaper = await world.start('reaper.json');
    const [one, two] = await Promise.all([
      reapIntents({ database: world.database, audit: log, replica: newId(ids, 'rep') }),
      reapIntents({ database: world.database, audit: reaper, replica: newId(ids, 'rep') }),
    ]);
    expect(one + two).toBe(2);
    const rows = await world.database.adminSql`
      select intent_id from audit_event where intent_id = any(${open.map(({ id }) => id)}::text[])`;
    expect(rows).toHaveLength(2);
    await expect(other.append(outcome(world.vault, open[0]?.id ?? settled.id))).rejects.toMatchObject({
      code: 'already-exists',
    });
    await Promise.all([reaper.close(), other.close()]);
    expect(await world.verify('dead.json')).toMatchObject({ ok: true });
  });

  test('a list gives the newest events, or those after or before one, newest last', async () => {
    const written: Id<'evt'>[] = [];
    for (let i = 0; i < 5; i += 1) written.push((await log.append(refusal(world.vault))).id);
    const list = async (filter: Partial<Parameters<typeof listEvents>[1]>) =>
      (await listEvents(world, { limit: 2, ...filter })).map(({ id }) => id);
    expect(await list({})).toEqual(written.slice(3));
    expect(await list({ before: written[3] })).toEqual(written.slice(1, 3));
    expect(await list({ after: written[0] })).toEqual(written.slice(1, 3));
    expect(await list({ after: written[4] })).toEqual([]);
    expect(await list({ since: new Date(Date.now() + 60_000) })).toEqual([]);
    expect(await list({ kinds: ['server.stop'], after: written[0] })).toEqual([]);
  });

  test('the calls of a run are counted', async () => {
    const run = newId(ids, 'run');
    const startedAt = new Date();
    const answered = await log.append(intent(world.vault, run));
    const failed = await log.append(intent(world.vault, run));
    const late = await log.append(intent(world.vault, run));
    await log.append(intent(world.vault, run));
    await log.append(outcome(world.vault, answered.id));
    await log.append(outcome(world.vault, failed.id, 'failed'));
    await log.append(outcome(world.vault, late.id, 'refused'));
    await log.append({ ...refusal(world.vault, `"run":"${run}"`) });
    await log.append({
      ...refusal(world.vault),
      principal: { type: 'agent', id: newId(ids, 'agt'), name: 'a', run },
    });
    expect(await countRunCalls(world, run, startedAt)).toEqual({ calls: 3, refused: 2, failed: 1 });
    const events = await listEvents(world, { limit: 100, run });
    expect(events).toHaveLength(5);
  });

  test('everything the log wrote parses', async () => {
    const rows = await world.database.adminSql<{ json: string }[]>`select json from audit_body`;
    for (const { json } of rows) parseAuditEvent(json);
    expect(rows.length).toBeGreaterThan(1000);
  });
});
