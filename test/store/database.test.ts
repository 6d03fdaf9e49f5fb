// Both engines behind one interface: what goes in comes out, errors stay with their query, transactions are apart.
import { randomBytes } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase, type Database } from '../../src/store/database.ts';
import { installation, keySlot } from '../../src/store/installation-tables.ts';
import { vault } from '../../src/store/tables.ts';
import { type CreatedDatabase, testDatabases } from '../support/database.ts';

const at = new Date('2026-02-03T04:05:06.789Z');

describe.each(testDatabases())('the $name database', ({ name, create }) => {
  let created: CreatedDatabase;
  let database: Database;

  beforeAll(async () => {
    created = await create();
    database = await openDatabase(created.options);
  });
  afterAll(async () => {
    await database?.close();
    await created?.drop();
  });

  const count = async (id: string): Promise<number> =>
    (await database.calls`select from vault where id like ${`vlt_${id}%`}`).length;
  const addVault = (id: string) =>
    database.calls`insert into vault (id, name, epoch, created_at) values (${`vlt_${id}`}, ${id}, 1, ${at})`;

  it('says which server answers', () => {
    expect(database.kind).toBe(name);
    expect(database.version).toMatch(/^\d+\.\d+/);
  });

  it('gives back through tables what went in', async () => {
    const slot = {
      id: 'slt_1' as const,
      provider: 'file',
      providerKeyId: 'ключ "1"\n',
      parameters: { deep: [1, null, { a: "it's" }] },
      record: randomBytes(64),
      createdAt: at,
    };
    await database.admin.insert(keySlot).values(slot);
    expect(await database.admin.select().from(keySlot).where(eq(keySlot.id, 'slt_1'))).toEqual([slot]);
    await database.admin
      .insert(vault)
      .values({ id: 'vlt_big', name: 'big', epoch: 2n ** 62n, createdAt: at });
    expect((await database.admin.select().from(vault).where(eq(vault.name, 'big')))[0]?.epoch).toBe(
      2n ** 62n,
    );
  });

  it('takes and gives dates, objects and bytes in plain SQL on both pools', async () => {
    for (const sql of [database.calls, database.adminSql]) {
      const bytes = randomBytes(32);
      const [row] = await sql`
        select ${at}::timestamptz as at, ${sql.json({ a: [1] })}::jsonb as json, ${bytes}::bytea as bytes,
          ${['a', 'b']}::text[] as list, null as nothing
      `;
      expect(row).toEqual({ at, json: { a: [1] }, bytes, list: ['a', 'b'], nothing: null });
    }
  });

  it('carries a row of five megabytes', async () => {
    const record = randomBytes(5 * 1024 * 1024);
    await database.admin
      .insert(keySlot)
      .values({ id: 'slt_large', provider: '', providerKeyId: '', parameters: {}, record, createdAt: at });
    const [row] = await database.calls<
      { record: Buffer }[]
    >`select record from key_slot where id = 'slt_large'`;
    expect(row?.record.equals(record)).toBe(true);
  });

  it('keeps an error to its own query among many sent at once', async () => {
    const answers = await Promise.allSettled(
      Array.from({ length: 300 }, (_, n) => database.calls<{ n: number }[]>`select 6 / ${n % 100}::int as n`),
    );
    expect(answers.filter((answer) => answer.status === 'rejected')).toHaveLength(3);
    expect(answers.slice(1, 4)).toMatchObject(
      [6, 3, 2].map((n) => ({ status: 'fulfilled', value: [{ n }] })),
    );
    await expect(database.calls`select nonsense`).rejects.toMatchObject({ code: '42703' });
    await expect(database.calls.unsafe('select 1; select nonsense')).rejects.toMatchObject({ code: '42703' });
    expect(await database.calls`select 1 as one`).toEqual([{ one: 1 }]);
  });

  it('makes a transaction all or nothing', async () => {
    await expect(
      database.admin.transaction(async (tx) => {
        await tx.insert(vault).values({ id: 'vlt_none', name: 'none', epoch: 1n, createdAt: at });
        await tx.insert(vault).values({ id: 'vlt_none', name: 'twice', epoch: 1n, createdAt: at });
      }),
    ).rejects.toThrow();
    expect(await count('none')).toBe(0);
  });

  it('keeps what runs beside a transaction out of it', async () => {
    let beside: Promise<unknown> = Promise.resolve();
    const failing = database.adminSql.begin(async (tx) => {
      await tx`insert into vault (id, name, epoch, created_at) values ('vlt_iso_in', 'iso_in', 1, ${at})`;
      beside = addVault('iso_out').execute(); // not awaited here: on one connection it waits for this transaction
      await tx`select 1`;
      throw new Error('undo');
    });
    await expect(failing).rejects.toThrow('undo');
    await beside;
    expect(await count('iso_out')).toBe(1);
    expect(await count('iso_in')).toBe(0);
  });

  it('rolls back to a savepoint', async () => {
    await database.admin.transaction(async (tx) => {
      await tx.insert(installation).values({ id: 'ins_kept', createdAt: at });
      await expect(
        tx.transaction(async (inner) => {
          await inner.insert(installation).values({ id: 'ins_undone', createdAt: at });
          inner.rollback();
        }),
      ).rejects.toThrow();
    });
    const ids = await database.calls`select id from installation`;
    expect(ids).toEqual([{ id: 'ins_kept' }]);
  });

  it('makes things durable for many callers at once', async () => {
    await Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        await addVault(`durable_${n}`);
        await (n % 2 === 0 ? database.makeDurable() : database.makeRecentDurable());
      }),
    );
    expect(await count('durable')).toBe(40);
  });

  it('rejects queries once it is closed', async () => {
    const other = await create();
    const closed = await openDatabase(other.options);
    await closed.close();
    await expect(closed.calls`select 1`).rejects.toThrow();
    await other.drop();
  });
});
