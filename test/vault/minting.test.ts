// Secrets that are exchanged for access tokens: had in time, once for everybody, stored before use, and one clear problem when
// there is none.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { keyOf, refuse } from '../support/rotating-vendor.ts';
import {
  addExchanged,
  CLIENT,
  sendJson,
  startTokenEndpoint,
  type TokenEndpoint,
} from '../support/token-endpoint.ts';
import { createWorld, type World } from '../support/world.ts';

const HOUR_MS = 3_600_000;
const databases = testDatabases();

describe.each(databases)('access tokens on $name', (database) => {
  const isPostgres = database.name === 'postgres';
  let world: World;
  let endpoint: TokenEndpoint;
  let count = 0;

  beforeAll(async () => {
    world = await createWorld({ database, replicas: isPostgres ? 2 : 1 });
  });
  afterAll(() => world?.close());
  beforeEach(async () => {
    endpoint = await startTokenEndpoint();
    world.upstream.seen.length = 0;
    world.upstream.respond = (request, response) => {
      if (!endpoint.valid.has(keyOf(request.headers))) return refuse(response);
      sendJson(response, 200, { saw: keyOf(request.headers) });
    };
    return () => endpoint.close();
  });

  const pass = (ms: number) => world.shift(world.clock.offsetMs + ms);

  /** A secret of that kind with a service, an agent and a grant. */
  async function connected(fields: object = {}, kind = 'oauth2-refresh') {
    count += 1;
    const name = `minted-${count}`;
    const base = { token_url: endpoint.tokenUrl, ...CLIENT };
    const own = kind === 'oauth2-refresh' ? { refresh_token: endpoint.refreshToken } : {};
    const key = await addExchanged(world, { name, kind, fields: { ...base, ...own, ...fields } });
    const token = async () => await world.token(name, key);
    let held = { token: await token(), offsetMs: world.clock.offsetMs };
    return {
      name,
      token,
      call: async (init: RequestInit & { replica?: number } = {}) => {
        const { offsetMs } = world.clock;
        if (held.offsetMs !== offsetMs) held = { token: await token(), offsetMs }; // the shift has ended it
        return await world.call(held.token, `/call/${name}/v1`, init);
      },
      versions: async () =>
        (
          (await world.admin('GET', `/v1/secrets/${name}/versions`)).body['items'] as {
            number: number;
            state: string;
          }[]
        ).map(({ number, state }) => `${number} ${state}`),
      mints: async () =>
        (await Promise.all(['secret.mint', 'secret.minted'].map((told) => world.events(told))))
          .flat()
          .filter(({ secret }) => (secret as { name?: string } | undefined)?.name === name),
    };
  }

  test.each(['oauth2-client', 'oauth2-refresh'])(
    '%s: one is fetched at the first call and kept for the next',
    async (kind) => {
      const vendor = await connected({}, kind);
      const answers = [
        await vendor.call(),
        await vendor.call(),
        await vendor.call({ method: 'POST', body: 'x' }),
      ];
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(endpoint.requests).toHaveLength(1);
      expect(endpoint.requests[0]?.form.get('grant_type')).toBe(
        kind === 'oauth2-client' ? 'client_credentials' : 'refresh_token',
      );
      expect(await answers[0]?.text()).not.toContain(endpoint.issued[0]); // what it echoes is redacted
    },
  );

  test('a new refresh token is the current version before the access token is used', async () => {
    const vendor = await connected();
    const spent = endpoint.refreshToken;
    const seenAtCall: string[][] = [];
    const { respond } = world.upstream;
    world.upstream.respond = (request, response, raw) => {
      const look = async () => {
        seenAtCall.push(await vendor.versions());
        respond(request, response, raw);
      };
      look().catch(() => response.destroy());
    };
    expect((await vendor.call()).status).toBe(200);
    expect(seenAtCall).toEqual([['2 current', '1 revoked']]);
    expect(endpoint.refreshToken).not.toBe(spent);
    await pass(HOUR_MS);
    expect((await vendor.call()).status).toBe(200);
    expect(endpoint.requests.map(({ form }) => form.get('refresh_token'))[0]).toBe(spent);
    expect(await vendor.versions()).toEqual(['3 current', '2 revoked', '1 destroyed']);
  });

  test('the log tells of each exchange before and after, and holds nothing secret', async () => {
    const vendor = await connected();
    await vendor.call();
    const events = await vendor.mints();
    expect(
      events.map(({ kind, principal, result }) => [kind, (principal as { type: string }).type, result]),
    ).toEqual(
      expect.arrayContaining([
        ['secret.mint', 'system', undefined],
        ['secret.minted', 'system', 'minted'],
      ]),
    );
    const [intent] = events.filter(({ kind }) => kind === 'secret.mint');
    const [outcome] = events.filter(({ kind }) => kind === 'secret.minted');
    expect(outcome?.['intent']).toBe(intent?.['id']);
    expect(intent?.['endpoint']).toBe(endpoint.url);
    const log = JSON.stringify(await world.events());
    for (const secret of [CLIENT.client_secret, endpoint.refreshToken, ...endpoint.issued]) {
      expect(log).not.toContain(secret);
    }
  });

  test('before its end another one is fetched, while calls go on with the one there is', async () => {
    const vendor = await connected();
    await vendor.call();
    await pass(0.95 * HOUR_MS);
    let answerNow = () => {};
    endpoint.answer = (request, response) => {
      answerNow = () => endpoint.grant(request, response);
    };
    const early = await vendor.call();
    expect(early.status).toBe(200);
    await expect.poll(() => endpoint.requests.length).toBe(2);
    expect((await vendor.call()).status).toBe(200); // not kept waiting
    answerNow();
    await expect
      .poll(async () => (await vendor.mints()).filter(({ kind }) => kind === 'secret.minted').length)
      .toBe(2);
    const sent = async () => {
      expect((await vendor.call()).status).toBe(200);
      return keyOf(world.upstream.seen.at(-1)?.headers ?? {});
    };
    await expect.poll(sent).toBe(endpoint.issued[1]); // it is in the database before it is in memory
  });

  test('a 401 with a token has another one fetched, once', async () => {
    const vendor = await connected();
    await vendor.call();
    endpoint.valid.clear();
    const answer = await vendor.call({ method: 'POST', body: 'sent again' });
    expect(answer.status).toBe(200);
    expect(endpoint.requests).toHaveLength(2);
    expect(world.upstream.seen.slice(-2).map(({ body }) => body.toString())).toEqual([
      'sent again',
      'sent again',
    ]);
    endpoint.valid.clear();
    expect((await vendor.call()).status).toBe(401); // the upstream has reasons of its own
    expect((await vendor.call()).status).toBe(401);
    expect(endpoint.requests).toHaveLength(2);
  });

  const junk: [string, (endpoint: TokenEndpoint) => TokenEndpoint['answer'], RegExp][] = [
    [
      'HTML',
      () => (_, response) =>
        response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><h1>Sign in</h1>'),
      /web page \(HTML\).*token endpoint/,
    ],
    [
      'a redirect',
      (at) => (_, response) => response.writeHead(302, { location: `${at.url}/elsewhere` }).end(),
      /302, a redirect, which is never followed/,
    ],
    ['nothing', () => (_, response) => response.writeHead(200).end(), /answered 200 and nothing else/],
    ['no answer', () => (_, response) => response.destroy(), /did not answer/],
    [
      'too much',
      () => (_, response) => response.writeHead(200).end(Buffer.alloc(300_000, 0x7b)),
      /far more than a token/,
    ],
    [
      'JSON without a token',
      () => (_, response) => sendJson(response, 200, { ok: true }),
      /without an access token/,
    ],
    [
      'a spent refresh token',
      () => (_, response) => sendJson(response, 400, { error: 'invalid_grant' }),
      /invalid_grant.*doorward connect NAME/,
    ],
    [
      'a wrong client',
      () => (_, response) => sendJson(response, 401, { error: 'invalid_client' }),
      /client secret.*doorward secret rotate NAME/,
    ],
    [
      'a code of its own',
      () => (request, response) => sendJson(response, 400, { error: request.body }),
      /answered 400/,
    ],
  ];
  test.each(junk)(
    '%s in place of a token is one clear problem, and the endpoint is left in peace',
    async (_, answerOf, said) => {
      const vendor = await connected();
      endpoint.answer = answerOf(endpoint);
      const answers = await Promise.all([vendor.call(), vendor.call()]);
      answers.push(await vendor.call());
      for (const answer of answers) {
        const problem = (await answer.json()) as Record<string, string>;
        expect(answer.status, JSON.stringify(problem)).toBe(503);
        expect(problem['code']).toBe('secret-unavailable');
        expect(problem['detail']).toMatch(new RegExp(said.source.replaceAll('NAME', vendor.name), 's'));
        expect(problem['detail']).toContain(vendor.name);
        expect(JSON.stringify(problem)).not.toContain(endpoint.refreshToken);
      }
      expect(endpoint.requests).toHaveLength(1);
      expect(world.upstream.seen).toEqual([]);
      const outcomes = (await vendor.mints()).filter(({ kind }) => kind === 'secret.minted');
      expect(outcomes.map(({ result }) => result)).toEqual([expect.stringMatching(/^(refused|failed)$/)]);
      endpoint.answer = endpoint.grant;
      await pass(1_800_000);
      expect((await vendor.call()).status).toBe(200); // nothing was lost
    },
  );

  test('a token that is still good is used on while no other can be had', async () => {
    const vendor = await connected();
    await vendor.call();
    endpoint.answer = (_, response) => response.destroy();
    await pass(0.95 * HOUR_MS);
    for (let at = 0; at < 3; at += 1) expect((await vendor.call()).status).toBe(200);
    await pass(0.1 * HOUR_MS);
    expect((await vendor.call()).status).toBe(503);
  });

  test('a wrong new value does not stop what works: the token of the version before is used on', async () => {
    const vendor = await connected({}, 'oauth2-client');
    await vendor.call();
    const wrong = { token_url: endpoint.tokenUrl, ...CLIENT, client_secret: 'cs-mistyped-on-purpose' };
    const rotated = await world.admin('POST', `/v1/secrets/${vendor.name}/rotate`, { fields: wrong });
    expect(rotated.status).toBe(200);
    for (let at = 0; at < 3; at += 1) expect((await vendor.call()).status).toBe(200);
    await expect.poll(() => endpoint.requests.length).toBe(2);
    const right = { token_url: endpoint.tokenUrl, ...CLIENT };
    expect((await world.admin('POST', `/v1/secrets/${vendor.name}/rotate`, { fields: right })).status).toBe(
      200,
    );
    const asked = async () => {
      expect((await vendor.call()).status).toBe(200);
      return endpoint.requests.length;
    };
    await expect.poll(asked).toBe(3); // once what the wrong value came to is written
  });

  test('neither the fields nor the token come back from an upstream, public fields do', async () => {
    const vendor = await connected();
    world.upstream.respond = (request, response) =>
      sendJson(response, 200, {
        told: [keyOf(request.headers), CLIENT.client_secret, endpoint.refreshToken, CLIENT.client_id],
      });
    const text = await (await vendor.call()).text();
    expect(text).toContain(CLIENT.client_id);
    for (const secret of [CLIENT.client_secret, endpoint.refreshToken, ...endpoint.issued]) {
      expect(text).not.toContain(secret);
    }
  });

  test('a token that was replaced does not come back either, until its end', async () => {
    const vendor = await connected();
    await vendor.call();
    const [first] = endpoint.issued;
    expect(await vendor.call()).toMatchObject({ status: 200 });
    endpoint.valid.clear(); // the vendor takes it no more, and another one is fetched
    const replaced = await vendor.call();
    expect(await replaced.json()).toMatchObject({ saw: expect.stringMatching(/^\*+$/) as string });
    expect(endpoint.issued.at(-1)).not.toBe(first);
    world.upstream.respond = (_request, response) =>
      sendJson(response, 200, { told: [first, 'nothing else'] });
    const text = await (await vendor.call()).text();
    expect(text).toBe(JSON.stringify({ told: ['*'.repeat(first?.length ?? 0), 'nothing else'] }));
  });

  test('a service that goes elsewhere takes its token along, sealed anew', async () => {
    const vendor = await connected();
    await vendor.call();
    const moved = await world.admin('PATCH', `/v1/services/${vendor.name}`, {
      baseUrl: `${world.upstream.url}/v2`,
    });
    expect(moved.status).toBe(200);
    expect((await vendor.call()).status).toBe(200);
    expect(endpoint.requests).toHaveLength(1);
  });

  test('a value that does not fit its kind is refused with the field and without its content', async () => {
    const cases: [object, RegExp][] = [
      [{ kind: 'oauth2-client', fields: { token_url: endpoint.tokenUrl, client_id: 'a' } }, /client_secret/],
      [
        { kind: 'oauth2-client', fields: { ...CLIENT, token_url: 'http://auth.example.com/token' } },
        /token_url.*https/,
      ],
      [{ kind: 'oauth2-refresh', value: 'not json at all' }, /JSON object/],
      [
        { kind: 'github-app', fields: { app_id: '1', installation_id: '2', private_key: 'pem-s3cr3t' } },
        /private_key/,
      ],
    ];
    for (const [body, said] of cases) {
      const answer = await world.admin('POST', '/v1/secrets', { name: 'wrong-kind', ...body });
      expect(answer.status).toBe(422);
      expect(answer.body['detail']).toMatch(said);
      expect(JSON.stringify(answer.body)).not.toMatch(/s3cr3t|not json at all/);
    }
  });

  if (isPostgres) {
    test('a thousand calls on two replicas that need one token cause one exchange', async () => {
      const vendor = await connected();
      await vendor.call();
      await vendor.call({ replica: 1 });
      await pass(2 * HOUR_MS);
      const before = endpoint.requests.length;
      const held = await vendor.token();
      const call = (at: number) => world.call(held, `/call/${vendor.name}/v1`, { replica: at % 2 });
      const statuses = new Map<number, number>();
      for (let batch = 0; batch < 20; batch += 1) {
        const answers = await Promise.all(Array.from({ length: 50 }, (_, at) => call(at)));
        for (const answer of answers) {
          statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
          await answer.arrayBuffer();
        }
      }
      expect([...statuses]).toEqual([[200, 1000]]);
      expect(endpoint.requests.length - before).toBe(1);
    });
  }
});
