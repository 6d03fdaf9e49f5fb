// The embedded engine by itself: wire protocol in any pieces, the death of its thread, and its files' modes.
import { statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from '../support/properties.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedDatabase, openEmbedded } from '../../src/store/embedded.ts';
import { openDatabase } from '../../src/store/database.ts';
import { vault } from '../../src/store/tables.ts';
import { eventually } from '../e2e/server.ts';
import { createEmbedded } from '../support/database.ts';

const message = (type: string, body: string): Buffer => {
  const head = Buffer.alloc(5, type);
  head.writeUInt32BE(Buffer.byteLength(body) + 4, 1);
  return Buffer.concat([head, Buffer.from(body)]);
};
const query = (sql: string) => message('Q', `${sql}\0`);
const STARTUP = (() => {
  const body = Buffer.from('user\0postgres\0database\0postgres\0\0');
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8, 0);
  head.writeUInt32BE(196_608, 4);
  return Buffer.concat([head, body]);
})();
const READY = Buffer.from([0x5a, 0, 0, 0, 5]);

describe('the embedded engine', () => {
  let created: Awaited<ReturnType<typeof createEmbedded>>;
  let engine: EmbeddedDatabase;
  beforeAll(async () => {
    created = await createEmbedded();
    engine = await openEmbedded(join(created.options.dataDirectory, 'db'));
  });
  afterAll(async () => {
    await engine?.close();
    await created?.drop();
  });

  /** Writes the pieces and collects what comes until `ready` times ReadyForQuery. */
  function speak(pieces: readonly Buffer[], ready: number): Promise<Buffer> {
    const socket = engine.connect();
    const answers: Buffer[] = [];
    return new Promise((resolve, reject) => {
      socket.on('error', reject);
      socket.on('close', () => resolve(Buffer.concat(answers)));
      socket.on('data', (bytes: Buffer) => {
        answers.push(bytes);
        if (Buffer.concat(answers).toString('latin1').split(READY.toString('latin1')).length > ready) {
          socket.end(message('X', ''));
        }
      });
      for (const piece of pieces) socket.write(piece);
    });
  }

  it('understands messages cut at every byte', async () => {
    const bytes = Buffer.concat([STARTUP, query("select 'first'"), query("select 'second'")]);
    const answer = await speak(
      Array.from(bytes, (byte) => Buffer.from([byte])),
      3,
    );
    expect(answer.toString('latin1')).toMatch(/first.*second/s);
  });

  it('understands many messages in one piece, an error among them', async () => {
    const bytes = [STARTUP, query('select nonsense'), query("select 'after'"), query('')];
    const answer = (await speak([Buffer.concat(bytes)], 4)).toString('latin1');
    expect(answer).toMatch(/C42703.*after/s);
  });

  it('answers a request for TLS with no, and forgets a request to cancel', async () => {
    const ssl = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
    expect((await speak([Buffer.concat([ssl, STARTUP])], 1)).subarray(0, 1).toString()).toBe('N');
    const cancel = Buffer.from([0, 0, 0, 16, 0x04, 0xd2, 0x16, 0x2e, 0, 0, 0, 1, 0, 0, 0, 1]);
    expect(await speak([cancel], 1)).toHaveLength(0);
  });

  it('leaves nothing of an ended session to the next', async () => {
    await speak([STARTUP, query('begin; create table left_over (); prepare p as select 1')], 2);
    const answer = await speak([STARTUP, query('execute p'), query('table left_over')], 3);
    const text = answer.toString('latin1');
    expect(text).toContain('C26000'); // invalid_sql_statement_name
    expect(text).toContain('C42P01'); // undefined_table
  });
});

describe('queries sent ahead of their answers', () => {
  it('get their own answers, whatever fails between them', async () => {
    const created = await createEmbedded();
    const database = await openDatabase(created.options);
    const { calls } = database;
    const Step = fc.constantFrom(
      'prepared',
      'unprepared',
      'simple',
      'bad value',
      'bad statement',
      'bad simple',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(Step, { minLength: 1, maxLength: 40 }), async (steps) => {
        const answers = await Promise.allSettled(
          steps.map((step, n) => {
            if (step === 'prepared') return calls`select 1000 / ${n + 1}::int as n`.execute();
            if (step === 'bad value') return calls`select 1000 / ${-n + n}::int as n`.execute();
            if (step === 'bad statement') return calls`select ${n}::int as n, nonsense`.execute();
            if (step === 'unprepared') return calls.unsafe('select 1000 / ($1::int + 1) as n', [n]).execute();
            return calls.unsafe(step === 'simple' ? `select 1000 / ${n + 1} as n` : `select 1 / 0`).execute();
          }),
        );
        expect(answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : 'failed'))).toEqual(
          steps.map((step, n) => (step.startsWith('bad') ? 'failed' : [{ n: Math.trunc(1000 / (n + 1)) }])),
        );
      }),
    );
    await database.close();
    await created.drop();
  });
});

describe('the death of the database thread', () => {
  it('rejects what is under way and what comes later', async () => {
    const created = await createEmbedded();
    const database = await openDatabase(created.options);
    // A panic inside Postgres: its log is gone.
    await rm(join(created.options.dataDirectory, 'db/pg_wal'), { recursive: true });
    const waiting = [
      database.calls`select pg_switch_wal()`.execute(),
      database.calls`insert into vault (id, name, epoch, created_at) values ('a', 'a', 1, now())`.execute(),
      database.calls`select pg_switch_wal()`.execute(),
      ...Array.from({ length: 5 }, () => database.calls`select 1`.execute()),
    ];
    const answers = await Promise.allSettled(waiting);
    expect(answers.slice(2).every(({ status }) => status === 'rejected')).toBe(true);
    const ended = { code: 'CONNECTION_CLOSED' };
    await expect(database.calls`select 1`).rejects.toMatchObject(ended);
    await expect(database.admin.transaction((tx) => tx.select().from(vault))).rejects.toMatchObject(ended);
    await expect(database.makeDurable()).rejects.toMatchObject(ended);
    await expect(database.makeRecentDurable()).rejects.toMatchObject(ended);
    await database.close();
    await created.drop();
  });

  it('is followed by another, which has every row that was acknowledged', async () => {
    const created = await createEmbedded();
    const database = await openDatabase(created.options);
    await database.calls`insert into vault (id, name, epoch, created_at) values ('kept', 'kept', 1, now())`;
    const log = join(created.options.dataDirectory, 'db/pg_wal');
    await rename(log, `${log}.away`);
    await expect(
      database.calls`select pg_switch_wal()`.then(() => database.calls`checkpoint`),
    ).rejects.toThrow();
    await rename(`${log}.away`, log);
    const names = await eventually(30_000, () =>
      database.calls<{ name: string }[]>`select name from vault where id = 'kept'`.catch(() => undefined),
    );
    expect(names).toEqual([{ name: 'kept' }]);
    await database.makeDurable();
    await database.close();
    await created.drop();
  });

  it('is said when the directory can not be opened', async () => {
    const opened = openDatabase({ kind: 'embedded', dataDirectory: '/proc/nowhere' });
    await expect(opened).rejects.toMatchObject({ code: 'database-unavailable' });
  });
});

describe('the embedded files', () => {
  it('can be entered by their owner only', async () => {
    const created = await createEmbedded();
    const database = await openDatabase(created.options);
    expect(statSync(join(created.options.dataDirectory, 'db')).mode & 0o777).toBe(0o700);
    await database.close();
    await created.drop();
  });
});
