// The token endpoint and its documents, as any OAuth client sees them.
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createOpaqueToken } from '../../src/crypto/opaque-token.ts';
import { readFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { testDatabases } from '../support/database.ts';
import { type RawAnswer, send } from '../support/raw-http.ts';
import { createWorld, type World } from '../support/world.ts';

describe.each(testDatabases())('the token endpoint on $name', (database) => {
  let world: World;
  let key: string;
  const url = () => world.apps[0]?.address ?? '';
  const basic = (name: string, credential: string) => [
    'authorization',
    `Basic ${Buffer.from(`${name}:${credential}`).toString('base64')}`,
  ];
  const stranger = () => createOpaqueToken('agent', { bytes: (length) => randomBytes(length) });

  beforeAll(async () => {
    world = await createWorld({ database });
    ({ key } = await world.setUp());
    await world.setUp({ service: 'foreign', agent: 'frozen' });
  });
  afterAll(() => world?.close());

  function ask(
    form: string,
    headers: readonly string[] = basic('robot', key),
    type = 'application/x-www-form-urlencoded',
  ) {
    return send(url(), '/oauth/token', {
      method: 'POST',
      headers: [...headers, 'content-type', type],
      body: form,
    });
  }
  const error = (answer: RawAnswer) => [answer.status, answer.json()['error']];

  test('gives a token that any JWT library verifies by the published keys', async () => {
    const answer = await ask('grant_type=client_credentials');
    expect(answer.status).toBe(200);
    expect(answer.header('cache-control')).toBe('no-store');
    expect(answer.header('pragma')).toBe('no-cache');
    const body = answer.json();
    expect(body).toEqual({
      access_token: expect.any(String) as string,
      token_type: 'Bearer',
      expires_in: 600,
    });
    const metadata = (await send(url(), '/.well-known/oauth-authorization-server')).json();
    expect(metadata).toMatchObject({
      issuer: url(),
      token_endpoint: `${url()}/oauth/token`,
      grant_types_supported: ['client_credentials'],
    });
    const keys = createRemoteJWKSet(new URL(String(metadata['jwks_uri'])));
    const { payload, protectedHeader } = await jwtVerify(String(body['access_token']), keys, {
      issuer: url(),
      audience: url(),
      typ: 'at+jwt',
      algorithms: ['EdDSA', 'Ed25519'],
      requiredClaims: ['sub', 'client_id', 'jti', 'iat', 'nbf', 'exp', 'vault'],
    });
    expect(payload.sub).toMatch(/^agt_/);
    expect(Number(payload.exp) - Number(payload.iat)).toBe(600);
    expect(payload['scope']).toBeUndefined();
    expect(Object.keys(protectedHeader).sort()).toEqual(['alg', 'kid', 'typ']);
    const [jwk] = (await send(url(), '/.well-known/jwks.json')).json()['keys'] as Record<string, unknown>[];
    expect(jwk?.['d']).toBeUndefined();
    expect(jwk?.['kid']).toBe(protectedHeader.kid);
  });

  test('narrows to the scope asked for, and never past the grants', async () => {
    const answer = await ask('grant_type=client_credentials&scope=vendor:read');
    expect(answer.json()).toMatchObject({ scope: 'vendor:read' });
    expect((await ask('grant_type=client_credentials&scope=')).json()['scope']).toBeUndefined();
    const wide = [
      'foreign',
      'vendor foreign:read',
      'Vendor',
      'vendor:admin',
      'vendor  vendor',
      'v%C3%A9ndor',
      '*',
      'vendor:*',
      'unknown',
    ];
    for (const scope of [...wide, `${'vendor '.repeat(100_00)}x`.slice(0, 15_000)]) {
      expect(error(await ask(`grant_type=client_credentials&scope=${scope}`))).toEqual([
        400,
        'invalid_scope',
      ]);
    }
  });

  test('refuses every client that can not prove itself in the same words', async () => {
    const { body } = await world.admin('POST', '/v1/agents', { name: 'ice' });
    await world.admin('POST', '/v1/agents/ice/freeze', {});
    const answers = [
      await ask('grant_type=client_credentials', basic('robot', stranger())),
      await ask('grant_type=client_credentials', basic('nobody', stranger())),
      await ask('grant_type=client_credentials', basic('nobody', key)),
      await ask('grant_type=client_credentials', basic('ice', String(body['key']))),
      await ask('grant_type=client_credentials', basic('owner', key)),
      await ask('grant_type=client_credentials', basic('robot', 'wrong')),
      await ask('grant_type=client_credentials', basic('__proto__', key)),
    ];
    const [first] = answers;
    for (const answer of answers) {
      expect(error(answer)).toEqual([401, 'invalid_client']);
      expect(answer.text()).toBe(first?.text());
      expect(answer.header('www-authenticate')).toBe('Basic realm="doorward"');
      expect(answer.header('cache-control')).toBe('no-store');
    }
    for (const headers of [
      [],
      ['authorization', 'Bearer x'],
      ['authorization', 'Basic !!!'],
      ['authorization', `Basic ${btoa('nocolon')}`],
    ]) {
      expect(error(await ask('grant_type=client_credentials', headers))).toEqual([401, 'invalid_client']);
    }
  });

  test('answers what it does not understand as RFC 6749 §5.2 says', async () => {
    const cases: [string, number, string][] = [
      ['', 400, 'invalid_request'],
      ['grant_type=', 400, 'invalid_request'],
      ['grant_type=password&username=a&password=b', 400, 'unsupported_grant_type'],
      ['grant_type=client_credentials&grant_type=client_credentials', 400, 'invalid_request'],
      ['grant_type=client_credentials&scope=vendor&scope=foreign', 400, 'invalid_request'],
      [`grant_type=client_credentials&a=${'a'.repeat(20_000)}`, 400, 'invalid_request'],
    ];
    for (const [form, status, code] of cases) expect(error(await ask(form))).toEqual([status, code]);
    expect(
      error(await ask('{"grant_type":"client_credentials"}', basic('robot', key), 'application/json')),
    ).toEqual([400, 'invalid_request']);
    const bytes = Buffer.from([0x61, 0x3d, 0xff, 0xfe]);
    const notText = await send(url(), '/oauth/token', {
      method: 'POST',
      body: bytes,
      headers: [...basic('robot', key), 'content-type', 'application/x-www-form-urlencoded'],
    });
    expect(error(notText)).toEqual([400, 'invalid_request']);
    expect((await send(url(), '/oauth/token')).status).toBe(405);
  });

  test('makes the owner credential good for an admin token and nothing else', async () => {
    const credential = (await readFile(join(world.keysDirectory, 'owner.credential'), 'utf8')).trim();
    const direct = await send(url(), '/v1/status', { headers: ['authorization', `Bearer ${credential}`] });
    expect(direct.status).toBe(401);
    const answer = await ask('grant_type=client_credentials', basic('owner', credential));
    expect(answer.json()).toMatchObject({ expires_in: 900 });
    const headers = ['authorization', `Bearer ${String(answer.json()['access_token'])}`];
    expect((await send(url(), '/v1/status', { headers })).status).toBe(200);
    expect((await send(url(), '/call/vendor/v1', { headers })).status).toBe(401);
    expect(
      error(await ask('grant_type=client_credentials&scope=vendor', basic('owner', credential))),
    ).toEqual([400, 'invalid_scope']);
    expect(error(await ask('grant_type=client_credentials', basic('robot', credential)))).toEqual([
      401,
      'invalid_client',
    ]);
  });

  test('leaves an event for each token, and one for a crowd of failures', async () => {
    const issued = await ask('grant_type=client_credentials');
    const claims = JSON.parse(
      Buffer.from(String(issued.json()['access_token']).split('.')[1] ?? '', 'base64url').toString(),
    ) as Record<string, unknown>;
    const events = await world.events('token.issued');
    expect(events.at(-1)).toMatchObject({
      jti: claims['jti'],
      subject: claims['sub'],
      principal: { type: 'agent', name: 'robot' },
    });
    expect(JSON.stringify(events)).not.toContain(String(issued.json()['access_token']));
  });

  test('stops listening to a flood of failures, while known tokens and the admin socket go on', async () => {
    const token = await world.token('robot', key);
    expect((await world.call(token, '/call/vendor/v1')).status).toBe(200);
    const flood = Array.from({ length: 520 }, (_, at) => `eyJx.${at}.x`);
    const fromMs = performance.now();
    while (flood.length > 0) {
      world.clock.offsetMs = fromMs - performance.now(); // however long it takes, it comes within a moment
      await Promise.all(
        flood
          .splice(0, 65)
          .map((wrong) => world.call(wrong, '/call/vendor/v1').then((answer) => answer.text())),
      );
    }
    const stopped = await ask('grant_type=client_credentials');
    expect(error(stopped)).toEqual([429, 'temporarily_unavailable']);
    expect(Number(stopped.header('retry-after'))).toBeGreaterThan(0);
    const another = await world.call('eyJx.another.x', '/call/vendor/v1');
    expect([another.status, ((await another.json()) as { code: string }).code]).toEqual([
      429,
      'too-many-attempts',
    ]);
    expect((await world.call(token, '/call/vendor/v1')).status).toBe(200);
    const bySocket = await send(url(), '/oauth/token', {
      method: 'POST',
      socketPath: world.apps[0]?.socketPath ?? '',
      body: 'grant_type=client_credentials',
      headers: [...basic('robot', key), 'content-type', 'application/x-www-form-urlencoded'],
    });
    expect(bySocket.status).toBe(200);
    await world.shift(20_000);
    expect((await ask('grant_type=client_credentials')).status).toBe(200);
  });
});
