// What `audit verify` finds when someone with every right on the database, triggers switched off, changes the log.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sql, TransactionSql } from 'postgres';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../src/core/ids.ts';
import type { Id } from '../../src/core/ids.ts';
import type { AuditLog } from '../../src/vault/audit/audit-log.ts';
import { verifyAudit } from '../../src/vault/audit/verify.ts';
import { openHeadFile } from '../../src/store/head-file.ts';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { testDatabases } from '../support/database.ts';
import { chainOf, createAuditWorld, ids, intent, outcome, refusal } from './audit-fixture.ts';
import type { AuditWorld } from './audit-fixture.ts';

interface Chains {
  /** A chain that is closed, of this data directory. */
  readonly own: Id<'chn'>;
  /** The call chain of another replica, whose head this data directory has heard of. */
  readonly peer: Id<'chn'>;
}

interface Attack {
  readonly name: string;
  readonly change: (tx: TransactionSql, chains: Chains) => Promise<unknown>;
  /** What must be found, and nothing else but stray bodies. */
  readonly found: (chains: Chains) => readonly { chain: string; seq: number; reason: string }[];
}

const OWN_EVENTS = 10; // chain.open, 8 events, chain.close

const ATTACKS: readonly Attack[] = [
  ...['kind', 'vault_id'].map((column) => ({
    name: `the column ${column} is edited`,
    change: (tx: TransactionSql, { own }: Chains) =>
      tx`update audit_event set ${tx(column)} = 'x' where chain_id = ${own} and chain_seq = 5`,
    found: ({ own }: Chains) => [{ chain: own, seq: 5, reason: 'edited' }],
  })),
  {
    name: 'the time of an event is moved',
    change: (tx, { own }) =>
      tx`update audit_event set at = at - interval '1 ms' where chain_id = ${own} and chain_seq = 5`,
    found: ({ own }) => [{ chain: own, seq: 5, reason: 'edited' }],
  },
  {
    name: 'the time of an event is moved to another month',
    change: (tx, { own }) =>
      tx`update audit_event set at = at - interval '62 days' where chain_id = ${own} and chain_seq = 5`,
    found: ({ own }) => [{ chain: own, seq: 5, reason: 'edited' }],
  },
  {
    name: 'an outcome is taken from its intent',
    change: (tx, { own }) =>
      tx`update audit_event set intent_id = null where chain_id = ${own} and chain_seq = 4`,
    found: ({ own }) => [
      { chain: own, seq: 3, reason: 'intent-without-outcome' },
      { chain: own, seq: 4, reason: 'edited' },
    ],
  },
  {
    name: 'an outcome is put on another intent',
    change: (tx, { own }) => tx`
      update audit_event set intent_id = 'evt_00000000000000000000000000' where chain_id = ${own} and chain_seq = 4`,
    found: ({ own }) => [
      { chain: own, seq: 3, reason: 'intent-without-outcome' },
      { chain: own, seq: 4, reason: 'edited' },
    ],
  },
  {
    name: 'a body is edited',
    change: (tx, { own }) => tx`
      update audit_body set json = replace(json, '/v1/messages', '/v1/nothing')
      where event_id = (select id from audit_event where chain_id = ${own} and chain_seq = 6)`,
    found: ({ own }) => [{ chain: own, seq: 6, reason: 'edited' }],
  },
  {
    name: 'a body is edited and the leaf hash with it',
    change: async (tx, { own }) => {
      await tx`
        update audit_body set json = replace(json, '/v1/messages', '/v1/nothing')
        where event_id = (select id from audit_event where chain_id = ${own} and chain_seq = 6)`;
      await tx`
        update audit_event set leaf_hash = sha256(leaf_hash) where chain_id = ${own} and chain_seq = 6`;
    },
    found: ({ own }) => [{ chain: own, seq: 6, reason: 'edited' }],
  },
  ...['mac', 'prev_mac', 'body_hash', 'leaf_hash'].map((column) => ({
    name: `the ${column} of an event is edited`,
    change: (tx: TransactionSql, { own }: Chains) => tx`
      update audit_event set ${tx(column)} = sha256(${tx(column)}) where chain_id = ${own} and chain_seq = 7`,
    found: ({ own }: Chains) => [{ chain: own, seq: 7, reason: 'edited' }],
  })),
  ...['mac', 'prev_mac', 'body_hash', 'leaf_hash'].map((column) => ({
    name: `a byte is put at the end of the ${column} of an event`,
    change: (tx: TransactionSql, { own }: Chains) => tx`
      update audit_event set ${tx(column)} = ${tx(column)} || '\\x00'::bytea where chain_id = ${own} and chain_seq = 7`,
    found: ({ own }: Chains) => [{ chain: own, seq: 7, reason: 'edited' }],
  })),
  {
    name: 'the newest MAC of a chain is edited',
    change: (tx, { own }) => tx`
      update audit_event set mac = sha256(mac) where chain_id = ${own} and chain_seq = ${OWN_EVENTS}`,
    found: ({ own }) => [{ chain: own, seq: OWN_EVENTS, reason: 'edited' }],
  },
  {
    name: 'a body is deleted',
    change: (tx, { own }) => tx`
      delete from audit_body where event_id = (select id from audit_event where chain_id = ${own} and chain_seq = 6)`,
    found: ({ own }) => [{ chain: own, seq: 6, reason: 'deleted' }],
  },
  {
    name: 'an event in the middle is deleted',
    change: (tx, { own }) => remove(tx, own, '= 6'),
    found: ({ own }) => [{ chain: own, seq: 6, reason: 'deleted' }],
  },
  {
    name: 'the first event is deleted',
    change: (tx, { own }) => remove(tx, own, '= 1'),
    found: ({ own }) => [{ chain: own, seq: 1, reason: 'deleted' }],
  },
  {
    name: 'an event is deleted and the later ones are numbered anew',
    change: async (tx, { own }) => {
      await remove(tx, own, '= 8');
      await tx`update audit_event set chain_seq = chain_seq - 1 where chain_id = ${own} and chain_seq = 9`;
      await tx`update audit_event set chain_seq = chain_seq - 1 where chain_id = ${own} and chain_seq = 10`;
    },
    found: ({ own }) => [
      { chain: own, seq: 8, reason: 'reordered' },
      { chain: own, seq: 9, reason: 'reordered' },
      { chain: own, seq: 10, reason: 'cut' },
    ],
  },
  {
    name: 'the newest events are cut',
    change: (tx, { own }) => remove(tx, own, '>= 8'),
    found: ({ own }) => [{ chain: own, seq: 8, reason: 'cut' }],
  },
  {
    name: 'everything of this replica is cut',
    change: (tx, { own }) => remove(tx, own, '>= 1'),
    found: ({ own }) => [{ chain: own, seq: 1, reason: 'missing-chain' }],
  },
  {
    name: 'everything of another replica is cut',
    change: (tx, { peer }) => remove(tx, peer, '>= 1'),
    found: ({ peer }) => [{ chain: peer, seq: 1, reason: 'missing-chain' }],
  },
  {
    name: 'two events change places',
    change: async (tx, { own }) => {
      await tx`update audit_event set chain_seq = -1 where chain_id = ${own} and chain_seq = 5`;
      await tx`update audit_event set chain_seq = 5 where chain_id = ${own} and chain_seq = 8`;
      await tx`update audit_event set chain_seq = 8 where chain_id = ${own} and chain_seq = -1`;
    },
    found: ({ own }) => [
      { chain: own, seq: 5, reason: 'reordered' },
      { chain: own, seq: 8, reason: 'reordered' },
    ],
  },
  {
    name: 'the bodies of two events change places',
    change: (tx, { own }) => tx`
      update audit_body set json = other.json, salt = other.salt
      from audit_event event, audit_event twin, audit_body other
      where event.id = audit_body.event_id and other.event_id = twin.id
        and event.chain_id = ${own} and twin.chain_id = ${own}
        and (event.chain_seq, twin.chain_seq) in ((5, 6), (6, 5))`,
    found: ({ own }) => [
      { chain: own, seq: 5, reason: 'edited' },
      { chain: own, seq: 6, reason: 'edited' },
    ],
  },
  {
    name: 'an event is added at the end',
    change: (tx, { own }) => copy(tx, { from: own, seq: 6, to: own, newSeq: OWN_EVENTS + 1 }),
    found: ({ own }) => [{ chain: own, seq: OWN_EVENTS + 1, reason: 'inserted' }],
  },
  {
    name: 'an event is added far behind the end',
    change: (tx, { own }) => copy(tx, { from: own, seq: 6, to: own, newSeq: 1_000_000 }),
    found: ({ own }) => [{ chain: own, seq: 1_000_000, reason: 'inserted' }],
  },
  {
    name: 'an event is added before the beginning',
    change: (tx, { own }) => copy(tx, { from: own, seq: 6, to: own, newSeq: 0 }),
    found: ({ own }) => [{ chain: own, seq: 0, reason: 'inserted' }],
  },
  {
    name: 'an event is added in the middle, beside the one that has its number',
    change: async (tx, { own }) => {
      await tx`drop index audit_event_chain`;
      await copy(tx, { from: own, seq: 6, to: own, newSeq: 7 });
      await copy(tx, { from: own, seq: 5, to: own, newSeq: 7 });
    },
    found: ({ own }) => [
      { chain: own, seq: 7, reason: 'inserted' },
      { chain: own, seq: 7, reason: 'inserted' },
    ],
  },
  {
    name: 'an event is added with a chain of its own',
    change: (tx, { own }) => copy(tx, { from: own, seq: 1, to: FORGED, newSeq: 1 }),
    found: () => [{ chain: FORGED, seq: 1, reason: 'inserted' }],
  },
  {
    name: 'an event is moved to another chain',
    change: (tx, { own, peer }) =>
      tx`update audit_event set chain_id = ${peer}, chain_seq = 100 where chain_id = ${own} and chain_seq = 6`,
    found: ({ own, peer }) => [
      { chain: own, seq: 6, reason: 'deleted' },
      { chain: peer, seq: 100, reason: 'inserted' },
    ],
  },
];

const FORGED: Id<'chn'> = newId(ids, 'chn');

async function remove(tx: TransactionSql, chain: string, which: string): Promise<void> {
  const wanted = tx.unsafe(which);
  await tx`delete from audit_body where event_id in (
    select id from audit_event where chain_id = ${chain} and chain_seq ${wanted})`;
  await tx`delete from audit_event where chain_id = ${chain} and chain_seq ${wanted}`;
}

/** A copy under another id and number, its text edited along, chained to the row before it. */
async function copy(
  tx: TransactionSql,
  place: { from: string; seq: number; to: string; newSeq: number },
): Promise<void> {
  const { from, seq, to, newSeq } = place;
  const id = newId(ids, 'evt');
  await tx`
    insert into audit_event (id, vault_id, chain_id, chain_seq, prev_mac, mac, kind, at, body_hash, leaf_hash)
    select ${id}, vault_id, ${to}, ${newSeq}, coalesce((
        select mac from audit_event where chain_id = ${to} and chain_seq < ${newSeq} order by chain_seq desc limit 1
      ), prev_mac), sha256(mac), kind, at, body_hash, leaf_hash
    from audit_event where chain_id = ${from} and chain_seq = ${seq}`;
  await tx`
    insert into audit_body (event_id, month, salt, json)
    select ${id}, month, salt, replace(json, event_id, ${id}) from audit_body
    where event_id = (select id from audit_event where chain_id = ${from} and chain_seq = ${seq})`;
}

describe.each(testDatabases())('audit verify on $name', (engine) => {
  let world: AuditWorld;
  let live: AuditLog;
  let chains: Chains;

  beforeAll(async () => {
    world = await createAuditWorld(engine);
    const first = await world.start();
    await first.append(refusal(world.vault));
    const { id } = await first.append(intent(world.vault));
    await first.append(outcome(world.vault, id));
    for (let i = 0; i < 5; i += 1) await first.append(refusal(world.vault));
    await first.close();
    const peer = await world.start('peer.json');
    for (let i = 0; i < 5; i += 1) await peer.append(refusal(world.vault));
    live = await world.start();
    live.observePeerHeads(peer.heads());
    chains = { own: chainOf(first, 'call'), peer: chainOf(peer, 'call') };
    await peer.close();
    await live.append(refusal(world.vault));
    await live.close();
    await keepRows(world.superuser);
  });
  afterAll(() => world.close());
  afterEach(() => restoreRows(world.superuser));

  test('finds nothing in a log as it was written', async () => {
    const report = await world.verify();
    expect(report).toMatchObject({ ok: true, problems: [], unlisted: 0 });
    expect(report.chains).toBe(3 * Object.keys(live.heads()).length);
    expect(await world.verify('peer.json')).toMatchObject({ ok: true });
  });

  test.each(ATTACKS)('$name: found', async ({ change, found }) => {
    await world.superuser.begin(async (tx) => {
      await tx`alter table audit_event disable trigger all`;
      await tx`alter table audit_body disable trigger all`;
      await change(tx, chains);
    });
    const report = await world.verify();
    const problems = report.problems.filter(({ chain }) => chain !== '');
    const wanted = found(chains);
    expect(problems).toHaveLength(wanted.length);
    for (const problem of wanted) expect(problems).toContainEqual(expect.objectContaining(problem));
    expect(report.ok).toBe(false);
  });

  test('finds bodies whose events are gone', async () => {
    await world.superuser.begin(async (tx) => {
      await tx`alter table audit_event disable trigger all`;
      await tx`delete from audit_event where chain_id = ${chains.own} and chain_seq = 6`;
    });
    const { problems } = await world.verify();
    expect(problems.map(({ chain, seq, reason }) => ({ chain, seq, reason }))).toEqual([
      { chain: chains.own, seq: 6, reason: 'deleted' },
      { chain: '', seq: 0, reason: 'deleted' },
    ]);
  });

  test('finds an older chain missing without a head file that knows it', async () => {
    await world.superuser.begin(async (tx) => {
      await tx`alter table audit_event disable trigger all`;
      await tx`delete from audit_event where chain_id = ${chains.own} and chain_seq > 4`;
    });
    const { problems } = await world.verify('peer.json');
    expect(problems).toContainEqual(expect.objectContaining({ chain: chains.own, seq: 5, reason: 'cut' }));
  });

  test('accepts bodies that retention dropped, and only those', async () => {
    await world.superuser.begin(async (tx) => {
      await tx`alter table audit_body disable trigger all`;
      await tx`delete from audit_body`;
    });
    const deps = {
      database: world.database,
      macKey: world.macKey,
      headPublicKey: createPublicKey(world.headKey),
      headFile: openHeadFile(join(world.folder, 'heads.json')),
    };
    expect(await verifyAudit({ ...deps, bodiesSince: '9999-01' })).toMatchObject({ ok: true });
    const { problems, events } = await verifyAudit({ ...deps, bodiesSince: '2000-01' });
    expect(problems).toHaveLength(events);
  });

  test('finds a head file that is missing, forged or of another key', async () => {
    const path = join(world.folder, 'heads.json');
    const text = await readFile(path, 'utf8');
    const invalid = { ok: false, problems: [{ chain: '', seq: 0, reason: 'head-file-invalid' }] };
    expect(await world.verify('absent.json')).toMatchObject(invalid);
    for (const forged of [text.replace('"seq":10', '"seq":9'), text.slice(1), `${text}\n`, '{}', '']) {
      await writeFile(path, forged);
      expect(await world.verify()).toMatchObject(invalid);
    }
    await writeFile(path, text);
    const { publicKey } = generateKeyPairSync('ed25519');
    const { database, macKey } = world;
    const headFile = openHeadFile(path);
    expect(await verifyAudit({ database, macKey, headPublicKey: publicKey, headFile })).toMatchObject(
      invalid,
    );
  });

  test('finds every row wrong under another MAC key', async () => {
    const report = await verifyAudit({
      database: world.database,
      macKey: Buffer.alloc(32),
      headPublicKey: createPublicKey(world.headKey),
      headFile: openHeadFile(join(world.folder, 'heads.json')),
    });
    expect(report.problems).toHaveLength(report.events);
  });

  test('heads that no replica wrote do not reach the head file', async () => {
    const log = await world.start('planted.json');
    const [[, head] = []] = Object.entries(log.heads());
    if (head === undefined) throw new Error('the log has no head');
    log.observePeerHeads({
      [FORGED]: { ...head, seq: 1000 },
      [chainOf(log, 'call')]: { ...head, seq: head.seq + 5 },
      nonsense: { a: 1 },
    });
    expect(world.alarms.filter(({ table }) => table === 'replica')).toHaveLength(3);
    await log.close();
    expect(await world.verify('planted.json')).toMatchObject({ ok: true });
  });

  test('progress is told', async () => {
    const seen: number[] = [];
    const headFile = openHeadFile(join(world.folder, 'heads.json'));
    const { database, macKey } = world;
    const report = await verifyAudit(
      { database, macKey, headPublicKey: createPublicKey(world.headKey), headFile },
      ({ events }) => seen.push(events),
    );
    expect(seen.at(-1)).toBe(report.events);
  });
});

async function keepRows(superuser: Sql): Promise<void> {
  await superuser`create table kept_event as select * from audit_event`;
  await superuser`create table kept_body as select * from audit_body`;
}

async function restoreRows(superuser: Sql): Promise<void> {
  await superuser.begin(async (tx) => {
    await tx`alter table audit_event disable trigger all`;
    await tx`alter table audit_body disable trigger all`;
    await tx`delete from audit_event`;
    await tx`delete from audit_body`;
    await tx`insert into audit_event select * from kept_event`;
    await tx`insert into audit_body select * from kept_body`;
    await tx`create unique index if not exists audit_event_chain on audit_event (chain_id, chain_seq)`;
  });
}
