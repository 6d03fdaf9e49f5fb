// `doorward connect` as a person would run it, against an authorization server on loopback; the test is the browser.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AuthorizationServer, startAuthorizationServer } from '../support/authorization-server.ts';
import { CLIENT } from '../support/token-endpoint.ts';
import { type CliWorld, createCliWorld } from './world.ts';

let world: CliWorld;
let server: AuthorizationServer;
let upstream: Server;
let upstreamUrl: string;
const arrived: (string | undefined)[] = [];

beforeAll(async () => {
  world = await createCliWorld();
  upstream = createServer((request, response) => {
    arrived.push(request.headers.authorization);
    const isGood = server.valid.has(request.headers.authorization?.slice('Bearer '.length) ?? '');
    response.writeHead(isGood ? 200 : 401).end('{}');
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  upstreamUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
});
afterAll(async () => {
  upstream?.close();
  await world?.close();
});
beforeEach(async () => {
  server = await startAuthorizationServer();
  return () => server.close();
});

const ENVIRONMENT = { DOORWARD_CLIENT_ID: CLIENT.client_id, DOORWARD_CLIENT_SECRET: CLIENT.client_secret };

interface Connecting {
  /** What it says on stderr so far. */
  readonly said: () => string;
  /** Resolves with the first match in what it says. */
  readonly until: (pattern: RegExp) => Promise<string>;
  readonly ended: Promise<number | null>;
}

function connect(
  argv: readonly string[],
  environment: Readonly<Record<string, string>> = ENVIRONMENT,
): Connecting {
  const child = spawn(world.launcher, ['connect', ...argv], {
    env: { ...process.env, ...world.environment, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const waiting = new Set<() => void>();
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    for (const look of waiting) look();
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return {
    said: () => said,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(said)?.[1];
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        void ended.then(() => reject(new Error(`it ended and had not said ${pattern.source}: ${said}`)));
        look();
      }),
    ended,
  };
}

const issuer = (name: string) => [name, '--base-url', upstreamUrl, '--issuer', server.url, '--no-browser'];
const ADDRESS = /^ {2}(http:\/\/\S+)\n/m;

async function call(name: string): Promise<void> {
  const { code, stderr } = await world.doorward(['call', name, 'GET', '/me', '--agent', 'default']);
  if (code !== 0) throw new Error(stderr);
}

describe('in the browser', () => {
  test('a service is connected: secret, service and grant are there, and a call carries a fresh token', async () => {
    const connecting = connect(issuer('acme'));
    const address = new URL(await connecting.until(ADDRESS));
    expect(address.origin + address.pathname).toBe(`${server.url}/authorize`);
    expect(address.searchParams.get('redirect_uri')).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/);
    const page = await fetch(address);
    expect(await page.text()).toContain('close this page');
    expect(page.headers.get('content-security-policy')).toBe("default-src 'none'");
    expect(await connecting.ended).toBe(0);
    expect(connecting.said()).toContain('acme is connected');
    expect(connecting.said()).not.toContain(server.refreshToken);
    const shown = JSON.parse((await world.doorward(['secret', 'show', 'acme', '--json'])).stdout) as Record<
      string,
      unknown
    >;
    expect(shown).toMatchObject({ credentialKind: 'oauth2-refresh', services: ['acme'], currentVersion: 1 });
    const granted = await world.doorward(['grant', 'list', '--json']);
    expect(granted.stdout).toMatch(/"agent": ?"default"/);
    await call('acme');
    expect(arrived.at(-1)).toBe(`Bearer ${server.issued.at(-1)}`);
  });

  test('connected again, its secret has a new version', async () => {
    const connecting = connect(issuer('acme'));
    await fetch(await connecting.until(ADDRESS));
    expect(await connecting.ended).toBe(0);
    expect(connecting.said()).toContain('acme is connected again');
    await call('acme');
    expect(arrived.at(-1)).toBe(`Bearer ${server.issued.at(-1)}`);
  });

  test('another state is not taken, and the right one still is', async () => {
    const connecting = connect(issuer('state'));
    const address = new URL(await connecting.until(ADDRESS));
    const forged = new URL(address.searchParams.get('redirect_uri') ?? '');
    forged.search = '?code=forged&state=forged';
    expect((await fetch(forged)).status).toBe(400);
    await fetch(address);
    expect(await connecting.ended).toBe(0);
  });

  test('an answer of another issuer is refused', async () => {
    server.iss = 'https://evil.example';
    const connecting = connect(issuer('issuer'));
    await fetch(await connecting.until(ADDRESS));
    expect(await connecting.ended).not.toBe(0);
    expect(connecting.said()).toContain('could not be connected');
    expect((await world.doorward(['secret', 'show', 'issuer'])).code).not.toBe(0);
  });

  test('addresses by flags do; the issuer that an answer names is then not believed unasked', async () => {
    const flags = [
      '--authorization-url',
      `${server.url}/authorize`,
      '--token-url',
      `${server.url}/token`,
      '--no-browser',
    ];
    server.iss = undefined;
    const connecting = connect(['by-flags', '--base-url', upstreamUrl, ...flags]);
    await fetch(await connecting.until(ADDRESS));
    expect(await connecting.ended).toBe(0);
    server.iss = 'https://elsewhere.example';
    const other = connect(['by-flags-2', '--base-url', upstreamUrl, ...flags]);
    await fetch(await other.until(ADDRESS));
    expect(await other.ended).not.toBe(0);
    expect(other.said()).toContain('--issuer https://elsewhere.example');
  });

  test('a token that ends, without a refresh token, is not stored; one that stays is', async () => {
    server.withoutRefreshToken = true;
    const ending = connect(issuer('ending'));
    await fetch(await ending.until(ADDRESS));
    expect(await ending.ended).not.toBe(0);
    expect(ending.said()).toContain('--scope offline_access');
    server.withoutEnd = true;
    const staying = connect(issuer('staying'));
    await fetch(await staying.until(ADDRESS));
    expect(await staying.ended).toBe(0);
    const shown = await world.doorward(['secret', 'show', 'staying', '--json']);
    expect(shown.stdout).toMatch(/"credentialKind": ?"static"/);
  });

  test.each([
    [
      'HTML',
      (write: (status: number, body: string) => void) => write(200, '<!doctype html>'),
      'a web page (HTML)',
    ],
    ['nothing', (write: (status: number, body: string) => void) => write(200, ''), 'with nothing'],
    [
      'an OAuth error',
      (write: (status: number, body: string) => void) => write(400, '{"error":"invalid_client"}'),
      'invalid_client',
    ],
  ])('%s from the token endpoint is one clear message', async (_, answerWith, said) => {
    const { answer } = server;
    server.answer = (request, response) => {
      if (request.url !== '/token') return answer(request, response);
      answerWith((status, body) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(body),
      );
    };
    const connecting = connect(issuer('junk'));
    await fetch(await connecting.until(ADDRESS));
    expect(await connecting.ended).not.toBe(0);
    expect(connecting.said()).toContain(said);
    expect(connecting.said()).not.toMatch(/at .*\.js:\d+/);
  });
});

describe('without a browser', () => {
  test('a code is printed, and what is allowed elsewhere is stored', async () => {
    const connecting = connect([...issuer('device').slice(0, 5), '--device']);
    expect(await connecting.until(/^ {2}(WDJB-MJHT)$/m)).toBe('WDJB-MJHT');
    expect(await connecting.ended).toBe(0);
    expect(connecting.said()).toContain(`${server.url}/activate`);
    await call('device');
    expect(arrived.at(-1)).toBe(`Bearer ${server.issued.at(-1)}`);
  });
});

describe('what is refused before anybody is sent anywhere', () => {
  test.each([
    ['a service that takes a key', ['openai'], /doorward add openai/],
    ['a service that nobody knows', ['nobody-knows'], /--base-url/],
    [
      'an address that is not TLS',
      [
        'plain',
        '--base-url',
        'https://api.example',
        '--authorization-url',
        'http://auth.example/a',
        '--token-url',
        'https://auth.example/t',
      ],
      /https:\/\//,
    ],
  ])('%s', async (_, argv, said) => {
    const { code, stderr } = await world.doorward(['connect', ...argv], { environment: ENVIRONMENT });
    expect(code).toBe(2);
    expect(stderr).toMatch(said);
  });

  test('a secret in the arguments', async () => {
    const { code, stderr } = await world.doorward([
      'secret',
      'add',
      'zoom',
      '--kind',
      'oauth2-client',
      '--field',
      'client_secret=in-the-open',
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain('treat this one as seen');
    expect(stderr).not.toContain('in-the-open');
  });
});

test('client credentials are stored from fields and a file, and a call carries their token', async () => {
  const file = join(world.root, 'client-secret');
  writeFileSync(file, `${CLIENT.client_secret}\n`);
  const added = await world.doorward([
    'secret',
    'add',
    'machine',
    '--kind',
    'oauth2-client',
    '--field',
    `token_url=${server.tokenUrl}`,
    '--field',
    `client_id=${CLIENT.client_id}`,
    '--field-file',
    `client_secret=${file}`,
  ]);
  expect(added.stderr).toContain('machine');
  expect(added.code).toBe(0);
  await world.doorward([
    'service',
    'add',
    'machine',
    '--base-url',
    upstreamUrl,
    '--auth',
    'bearer',
    '--secret',
    'machine',
  ]);
  await world.doorward(['grant', 'add', 'default', 'machine']);
  await call('machine');
  expect(arrived.at(-1)).toBe(`Bearer ${server.issued.at(-1)}`);
});
