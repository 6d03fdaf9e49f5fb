// Echoes of the key in answers: found in every form, at every cut, and redacted.
import zlib, { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Respond } from '../support/upstream.ts';
import { testDatabases } from '../support/database.ts';
import { send } from '../support/raw-http.ts';
import { createWorld, type World } from '../support/world.ts';

const [embedded] = testDatabases();
/** Every view differs: quotes and slashes for JSON, pluses for forms. No prefix of a vendor's, which may pass. */
const VALUE = '9f+K2/mQ7x"Lw4=TzR8vBn3HcJ6yPd5Zs0';
const PASSWORD = 'pw9K2mQ7xLw4TzR8vBn3';

describe('an answer that echoes the key', () => {
  let world: World;
  let token: string;
  const url = () => world.apps[0]?.address ?? '';

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    world = await createWorld({ database: embedded });
    const { key } = await world.setUp({ value: VALUE, auth: { kind: 'header', name: 'x-vendor-key' } });
    await world.admin('POST', '/v1/secrets', { name: 'pair', value: `user:${PASSWORD}` });
    await world.admin('POST', '/v1/services', {
      name: 'pair',
      baseUrl: world.upstream.url,
      auth: { kind: 'basic' },
      secret: 'pair',
    });
    await world.admin('POST', '/v1/grants', { agent: 'robot', service: 'pair' });
    await world.admin('POST', '/v1/secrets', { name: 'filler', value: '9fK2mQ7xLw4TzR8v:x' });
    await world.admin('POST', '/v1/services', {
      name: 'filler',
      baseUrl: world.upstream.url,
      auth: { kind: 'basic' },
      secret: 'filler',
    });
    await world.admin('POST', '/v1/grants', { agent: 'robot', service: 'filler' });
    token = await world.token('robot', key);
  });
  afterAll(() => world?.close());

  async function answered(respond: Respond, path = '/call/vendor/v1', method = 'GET') {
    world.upstream.respond = respond;
    return await send(url(), path, { method, headers: ['x-api-key', token] });
  }
  const outcome = async () => (await world.events('call.outcome')).at(-1);

  const percent = (text: string) => Buffer.from(text).toString('hex').replace(/../g, '%$&');
  const views: [string, (value: string) => string][] = [
    ['raw', (value) => value],
    ['base64', (value) => Buffer.from(value).toString('base64')],
    ['base64 after one other byte', (value) => Buffer.from(`a${value}`).toString('base64').slice(2)],
    ['base64 after two other bytes', (value) => Buffer.from(`ab${value}`).toString('base64').slice(3)],
    ['base64url', (value) => Buffer.from(value).toString('base64url')],
    ['hex', (value) => Buffer.from(value).toString('hex')],
    ['HEX', (value) => Buffer.from(value).toString('hex').toUpperCase()],
    ['percent', percent],
    ['form', (value) => new URLSearchParams({ a: value }).toString().slice(2)],
    ['JSON', (value) => JSON.stringify(value).slice(1, -1)],
    [
      'JSON \\u',
      (value) => value.replace(/./g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
    ],
    ['HTML', (value) => value.replace(/./g, (c) => `&#x${c.charCodeAt(0).toString(16)};`)],
    ['quoted-printable', (value) => percent(value).replaceAll('%', '=').toUpperCase()],
    ['UTF-16', (value) => Array.from(value).join('\0')],
    ['base64 in lines', (value) => Buffer.from(value).toString('base64').replaceAll(/.{11}/g, '$&\r\n')],
    ['ten bytes of it', (value) => value.slice(14, 24)],
  ];
  const chunkings = [1, 3, 7, 1000];

  test.each(views)(
    '%s, in a body cut at any place, arrives with stars of the same length',
    async (_view, encode) => {
      const echo = encode(VALUE);
      for (const size of chunkings) {
        const bytes = Buffer.from(`before ${echo} after`);
        const answer = await answered((_request, response) => {
          let at = 0;
          const next = () => {
            if (at >= bytes.length) response.end();
            else response.write(bytes.subarray(at, (at += size)), () => setImmediate(next));
          };
          next();
        });
        expect(answer.body.length).toBe(bytes.length);
        expect(answer.text()).not.toContain(echo);
        expect(answer.text()).toMatch(/^before .*\*{7,}.* after$/);
        // Three bytes of the value may leave before it is clear that they begin an echo.
        expect(leftOf(answer.text(), echo)).toBeLessThanOrEqual(
          Math.max(3, Math.ceil((3 * echo.length) / VALUE.length) + 1),
        );
      }
    },
  );

  test('in headers, the reason and trailers is redacted', async () => {
    const answer = await answered((_request, response) => {
      response.writeHead(200, `Fine ${VALUE}`, {
        'x-echo': VALUE,
        'x-many': ['a', `k=${VALUE}`],
        link: `<https://v.test/?k=${percent(VALUE)}>; rel=next`,
        'x-hex': Buffer.from(VALUE).toString('hex'),
        trailer: 'x-late',
        'set-cookie': `a=${VALUE}`,
        'www-authenticate': `Bearer realm="${VALUE.replaceAll('"', '')}"`,
        'content-type': 'text/plain',
      });
      response.write('body');
      response.addTrailers({ 'x-late': VALUE });
      response.end();
    });
    const said = JSON.stringify([answer.headers, answer.reason, answer.trailers]);
    for (const [, encode] of views) expect(said).not.toContain(encode(VALUE));
    expect(answer.reason).toMatch(/^Fine \*+$/);
    expect(answer.trailers['x-late']).toMatch(/^\*+$/);
    expect(answer.header('set-cookie')).toBeUndefined();
    expect(answer.header('www-authenticate')).toBeUndefined();
    await expect
      .poll(outcome)
      .toMatchObject({ result: 'answered', leaks: { matches: expect.any(Number) as number } });
  });

  test.each([302, 307, 401, 500])(
    'with status %i is passed on, redacted and not followed',
    async (status) => {
      const before = world.upstream.seen.length;
      const location = `${world.upstream.url}/next?k=${encodeURIComponent(VALUE)}`;
      const answer = await answered((_request, response) => {
        response.writeHead(status, { location }).end(`no: ${VALUE}`);
      });
      expect(answer.status).toBe(status);
      expect(answer.header('doorward-source')).toBe('upstream');
      expect(answer.header('location')).toMatch(/\/next\?k=\*+$/);
      expect(answer.text()).toMatch(/^no: \*+$/);
      expect(world.upstream.seen.length).toBe(before + 1);
    },
  );

  const zstd: unknown = Reflect.get(zlib, 'zstdCompressSync');
  const isCoder = (found: unknown): found is (bytes: Buffer) => Buffer => typeof found === 'function';
  const codings: [string, (bytes: Buffer) => Buffer][] = [
    ['gzip', gzipSync],
    ['gzip, br', (bytes) => brotliCompressSync(gzipSync(bytes))],
    ['gzip, identity, gzip', (bytes) => gzipSync(gzipSync(bytes))],
    ...(isCoder(zstd) ? [['zstd', zstd] as [string, (bytes: Buffer) => Buffer]] : []),
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ];
  test.each(codings)('inside %s is redacted, and the body arrives decoded', async (coding, encode) => {
    const text = `before ${VALUE} after ${'filler '.repeat(20_000)}`;
    const answer = await answered((_request, response) => {
      const bytes = encode(Buffer.from(text));
      response.writeHead(200, { 'content-encoding': coding, 'content-length': bytes.length }).end(bytes);
    });
    expect(answer.header('content-encoding')).toBeUndefined();
    expect(answer.text()).toBe(text.replace(VALUE, '*'.repeat(VALUE.length)));
  });

  test('a coding without a body is an empty body', async () => {
    for (const status of [200, 204, 304]) {
      const answer = await answered((_request, response) => {
        response.writeHead(status, { 'content-encoding': 'gzip' }).end();
      });
      expect({ status: answer.status, bytes: answer.body.length }).toEqual({ status, bytes: 0 });
    }
    const head = await answered(
      (_request, response) =>
        response.writeHead(200, { 'content-encoding': 'compress', 'content-length': 9 }).end(),
      '/call/vendor/v1',
      'HEAD',
    );
    expect([head.status, head.header('content-length')]).toEqual([200, '9']);
  });

  test.each([
    'compress',
    'gzip, gzip, gzip',
    'br, unknown',
    'constructor',
    'aws-chunked',
    VALUE.replaceAll(/["/+=]/g, ''),
  ])('in a coding that can not be looked into (%s) does not arrive', async (coding) => {
    const answer = await answered((_request, response) => {
      response.writeHead(200, { 'content-encoding': coding }).end(VALUE);
    });
    expect(answer.status).toBe(502);
    expect(answer.json()).toMatchObject({ code: 'upstream-invalid', fault: 'upstream' });
    expect(answer.text()).not.toContain('K2m');
  });

  test('a gzip bomb is cut, and broken gzip too', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    for (const bytes of [
      bomb,
      gzipSync(Buffer.from('x'.repeat(100_000))).subarray(0, 60),
      Buffer.from('no gzip at all'),
    ]) {
      const cut = answered((_request, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(bytes);
      });
      await expect(cut).rejects.toThrow(/aborted|hang up|reset/i);
      await expect.poll(outcome).toMatchObject({ result: 'failed', problem: 'upstream-invalid' });
    }
    const last = await outcome();
    expect(Number(last?.['responseBytes'])).toBeLessThan(9 * 1024 * 1024);
  });

  test('basic: the pair, its base64 and the password alone are redacted', async () => {
    const encoded = Buffer.from(`user:${PASSWORD}`).toString('base64');
    const answer = await answered(
      (request, response) =>
        response.end(`${request.headers.authorization} | user:${PASSWORD} | ${PASSWORD} | user`),
      '/call/pair/v1',
    );
    expect(world.upstream.seen.at(-1)?.headers.authorization).toBe(`Basic ${encoded}`);
    expect(answer.text()).not.toContain(PASSWORD);
    expect(answer.text()).toBe(
      `Basic ${'*'.repeat(encoded.length)} | ${'*'.repeat(5 + PASSWORD.length)} | ${'*'.repeat(PASSWORD.length)} | user`,
    );
  });

  test('basic: a password that is a mere filler does not blot out every answer', async () => {
    const answer = await answered(
      (_request, response) => response.end('six boxes, key 9fK2mQ7xLw4TzR8v'),
      '/call/filler/v1',
    );
    expect(answer.text()).toBe(`six boxes, key ${'*'.repeat(16)}`);
  });

  test('is counted in the outcome with the views it came in, without the echo', async () => {
    await answered((_request, response) => response.end(`${VALUE} ${Buffer.from(VALUE).toString('hex')}`));
    await expect.poll(outcome).toMatchObject({ leaks: { matches: 2, views: ['raw', 'hex'] } });
    expect(JSON.stringify(await world.events())).not.toContain(VALUE.slice(10, 20));
  });

  test('can not speak for the broker', async () => {
    const answer = await answered((_request, response) => {
      response.writeHead(200, {
        'doorward-source': 'broker',
        'doorward-error': 'frozen',
        'access-control-allow-origin': '*',
        'alt-svc': 'h2="evil.test"',
        'x-content-type-options': 'sniff',
        'x-request-id': 'vendor-1',
      });
      response.end('{}');
    });
    const of = (name: string) => answer.headers.filter(([found]) => found === name).map(([, value]) => value);
    expect(of('doorward-source')).toEqual(['upstream']);
    expect([...of('doorward-error'), ...of('access-control-allow-origin'), ...of('alt-svc')]).toEqual([]);
    expect(of('x-content-type-options')).toEqual(['nosniff']);
    expect(of('x-request-id')).toEqual(['vendor-1']);
    expect(of('doorward-request-id')).toEqual([expect.stringMatching(/^req_/)]);
  });
});

/** Length of the longest piece of `echo` in `text`. */
function leftOf(text: string, echo: string): number {
  let longest = 0;
  for (let from = 0; from < echo.length; from += 1) {
    while (from + longest < echo.length && text.includes(echo.slice(from, from + longest + 1))) longest += 1;
  }
  return longest;
}
