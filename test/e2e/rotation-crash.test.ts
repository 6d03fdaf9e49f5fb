// kill -9 in the middle of a rotation, of a real server: the next one goes on. One version is current at any time, and the
// new value is not asked for again.
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CreatedDatabase, testDatabases } from '../support/database.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { createInstallation, eventually, type Installation, SECRET_VALUE, type Server } from './server.ts';

const NEW_VALUE = 'sk-e2e-rotated-7YpQ2vXk94TzWm8LcHdNsB';
/** The dead server's lease, the margin after it, and a turn of the job. */
const RESUMED_MS = 60_000;

let installation: Installation;
let upstream: Upstream;
const open: CreatedDatabase[] = [];
beforeAll(async () => {
  [installation, upstream] = await Promise.all([createInstallation(), startUpstream()]);
});
afterAll(async () => {
  await installation?.remove();
  await upstream?.close();
  for (const database of open) await database.drop(); // the servers on them have ended
});

describe.each(testDatabases())('a server on $name that is killed', ({ name, create }) => {
  let count = 0;

  /** A server with a secret, a service and an agent; `next` starts the one after it. */
  async function setUp() {
    const database = await create();
    open.push(database);
    const { options } = database;
    count += 1;
    const keys = join(installation.root, `keys-${name}-${count}`);
    const serve = (place: string) =>
      options.kind === 'embedded'
        ? installation.serve({ dataDirectory: options.dataDirectory, environment: SHARED })
        : installation.serve({
            dataDirectory: join(installation.root, `${name}-${count}-${place}`),
            environment: {
              ...SHARED,
              DATABASE_URL: options.url,
              DOORWARD_MIGRATION_DATABASE_URL: options.migrationUrl,
              DOORWARD_ROOT_KEY_FILE: join(keys, 'root.key'),
              DOORWARD_OWNER_CREDENTIAL_FILE: join(keys, 'owner.credential'),
            },
          });
    const server = await serve('first');
    const token = await server.setUp(upstream.url);
    answer200();
    return { database, server, token, next: () => serve('second') };
  }

  /** Lets the answer to a probe wait until `release`. */
  function holdProbe() {
    let release = () => {};
    const arrived = new Promise<void>((resolve) => {
      upstream.respond = (_, response) => {
        release = () => void response.end();
        resolve();
      };
    });
    return { arrived, release: () => release() };
  }

  /** The job promotes in the database first: until memory has followed, calls still carry the version before. */
  async function expectCallCarries(server: Server, token: string, value: string): Promise<void> {
    await eventually(RESUMED_MS, async () => {
      const { status } = await server.call(token, '/call/vendor/use');
      if (status === 503) return undefined; // on a busy machine a lease may lapse by itself
      expect(status).toBe(200);
      return upstream.seen.at(-1)?.headers.authorization === `Bearer ${value}` ? true : undefined;
    });
  }

  async function expectResumed(server: Server, token: string): Promise<void> {
    await eventually(RESUMED_MS, async () => ((await states(server))[0] === '2 current' ? true : undefined));
    expect(await states(server)).toEqual(['2 current', '1 previous']);
    await expectCallCarries(server, token, NEW_VALUE);
    expect((await server.admin('POST', '/v1/secrets/vendor/rollback')).status).toBe(200);
    await expectCallCarries(server, token, SECRET_VALUE);
    expect((await server.admin('POST', '/v1/audit/verify')).body).toMatchObject({ ok: true });
  }

  test('while a probe is out leaves a rotation that the next one probes again and promotes', async () => {
    const { server, token, next } = await setUp();
    const probe = holdProbe();
    const lost = server
      .admin('POST', '/v1/secrets/vendor/rotate', { value: NEW_VALUE, probe: 'GET /v1/models' })
      .catch(() => 'lost');
    await probe.arrived;
    expect(await states(server)).toEqual(['2 staged', '1 current']);
    await server.kill();
    expect(await lost).toBe('lost');
    answer200();
    const following = await next();
    await expectResumed(following, token);
    const { body } = await following.admin('GET', '/v1/audit/events?kind=rotation.probed');
    expect((body['items'] as { result: string }[]).map(({ result }) => result)).toEqual([
      'unknown',
      'answered',
    ]);
  });

  test('after a promotion leaves a grace period that the next one ends', async () => {
    const { server, token, next } = await setUp();
    const rotated = await server.admin('POST', '/v1/secrets/vendor/rotate', {
      value: NEW_VALUE,
      graceSeconds: 1,
    });
    expect(rotated.body).toMatchObject({ step: 'promoted' });
    await server.kill();
    const following = await next();
    await eventually(RESUMED_MS, async () =>
      (await states(following))[1] === '1 revoked' ? true : undefined,
    );
    expect(await states(following)).toEqual(['2 current', '1 revoked']);
    await expectCallCarries(following, token, NEW_VALUE);
  });

  // Whoever may lock rows can stop a server between two steps.
  if (name === 'postgres') {
    test('between its probe and its promotion leaves a rotation that needs no second probe', async () => {
      const { database, server, token, next } = await setUp();
      const probe = holdProbe();
      const lost = server
        .admin('POST', '/v1/secrets/vendor/rotate', { value: NEW_VALUE, probe: 'GET /v1/models' })
        .catch(() => 'lost');
      await probe.arrived;
      const sql = postgres(database.superuserUrl ?? '', { max: 2, onnotice: () => undefined });
      try {
        await sql.begin(async (tx) => {
          await tx`select from vault for update`;
          probe.release();
          await eventually(RESUMED_MS, async () => {
            const [row] = await sql<{ step: string }[]>`select step from rotation`;
            return row?.step === 'verified' ? true : undefined;
          });
          await server.kill();
        });
      } finally {
        await sql.end();
      }
      expect(await lost).toBe('lost');
      answer200();
      const probes = () => upstream.seen.filter(({ url }) => url === '/v1/models').length;
      const before = probes();
      await expectResumed(await next(), token);
      expect(probes()).toBe(before);
    });
  }
});

const SHARED = { DOORWARD_PUBLIC_URL: 'http://doorward.test' };

function answer200(): void {
  upstream.respond = (_, response) => response.end('{}');
}

async function states(server: Server): Promise<string[]> {
  const { body } = await server.admin('GET', '/v1/secrets/vendor/versions');
  return (body['items'] as { number: number; state: string }[]).map(
    ({ number, state }) => `${number} ${state}`,
  );
}
