// The CLI on the wire: what it sends, how it proves itself, what it makes of refusals.
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { sealWithPassphrase } from '../../src/crypto/passphrase.ts';
import { createStandIn, cli, OWNER_CREDENTIAL } from './stand-in.ts';
import type { Answers, StandIn } from './stand-in.ts';

const AT = '2030-01-31T18:00:00.000Z';
const secret = (name: string) => ({
  id: 'sec_01h455vb4pex5vsknk084sn02q',
  name,
  credentialKind: 'bearer',
  currentVersion: 1,
  isDecoy: false,
  services: [],
  revision: 1,
  createdAt: AT,
});
const problem = (status: number, code: string, fault: string) => ({
  status,
  body: {
    type: `http://127.0.0.1:7420/problems/${code}`,
    title: 'Refused',
    status,
    code,
    fault,
    instance: 'req_7',
  },
});

let server: StandIn;
async function start(answers: Answers): Promise<StandIn> {
  server = await createStandIn(answers);
  return server;
}
afterEach(async () => server.close());

describe('a command', () => {
  test('exchanges the owner credential and calls with the token', async () => {
    const { cli: run, seen } = await start({ 'GET /v1/secrets/openai': () => ({ body: secret('openai') }) });
    const { code, stdout } = await run(['secret', 'show', 'openai', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(secret('openai'));
    const [exchange, call] = seen;
    expect(exchange).toMatchObject({
      path: '/oauth/token',
      body: 'grant_type=client_credentials',
      headers: { authorization: `Basic ${Buffer.from(`owner:${OWNER_CREDENTIAL}`).toString('base64')}` },
    });
    expect(call).toMatchObject({
      path: '/v1/secrets/openai',
      headers: { authorization: 'Bearer admin-token' },
    });
  });

  test('says when the owner credential can be read on the way, but not on this machine', async () => {
    const { cli: run } = await start({});
    const there = await run(['secret', 'list', '--url', 'http://user:pass@0.0.0.0:1']); // nobody listens
    expect(there.stderr).toMatch(/^The owner credential goes to http:\/\/0\.0\.0\.0:1 unencrypted\./m);
    expect((await run(['-q', 'secret', 'list', '--url', 'http://0.0.0.0:1'])).stderr).not.toMatch(
      /unencrypted/,
    );
    expect((await run(['secret', 'list', '--url', 'http://127.0.0.1:1'])).stderr).not.toMatch(/unencrypted/);
    for (const named of ['127.evil.invalid', 'localhost.evil.invalid']) {
      const { stderr } = await run(['secret', 'list', '--url', `http://${named}:1`]);
      expect(stderr).toContain(`The owner credential goes to http://${named}:1 unencrypted.`);
    }
  });

  test('puts fields where the contract says: path, query or JSON body', async () => {
    const { cli: run, seen } = await start({});
    await run(['grant', 'remove', 'claude', 'openai']);
    await run(['grant', 'list', '--agent', 'claude']);
    await run([
      'grant',
      'add',
      'claude',
      'openai',
      '--allow',
      'GET /v1/models',
      '--allow',
      'POST /v1/chat/**',
    ]);
    const calls = seen.filter(({ path }) => path !== '/oauth/token');
    expect(calls.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['DELETE', '/v1/agents/claude/grants/openai', ''],
      ['GET', '/v1/grants?limit=200&agent=claude', ''],
      [
        'POST',
        '/v1/grants',
        '{"agent":"claude","service":"openai","allow":["GET /v1/models","POST /v1/chat/**"],"constraints":{}}',
      ],
    ]);
  });

  test('reads every page of a list', async () => {
    const { cli: run } = await start({
      'GET /v1/secrets': ({ path }) => ({
        body: path.includes('cursor=two')
          ? { items: [secret('b')], nextCursor: null }
          : { items: [secret('a')], nextCursor: 'two' },
      }),
    });
    const { stdout } = await run(['secret', 'list', '--json']);
    expect(JSON.parse(stdout)).toEqual({ items: [secret('a'), secret('b')], nextCursor: null });
  });

  test('refuses input the contract refuses, before anything is sent', async () => {
    const { cli: run, seen } = await start({});
    const { code, stderr } = await run(['agent', 'add', 'Not A Name']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/a name is 1 to 64/);
    expect(seen).toEqual([]);
  });
});

describe('a refusal ends with its code and one line', () => {
  test.each([
    [401, 'admin-required', 'caller', 4],
    [403, 'forbidden', 'policy', 5],
    [404, 'not-found', 'caller', 1],
    [409, 'already-exists', 'caller', 1],
    [422, 'invalid-input', 'caller', 2],
    [502, 'upstream-unreachable', 'upstream', 7],
    [503, 'database-unavailable', 'vault', 1],
  ])('%i %s', async (status, name, fault, expected) => {
    const { cli: run } = await start({ 'GET /v1/secrets/x': () => problem(status, name, fault) });
    expect(await run(['secret', 'show', 'x'])).toEqual({
      code: expected,
      stdout: '',
      stderr: 'doorward: Refused (req_7)\n',
    });
  });

  test('of the credential itself is an authentication failure', async () => {
    const { cli: run } = await start({
      'POST /oauth/token': () => ({
        status: 401,
        body: { error: 'invalid_client', error_description: 'Not known' },
      }),
    });
    expect(await run(['status'])).toMatchObject({ code: 4, stderr: 'doorward: Not known\n' });
  });

  test('never shows a stack unless asked for', async () => {
    const { cli: run } = await start({ 'GET /v1/secrets/x': () => problem(404, 'not-found', 'caller') });
    const shown = await run(['secret', 'show', 'x'], { environment: { DOORWARD_LOG_LEVEL: 'debug' } });
    expect(shown.stderr).toMatch(/\n {4}at /);
  });

  test('can not write to the terminal', async () => {
    const { cli: run } = await start({
      'GET /v1/secrets/x': () => ({ status: 404, body: { title: 'gone\u001b[2J\u202e', instance: 'req_7' } }),
    });
    expect((await run(['secret', 'show', 'x'])).stderr).toBe('doorward: gone\\x1b[2J\\u{202e} (req_7)\n');
  });
});

describe('the owner credential', () => {
  test('that others may read is not used', async () => {
    const { cli: run, dataDirectory, seen } = await start({});
    chmodSync(join(dataDirectory, 'owner.credential'), 0o640);
    const { code, stderr } = await run(['status']);
    expect(code).toBe(4);
    expect(stderr).toMatch(/chmod 600/);
    expect(seen).toEqual([]);
  });

  test('that is missing is asked for with what to do', async () => {
    const { cli: run, dataDirectory } = await start({});
    rmSync(join(dataDirectory, 'owner.credential'));
    const { code, stderr } = await run(['status']);
    expect(code).toBe(4);
    expect(stderr).toMatch(/no owner credential .*doorward serve/);
  });

  test('under a passphrase opens with it, and with no other', async () => {
    const {
      cli: run,
      dataDirectory,
      seen,
    } = await start({
      'GET /v1/secrets/x': () => ({ body: secret('x') }),
    });
    const randomness = { bytes: (length: number) => Buffer.alloc(length, 7) };
    writeFileSync(
      join(dataDirectory, 'owner.credential'),
      await sealWithPassphrase(OWNER_CREDENTIAL, 'right', randomness),
    );
    const wrong = await run(['secret', 'show', 'x'], { environment: { DOORWARD_PASSPHRASE: 'wrong' } });
    expect(wrong).toMatchObject({ code: 4, stderr: expect.stringMatching(/passphrase does not open/) });
    const none = await run(['secret', 'show', 'x']);
    expect(none).toMatchObject({ code: 4, stderr: expect.stringMatching(/DOORWARD_PASSPHRASE_FILE/) });
    expect(seen).toEqual([]);
    const right = await run(['secret', 'show', 'x'], { environment: { DOORWARD_PASSPHRASE: 'right' } });
    expect(right.code).toBe(0);
  });
});

describe('no server', () => {
  const sentence =
    /^doorward: No Doorward server answers at .*\. Start one with: doorward serve \(npm start\)\n$/;

  test('on the socket', async () => {
    const { cli: run, close, dataDirectory } = await createStandIn({});
    rmSync(join(dataDirectory, 'admin.sock'));
    expect(await run(['status'])).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(sentence) });
    await close();
    server = await createStandIn({});
  });

  test('at the URL', async () => {
    const { cli: run } = await start({});
    const { code, stderr } = await run(['status', '--url', 'http://127.0.0.1:1']);
    expect(code).toBe(1);
    expect(stderr).toMatch(sentence);
  });
});

test('an agent key is exchanged from stdin or a file, and a token printed', async () => {
  const { cli: run, seen, dataDirectory } = await start({});
  expect(await run(['token', 'worker'], { stdin: 'dw_agent_one\n' })).toEqual({
    code: 0,
    stdout: 'admin-token\n',
    stderr: '',
  });
  const file = join(dataDirectory, 'worker.key');
  writeFileSync(file, 'dw_agent_two\n');
  const { stdout } = await run(['token', 'worker', '--key-file', file, '--json']);
  expect(JSON.parse(stdout)).toEqual({ accessToken: 'admin-token', expiresInSeconds: 900 });
  const keys = seen.map(({ headers }) =>
    Buffer.from(headers.authorization?.slice(6) ?? '', 'base64').toString(),
  );
  expect(keys).toEqual(['worker:dw_agent_one', 'worker:dw_agent_two']);
  expect(await cli(['token', 'worker'], { stdin: '' })).toMatchObject({ code: 4 });
});
