// What a service's protection makes of echoes and of new credentials: masked, cut, told, and in the end a frozen grant.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Respond } from '../support/upstream.ts';
import { testDatabases } from '../support/database.ts';
import { send } from '../support/raw-http.ts';
import { createWorld, type World } from '../support/world.ts';

const [embedded] = testDatabases();
const VALUE = 'vk9K2mQ7xLw4TzR8vBn3HcJ6yPd5Zs0qE1';
const MADE = 'ghp_a7Jd0WqT5uNc2YbXe8Gm3LpKs6Vf1RhZo9Ui';

describe('leaks of a service', () => {
  let world: World;
  let token: string;
  const url = () => world.apps[0]?.address ?? '';

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    world = await createWorld({ database: embedded });
    const { key } = await world.setUp({ value: VALUE, auth: { kind: 'header', name: 'x-vendor-key' } });
    token = await world.token('robot', key);
  });
  afterAll(() => world?.close());
  beforeEach(() => {
    world.upstream.seen.length = 0;
  });

  async function protect(leaks: object, service = 'vendor'): Promise<void> {
    const input = { protection: { leaks }, acceptWeaker: true };
    const { status, body } = await world.admin('PATCH', `/v1/services/${service}`, input);
    expect({ status, body }).toMatchObject({ status: 200 });
  }

  async function answered(respond: Respond, { service = 'vendor', method = 'GET' } = {}) {
    world.upstream.respond = respond;
    return await send(url(), `/call/${service}/v1`, { method, headers: ['x-api-key', token] });
  }
  const last = async (kind: string) => (await world.events(kind)).at(-1);

  /** A service with a value of its own, which the agent may call. */
  async function addService(name: string, value: string, auth: object): Promise<void> {
    await world.admin('POST', '/v1/secrets', { name, value, force: true });
    const service = { name, baseUrl: world.upstream.url, auth, secret: name };
    expect(await world.admin('POST', '/v1/services', service)).toMatchObject({ status: 201 });
    expect(await world.admin('POST', '/v1/grants', { agent: 'robot', service: name })).toMatchObject({
      status: 201,
    });
  }

  describe('blocked', () => {
    beforeAll(() => protect({ action: 'block' }));

    test('an echo in the body: a problem comes in place of the answer', async () => {
      const answer = await answered((_request, response) => {
        response.writeHead(201, { 'x-vendor': 'yes' });
        response.write('the key is ');
        setImmediate(() => response.end(`${VALUE.slice(0, 10)}${VALUE.slice(10)} as you know`));
      });
      expect(answer.status).toBe(403);
      expect(answer.json()).toMatchObject({ code: 'secret-in-answer', fault: 'policy' });
      expect(answer.header('x-should-retry')).toBe('false');
      expect(answer.header('x-vendor')).toBeUndefined();
      expect(answer.text()).not.toContain(VALUE.slice(0, 4));
      await expect
        .poll(() => last('call.outcome'))
        .toMatchObject({ problem: 'secret-in-answer', leaks: { views: ['raw'] } });
      await expect
        .poll(() => last('guard.alarm'))
        .toMatchObject({ alarm: 'secret-in-answer', done: 'call-blocked', agent: { name: 'robot' } });
    });

    test('an echo in a header or the reason: the same', async () => {
      for (const respond of [
        (_request, response) => response.writeHead(200, { 'x-echo': VALUE }).end('fine'),
        (_request, response) => response.writeHead(200, `OK ${VALUE}`).end('fine'),
      ] satisfies Respond[]) {
        const answer = await answered(respond);
        expect([answer.status, answer.reason]).toEqual([403, 'Forbidden']);
        expect(JSON.stringify([answer.headers, answer.text()])).not.toContain(VALUE);
      }
    });

    test('an echo in a trailer of a short answer: the same', async () => {
      const answer = await answered((_request, response) => {
        response.writeHead(200, { trailer: 'x-late' });
        response.write('fine');
        response.addTrailers({ 'x-late': VALUE });
        response.end();
      });
      expect(answer.status).toBe(403);
    });

    test('an echo behind the first 64 KiB: the answer is cut before it', async () => {
      world.upstream.respond = (_request, response) => {
        response.write('x'.repeat(200_000));
        setImmediate(() => response.end(`<${VALUE}>`));
      };
      const got: Buffer[] = [];
      const cut = (async () => {
        const response = await fetch(`${url()}/call/vendor/v1`, { headers: { 'x-api-key': token } });
        expect(response.status).toBe(200);
        for await (const chunk of response.body ?? []) got.push(Buffer.from(chunk as Uint8Array));
      })();
      await expect(cut).rejects.toThrow();
      expect(Buffer.concat(got).toString()).not.toContain(VALUE.slice(0, 4));
      await expect.poll(() => last('call.outcome')).toMatchObject({ problem: 'secret-in-answer' });
    });

    test('an event stream is not held up, and is cut where the echo would come', async () => {
      let tellMore: () => void = () => undefined;
      world.upstream.respond = (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: one\n\n');
        tellMore = () => response.write(`data: ${VALUE}\n\n`);
      };
      const response = await fetch(`${url()}/call/vendor/v1`, { headers: { 'x-api-key': token } });
      const reader = response.body?.getReader();
      expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('data: one\n\n');
      tellMore();
      const rest = async () => {
        let text = '';
        for (let piece = await reader?.read(); piece?.done === false; piece = await reader?.read())
          text += Buffer.from(piece.value).toString();
        return text;
      };
      await expect(rest()).rejects.toThrow();
    });

    test('an answer without an echo comes as it was, also without a body', async () => {
      const answer = await answered((_request, response) =>
        response.writeHead(200, { 'x-vendor': 'yes', 'content-length': 4 }).end('fine'),
      );
      expect([answer.status, answer.header('x-vendor'), answer.text()]).toEqual([200, 'yes', 'fine']);
      const head = await answered((_request, response) => response.writeHead(204).end(), { method: 'HEAD' });
      expect(head.status).toBe(204);
    });
  });

  test('leaks that come again and again freeze the grant, and say so', async () => {
    await addService('leaky', `a${VALUE}`, { kind: 'bearer' });
    await protect({ freezeAfter: 3 }, 'leaky');
    const leak: Respond = (request, response) => response.end(request.headers.authorization);
    const harmless: Respond = (_request, response) => response.end('fine');
    for (const respond of [leak, harmless, leak, harmless]) {
      expect((await answered(respond, { service: 'leaky' })).status).toBe(200);
    }
    expect((await answered(leak, { service: 'leaky' })).text()).toMatch(/^Bearer \*+$/);
    await expect
      .poll(async () => (await answered(harmless, { service: 'leaky' })).json())
      .toMatchObject({ code: 'frozen' });
    await expect
      .poll(() => last('guard.alarm'))
      .toMatchObject({ alarm: 'leaks-repeated', done: 'grant-frozen' });
    expect(await last('grant.freeze')).toMatchObject({ after: { frozen: true, reason: 'leaks-repeated' } });
    await protect({ action: 'redact' });
    expect((await answered(harmless)).status).toBe(200); // another grant of the same agent
  });

  test('twenty leaks within an hour freeze, unless the service says otherwise', async () => {
    await addService('untouched', `b${VALUE}`, { kind: 'bearer' });
    const leak: Respond = (request, response) => response.end(request.headers.authorization);
    for (let count = 1; count < 20; count++) {
      expect((await answered(leak, { service: 'untouched' })).status).toBe(200);
    }
    expect((await answered(leak, { service: 'untouched' })).text()).toMatch(/^Bearer \*+$/);
    await expect
      .poll(async () => (await answered(leak, { service: 'untouched' })).json())
      .toMatchObject({ code: 'frozen' });
  });

  describe('a credential that the answer makes', () => {
    const makes: Respond = (_request, response) =>
      response
        .writeHead(201, { 'content-type': 'application/json', 'x-made': MADE })
        .end(`{"token":"${MADE}"}`);
    const flags = async () => (await last('call.outcome'))?.['flags'];

    test('is told unless the service says otherwise, and passes', async () => {
      await protect({});
      const answer = await answered(makes);
      expect(answer.json()).toEqual({ token: MADE });
      await expect
        .poll(flags)
        .toEqual([{ direction: 'answer', guard: 'minting', rule: 'github-token', action: 'flag', count: 2 }]);
      expect(JSON.stringify(await world.events())).not.toContain(MADE);
    });

    test('is masked but for the beginning that all have', async () => {
      await protect({ minting: 'redact' });
      const answer = await answered(makes);
      expect(answer.json()).toEqual({ token: `ghp_${'*'.repeat(MADE.length - 4)}` });
      expect(answer.header('x-made')).toBe(`ghp_${'*'.repeat(MADE.length - 4)}`);
      await expect
        .poll(() => last('guard.alarm'))
        .toMatchObject({ alarm: 'credential-minted', done: 'told' });
    });

    test('is kept back with the answer', async () => {
      await protect({ minting: 'block' });
      const answer = await answered((_request, response) => response.end(`{"token":"${MADE}"}`));
      expect(answer.status).toBe(403);
      expect(answer.json()).toMatchObject({ code: 'credential-in-answer' });
      expect(answer.text()).not.toContain(MADE.slice(4, 10));
      await expect.poll(() => last('guard.alarm')).toMatchObject({ done: 'call-blocked' });
    });

    test('is not looked for where that is off', async () => {
      await protect({ minting: 'off' });
      expect((await answered(makes)).json()).toEqual({ token: MADE });
      await expect.poll(() => last('call.outcome')).toMatchObject({ status: 201 });
      expect(await flags()).toBeUndefined();
    });
  });

  test('a password that is an ordinary word is masked where it stands alone', async () => {
    await addService('wordy', 'admin:admin', { kind: 'basic' });
    const said =
      '{"user":"admin","role":"administrator","note":"sysadmin_7","n":"%61dmin","j":"\\u0061dmin\\n"}';
    const answer = await answered((_request, response) => response.end(said), { service: 'wordy' });
    expect(answer.text()).toBe(
      '{"user":"*****","role":"administrator","note":"sysadmin_7","n":"*******","j":"**********\\n"}',
    );
    const listed = await world.admin('GET', '/v1/guessable-secrets');
    expect(listed).toEqual({ status: 200, body: { names: ['wordy'] } });
  });

  test('of a key file only what is secret is looked for', async () => {
    const key = Buffer.from(VALUE.repeat(20)).toString('base64').replaceAll(/.{64}/g, '$&\n');
    const file = {
      type: 'service_account',
      project_id: 'example-project',
      private_key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`,
      client_email: 'robot@example-project.iam.gserviceaccount.com',
      token_uri: 'https://oauth2.googleapis.com/token',
      universe_domain: 'googleapis.com',
    };
    await addService('cloud', JSON.stringify(file), { kind: 'bearer' });
    const { private_key: _, ...others } = file;
    const said = JSON.stringify({ ...others, pem: '-----BEGIN PRIVATE KEY-----' });
    const [line = ''] = key.split('\n');
    const answer = await answered((_request, response) => response.end(`${said} ${line}`), {
      service: 'cloud',
    });
    expect(answer.text()).toBe(`${said} ${'*'.repeat(line.length)}`);
  });

  test('interim answers do not reach the caller, and what fails tells nothing of the key', async () => {
    await protect({});
    const hinted = await answered((_request, response) => {
      response.writeEarlyHints({ link: `</a?k=${VALUE}>; rel=preload` });
      response.end('fine');
    });
    expect([hinted.status, hinted.text()]).toEqual([200, 'fine']);
    const broken: readonly Respond[] = [
      (_request, response) => response.socket?.end(`HTTP/1.1 200 OK\r\n${VALUE}\r\n\r\n`),
      (_request, response) => response.socket?.end(`${VALUE}\r\n\r\n`),
      (_request, response) => response.socket?.destroy(),
      (_request, response) => response.writeHead(200, { 'content-encoding': `x-${VALUE}` }).end('x'),
    ];
    for (const respond of broken) {
      const answer = await answered(respond);
      expect(answer.status).toBe(502);
      expect(JSON.stringify([answer.headers, answer.reason, answer.text()])).not.toContain(VALUE.slice(0, 8));
    }
    expect(JSON.stringify(await world.events())).not.toContain(VALUE.slice(0, 8));
  });
});
