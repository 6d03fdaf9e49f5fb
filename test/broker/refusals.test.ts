// Calls that are refused: what the caller hears, what the upstream never saw, what the audit log says.
import { execFileSync } from 'node:child_process';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { type RawAnswer, send, speak } from '../support/raw-http.ts';
import { createWorld, SECRET_VALUE, type World } from '../support/world.ts';

/** Everything a client sees of a problem but what must differ: request id and moment. */
function comparable(answer: RawAnswer): unknown {
  const id = answer.header('x-request-id') ?? '';
  expect(id).toMatch(/^req_/);
  const headers = answer.headers.filter(([name]) => name !== 'date');
  const { status, reason } = answer;
  return JSON.parse(JSON.stringify({ status, reason, headers, body: answer.text() }).replaceAll(id, 'REQ'));
}

describe.each(testDatabases())('a refused call on $name', (database) => {
  let world: World;
  let key: string;
  let token: string;
  let log = '';
  const url = () => world.apps[0]?.address ?? '';
  const bearer = (text: string) => ['authorization', `Bearer ${text}`];

  beforeAll(async () => {
    const lines = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        log += chunk.toString();
        done();
      },
    });
    world = await createWorld({ database, log: pino({ level: 'trace' }, lines) });
    ({ key } = await world.setUp({ allow: ['GET /v1/models'] }));
    await world.setUp({ service: 'foreign', agent: 'stranger' });
    token = await world.token('robot', key);
  });
  beforeEach(() => {
    world.upstream.seen.length = 0;
  });
  afterAll(() => world?.close());

  function expectProblem(answer: RawAnswer, status: number, code: string): void {
    expect({ status: answer.status, code: answer.json()['code'] }).toEqual({ status, code });
    expect(answer.header('content-type')).toBe('application/problem+json');
    expect(answer.header('doorward-source')).toBe('broker');
    expect(answer.header('doorward-error')).toBe(code);
    expect(answer.header('cache-control')).toBe('no-store');
    expect(answer.json()).toMatchObject({
      type: `${url()}/problems/${code}`,
      title: expect.any(String) as string,
      status,
      instance: answer.header('x-request-id'),
      fault: expect.stringMatching(/^(caller|policy|upstream|vault)$/) as string,
    });
    if (status < 429) expect(answer.header('x-should-retry')).toBe('false');
    expect(world.upstream.seen).toEqual([]);
  }

  test('without a token is a 401 with a challenge that names no error', async () => {
    const answer = await send(url(), '/call/vendor/v1/models');
    expectProblem(answer, 401, 'unauthenticated');
    expect(answer.header('www-authenticate')).toBe('Bearer realm="doorward"');
  });

  test('with a token from elsewhere is a 401 that says so', async () => {
    const parts = token.split('.');
    const foreign = [parts[0], parts[1], Buffer.alloc(64, 7).toString('base64url')].join('.');
    for (const wrong of [foreign, 'sk-a-vendor-key-1234567890', `${token}x`, 'dw_run_x']) {
      const answer = await send(url(), '/call/vendor/v1/models', { headers: bearer(wrong) });
      expectProblem(answer, 401, 'unauthenticated');
      expect(answer.header('www-authenticate')).toBe('Bearer realm="doorward", error="invalid_token"');
      expect(answer.text()).not.toContain(wrong);
    }
  });

  test('with an agent key is a 401 that tells what to do with it', async () => {
    for (const headers of [bearer(key), ['x-api-key', key]]) {
      const answer = await send(url(), '/call/vendor/v1/models', { headers });
      expectProblem(answer, 401, 'unauthenticated');
      expect(answer.json()['detail']).toContain('/oauth/token');
      expect(answer.text()).not.toContain(key);
    }
  });

  test('tells nothing of services without a grant, known or not', async () => {
    const known = await send(url(), '/call/foreign/v1/models?x=1', { headers: bearer(token) });
    const unknown = await send(url(), '/call/unknown/v1/models?x=1', { headers: bearer(token) });
    expectProblem(known, 403, 'no-grant');
    expect(comparable(known)).toEqual(comparable(unknown));
    for (const name of [
      '',
      '__proto__',
      'constructor',
      'Vendor',
      'vendor%20',
      'vendor%00',
      'v'.repeat(3000),
    ]) {
      const other = await send(url(), `/call/${name}/v1/models?x=1`, { headers: bearer(token) });
      expect(comparable(other)).toEqual(comparable(unknown));
    }
  });

  test('outside the grant names the rule, and is never a 401', async () => {
    const answer = await send(url(), '/call/vendor/v1/files', {
      method: 'POST',
      headers: bearer(token),
      body: 'x',
    });
    expectProblem(answer, 403, 'not-allowed');
    expect(answer.json()).toMatchObject({ rule: 'grant', needed_grant: 'POST /v1/files', fault: 'policy' });
  });

  test('outside the grant has the command that would allow it, whole and safe to paste', async () => {
    const path = "/v1/'$(touch$IFS'x')'";
    const answer = await send(url(), `/call/vendor${path}`, { headers: bearer(token) });
    expectProblem(answer, 403, 'not-allowed');
    const { detail, needed_grant: needed } = answer.json() as Record<string, string>;
    const command = detail?.split('can allow it: ')[1] ?? '';
    const words = execFileSync('sh', ['-c', `printf '%s\\n' ${command}`], { encoding: 'utf8' }).split('\n');
    expect(words.slice(0, 5)).toEqual(['doorward', 'grant', 'set', 'robot', 'vendor']);
    expect(words.slice(5)).toEqual(['--allow', 'GET /v1/models', '--allow', needed, '']);
    const allow = words.filter((_, at) => words[at - 1] === '--allow');
    const pair = '/v1/agents/robot/grants/vendor';
    expect((await world.admin('PATCH', pair, { allow })).body['allow']).toEqual(allow);
    expect((await send(url(), `/call/vendor${path}`, { headers: bearer(token) })).status).not.toBe(403);
    await world.admin('PATCH', pair, { allow: ['GET /v1/models'] });
    world.upstream.seen.length = 0;
  });

  test('outside the scope names the scope that is missing', async () => {
    const narrow = await world.token('robot', key, { scope: 'vendor:write' });
    const answer = await send(url(), '/call/vendor/v1/models', { headers: bearer(narrow) });
    expectProblem(answer, 403, 'not-allowed');
    expect(answer.json()).toMatchObject({ rule: 'scope', needed_scope: 'vendor:read' });
  });

  test('at an address that two parsers could read differently is a 400 that echoes none of it', async () => {
    const paths = [
      '/v1/../admin',
      '/v1/%2e%2e/admin',
      '/v1/..%2fadmin',
      '/v1//admin',
      '/./v1/models',
      '/v1/%252e',
    ];
    for (const path of [...paths, '/v1/models;x=1', '/v1/%zz', '/v1/models?a=1;b=2', '/v1\\admin']) {
      const answer = await send(url(), `/call/vendor${path}canary-path`, { headers: bearer(token) });
      expectProblem(answer, 400, 'invalid-address');
      expect(answer.text()).not.toContain('canary-path');
    }
    for (const method of ['PROPFIND', 'TRACE', 'PURGE']) {
      const answer = await send(url(), '/call/vendor/v1/models', { method, headers: bearer(token) });
      expectProblem(answer, 405, 'method-not-allowed');
      expect(answer.header('allow')).toContain('GET, HEAD, POST');
    }
  });

  test('gets its refusal even while it uploads megabytes', async () => {
    const body = Buffer.alloc(8 * 1024 * 1024, 'a');
    for (const headers of [bearer(token), []]) {
      const answer = await send(url(), '/call/vendor/v1/upload', { method: 'POST', headers, body });
      expect([401, 403]).toContain(answer.status);
    }
  });

  test('of a frozen agent is a 403 that says so, whatever it asks', async () => {
    await world.admin('POST', '/v1/agents/robot/freeze', {});
    for (const path of [
      '/call/vendor/v1/models',
      '/call/vendor/v1/files',
      '/call/foreign/x',
      '/call/unknown/x',
    ]) {
      const answer = await send(url(), path, { headers: bearer(token) });
      expectProblem(answer, 403, 'frozen');
    }
    await world.admin('POST', '/v1/agents/robot/unfreeze', {});
    expect((await world.call(token, '/call/vendor/v1/models')).status).toBe(200);
  });

  test('with an expired token is a 401', async () => {
    const old = await world.token('robot', key);
    await world.shift(500_000);
    expect((await world.call(old, '/call/vendor/v1/models')).status).toBe(200);
    world.upstream.seen.length = 0;
    await world.shift(600_500);
    const answer = await send(url(), '/call/vendor/v1/models', { headers: bearer(old) });
    await world.shift(0);
    expectProblem(answer, 401, 'unauthenticated');
    expect(answer.json()['detail']).toContain('expired');
  });

  test('repeats nothing of what was sent in a wrong place, not to the caller, the log or the audit log', async () => {
    const canary = 'Canary-7Hq2Lx9TzVw4';
    const requests: [string, Parameters<typeof send>[2]][] = [
      [`/call/${canary}/v1/models`, { headers: bearer(token) }],
      [`/call/vendor/v1/%2e%2e/${canary}`, { headers: bearer(token) }],
      [`/call/vendor/v1/models?%00=${canary}`, { headers: bearer(token) }],
      ['/call/vendor/v1/models', { headers: bearer(canary) }],
      [
        '/call/vendor/v1/models',
        { headers: ['authorization', `Basic ${Buffer.from(`a:${canary}`).toString('base64')}`] },
      ],
      ['/call/vendor/v1/models', { headers: ['authorization', `${canary} ${canary}`] }],
      ['/call/vendor/v1/models', { headers: [...bearer(token), 'x-api-key', `eyJx.${canary}.x`] }],
      ['/call/vendor/v1/models', { method: canary.toUpperCase(), headers: bearer(token) }],
      ['/call/vendor/v1/models', { headers: [...bearer(token), 'host', canary] }],
      [`/${canary}`, {}],
      [`/v1/secrets/${canary}`, { headers: bearer(canary) }],
      [
        '/oauth/token',
        {
          method: 'POST',
          headers: ['content-type', 'application/x-www-form-urlencoded'],
          body: `grant_type=${canary}&${canary}=1`,
        },
      ],
      [
        '/oauth/token',
        {
          method: 'POST',
          headers: [
            'authorization',
            `Basic ${Buffer.from(`${canary}:${canary}`).toString('base64')}`,
            'content-type',
            'application/x-www-form-urlencoded',
          ],
          body: `grant_type=client_credentials&scope=${canary}`,
        },
      ],
    ];
    log = '';
    for (const [path, options] of requests) {
      const answer = await send(url(), path, options);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      const said = JSON.stringify([answer.headers, answer.reason, answer.text()]).toLowerCase();
      expect(said).not.toContain(canary.toLowerCase());
    }
    expect(world.upstream.seen).toEqual([]);
    const events = JSON.stringify(await world.events()).toLowerCase();
    expect(events).not.toContain(canary.toLowerCase());
    expect(log.toLowerCase()).not.toContain(canary.toLowerCase());
    expect(events + log).not.toContain(SECRET_VALUE);
  });

  test('whose caller hangs up in the middle is not worth a line in the log', async () => {
    log = '';
    const host = new URL(url()).host;
    for (const path of ['/oauth/token', '/call/vendor/v1/models', '/v1/agents']) {
      const type = 'content-type: application/x-www-form-urlencoded';
      await speak(
        url(),
        `POST ${path} HTTP/1.1\r\nhost: ${host}\r\n${type}\r\ncontent-length: 99\r\n\r\ngrant`,
        60,
      );
    }
    await send(url(), '/healthz');
    // On a machine with much else to do a lease is renewed late, which is a line of its own.
    const others = ['"msg":"answered"', '"msg":"the lease was not renewed"'];
    const lines = log.split('\n').filter((line) => line !== '' && !others.some((msg) => line.includes(msg)));
    expect(lines).toEqual([]);
  });

  test('tells nothing by the slots of a service without a grant', async () => {
    const own = { kind: 'header', name: 'x-very-own' };
    await world.admin('POST', '/v1/services', {
      name: 'slotted',
      baseUrl: world.upstream.url,
      auth: own,
      secret: 'foreign',
    });
    const headers = ['x-very-own', token];
    const known = await send(url(), '/call/slotted/x', { headers });
    expect(comparable(known)).toEqual(comparable(await send(url(), '/call/unknown/x', { headers })));
    expect(known.status).toBe(401);
  });

  test('of somebody known is one event with what was refused and why', async () => {
    await send(url(), '/call/vendor/v1/secret/plans?q=1', { method: 'DELETE', headers: bearer(token) });
    await send(url(), '/call/nobody-knows/x', { headers: bearer(token) });
    await send(url(), '/call/vendor/v1/%2e%2e/x', { headers: bearer(token) });
    const refused = () => world.events('call.refused');
    await expect
      .poll(async () => (await refused()).at(-1))
      .toMatchObject({
        service: 'vendor',
        problem: 'invalid-address',
        rule: 'address/dot-segment',
        rawPath: { bytes: 12 },
      });
    const [outside, unknown] = (await refused()).slice(-3);
    expect(outside).toMatchObject({
      service: 'vendor',
      method: 'DELETE',
      path: '/v1/secret/plans',
      problem: 'not-allowed',
      rule: 'grant',
      principal: {
        type: 'agent',
        name: 'robot',
      },
      client: '127.0.0.1',
    });
    expect(unknown).toMatchObject({ problem: 'no-grant', service: expect.stringMatching(/^#/) as string });
  });

  test('can not swell the audit log with parameters', async () => {
    const answer = await world.call(token, `/call/vendor/v1/models?${'(&'.repeat(8000)}x=1`);
    expect(answer.status).toBe(200);
    const many = Array.from({ length: 2500 }, (_, at) => `p${at}`).join('&');
    await world.call(token, `/call/vendor/v1/models?${many}`);
    const [event] = (await world.events('call.intent')).slice(-1);
    const keys = event?.['queryKeys'] as string[] | undefined;
    expect(keys).toHaveLength(65);
    expect(keys?.at(-1)).toBe('+2436');
  });
});
