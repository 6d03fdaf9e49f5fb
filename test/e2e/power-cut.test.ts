// The promise of the embedded database: administrative changes are on the disk before they are answered, calls within a
// second. What the disk holds is taken from the server's own fsync calls.
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rebuild } from '../support/rebuilt-disk.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { createInstallation, eventually, type Installation, type Server } from './server.ts';

const HOOK = fileURLToPath(new URL('../support/power-cut.js', import.meta.url));
const LOSS_SECONDS = 1;
/** Before what comes round twice a minute would make everything durable. */
const BUSY_MS = 10_000;

let installation: Installation;
let upstream: Upstream;
beforeAll(async () => {
  [installation, upstream] = await Promise.all([createInstallation(), startUpstream()]);
});
afterAll(async () => {
  await installation.remove();
  await upstream.close();
});

describe.runIf(existsSync('/proc/self/fd'))('a power cut after a first start', () => {
  let server: Server;
  let disk: string;
  const nothing = () => join(installation.root, 'nothing');
  beforeAll(async () => {
    disk = join(installation.root, 'disk');
    await mkdir(disk);
    await mkdir(nothing(), { mode: 0o700 });
    server = await installation.serve({
      dataDirectory: join(installation.root, 'new/data'),
      nodeArguments: ['--import', HOOK],
      environment: {
        POWER_CUT_ROOT: installation.root,
        POWER_CUT_DISK: disk,
        DOORWARD_LISTEN: '127.0.0.1:0',
      },
    });
  });

  /** A server on what was left. */
  async function afterCut(): Promise<Server> {
    const left = await rebuild(nothing(), disk);
    const dataDirectory = join(left, 'new/data');
    for (const path of ['', 'root.key', 'owner.credential'])
      await chmod(join(dataDirectory, path), path === '' ? 0o700 : 0o600);
    const next = await installation.serve({ dataDirectory });
    void next.exited.then(() => rm(left, { recursive: true }));
    return next;
  }

  /** What the log tells of the call's end; undefined: nothing. */
  async function resultOf(found: Server, path: string): Promise<string | undefined> {
    const events = await found.admin('GET', '/v1/audit/events?limit=500&kind=call.intent,call.outcome');
    const items = events.body['items'] as {
      id: string;
      path?: string;
      intent?: string;
      result?: string;
    }[];
    const intent = items.find((item) => item.path === path);
    return intent && items.find((item) => item.intent === intent.id)?.result;
  }

  test('finds keys, credentials and every change that was answered', async () => {
    const token = await server.setUp(upstream.url);
    const next = await afterCut();
    expect(await next.admin('GET', '/v1/secrets/vendor')).toMatchObject({ status: 200 });
    expect(await next.admin('GET', '/v1/grants')).toMatchObject({ body: { items: [{ agent: 'robot' }] } });
    expect((await next.admin('POST', '/v1/audit/verify')).body).toMatchObject({ ok: true, problems: [] });
    await next.stop();

    // And the next change is not lost to the one before it.
    expect((await server.call(token, '/call/vendor/a')).status).toBe(200);
    await server.admin('POST', '/v1/agents/robot/freeze');
    const frozen = await afterCut();
    expect((await frozen.admin('GET', '/v1/agents/robot')).body).toMatchObject({ state: 'frozen' });
    await frozen.stop();
  });

  test('finds calls that ended a second before it', async () => {
    await server.admin('POST', '/v1/agents/robot/unfreeze');
    const { body } = await server.admin('POST', '/v1/agents', { name: 'second' });
    await server.admin('POST', '/v1/grants', { agent: 'second', service: 'vendor' });
    const token = await server.token('second', String(body['key']));
    const path = '/call/vendor/before-the-cut';
    const response = await server.call(token, path);
    await response.text();
    // The promise is about time, so time has to pass; where the server itself had none, some more.
    await new Promise((resolve) => setTimeout(resolve, LOSS_SECONDS * 1000));
    const next = await eventually(BUSY_MS, async () => {
      const found = await afterCut();
      if ((await resultOf(found, '/before-the-cut')) !== undefined) return found;
      await found.stop();
      return undefined;
    });
    expect(await resultOf(next, '/before-the-cut')).toBe('answered');
    expect((await next.admin('POST', '/v1/audit/verify')).body).toMatchObject({ ok: true, problems: [] });
    await next.stop();
    await server.stop();
  }, 120_000);

  test('finds the directory itself, and the names of its files', async () => {
    const notes = (await readFile(join(disk, 'notes'), 'utf8')).trimEnd().split('\n');
    const names = new Set<string>();
    for (const line of notes) {
      const note = JSON.parse(line) as { directory?: string; children?: [string, string][] };
      for (const [name] of note.children ?? []) names.add(join(note.directory ?? '', name));
    }
    for (const path of ['new', 'new/data', 'new/data/root.key', 'new/data/owner.credential', 'new/data/db'])
      expect(names).toContain(path);
  });
});
