// The audit log while its database and its disk fail: callers are told no, nothing is dropped unseen, and the chain
// goes on from whatever the database turns out to hold.
import { once } from 'node:events';
import { rename } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { DatabaseOptions } from '../../src/store/database-options.ts';
import type { AuditLog } from '../../src/vault/audit/audit-log.ts';
import { testDatabases } from '../support/database.ts';
import { chainOf, chainsOf, createAuditWorld, intent, refusal } from './audit-fixture.ts';
import type { AuditWorld } from './audit-fixture.ts';

const SYSTEM = { vault: null, principal: { type: 'system' } } as const;
const KILL_LIMIT_MS = 10_000;
const CHANGE = { kind: 'audit.verify', ...SYSTEM, target: { type: 'audit', id: 'x' } } as const;

describe.each(testDatabases())('the audit log with failing parts on $name', (engine) => {
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

  test('while the head file can not be written, nothing more is accepted', async () => {
    await rename(world.folder, `${world.folder}-away`);
    const change = () => log.transaction((_, append) => append(CHANGE));
    await expect(change()).rejects.toMatchObject({
      code: 'audit-unavailable',
      detail: expect.stringContaining('was made'),
    });
    const before = log.heads();
    await expect(change()).rejects.toMatchObject({ code: 'audit-unavailable' });
    await expect(log.append(refusal(world.vault))).rejects.toMatchObject({ code: 'audit-unavailable' });
    expect(log.heads()).toEqual(before);
    expect(world.alarms).toContainEqual(expect.objectContaining({ table: 'head-file' }));
    await rename(`${world.folder}-away`, world.folder);
    await log.append(refusal(world.vault));
    await change();
    expect(await world.verify()).toMatchObject({ ok: true, problems: [] });
  });

  test('a chain that somebody else has written to is not continued, and the other chain says so', async () => {
    const other = await world.start('other.json');
    const chain = chainOf(other, 'call');
    await world.superuser`
      insert into audit_event (id, chain_id, chain_seq, prev_mac, mac, kind, at, body_hash, leaf_hash)
      select 'evt_00000000000000000000000000', chain_id, 2, mac, mac, 'call.refused', at, body_hash, leaf_hash
      from audit_event where chain_id = ${chain} and chain_seq = 1`;
    await expect(other.append(refusal(world.vault))).rejects.toMatchObject({ code: 'audit-unavailable' });
    await expect(other.append(refusal(world.vault))).rejects.toMatchObject({ code: 'audit-unavailable' });
    expect(world.alarms).toContainEqual(expect.objectContaining({ table: 'audit_event', row: `${chain}:2` }));
    const told = () =>
      world.database.adminSql`select json from audit_body where json like ${`%integrity.alarm%${chain}:2%`}`;
    await expect.poll(told).not.toHaveLength(0);
    await expect(other.close()).rejects.toMatchObject({ code: 'audit-unavailable' });
    await world.superuser`alter table audit_event disable trigger all`;
    await world.superuser`delete from audit_event where chain_id = ${chain} and chain_seq = 2`;
    await world.superuser`alter table audit_event enable trigger all`;
  });
});

const servers = testDatabases().filter(({ name }) => name === 'postgres');

describe.each(servers)('the audit log while connections to $name break', (engine) => {
  let world: AuditWorld;
  let log: AuditLog;
  let proxy: Proxy;
  beforeAll(async () => {
    world = await createAuditWorld(engine, async (options) => {
      if (options.kind === 'embedded') return options;
      const url = new URL(options.url);
      proxy = await startProxy(Number(url.port));
      url.port = String(proxy.port);
      return { ...options, url: url.href } satisfies DatabaseOptions;
    });
  });
  beforeEach(async () => {
    log = await world.start();
  });
  afterEach(async () => {
    await log.close();
    expect(await world.verify()).toMatchObject({ ok: true, problems: [] });
  });
  afterAll(async () => {
    await world.close();
    await proxy.close();
  });

  /** They are gone when it resolves. */
  const killBackends = () => world.superuser`
    select pg_terminate_backend(pid, ${KILL_LIMIT_MS}) from pg_stat_activity
    where application_name = 'doorward' and datname = current_database()`;
  const countRows = async () => {
    const [row] = await world.superuser<{ rows: number }[]>`
      select count(*)::int as rows from audit_event where chain_id = any(${chainsOf(log, 'call')}) and chain_seq > 1`;
    return row?.rows ?? 0;
  };
  /** Holds back every write to the log until the returned function is called. */
  const blockWrites = async () => {
    const session = await world.superuser.reserve();
    await session`begin`;
    await session`lock table audit_event in exclusive mode`;
    return async () => {
      await session`commit`;
      session.release();
    };
  };
  const countBlocked = async () => {
    const [row] = await world.superuser<{ waiting: number }[]>`
      select count(*)::int as waiting from pg_locks where not granted and relation = 'audit_event'::regclass`;
    return row?.waiting ?? 0;
  };
  const isBlocked = async () => (await countBlocked()) > 0;

  test('a batch whose backend is killed is sent again', async () => {
    const unblock = await blockWrites();
    const appended = Promise.all([log.append(refusal(world.vault)), log.append(refusal(world.vault))]);
    await expect.poll(isBlocked).toBe(true);
    await killBackends();
    await expect.poll(isBlocked).toBe(true);
    await unblock();
    await appended;
    expect(await countRows()).toBe(2);
  });

  test('when its backends go on being killed, its callers are refused and the chain goes on', async () => {
    const unblock = await blockWrites();
    let isAnswered = false;
    const refused = Promise.allSettled(
      Array.from({ length: 20 }, () => log.append(intent(world.vault))),
    ).finally(() => {
      isAnswered = true;
    });
    const killed = async () => {
      if (await isBlocked()) await killBackends();
      return isAnswered;
    };
    await expect.poll(killed, { interval: 10, timeout: 30_000 }).toBe(true);
    for (const result of await refused) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'audit-unavailable' } });
    }
    await unblock();
    await log.append(refusal(world.vault));
    expect(await countRows()).toBe(1);
  });

  test('backends killed again and again under load: what was answered is there, and the chain is whole', async () => {
    let answered = 0;
    const load = new AbortController();
    const callers = Array.from({ length: 20 }, async () => {
      while (!load.signal.aborted) {
        await log.append(refusal(world.vault)).then(
          () => (answered += 1),
          (error: unknown) => expect(error).toMatchObject({ code: 'audit-unavailable' }),
        );
      }
    });
    for (let i = 0; i < 8; i += 1) {
      const before = answered;
      await expect.poll(() => answered - before, { interval: 5, timeout: 30_000 }).toBeGreaterThan(100);
      await killBackends();
    }
    load.abort();
    await Promise.all(callers);
    await log.append(refusal(world.vault));
    expect(await countRows()).toBeGreaterThanOrEqual(answered + 1);
  });

  test('a commit whose answer is lost is found in the database', async () => {
    proxy.holdAnswers();
    const appended = Promise.all([log.append(intent(world.vault)), log.append(refusal(world.vault))]);
    await expect.poll(countRows).toBe(2);
    proxy.cut();
    const [first] = await appended;
    expect(first.epoch).toBe(7n);
    await log.append({ ...refusal(world.vault) });
    expect(await countRows()).toBe(3);
    await settleIntents(log, world);
  });

  test('a commit that comes late is found when its batch is sent again', async () => {
    const unblock = await blockWrites();
    const late = Promise.all([log.append(refusal(world.vault)), log.append(refusal(world.vault))]);
    await expect.poll(isBlocked).toBe(true);
    proxy.cut(); // the server goes on with the statement: it finds out when it answers
    await expect.poll(countBlocked).toBe(2);
    await unblock();
    await late;
    expect(await countRows()).toBe(2);
  });

  test('a commit that comes after its callers were refused is kept, and its intents are closed', async () => {
    const unblock = await blockWrites();
    const late = Promise.allSettled([log.append(intent(world.vault)), log.append(refusal(world.vault))]);
    for (const sent of [1, 2, 3]) {
      await expect.poll(countBlocked).toBe(sent);
      proxy.cut();
    }
    expect((await late).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await unblock();
    await expect.poll(countRows).toBe(2);
    await log.append(refusal(world.vault));
    await expect.poll(countRows).toBe(4);
    const [row] = await world.superuser<{ json: string }[]>`
      select json from audit_body where event_id = (
        select outcome.id from audit_event outcome join audit_event intent on outcome.intent_id = intent.id
        where intent.chain_id = ${chainOf(log, 'call')})`;
    expect(row?.json).toContain('"result":"refused"');
  });

  test('a second batch does not wait for the first where it carries as much', async () => {
    const unblock = await blockWrites();
    const first = Array.from({ length: 12 }, () => log.append(intent(world.vault)));
    await expect.poll(countBlocked).toBe(1);
    const more = Array.from({ length: 11 }, () => log.append(intent(world.vault)));
    await delay(50);
    expect([await countBlocked(), log.queued]).toEqual([1, 11]);
    const enough = log.append(intent(world.vault));
    await expect.poll(countBlocked).toBe(2);
    const waiting = log.append(refusal(world.vault));
    expect(log.queued).toBe(1);
    await unblock();
    await Promise.all([...first, ...more, enough, waiting]);
    const rows = await world.superuser<{ rows: number }[]>`
      select count(*)::int as rows from audit_event where chain_id = any(${chainsOf(log, 'call')})
      group by chain_id order by rows`;
    expect(rows.map((row) => row.rows)).toEqual([13, 14]);
    await settleIntents(log, world);
  });

  test('of two batches one is refused and the other written, and nothing more is where a chain is not as it was left', async () => {
    const [first, second] = chainsOf(log, 'call');
    await world.superuser`
      insert into audit_event (id, chain_id, chain_seq, prev_mac, mac, kind, at, body_hash, leaf_hash)
      select 'evt_00000000000000000000000001', chain_id, 2, mac, mac, 'call.refused', at, body_hash, leaf_hash
      from audit_event where chain_id = ${second ?? ''} and chain_seq = 1`;
    const unblock = await blockWrites();
    const written = log.append(intent(world.vault));
    await expect.poll(countBlocked).toBe(1);
    const refused = Promise.allSettled(Array.from({ length: 8 }, () => log.append(intent(world.vault))));
    await expect.poll(countBlocked).toBe(2);
    await unblock();
    await written;
    for (const result of await refused) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'audit-unavailable' } });
    }
    await expect(log.append(refusal(world.vault))).rejects.toMatchObject({ code: 'audit-unavailable' });
    expect(log.heads()).toMatchObject({ [first ?? '']: { seq: 2 }, [second ?? '']: { seq: 1 } });
    expect(world.alarms).toContainEqual(
      expect.objectContaining({ table: 'audit_event', row: `${second ?? ''}:2` }),
    );
    await world.superuser`alter table audit_event disable trigger all`;
    await world.superuser`delete from audit_event where chain_id = ${second ?? ''} and chain_seq = 2`;
    await world.superuser`alter table audit_event enable trigger all`;
    await expect(log.close()).rejects.toMatchObject({ code: 'audit-unavailable' });
    log = await world.start();
    await settleIntents(log, world);
  });

  test('an administrative commit whose answer is lost is found in the database', async () => {
    const changed = log.transaction(async (tx, append) => {
      await tx.execute(`update vault set name = 'found'`);
      await append(CHANGE);
      proxy.holdAnswers(); // only COMMIT is left
      return 'done';
    });
    const name = async () => (await world.superuser`select name from vault`)[0]?.['name'];
    await expect.poll(name).toBe('found');
    proxy.cut();
    await expect(changed).resolves.toBe('done');
  });

  test('an administrative transaction whose backend is killed is rolled back', async () => {
    const before = log.heads();
    const failed = log.transaction(async (_, append) => {
      await append(CHANGE);
      await killBackends();
    });
    await expect(failed).rejects.toThrow();
    expect(log.heads()).toEqual(before);
  });
});

async function settleIntents(log: AuditLog, world: AuditWorld): Promise<void> {
  const rows = await world.superuser<{ id: `evt_${string}` }[]>`
    select id from audit_event intent where kind = 'call.intent'
      and not exists (select from audit_event outcome where outcome.intent_id = intent.id)`;
  const sizes = { requestBytes: 0, responseBytes: 0, totalMs: 0 };
  for (const { id } of rows) {
    await log.append({ kind: 'call.outcome', ...SYSTEM, intent: id, result: 'failed', ...sizes });
  }
}

interface Proxy {
  readonly port: number;
  /** From now on no answer of the server comes through. */
  holdAnswers(): void;
  cut(): void;
  close(): Promise<void>;
}

/** A way to the server that loses answers and breaks like a network does. */
async function startProxy(target: number): Promise<Proxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let isHolding = false;
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    const pair = [client, upstream] as const;
    pairs.add(pair);
    for (const [from, to] of [pair, [upstream, client] as const]) {
      from.on('data', (chunk) => {
        if (from === client || !isHolding) to.write(chunk);
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        pairs.delete(pair);
        to.end();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    holdAnswers: () => {
      isHolding = true;
    },
    cut: () => {
      isHolding = false;
      for (const [client, upstream] of pairs) {
        client.destroy();
        upstream.destroy();
      }
    },
    close: async () => {
      server.close();
      for (const [client, upstream] of pairs) {
        client.destroy();
        upstream.destroy();
      }
      await once(server, 'close');
    },
  };
}
