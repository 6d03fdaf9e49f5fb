// A disk that fills while the server runs: calls and changes are refused with a problem, nothing is lost, and when there
// is room again the server goes on by itself.
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HAS_SANDBOX } from '../cli/needs.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { createInstallation, eventually, type Installation, type Server } from './server.ts';

const DISK_BYTES = 96 * 1024 * 1024;

/** Inside: a disk of its own with a prepared database; `fill` and `free` come as lines, the end of them ends the server. */
const INSIDE = `
prepared=$1; disk=$2; shift 2
cp -a "$prepared/." "$disk"
chmod 700 "$disk"
"$@" </dev/null &
server=$!
while read -r word; do
  case $word in
    fill) cat /dev/zero >"$disk/filler" 2>/dev/null; echo 'it is full' ;;
    free) rm "$disk/filler"; echo 'it is free' ;;
  esac
done
kill -TERM $server
wait $server
`;

describe.runIf(HAS_SANDBOX)('a disk that is full', () => {
  let installation: Installation;
  let upstream: Upstream;
  let server: Server;
  let token: string;
  beforeAll(async () => {
    [installation, upstream] = await Promise.all([createInstallation(), startUpstream()]);
    const disk = await installation.emptyDirectory();
    const prepared = await installation.emptyDirectory();
    const mount = ['--size', String(DISK_BYTES), '--tmpfs', disk];
    server = await installation.serve({
      dataDirectory: disk,
      wrapper: ['bwrap', '--dev-bind', '/', '/', ...mount, 'sh', '-c', INSIDE, 'sh', prepared, disk],
      environment: {
        DOORWARD_OWNER_CREDENTIAL_FILE: join(installation.root, 'owner.credential'),
        DOORWARD_ROOT_KEY_FILE: join(installation.root, 'root.key'),
      },
    });
    token = await server.setUp(upstream.url);
  });
  afterAll(async () => {
    await installation.remove();
    await upstream.close();
  });

  async function tell(word: 'fill' | 'free'): Promise<void> {
    const said = server.output.stdout.length;
    server.process.stdin?.write(`${word}\n`);
    const answer = word === 'fill' ? 'it is full' : 'it is free';
    await eventually(30_000, async () => server.output.stdout.slice(said).includes(answer) || undefined);
  }
  const readiness = async () => {
    const response = await fetch(`${server.url}/readyz`);
    const { checks } = (await response.json()) as { checks: Record<string, string> };
    return { status: response.status, checks };
  };
  const statusOf = async (path: string) => (await server.call(token, path)).status;

  test('leaves streams that are open to go on, and how they ended is told when there is room again', async () => {
    const echo = upstream.respond;
    const streams = new Map<string, ServerResponse>();
    upstream.respond = (request, response, raw) => {
      if (!request.url.startsWith('/stream')) {
        echo(request, response, raw);
        return;
      }
      response.write('first ');
      streams.set(request.url, response);
    };
    const paths = ['/stream/meanwhile', '/stream/through'] as const;
    const texts = await Promise.all(
      paths.map(async (path) => {
        const response = await server.call(token, `/call/vendor${path}`);
        return { text: response.text() };
      }),
    );
    await tell('fill');
    await eventually(45_000, async () => (await statusOf('/call/vendor/full')) === 503 || undefined);
    streams.get(paths[0])?.end('last');
    expect(await texts[0]?.text).toBe('first last');
    streams.get(paths[1])?.write('meanwhile ');
    await tell('free');
    await eventually(45_000, async () => ((await readiness()).status === 200 ? true : undefined));
    streams.get(paths[1])?.end('last');
    expect(await texts[1]?.text).toBe('first meanwhile last');

    const events = async (kind: string) => {
      const { body } = await server.admin('GET', `/v1/audit/events?kind=${kind}&limit=500`);
      return body['items'] as Record<string, unknown>[];
    };
    const outcomes = async () => {
      const intents = (await events('call.intent')).filter(({ path }) =>
        paths.some((known) => known === path),
      );
      const ids = new Set(intents.map(({ id }) => id));
      return (await events('call.outcome')).filter(({ intent }) => ids.has(intent));
    };
    await expect.poll(outcomes, { timeout: 45_000 }).toHaveLength(2);
    for (const outcome of await outcomes())
      expect(outcome).toMatchObject({ result: 'answered', status: 200 });
    upstream.respond = echo;
  }, 180_000);

  test('refuses calls and changes while it is, and both go on when there is room again', async () => {
    expect(await statusOf('/call/vendor/before')).toBe(200);
    await tell('fill');
    await eventually(45_000, async () => (await statusOf('/call/vendor/full')) === 503 || undefined);
    const seen = upstream.seen.length;
    const refused = await server.call(token, '/call/vendor/refused');
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    expect(await refused.json()).toMatchObject({ status: 503, code: 'audit-unavailable' });
    expect(upstream.seen.length).toBe(seen);
    expect(await server.admin('POST', '/v1/agents', { name: 'full' })).toMatchObject({
      status: 503,
      body: { code: expect.stringMatching(/^(audit|database)-unavailable$/) },
    });
    expect(await readiness()).toMatchObject({ status: 503, checks: { disk: 'full' } });

    await tell('free');
    await eventually(45_000, async () => ((await readiness()).status === 200 ? true : undefined));
    expect(await statusOf('/call/vendor/after')).toBe(200);
    expect((await server.admin('POST', '/v1/agents', { name: 'after' })).status).toBe(201);
    expect((await server.admin('GET', '/v1/secrets/vendor')).status).toBe(200);
    expect((await server.admin('POST', '/v1/audit/verify')).body).toMatchObject({ ok: true, problems: [] });
    server.process.stdin?.end();
    expect(await server.exited).toMatchObject({ code: 0 });
  }, 180_000);
});
