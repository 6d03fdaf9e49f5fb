// Kinds of material beside the plain OAuth ones: an app that signs for itself, a token with fields beside it, and what a thief
// of the database gets by moving rows.
import { generateKeyPairSync } from 'node:crypto';
import { importSPKI, jwtVerify } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { refuse } from '../support/rotating-vendor.ts';
import {
  addExchanged,
  CLIENT,
  sendJson,
  startTokenEndpoint,
  type TokenEndpoint,
} from '../support/token-endpoint.ts';
import { createWorld, type World } from '../support/world.ts';

const [embedded] = testDatabases();

describe('secrets that are exchanged', () => {
  let world: World;
  let endpoint: TokenEndpoint;
  let count = 0;

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    world = await createWorld({ database: embedded, config: { valueCacheSeconds: 0 } });
  });
  afterAll(() => world?.close());
  beforeEach(async () => {
    endpoint = await startTokenEndpoint();
    world.upstream.seen.length = 0;
    world.upstream.respond = (_, response) => sendJson(response, 200, {});
    return () => endpoint.close();
  });

  async function connected(kind: string, fields: object, auth: object = { kind: 'bearer' }) {
    count += 1;
    const name = `kind-${count}`;
    const key = await addExchanged(world, { name, kind, fields, auth });
    const token = await world.token(name, key);
    return { name, call: () => world.call(token, `/call/${name}/v1`) };
  }

  const sent = () => world.upstream.seen.map(({ headers }) => headers.authorization);

  describe('a GitHub App', () => {
    const pair = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    const app = () => ({
      app_id: '12345',
      installation_id: '678',
      private_key: pair.privateKey,
      api_url: endpoint.url,
    });

    test('signs for at most ten minutes and sends the token of its installation', async () => {
      endpoint.answer = (_, response) =>
        sendJson(response, 201, {
          token: 'ghs_16C7e42F292c6912E7710c838347Ae178B4a',
          expires_at: new Date(Date.now() + 3_600_000).toISOString(),
        });
      const vendor = await connected('github-app', app());
      expect((await vendor.call()).status).toBe(200);
      expect((await vendor.call()).status).toBe(200);
      expect(sent()).toEqual(
        Array.from({ length: 2 }, () => 'Bearer ghs_16C7e42F292c6912E7710c838347Ae178B4a'),
      );
      expect(endpoint.requests).toHaveLength(1);
      const { url, headers } = endpoint.requests[0] ?? { url: '', headers: {} };
      expect(url).toBe('/app/installations/678/access_tokens');
      expect(headers.accept).toBe('application/vnd.github+json');
      const jwt = headers.authorization?.slice('Bearer '.length) ?? '';
      const { payload, protectedHeader } = await jwtVerify(jwt, await importSPKI(pair.publicKey, 'RS256'), {
        issuer: '12345',
      });
      expect(protectedHeader.alg).toBe('RS256');
      expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBeLessThanOrEqual(600);
      expect(payload.iat ?? 0).toBeLessThanOrEqual(Date.now() / 1000);
    });

    test.each([
      [401, /app id and the private key/],
      [404, /no such installation/],
      [500, /500/],
    ])('that is answered %i is one clear problem', async (status, said) => {
      endpoint.answer = (_, response) => sendJson(response, status, { message: 'no' });
      const vendor = await connected('github-app', app());
      const answer = await vendor.call();
      expect(answer.status).toBe(503);
      expect(((await answer.json()) as { detail: string }).detail).toMatch(said);
      expect(world.upstream.seen).toEqual([]);
    });

    test('no line of its key comes back from an upstream', async () => {
      endpoint.answer = (_, response) =>
        sendJson(response, 201, { token: 'ghs_16C7e42F292c6912E7710c838347Ae178B4a' });
      const lines = pair.privateKey.split('\n').slice(1, -2);
      world.upstream.respond = (_, response) => sendJson(response, 200, { lines });
      const text = await (await (await connected('github-app', app())).call()).text();
      for (const line of lines.filter(({ length }) => length >= 24)) expect(text).not.toContain(line);
    });
  });

  test('a field may stand beside the token, as vendors want the client id', async () => {
    const auth = {
      kind: 'headers',
      headers: [
        { name: 'authorization', template: 'Bearer {value}' },
        { name: 'client-id', template: '{client_id}' },
      ],
    };
    const vendor = await connected('oauth2-client', { token_url: endpoint.tokenUrl, ...CLIENT }, auth);
    world.upstream.respond = (request, response) => sendJson(response, 200, request.headers);
    const text = await (await vendor.call()).text();
    expect(world.upstream.seen.at(-1)?.headers).toMatchObject({
      authorization: `Bearer ${endpoint.issued[0]}`,
      'client-id': CLIENT.client_id,
    });
    expect(text).toContain(CLIENT.client_id);
    expect(text).not.toContain(endpoint.issued[0]);
  });

  test('the client shows itself in the body where the server wants that, with further parameters', async () => {
    const fields = {
      token_url: endpoint.tokenUrl,
      ...CLIENT,
      client_auth: 'body',
      scope: 'read write',
      params: { audience: 'https://api.test/', grant_type: 'account_credentials' },
    };
    const vendor = await connected('oauth2-client', fields);
    expect((await vendor.call()).status).toBe(200);
    const { form, headers } = endpoint.requests[0] ?? { form: new URLSearchParams(), headers: {} };
    expect(headers.authorization).toBeUndefined();
    expect(Object.fromEntries(form)).toEqual({
      ...CLIENT,
      grant_type: 'account_credentials',
      scope: 'read write',
      audience: 'https://api.test/',
    });
  });

  describe('what a thief of the database moves', () => {
    const columns = ['dek_id', 'kek_id', 'kek_generation', 'dek_record', 'value_record'].join(', ');
    const sql = async (statement: string) =>
      await world.apps[0]?.operations.database.adminSql.unsafe(statement);
    const idOf = async (name: string) => String((await world.admin('GET', `/v1/secrets/${name}`)).body['id']);

    test('a value in the place of its token does not open, and is sent nowhere', async () => {
      const vendor = await connected('oauth2-client', { token_url: endpoint.tokenUrl, ...CLIENT });
      await vendor.call();
      const id = await idOf(vendor.name);
      await sql(`update minted_token set (${columns}) = (select ${columns} from secret_version
        where secret_id = '${id}' and state = 'current') where secret_id = '${id}'`);
      expect((await vendor.call()).status).toBe(503);
      expect((await vendor.call()).status).toBe(200); // another token is fetched
      expect(sent()).toEqual(endpoint.issued.map((token) => `Bearer ${token}`));
    });

    test("a token endpoint of their own in another's place is not asked", async () => {
      const thief = await startTokenEndpoint();
      try {
        const vendor = await connected('oauth2-client', { token_url: endpoint.tokenUrl, ...CLIENT });
        const lure = await connected('oauth2-client', { token_url: thief.tokenUrl, ...CLIENT });
        const [id, lureId] = [await idOf(vendor.name), await idOf(lure.name)];
        await sql(`update secret_version set (${columns}) = (select ${columns} from secret_version
          where secret_id = '${lureId}' and state = 'current') where secret_id = '${id}'`);
        expect((await vendor.call()).status).toBe(503);
        expect(thief.requests).toEqual([]);
        expect(endpoint.requests).toEqual([]);
      } finally {
        await thief.close();
      }
    });

    test('a kind under which fields would be sent as they are does not open', async () => {
      const vendor = await connected('oauth2-client', { token_url: endpoint.tokenUrl, ...CLIENT });
      const id = await idOf(vendor.name);
      await sql(
        `update secret set credential_kind = 'static', changed_epoch = (select epoch + 1 from vault) where id = '${id}'`,
      );
      await sql('update vault set epoch = epoch + 1');
      await world.apps[0]?.authority.sync();
      expect((await vendor.call()).status).toBe(503);
      expect(world.upstream.seen).toEqual([]);
    });
  });

  test('a secret that is destroyed takes its token along', async () => {
    const vendor = await connected('oauth2-client', { token_url: endpoint.tokenUrl, ...CLIENT });
    await vendor.call();
    await world.admin('DELETE', `/v1/services/${vendor.name}`);
    expect((await world.admin('DELETE', `/v1/secrets/${vendor.name}`)).status).toBe(200);
    const rows = await world.apps[0]?.operations.database.adminSql.unsafe(
      'select value_record from minted_token',
    );
    expect(rows?.filter(({ value_record: record }) => record === null).length).toBeGreaterThan(0);
  });

  test('without a current version nothing is fetched, and the problem says how to enable it', async () => {
    const vendor = await connected('oauth2-client', { token_url: endpoint.tokenUrl, ...CLIENT });
    await vendor.call();
    await world.admin('POST', `/v1/secrets/${vendor.name}/disable`, {});
    const answer = await vendor.call();
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain('doorward secret enable');
    expect(endpoint.requests).toHaveLength(1);
  });

  test('what an upstream refuses for its own reasons passes through', async () => {
    world.upstream.respond = (_, response) => refuse(response);
    const vendor = await connected('oauth2-client', { token_url: endpoint.tokenUrl, ...CLIENT });
    expect((await vendor.call()).status).toBe(401);
    expect(endpoint.requests).toHaveLength(2);
    expect((await vendor.call()).status).toBe(401);
    expect(endpoint.requests).toHaveLength(2);
  });
});
