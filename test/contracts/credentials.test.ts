// What every credential kind promises, end to end: the credential arrives in its place and nowhere else, nothing of the
// agent's stands there, no echo comes back, where it may go is sealed with it, and the log holds nothing of it.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseAuth, printAuth } from '../../src/core/auth-text.ts';
import type { Auth } from '../../src/core/service.ts';
import { bindingHash } from '../../src/vault/binding.ts';
import { slotsOf } from '../../src/vault/credential.ts';
import { testDatabases } from '../support/database.ts';
import { send } from '../support/raw-http.ts';
import type { Respond } from '../support/upstream.ts';
import { createWorld, type World } from '../support/world.ts';

interface Case {
  /** As `--auth` takes it. */
  readonly text: string;
  readonly value: string;
  /** What must not come back, nor stand in the log; each 16 bytes or more. */
  readonly secrets: readonly string[];
  /** Header lines and the target, as they arrive. */
  readonly headers?: readonly string[];
  readonly target?: string;
}

const KEY = 'kx-9fK2mQ7xLw4TzR8vBn3HcJ6yPd5GsA1e';
const APP = 'ap-5Tq8Zr1Wn6Yb3Vc0Xm7Kd2Lf9Hs4Jg';
const BOT = '110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw';
const PAIR = Buffer.from(`user:${KEY}`).toString('base64');

const CASES: readonly Case[] = [
  { text: 'bearer', value: KEY, secrets: [KEY], headers: [`authorization: Bearer ${KEY}`] },
  { text: 'basic', value: `user:${KEY}`, secrets: [KEY, PAIR], headers: [`authorization: Basic ${PAIR}`] },
  { text: 'header:x-vendor-key', value: KEY, secrets: [KEY], headers: [`x-vendor-key: ${KEY}`] },
  {
    text: 'header:authorization=Token token={value}',
    value: KEY,
    secrets: [KEY],
    headers: [`authorization: Token token=${KEY}`],
  },
  {
    text: 'header:x-pair={key_id}:{key}',
    value: JSON.stringify({ key_id: 'public-id-0001', key: KEY }),
    secrets: [KEY],
    headers: [`x-pair: public-id-0001:${KEY}`],
  },
  { text: 'query:api_key', value: KEY, secrets: [KEY], target: `/base/v1?a=1&api_key=${KEY}` },
  { text: 'path:/bot{value}', value: BOT, secrets: [BOT], target: `/base/bot${BOT}/v1?a=1` },
  {
    text: 'path:/hooks/{team}/{token}',
    value: JSON.stringify({ team: 'T0001', token: KEY }),
    secrets: [KEY],
    target: `/base/hooks/T0001/${KEY}/v1?a=1`,
  },
  {
    text: 'headers:dd-api-key={api_key},dd-application-key={app_key},x-account={email}',
    value: JSON.stringify({ api_key: KEY, app_key: APP, email: 'someone@example.com' }),
    secrets: [KEY, APP],
    headers: [`dd-api-key: ${KEY}`, `dd-application-key: ${APP}`, 'x-account: someone@example.com'],
  },
];

const [embedded] = testDatabases();

let world: World;
let echo: Respond;
beforeAll(async () => {
  if (embedded === undefined) throw new Error('there is always an embedded database');
  world = await createWorld({ database: embedded });
  echo = world.upstream.respond;
});
afterAll(() => world?.close());
beforeEach(() => {
  world.upstream.seen.length = 0;
  world.upstream.respond = echo;
});

const NAMED = CASES.map((one, at) => ({ ...one, name: `vendor-${at}` }));

describe.each(NAMED)('$text', ({ name, text, value, secrets, headers = [], target = '/base/v1?a=1' }) => {
  const auth: Auth = parseAuth(text);
  let token: string;

  beforeAll(async () => {
    const baseUrl = `${world.upstream.url}/base`;
    const { key } = await world.setUp({ value, auth, baseUrl, service: name, agent: name });
    token = await world.token(name, key);
  });

  const call = (path = '/v1?a=1', extra: readonly string[] = []) =>
    send(world.apps[0]?.address ?? '', `/call/${name}${path}`, {
      headers: ['x-api-key', token, ...extra],
    });
  const arrived = () => {
    const { url = '', rawHeaders = [] } = world.upstream.seen.at(-1) ?? {};
    const lines = rawHeaders.flatMap((name, at) =>
      at % 2 === 0 ? [`${name.toLowerCase()}: ${rawHeaders[at + 1] ?? ''}`] : [],
    );
    return { url, lines };
  };

  test('the text is what it is printed as', () => {
    expect(printAuth(auth)).toBe(text);
    expect(parseAuth(printAuth(auth))).toEqual(auth);
  });

  test('the credential arrives in its place, and nowhere else', async () => {
    expect((await call()).status).toBe(200);
    const { url, lines } = arrived();
    expect(url).toBe(target);
    for (const header of headers) expect(lines.filter((line) => line === header)).toHaveLength(1);
    const elsewhere = lines.filter((line) => !headers.includes(line)).join('\n');
    for (const secret of secrets) expect(elsewhere).not.toContain(secret);
    expect(lines.join('\n')).not.toContain(token);
  });

  test('what the agent puts in its place is taken away, and its token is found there', async () => {
    const slots = slotsOf({ auth });
    const own = 'the-agents-own-value-0001';
    for (const name of slots.headers) {
      await call('/v1?a=1', [name, own, name.toUpperCase(), own]);
      expect(arrived().lines.join('\n')).not.toContain(own);
    }
    for (const name of slots.query) {
      await call(`/v1?${name}=${own}&a=1&${name.toUpperCase()}=${own}`);
      expect(arrived().url).toBe(target);
    }
    if (slots.path !== undefined) {
      const slot = slots.path.replaceAll(/\{\w+\}/g, own);
      await call(`${slot}/v1?a=1`);
      expect(arrived().url).toBe(target);
      const withToken = slots.path.replaceAll(/\{\w+\}/g, token);
      const answer = await send(world.apps[0]?.address ?? '', `/call/${name}${withToken}/v1?a=1`, {
        headers: [],
      });
      expect(answer.status).toBe(200);
      expect(arrived().url).toBe(target);
    }
  });

  test.each([200, 500])('no echo comes back, in a header or in the body of a %i', async (status) => {
    world.upstream.respond = (request, response) => {
      const told = [...secrets, ...secrets.map((secret) => encodeURIComponent(secret)), request.url].join(
        ' | ',
      );
      response.writeHead(status, { 'content-type': 'text/plain', 'x-echo': told });
      response.end(`you sent ${told} and ${JSON.stringify(request.headers)}`);
    };
    const answer = await call();
    expect(answer.status).toBe(status);
    const whole = JSON.stringify(answer.headers) + answer.text();
    for (const secret of secrets) {
      expect(whole).not.toContain(secret);
      expect(whole).not.toContain(secret.slice(4, 20));
    }
    if (text.includes('{email}')) expect(whole).toContain('someone@example.com');
  });

  test('where it may go is sealed with it: another placement is another binding', () => {
    const at = { origin: { scheme: 'https', host: 'api.test', port: 443 }, basePath: '' } as const;
    const hashes = new Set(
      CASES.map((one) => bindingHash([{ ...at, auth: parseAuth(one.text) }]).toString('hex')),
    );
    expect(hashes.size).toBe(CASES.length);
  });

  test('the log holds nothing of it', async () => {
    await call();
    const ownCalls = async () =>
      (await world.events('call.intent')).filter(
        (event) => (event['service'] as { name: string }).name === name,
      );
    const calls = await ownCalls();
    await expect
      .poll(async () => (await world.events('call.outcome')).map(({ intent }) => intent))
      .toEqual(expect.arrayContaining(calls.map(({ id }) => id)));
    const log = JSON.stringify(await world.events());
    for (const secret of secrets) expect(log).not.toContain(secret);
    expect(log).not.toContain(token);
    const paths = calls.map(({ path }) => path);
    expect(new Set(paths)).toEqual(new Set(['/v1']));
  });
});

describe('a placement that can not be', () => {
  const refused: [string, RegExp][] = [
    ['header:content-length', /writes itself/],
    ['header:transfer_encoding', /writes itself/],
    ['headers:x-one={a},host={b}', /writes itself/],
    ['header:connection={value}', /writes itself/],
  ];
  test.each(refused)('%s is refused', async (text, said) => {
    await world.admin('POST', '/v1/secrets', { name: 'unplaced', value: KEY });
    const service = {
      name: 'unplaced',
      baseUrl: 'https://api.test',
      auth: parseAuth(text),
      secret: 'unplaced',
    };
    const answer = await world.admin('POST', '/v1/services', service);
    expect(answer.status).toBe(422);
    expect(answer.body['detail']).toMatch(said);
  });

  test.each([
    'cookie-jar',
    'header:',
    'header:x-a=no field in it',
    'header:x-a={value',
    'query:',
    'path:bot{value}',
    'path:/bot',
    'path:/../{value}',
    'path:/{value}/',
    'headers:x-a={a},x-a={b}',
    'headers:x-a={a},x_b={b},x-b={c}',
    'header:x a={value}',
  ])('the text %s is refused with the forms there are or what is wrong', (text) => {
    expect(() => parseAuth(text)).toThrow(/--auth/);
  });

  test('a value without the field that is sent is one clear problem, and nothing is sent', async () => {
    const { key } = await world.setUp({ value: KEY, auth: parseAuth('headers:x-a={app_key}') });
    const token = await world.token('robot', key);
    const answer = await world.call(token, '/call/vendor/v1');
    expect(answer.status).toBe(503);
    const problem = await answer.text();
    expect(problem).toContain('app_key');
    expect(problem).not.toContain(KEY);
    expect(world.upstream.seen).toEqual([]);
  });
});
