// On Postgres: two roles, replicas that start at the same moment, and a database that goes away and comes back.
import { existsSync } from 'node:fs';
import { connect, createServer, type Server as NetServer, type Socket } from 'node:net';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../src/attack/free-port.ts';
import { type CreatedDatabase, createEmptyPostgres, testServer } from '../support/database.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { complaintsIn, createInstallation, eventually, type Installation, type Server } from './server.ts';

const postgresServer = testServer();
/** Longer than any single wait of the server's for a lost database. */
const RECOVERY_MS = 50_000;

let installation: Installation;
let upstream: Upstream;
beforeAll(async () => {
  [installation, upstream] = await Promise.all([createInstallation(), startUpstream()]);
});
afterAll(async () => {
  await installation.remove();
  await upstream.close();
});

const readyStatus = async (server: Server) => (await fetch(`${server.url}/readyz`)).status;

describe.runIf(postgresServer !== undefined)('two replicas and two roles', () => {
  let created: CreatedDatabase;
  let way: Way;
  let replicas: readonly Server[];
  let token: string;
  beforeAll(async () => {
    if (postgresServer === undefined) throw new Error('there is no server');
    created = await createEmptyPostgres(postgresServer);
    const { options } = created;
    if (options.kind !== 'postgres') throw new Error('not Postgres');
    way = await openWay(options.url);
    const environment = {
      DATABASE_URL: way.url,
      DOORWARD_MIGRATION_DATABASE_URL: options.migrationUrl,
      DOORWARD_ROOT_KEY_FILE: join(installation.root, 'keys/root.key'),
      DOORWARD_PUBLIC_URL: 'http://doorward.test',
    };
    const directories = ['one', 'two'].map((name) => join(installation.root, name));
    replicas = await Promise.all(
      directories.map((dataDirectory) => installation.serve({ dataDirectory, environment })),
    );
  });
  afterAll(async () => {
    await Promise.all((replicas ?? []).map((replica) => replica.stop()));
    await way?.close();
    await created?.drop();
  });

  const superuser = async <T>(ask: (sql: postgres.Sql) => Promise<T>): Promise<T> => {
    const sql = postgres(created.superuserUrl ?? '', { max: 1 });
    try {
      return await ask(sql);
    } finally {
      await sql.end();
    }
  };
  /** Of the first answer that is not "try again shortly": on a busy machine a lease may lapse by itself. */
  const statusOf = (replica: Server, path: string) =>
    eventually(RECOVERY_MS, async () => {
      const { status } = await replica.call(token, path);
      return status === 503 ? undefined : status;
    });
  /** The replica that made the installation: it alone has an owner credential. */
  const first = () => {
    const found = replicas.filter(({ dataDirectory }) => existsSync(join(dataDirectory, 'owner.credential')));
    expect(found).toHaveLength(1);
    return found[0] as Server;
  };

  test('that start at the same moment on an empty database make one installation', async () => {
    const counts = await superuser(
      (sql) => sql`select (select count(*)::int from installation) as installations,
        (select count(*)::int from admin) as admins, (select count(*)::int from key_slot) as slots`,
    );
    expect(counts).toEqual([{ installations: 1, admins: 1, slots: 1 }]);
    token = await first().setUp(upstream.url);
    for (const replica of replicas) {
      expect(complaintsIn(replica.output.stderr)).toEqual([]);
      expect(await statusOf(replica, '/call/vendor/hello')).toBe(200);
    }
    expect(upstream.seen.length).toBe(2);
  });

  test('run as a role that owns nothing and may only add to the audit log', async () => {
    const [found] = await superuser(
      (sql) => sql`
        select array(select distinct usename::text from pg_stat_activity
            where datname = current_database() and application_name = 'doorward') as users,
          array(select relname::text from pg_class where relowner = 'doorward_app'::regrole) as owned,
          array(select distinct privilege_type::text from information_schema.role_table_grants
            where grantee = 'doorward_app' and table_name like 'audit%' order by 1) as rights`,
    );
    expect(found).toEqual({ users: ['doorward_app'], owned: [], rights: ['INSERT', 'SELECT'] });
  });

  test('what one replica is told, the other knows when the answer comes', async () => {
    const [here, there] = [first(), replicas.find((replica) => replica !== first()) as Server];
    expect((await here.admin('POST', '/v1/agents/robot/freeze')).status).toBe(200);
    expect(await statusOf(there, '/call/vendor/frozen')).toBe(403);
    expect((await here.admin('POST', '/v1/agents/robot/unfreeze')).status).toBe(200);
    expect(await statusOf(there, '/call/vendor/again')).toBe(200);
  });

  test('refuse calls and readiness while the database is away, and go on by themselves when it is back', async () => {
    const seen = upstream.seen.length;
    way.cut();
    for (const replica of replicas) {
      await eventually(RECOVERY_MS, async () => ((await readyStatus(replica)) === 503 ? true : undefined));
      const refused = await replica.call(token, '/call/vendor/nobody-records-this');
      expect(refused.status).toBe(503);
      expect(refused.headers.get('retry-after')).toBe('1');
      expect((await fetch(`${replica.url}/healthz`)).status).toBe(200);
    }
    expect(upstream.seen.length).toBe(seen);
    await way.restore();
    for (const replica of replicas) {
      await eventually(RECOVERY_MS, async () => ((await readyStatus(replica)) === 200 ? true : undefined));
      expect(await statusOf(replica, '/call/vendor/back')).toBe(200);
    }
    expect((await first().admin('POST', '/v1/audit/verify')).body).toMatchObject({ ok: true, problems: [] });
  }, 240_000);
});

describe.runIf(postgresServer !== undefined)('a database that restarts', () => {
  let database: PostgresServer;
  beforeAll(async () => {
    database = await startPostgres({ durable: true });
  });
  afterAll(() => database?.stop());

  test('costs calls for a moment, and not the server', async () => {
    const server = await installation.serve({
      dataDirectory: join(installation.root, 'restarted'),
      environment: { DATABASE_URL: database.url },
    });
    const token = await server.setUp(upstream.url);
    await eventually(RECOVERY_MS, async () =>
      (await server.call(token, '/call/vendor/before')).ok ? true : undefined,
    );
    await crash(database.url);
    const statuses = new Set<number>();
    await eventually(RECOVERY_MS, async () => {
      const { status } = await server.call(token, '/call/vendor/meanwhile');
      statuses.add(status);
      return status === 200 && (await readyStatus(server)) === 200 ? true : undefined;
    });
    expect([...statuses].filter((status) => status !== 200 && status !== 503)).toEqual([]);
    expect((await server.admin('POST', '/v1/agents', { name: 'after' })).status).toBe(201);
    expect((await server.admin('POST', '/v1/audit/verify')).body).toMatchObject({ ok: true, problems: [] });
    expect(await server.stop()).toMatchObject({ code: 0 });
  }, 180_000);

  test('does not keep the server from ending', async () => {
    const way = await openWay(database.url);
    const server = await installation.serve({
      dataDirectory: join(installation.root, 'ending'),
      environment: {
        DATABASE_URL: way.url,
        DOORWARD_ROOT_KEY_FILE: join(installation.root, 'restarted/root.key'),
      },
    });
    way.cut();
    await server.stop(); // the test's own limit is what it may take
    await way.close();
  });
});

/** The way to the database, which can be cut: connections end and none is taken. */
interface Way {
  readonly url: string;
  cut(): void;
  restore(): Promise<void>;
  close(): Promise<void>;
}

async function openWay(databaseUrl: string): Promise<Way> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const listen = async (port: number): Promise<NetServer> => {
    const listening = createServer((socket) => {
      const onward = connect(Number(target.port), target.hostname);
      for (const [from, to] of [
        [socket, onward],
        [onward, socket],
      ] as const) {
        sockets.add(from);
        from.pipe(to);
        from.on('error', () => to.destroy()).on('close', () => sockets.delete(from));
      }
    });
    await new Promise<void>((resolve) => listening.listen(port, '127.0.0.1', resolve));
    return listening;
  };
  const port = await freePort(); // nobody else takes it while nothing listens on it
  let server = await listen(port);
  const url = new URL(databaseUrl);
  url.port = String(port);
  const cut = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: url.href,
    cut,
    restore: async () => {
      server = await listen(port);
    },
    close: () => {
      cut();
      return Promise.resolve();
    },
  };
}

/** Kills one of the server's processes, which makes it end all of them and start over. Returns once it has begun to. */
async function crash(url: string): Promise<void> {
  const open = () => postgres(url, { max: 1, onnotice: () => undefined });
  const [killed, witness] = [open(), open()];
  const [row] = await killed<{ pid: number }[]>`select pg_backend_pid() as pid`;
  await witness`select`;
  const ending = expect(witness`select pg_sleep(60)`).rejects.toThrow();
  process.kill(row?.pid ?? Number.NaN, 'SIGKILL');
  await ending;
  await Promise.all([killed.end({ timeout: 0 }), witness.end({ timeout: 0 })]);
}
