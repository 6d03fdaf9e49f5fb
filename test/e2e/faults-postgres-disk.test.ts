// The disk of Postgres fills while calls are made: they and changes are refused with one problem that says so, nothing leaves
// without its intent, nothing stored is lost, and with room again all goes on by itself, also where Postgres panicked.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HAS_SANDBOX, isThere } from '../cli/needs.ts';
import { startHammer } from '../support/hammer.ts';
import { findPostgres } from '../support/postgres.ts';
import { type PostgresOnDisk, startPostgresOnDisk } from '../support/postgres-on-disk.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { createInstallation, eventually, type Installation, type Server } from './server.ts';

const DISK_BYTES = 96 * 1024 * 1024;
const CALLERS = 4;
const UNAVAILABLE: unknown = expect.stringMatching(/^(audit|database)-unavailable$/);

const HAS_POSTGRES = isThere('a Postgres of their own', () => {
  const found = findPostgres();
  if ('missing' in found) throw new Error(found.missing);
});

describe.runIf(HAS_SANDBOX && HAS_POSTGRES)('a Postgres whose disk is full', () => {
  let disk: PostgresOnDisk;
  let installation: Installation;
  let upstream: Upstream;
  let server: Server;
  let token: string;
  beforeAll(async () => {
    [installation, upstream, disk] = await Promise.all([
      createInstallation(),
      startUpstream(),
      startPostgresOnDisk(DISK_BYTES),
    ]);
    const dataDirectory = join(installation.root, 'data');
    await mkdir(dataDirectory, { mode: 0o700 });
    server = await installation.serve({ dataDirectory, environment: { DATABASE_URL: disk.url } });
    token = await server.setUp(upstream.url);
  }, 120_000);
  afterAll(async () => {
    await installation?.remove();
    await upstream?.close();
    await disk?.stop();
  });

  const readiness = async () => {
    const response = await fetch(`${server.url}/readyz`);
    const { checks } = (await response.json()) as { checks: Record<string, string> };
    return { status: response.status, checks };
  };
  const whenReady = () =>
    eventually(60_000, async () => ((await readiness()).status === 200 ? true : undefined));
  const call = async (path: string) => {
    const response = await server.call(token, `/call/vendor${path}`);
    const body = (await response.json()) as Record<string, unknown>;
    return { path, status: response.status, headers: response.headers, body };
  };
  const hasSeen = (path: string) => upstream.seen.some(({ url }) => url === path);
  /** Of the whole log, oldest first. */
  async function events(kind: string): Promise<Record<string, unknown>[]> {
    const found: Record<string, unknown>[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await server.admin('GET', `/v1/audit/events?kind=${kind}&limit=500${cursor}`);
      found.push(...(body['items'] as Record<string, unknown>[]));
      if (typeof body['nextCursor'] !== 'string') return found;
      cursor = `&cursor=${encodeURIComponent(body['nextCursor'])}`;
    }
  }
  async function expectWhole(): Promise<void> {
    const verified = await server.admin('POST', '/v1/audit/verify');
    expect(verified.body).toMatchObject({ ok: true, problems: [] });
    const intents = await events('call.intent');
    const intended = new Set(intents.map(({ path }) => path));
    expect(upstream.seen.filter(({ url }) => !intended.has(url))).toEqual([]);
    const open = async () => {
      const ended = new Set((await events('call.outcome')).map(({ intent }) => intent));
      return intents.filter(({ id }) => !ended.has(id));
    };
    await expect.poll(open, { timeout: 60_000, interval: 500 }).toEqual([]);
  }

  test('refuses calls and changes with what is wrong, and sends nothing', async () => {
    const hammer = startHammer({
      callers: CALLERS,
      token,
      address: server.url,
      path: (count) => `/call/vendor/hammer/${count}`,
    });
    await eventually(60_000, () => Promise.resolve((hammer.statuses.get(200) ?? 0) > 50 || undefined));
    await disk.fill();
    await hammer.allRefused();
    await hammer.stop();
    expect(new Set(hammer.statuses.keys())).toEqual(new Set([200, 503]));
    expect(upstream.seen.length).toBe(hammer.statuses.get(200));

    let refused = 0;
    for (let count = 0; refused < 20; count += 1) {
      const { path, status, headers, body } = await call(`/full/${count}`);
      expect([path, status, hasSeen(path)]).toEqual([path, status === 200 ? 200 : 503, status === 200]);
      refused = status === 200 ? 0 : refused + 1; // a page that is there already may have room for one more
      if (status === 200) continue;
      expect(headers.get('content-type')).toBe('application/problem+json');
      expect(headers.get('retry-after')).toMatch(/^\d+$/);
      expect(body).toMatchObject({
        code: 'audit-unavailable',
        fault: 'vault',
        detail: expect.stringContaining('no room left'),
      });
    }
    const change = await server.admin('POST', '/v1/agents', { name: 'full' });
    expect(change).toMatchObject({
      status: 503,
      body: { code: 'database-unavailable', detail: expect.stringContaining('no room left') },
    });
    const notReady = await eventually(60_000, async () => {
      await call('/while-full');
      const found = await readiness();
      return found.status === 200 ? undefined : found;
    });
    expect(notReady).toMatchObject({ status: 503, checks: { audit: 'nothing can be recorded' } });
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  }, 180_000);

  test('goes on by itself when there is room again, with everything that was stored', async () => {
    await disk.free();
    await whenReady();
    expect((await call('/after')).status).toBe(200);
    expect((await server.admin('POST', '/v1/agents', { name: 'full' })).status).toBe(201); // nothing of it was kept
    expect((await server.admin('GET', '/v1/secrets/vendor')).status).toBe(200);
    await expectWhole();
  }, 180_000);

  test('that panics for want of room for its own log is the same: refused, whole, and back by itself', async () => {
    await disk.fill();
    await fillOwnLog(disk);
    let count = 0;
    const refused = await eventually(60_000, async () => {
      const answer = await call(`/panicked/${(count += 1)}`);
      expect([answer.path, hasSeen(answer.path)]).toEqual([answer.path, answer.status === 200]);
      return answer.status === 200 ? undefined : answer; // back already, with a page that has room
    });
    expect(refused).toMatchObject({ status: 503, body: { code: UNAVAILABLE } });
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    const change = await eventually(60_000, async () => {
      const answer = await server.admin('POST', '/v1/agents', { name: `panicked-${(count += 1)}` });
      return answer.status === 201 ? undefined : answer;
    });
    expect(change).toMatchObject({ status: 503, body: { code: UNAVAILABLE } });

    await disk.free();
    await whenReady();
    expect((await call('/recovered')).status).toBe(200);
    expect((await server.admin('GET', '/v1/secrets/vendor')).status).toBe(200);
    await expectWhole();
  }, 180_000);
});

/** Makes the server's log grow until it panics, as somebody else's work on the same server might. */
async function fillOwnLog({ url, said }: PostgresOnDisk): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  const write = () => sql`select pg_logical_emit_message(false, 'filler', repeat('x', 200000))`;
  while (
    await write().then(
      () => true,
      () => false,
    )
  );
  await sql.end({ timeout: 1 });
  await eventually(60_000, () => Promise.resolve(said.some((line) => line.includes('PANIC')) || undefined));
}
