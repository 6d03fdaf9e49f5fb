// Connections that are cut in the middle of a transaction, and arrays of text, which the driver is not asked to look up.
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';
import type { Transaction } from '../../src/store/transaction.ts';
import { testDatabases } from '../support/database.ts';
import { addressOf, startTcpProxy } from '../support/tcp-proxy.ts';

const onPostgres = testDatabases().filter(({ name }) => name === 'postgres');

async function openOverRelay(create: (typeof onPostgres)[number]['create']) {
  const created = await create();
  const { options } = created;
  if (options.kind !== 'postgres') throw new Error('this needs Postgres');
  const relay = await startTcpProxy(addressOf(options.url));
  const database = await openDatabase({ ...options, url: relay.through(options.url) });
  onTestFinished(async () => {
    await database.close();
    await relay.close();
    await created.drop();
  });
  return { database, relay };
}

describe.each(onPostgres)('a transaction whose connection is cut', ({ create }) => {
  it('is rejected, and the process lives', async () => {
    const { database, relay } = await openOverRelay(create);
    for (let loop = 0; loop < 10; loop += 1) {
      const cut = database.admin.transaction(async (tx) => {
        await tx.execute('select 1');
        const sleeping = tx.execute('select pg_sleep(10)');
        setImmediate(() => relay.cut());
        await sleeping;
      });
      await expect(cut).rejects.toThrow();
    }
    await expect
      .poll(async () => [...(await database.adminSql`select 1 as one`.catch(() => []))])
      .toEqual([{ one: 1 }]);
  });

  it('says nothing more, neither there nor on the connection that takes its place', async () => {
    const { database, relay } = await openOverRelay(create);
    const transactions: Transaction[] = [];
    const cut = database.admin.transaction(async (tx) => {
      transactions.push(tx);
      await tx.execute('select 1');
      relay.cut();
      await new Promise(() => undefined); // it is at something else when the connection goes
    });
    await expect(cut).rejects.toThrow();
    await Promise.all([1, 2, 3, 4].map(() => database.adminSql`select 1`.catch(() => undefined)));
    for (const tx of transactions) {
      await expect(tx.execute('select 1')).rejects.toMatchObject({
        cause: { message: 'the transaction is over' },
      });
    }
    expect(transactions.length).toBe(1);
  });

  it.each([
    ['comes to its end', () => undefined],
    [
      'fails',
      () => {
        throw new Error('of its own');
      },
    ],
  ])('is rejected once where its work %s only later', async (_, end) => {
    const { database, relay } = await openOverRelay(create);
    for (let loop = 0; loop < 5; loop += 1) {
      const later = new AbortController();
      const cut = database.admin.transaction(async (tx) => {
        await tx.execute('select 1');
        relay.cut();
        await once(later.signal, 'abort'); // at something else
        end();
      });
      await expect(cut).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
      later.abort();
      for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    await expect
      .poll(async () => [...(await database.adminSql`select 1 as one`.catch(() => []))])
      .toEqual([{ one: 1 }]);
  });

  it('in the middle of starting a connection too', async () => {
    const { database, relay } = await openOverRelay(create);
    // The driver waits up to a second before it connects again: few loops, eight connections each.
    for (let loop = 0; loop < 8; loop += 1) {
      const asked = Array.from({ length: 8 }, () => database.calls`select 1`.catch(() => undefined));
      await new Promise((resolve) => setTimeout(resolve, loop));
      relay.cut();
      await Promise.all(asked);
    }
    // Each connection of the pool that was cut while idle costs one question.
    await expect
      .poll(async () => [...(await database.calls`select 1 as one`.catch(() => []))])
      .toEqual([{ one: 1 }]);
  });
});

describe.each(onPostgres)('connections that are cut all at once', ({ create }) => {
  it('are all of use again, whatever was given to those whose end was not known yet', async () => {
    const { database, relay } = await openOverRelay(create);
    const askUntilAnswered = async (): Promise<unknown> => {
      const rows = await database.calls`select 1 as one`.catch(() => undefined);
      return rows ?? askUntilAnswered();
    };
    const nap = () => database.calls`select pg_sleep(0.02)`;
    for (let loop = 0; loop < 5; loop += 1) {
      const others = Array.from({ length: 7 }, nap);
      const cut = database.calls`select pg_sleep(10)`.catch(askUntilAnswered);
      await Promise.all(others);
      relay.cut();
      await cut;
      const answers = Promise.all(Array.from({ length: 8 }, nap));
      expect(await Promise.race([answers, delay(5000, 'too late')])).toHaveLength(8);
    }
  });
});

describe.each(testDatabases())('an array of text on the $name database', ({ create }) => {
  it('comes back as it was sent, whatever is in it', async () => {
    const created = await create();
    const database = await openDatabase(created.options);
    onTestFinished(async () => {
      await database.close();
      await created.drop();
    });
    const texts = [
      '',
      'a',
      'NULL',
      'null',
      '"',
      '\\',
      '\\"',
      '{}',
      ',',
      ' x ',
      'a\nb',
      'ä€𝄞',
      "'",
      '{"a","b"}',
    ];
    for (const sent of [texts, [], ['one'], ...texts.map((text) => [text])]) {
      const [row] = await database.calls<{ list: string[] }[]>`select ${sent}::text[] as list`;
      expect(row?.list).toEqual(sent);
    }
    const [nulls] = await database.calls`select array['a', null, 'NULL'] as list`;
    expect(nulls?.['list']).toEqual(['a', null, 'NULL']);
  });
});
