// Restoring: onto either kind of database, frozen until it is accepted, all of it or nothing.
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ReadableStream } from 'node:stream/web';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { App } from '../../src/compose.ts';
import {
  emptyPlace,
  encrypted,
  KEYS,
  linesOf,
  makeBackup,
  openApp,
  type Place,
  RECIPIENT,
  restoreInto,
  streamOf,
  withFittingManifest,
} from '../support/backups.ts';
import { newCall, question } from '../support/approvals.ts';
import { testDatabases } from '../support/database.ts';
import { isPassing, patiently } from '../support/patience.ts';
import { createWorld, SECRET_VALUE, type World } from '../support/world.ts';

const PATIENTLY = { timeout: 20_000 };
const kinds = testDatabases().map(({ name }) => name);

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** An administrator and an agent at one server. */
function visitor(app: App, credentialFile: string) {
  const grant = async (name: string, credential: string): Promise<Answer> => {
    const response = await fetch(`${app.address}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${name}:${credential}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  };
  return {
    grant,
    admin: async (method: string, path: string, body?: object): Promise<Answer> => {
      const { body: token } = await grant('owner', (await readFile(credentialFile, 'utf8')).trim());
      const response = await fetch(`${app.address}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${String(token['access_token'])}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json()) as Answer['body'] };
    },
    call: (token: string, path: string) =>
      patiently(
        () => fetch(`${app.address}${path}`, { headers: { authorization: `Bearer ${token}` } }),
        ({ status, headers }) => isPassing(status, headers.get('doorward-error')),
      ),
  };
}

describe.each(testDatabases())('a backup made on $name', (database) => {
  let world: World;
  let key: string;
  let placeholder: string;
  let lasting: string;
  let oldToken: string;
  let approval: string;
  let file: Buffer;
  beforeAll(async () => {
    world = await createWorld({ database, config: { publicUrl: 'http://doorward.test' } });
    ({ key } = await world.setUp());
    oldToken = await world.token('robot', key);
    await (await world.call(oldToken, '/call/vendor/before')).text();
    await vi.waitFor(async () => expect(await world.events('call.outcome')).toHaveLength(1), PATIENTLY);
    placeholder = String((await world.admin('POST', '/v1/runs', { agent: 'robot' })).body['placeholder']);
    const binding = { agent: 'robot', service: 'vendor' };
    lasting = String((await world.admin('POST', '/v1/placeholders', binding)).body['placeholder']);
    const [app] = world.apps;
    if (app === undefined) throw new Error('there is always a replica');
    ({ id: approval } = await app.operations.approvals.ask(question(app, newCall(app))));
    await world.admin('POST', `/v1/approvals/${approval}/approve`, {});
    file = await makeBackup(world);
  });
  afterAll(() => world?.close());

  test.each(kinds)('is restored on %s: frozen, then as it was, with its log', async (kind) => {
    const place = await emptyPlace(kind);
    const restored = await restoreInto(place, file);
    expect(restored).toMatchObject({ findings: [], isOwnerCredentialNew: true, rootKeyProvider: 'file' });
    // The only files that hold a key are its own; no value is anywhere outside its records.
    expect(await filesWith(place, SECRET_VALUE)).toEqual([]);
    const app = await openApp(place.config);
    try {
      const { admin, grant, call } = visitor(app, place.config.ownerCredentialFile);
      const frozen = {
        frozen: { reason: `it was restored from the backup of ${restored.manifest.createdAt}` },
      };
      expect((await admin('GET', '/v1/status')).body).toMatchObject(frozen);
      expect(await grant('robot', key)).toMatchObject({
        status: 400,
        body: {
          error: 'unauthorized_client',
          error_description: expect.stringMatching(/restore accept/) as string,
        },
      });
      expect((await grant('robot', `${key}x`)).body['error']).toBe('invalid_client');
      expect(await admin('POST', '/v1/runs', { agent: 'robot' })).toMatchObject({
        status: 403,
        body: { code: 'frozen' },
      });
      expect((await call(oldToken, '/call/vendor/old')).status).toBe(401);
      expect((await call(placeholder, '/call/vendor/old')).status).not.toBe(200);
      expect((await call(lasting, '/call/vendor/old')).status).toBe(403);
      const old = await readFile(join(world.keysDirectory, 'owner.credential'), 'utf8');
      expect((await grant('owner', old.trim())).status).toBe(401);
      // Administration works, so that something can be taken back first.
      expect((await admin('POST', '/v1/agents', { name: 'later' })).status).toBe(201);

      expect((await admin('GET', `/v1/approvals/${approval}`)).status).toBe(200);
      expect(await admin('POST', '/v1/restore/accept')).toMatchObject({
        status: 200,
        body: { agents: 2, grants: 1 },
      });
      expect(await admin('POST', '/v1/restore/accept')).toMatchObject({ status: 404 });
      // It may have been used since the backup.
      expect((await admin('GET', `/v1/approvals/${approval}`)).status).toBe(404);
      // It may have been revoked since the backup.
      expect((await call(lasting, '/call/vendor/old')).status).toBe(401);
      const { body } = await grant('robot', key);
      world.upstream.seen.length = 0;
      const answer = await call(String(body['access_token']), '/call/vendor/after');
      expect(answer.status).toBe(200);
      await answer.text();
      expect(world.upstream.seen[0]?.headers.authorization).toBe(`Bearer ${SECRET_VALUE}`);

      expect((await admin('POST', '/v1/audit/verify')).body).toMatchObject({ ok: true, problems: [] });
      const events = (await admin('GET', '/v1/audit/events?kind=restore')).body['items'];
      expect(events).toMatchObject([
        {
          kind: 'restore.complete',
          after: { backup: restored.digest, createdAt: restored.manifest.createdAt },
        },
        { kind: 'restore.accept', principal: { name: 'owner' } },
      ]);
      const before = (await admin('GET', '/v1/audit/events?kind=call.intent')).body['items'] as {
        path: string;
      }[];
      expect(before.map(({ path }) => path)).toEqual(['/before', '/after']);
    } finally {
      await app.close();
      await place.remove();
    }
  });

  // The rest is about the file and where it goes: the same wherever it comes from.
  if (database.name === 'postgres') return;

  test('whose newest events are cut from the database after a restore is found out: the head file knows them', async () => {
    const place = await emptyPlace('embedded');
    await restoreInto(place, file);
    const app = await openApp(place.config);
    try {
      const { adminSql } = app.operations.database;
      await adminSql`alter table audit_event disable trigger all`;
      const [last] = await adminSql<{ chain: string; seq: string }[]>`
        select chain_id as chain, max(chain_seq)::text as seq from audit_event
        where kind = 'backup.create' group by chain_id`;
      await adminSql`delete from audit_event where chain_id = ${last?.chain ?? ''} and chain_seq >= ${last?.seq ?? ''}`;
      const { admin } = visitor(app, place.config.ownerCredentialFile);
      expect((await admin('POST', '/v1/audit/verify')).body).toMatchObject({
        ok: false,
        problems: expect.arrayContaining([expect.objectContaining({ reason: 'cut' })]) as unknown[],
      });
    } finally {
      await app.close();
      await place.remove();
    }
  });

  test('without keys is restored with the root key it was made under, and with no other', async () => {
    const bare = await makeBackup(world, { recipients: [RECIPIENT], keys: false });
    const place = await emptyPlace('embedded');
    const { rootKeyFile } = place.config;
    await expect(restoreInto(place, bare)).rejects.toThrow(/made without its keys: put the root key file/);
    await writeFile(rootKeyFile, Buffer.alloc(32, 7), { mode: 0o600 });
    await expect(restoreInto(place, bare)).rejects.toThrow(/opens none of this installation's slots/);
    await writeFile(rootKeyFile, await readFile(join(world.keysDirectory, 'root.key')));
    expect(await restoreInto(place, bare)).toMatchObject({ valuesOpened: 1, findings: [] });
    await (await openApp(place.config)).close();
    await place.remove();
  });

  test('comes back with the owner credential that lies there already', async () => {
    const place = await emptyPlace('embedded');
    const credential = await readFile(join(world.keysDirectory, 'owner.credential'));
    await writeFile(place.config.ownerCredentialFile, credential, { mode: 0o600 });
    expect(await restoreInto(place, file)).toMatchObject({ isOwnerCredentialNew: false });
    const app = await openApp(place.config);
    const { admin } = visitor(app, place.config.ownerCredentialFile);
    expect((await admin('GET', '/v1/agents')).status).toBe(200);
    await app.close();
    await place.remove();
  });

  test.each(kinds)('that is damaged leaves an empty place on %s, and the next one goes in', async (kind) => {
    const place = await emptyPlace(kind);
    const changed = Buffer.from(file);
    changed[file.length - 5] = (changed[file.length - 5] ?? 0) ^ 1;
    await expect(restoreInto(place, changed)).rejects.toMatchObject({ trouble: 'damaged' });
    await expect(restoreInto(place, file, { passphrase: 'not this passphrase' })).rejects.toThrow(
      /--identity/,
    );
    const { rootKeyFile, ownerCredentialFile, dataDirectory } = place.config;
    for (const path of [rootKeyFile, ownerCredentialFile, join(dataDirectory, 'restore.unfinished')])
      expect(existsSync(path)).toBe(false);
    expect(await restoreInto(place, file)).toMatchObject({ wasUnfinished: false, findings: [] });
    await expect(restoreInto(place, file)).rejects.toThrow(/belongs to an installation already/);
    await rm(dataDirectory, { recursive: true, force: true }); // and a database that is not empty, from elsewhere
    if (kind === 'postgres') await expect(restoreInto(place, file)).rejects.toThrow(/database is not empty/);
    await place.remove();
  });

  test('with something wrong in it is restored all the same, and told', async () => {
    const lines = (await linesOf(file, KEYS)).map((line) =>
      line.includes('"kind": "agent.create"') ? line.replace('agent.create', 'agent.freeze') : line,
    );
    const place = await emptyPlace('embedded');
    const { findings } = await restoreInto(place, await encrypted(withFittingManifest(lines)));
    expect(findings.join('\n')).toMatch(/audit event \d+ of chn_/);
    await place.remove();
  });

  test('can not go where a server runs, nor a server where it goes', async () => {
    const place = await emptyPlace('embedded');
    let feed: (bytes: Uint8Array) => void = () => undefined;
    let asked = () => {};
    const isRead = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const slow = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          asked();
          return new Promise((resolve) => {
            feed = (bytes) => {
              controller.enqueue(bytes);
              controller.close();
              resolve();
            };
          });
        },
      },
      { highWaterMark: 0 },
    );
    const restoring = restoreInto(place, slow);
    await isRead;
    await expect(openApp(place.config)).rejects.toMatchObject({ code: 'in-use' });
    feed(new Uint8Array(file));
    await restoring;
    const app = await openApp(place.config);
    await expect(restoreInto(place, streamOf(file))).rejects.toMatchObject({ code: 'in-use' });
    await app.close();
    await place.remove();
  });
});

describe.runIf(kinds.includes('postgres'))('two replicas on a restored database', () => {
  test('refuse until one of them is told to accept, and end what runs when it is frozen again', async () => {
    const [, database] = testDatabases();
    if (database === undefined) throw new Error('there is no Postgres');
    const world = await createWorld({ database });
    const { key } = await world.setUp();
    const file = await makeBackup(world);
    const place = await emptyPlace('postgres');
    await restoreInto(place, file);
    const second = `${place.config.dataDirectory}-2`;
    const apps = [await openApp(place.config), await openApp({ ...place.config, dataDirectory: second })];
    const visitors = apps.map((app) => visitor(app, place.config.ownerCredentialFile));
    try {
      for (const each of visitors)
        expect((await each.grant('robot', key)).body['error']).toBe('unauthorized_client');
      expect((await visitors[0]?.admin('POST', '/v1/restore/accept'))?.status).toBe(200);
      const tokens = await Promise.all(visitors.map((each) => each.grant('robot', key)));
      world.upstream.respond = (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: tick\n\n');
      };
      const streams = await Promise.all(
        visitors.map((each, at) =>
          each.call(String(tokens[at]?.body['access_token']), '/call/vendor/stream'),
        ),
      );
      expect(streams.map(({ status }) => status)).toEqual([200, 200]);
      const { adminSql } = apps[0]?.operations.database ?? {};
      await adminSql?.unsafe(
        "update vault set frozen_at = now(), frozen_reason = 'a test', epoch = epoch + 1",
      );
      const ends = await Promise.allSettled(streams.map((stream) => stream.text()));
      expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
      for (const [at, each] of visitors.entries()) {
        const answer = await each.call(String(tokens[at]?.body['access_token']), '/call/vendor/stream');
        expect([answer.status, answer.headers.get('doorward-error')]).toEqual([403, 'frozen']);
        expect(await answer.text()).toMatch(/doorward restore accept/);
      }
    } finally {
      for (const app of apps) await app.close();
      await rm(second, { recursive: true, force: true });
      await place.remove();
      await world.close();
    }
  });
});

/** Files of a place that hold `text` as it stands. */
async function filesWith({ config }: Place, text: string): Promise<string[]> {
  const files = await readdir(config.dataDirectory, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of files) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && (await readFile(path)).includes(text)) found.push(path);
  }
  return found;
}
