// A replica that dies or stands still while it fetches an access token: what another one then does, and what of an answer is
// lost. Each refresh token is good once, as with many vendors.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { reapIntents } from '../../src/vault/audit/reap.ts';
import { testDatabases } from '../support/database.ts';
import { isPassing, patiently } from '../support/patience.ts';
import { SHARED_URL, startReplica } from '../support/replica.ts';
import { keyOf, refuse } from '../support/rotating-vendor.ts';
import {
  addExchanged,
  CLIENT,
  sendJson,
  startTokenEndpoint,
  type TokenEndpoint,
} from '../support/token-endpoint.ts';
import { createWorld, type World } from '../support/world.ts';

type Replica = Awaited<ReturnType<typeof startReplica>>;

const onPostgres = testDatabases().filter(({ name }) => name === 'postgres');

describe.each(onPostgres)('a replica that fetches a token', (database) => {
  let world: World;
  let endpoint: TokenEndpoint;
  let other: Replica;
  let count = 0;

  beforeAll(async () => {
    world = await createWorld({ database, config: { publicUrl: SHARED_URL } });
  });
  afterAll(async () => {
    await world?.close();
  });
  beforeEach(async () => {
    endpoint = await startTokenEndpoint();
    other = await startReplica(world);
    world.upstream.seen.length = 0;
    world.upstream.respond = (request, response) => {
      if (!endpoint.valid.has(keyOf(request.headers))) return refuse(response);
      sendJson(response, 200, {});
    };
  });
  afterEach(async () => {
    await other.kill();
    await endpoint.close();
  });

  /** Calls on the replica that dies (`there`) and on the one that lives (`here`). */
  async function connected() {
    count += 1;
    const name = `crash-${count}`;
    const fields = { token_url: endpoint.tokenUrl, ...CLIENT, refresh_token: endpoint.refreshToken };
    const key = await addExchanged(world, { name, kind: 'oauth2-refresh', fields });
    const authorization = `Bearer ${await world.token(name, key)}`;
    const call = async (address: string) =>
      await patiently(
        () => fetch(`${address}/call/${name}/v1`, { headers: { authorization } }),
        ({ status, headers }) => isPassing(status, headers.get('doorward-error')),
      );
    return {
      name,
      here: async () => await call(world.apps[0]?.address ?? ''),
      there: async () => (await call(other.address).catch(() => undefined))?.status,
      versions: async () => {
        const { body } = await world.admin('GET', `/v1/secrets/${name}/versions`);
        return (body['items'] as { number: number; state: string }[]).map(
          ({ number, state }) => `${number} ${state}`,
        );
      },
      outcomes: async () =>
        (await world.events('secret.minted'))
          .filter(({ secret }) => secret === undefined || (secret as { name?: string }).name === name)
          .map(({ result }) => result),
    };
  }

  /** Runs once when the endpoint is asked for the first time; then it answers as ever. */
  function atFirstRequest(work: TokenEndpoint['answer']): Promise<void> {
    return new Promise((resolve) => {
      endpoint.answer = (request, response) => {
        endpoint.answer = endpoint.grant;
        work(request, response);
        resolve();
      };
    });
  }

  /** The outcomes, after this replica has told what became of what the dead had begun. */
  async function reaped(vendor: { readonly outcomes: () => Promise<unknown[]> }): Promise<unknown[]> {
    const app = world.apps[0];
    if (app === undefined) throw new Error('the world has no application');
    const { database: opened, audit, server } = app.operations;
    await reapIntents({ database: opened, audit, replica: server.replica });
    return await vendor.outcomes();
  }

  test('is killed between the answer and the store: the answer is lost, and one sentence says what to do', async () => {
    const vendor = await connected();
    const asked = atFirstRequest((request, response) => {
      other.pause();
      endpoint.grant(request, response); // the old refresh token is spent, the new one is in a buffer of the dead
    });
    const lost = vendor.there();
    await asked;
    await other.kill();
    await lost;
    const answer = await vendor.here();
    const problem = (await answer.json()) as Record<string, string>;
    expect(answer.status).toBe(503);
    expect(problem['detail']).toContain(`doorward connect ${vendor.name}`);
    expect(endpoint.requests).toHaveLength(2);
    expect(await vendor.versions()).toEqual(['1 current']);
    await expect.poll(() => reaped(vendor), { timeout: 30_000 }).toContain('unknown');
    // Connected again, it works.
    const fields = { token_url: endpoint.tokenUrl, ...CLIENT, refresh_token: endpoint.refreshToken };
    expect((await world.admin('POST', `/v1/secrets/${vendor.name}/rotate`, { fields })).status).toBe(200);
    expect((await vendor.here()).status).toBe(200);
  }, 180_000);

  test('is killed between the store and the use: nothing is lost, and nothing is asked for again', async () => {
    const vendor = await connected();
    const { respond } = world.upstream;
    const used = new Promise<void>((resolve) => {
      world.upstream.respond = () => {
        world.upstream.respond = respond;
        void other.kill().then(resolve);
      };
    });
    const cut = vendor.there();
    await used;
    await cut;
    expect(await vendor.versions()).toEqual(['2 current', '1 revoked']);
    expect((await vendor.here()).status).toBe(200);
    expect(endpoint.requests).toHaveLength(1);
  }, 180_000);

  test('stands still with the lease: another one takes over, and the late answer does not take its place', async () => {
    const vendor = await connected();
    let answerLate = () => {};
    const asked = atFirstRequest((_, response) => {
      other.pause();
      answerLate = () => sendJson(response, 400, { error: 'invalid_grant' });
    });
    const late = vendor.there();
    await asked;
    expect((await vendor.here()).status).toBe(200);
    expect(endpoint.requests).toHaveLength(2);
    const after = await vendor.versions();
    answerLate();
    other.resume();
    await late;
    expect(await vendor.versions()).toEqual(after);
    await expect.poll(vendor.there, { timeout: 30_000 }).toBe(200); // with the token of the other
    expect(endpoint.requests).toHaveLength(2);
  }, 180_000);

  test('stands still with an answer that nobody else could get: it is stored after all', async () => {
    const vendor = await connected();
    const asked = atFirstRequest((request, response) => {
      other.pause();
      endpoint.grant(request, response);
    });
    const late = vendor.there();
    await asked;
    expect((await vendor.here()).status).toBe(503); // the old refresh token is spent
    await expect.poll(() => reaped(vendor), { timeout: 30_000 }).toContain('unknown'); // it is taken for dead
    other.resume();
    await late;
    await expect.poll(vendor.versions, { timeout: 45_000 }).toEqual(['2 current', '1 revoked']);
    await expect.poll(async () => (await vendor.here()).status, { timeout: 30_000 }).toBe(200);
    expect(endpoint.requests).toHaveLength(2);
    expect(await vendor.outcomes()).toContain('minted');
  }, 180_000);
});
