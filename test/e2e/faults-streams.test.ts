// Streams that are open on the embedded database while its thread dies: nobody else can change a right there, so they go on,
// nothing of them is lost, and how they ended is on record once, when there is a database again.
import { rename } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Id } from '../../src/core/ids.ts';
import { reapIntents } from '../../src/vault/audit/reap.ts';
import { testDatabases } from '../support/database.ts';
import { createWorld, type World } from '../support/world.ts';
import { eventually } from './server.ts';

const [embedded] = testDatabases();

describe('a stream, while the thread of the embedded database is dead', () => {
  let world: World;
  let token: string;
  let streams: ServerResponse[] = [];
  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    world = await createWorld({ database: embedded });
    const { key } = await world.setUp();
    token = await world.token('robot', key);
    world.upstream.respond = ({ url }, response) => {
      if (!url.startsWith('/stream')) {
        response.end('ok');
        return;
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: first\n\n');
      streams.push(response);
    };
  });
  beforeEach(() => {
    streams = [];
  });
  afterAll(() => world?.close());

  const status = async (path: string) =>
    (await fetch(`${world.apps[0]?.address ?? ''}${path}`, { headers: { authorization: `Bearer ${token}` } }))
      .status;
  const upstreamOf = () => streams.at(-1) ?? expect.fail('the stream has not begun');

  /** A stream, read as it comes. */
  async function openStream(path: string) {
    const response = await world.call(token, `/call/vendor${path}`);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const next = async () => {
      const { done = true, value = '' } = (await reader?.read()) ?? {};
      text += value;
      return done;
    };
    return {
      told: () => text,
      hears: async (wanted: string) => {
        while (!text.includes(wanted)) if (await next()) throw new Error(`it ended with: ${text}`);
      },
      ends: async () => {
        while (!(await next()));
      },
    };
  }

  /** Postgres panics, since its log is gone; what is given brings the log back. */
  async function killThread(): Promise<() => Promise<void>> {
    const database = world.apps[0]?.operations.database;
    if (database === undefined) throw new Error('the world has one server');
    const log = join(world.dataDirectories[0] ?? '', 'db/pg_wal');
    await rename(log, `${log}.away`);
    const panic = database.calls`select pg_switch_wal()`.then(() => database.calls`checkpoint`);
    await expect(panic).rejects.toThrow();
    return () => rename(`${log}.away`, log);
  }
  const whenBack = () =>
    eventually(60_000, async () => ((await status('/readyz')) === 200 ? true : undefined));

  /** What the job that closes intents of ended replicas does when it comes round. */
  async function reap(): Promise<number> {
    const { database, audit } = world.apps[0]?.operations ?? expect.fail('the world has one server');
    const [{ replica } = {}] = await world.events('server.start');
    return await reapIntents({ database, audit, replica: replica as Id<'rep'> });
  }

  /** What the log says of the call of a path, once it says how it ended. */
  async function outcomesOf(path: string) {
    const intent = (await world.events('call.intent')).find((event) => event['path'] === path);
    const told = async () =>
      (await world.events('call.outcome')).filter((event) => event['intent'] === intent?.['id']);
    await expect.poll(async () => (await told()).length, { timeout: 60_000 }).toBeGreaterThan(0);
    return await told();
  }
  async function expectVerified(): Promise<void> {
    const { body } = await world.admin('POST', '/v1/audit/verify');
    expect(body).toMatchObject({ ok: true, problems: [] });
  }

  test('goes on, and ends whole after the database is back', async () => {
    const stream = await openStream('/stream/through');
    await stream.hears('first');
    const bringBack = await killThread();
    await eventually(30_000, async () => (await status('/call/vendor/refused')) === 503 || undefined);
    upstreamOf().write('data: while dead\n\n');
    await stream.hears('while dead');
    await bringBack();
    await whenBack();
    expect(await status('/call/vendor/after')).toBe(200);

    expect(await reap()).toBe(0); // whoever still streams has not ended, however long the database was away
    upstreamOf().end('data: last\n\n');
    await stream.ends();
    expect(stream.told()).toBe('data: first\n\ndata: while dead\n\ndata: last\n\n');
    expect(await outcomesOf('/stream/through')).toMatchObject([
      { result: 'answered', status: 200, responseBytes: stream.told().length },
    ]);
    await expectVerified();
  }, 120_000);

  test('that ends meanwhile ends whole, and is told as that later, once', async () => {
    const stream = await openStream('/stream/meanwhile');
    await stream.hears('first');
    const bringBack = await killThread();
    await eventually(30_000, async () => (await status('/call/vendor/refused')) === 503 || undefined);
    upstreamOf().end('data: last\n\n');
    await stream.ends();
    expect(stream.told()).toBe('data: first\n\ndata: last\n\n');
    await bringBack();
    await whenBack();
    expect(await outcomesOf('/stream/meanwhile')).toMatchObject([
      { result: 'answered', status: 200, responseBytes: stream.told().length },
    ]);
    await expectVerified();
  }, 120_000);

  test('whose upstream breaks off meanwhile is cut, and told as that', async () => {
    const stream = await openStream('/stream/broken');
    await stream.hears('first');
    const bringBack = await killThread();
    upstreamOf().destroy();
    await expect(stream.ends()).rejects.toThrow();
    await bringBack();
    await whenBack();
    expect(await outcomesOf('/stream/broken')).toMatchObject([{ result: 'failed' }]);
    await expectVerified();
  }, 120_000);
});
