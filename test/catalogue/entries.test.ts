// The data of the catalogue: each file an entry by its schema, patterns that mean what they say, and nothing found twice.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  findByEnvName,
  findByKey,
  readCatalogue,
  readEntry,
  searchCatalogue,
} from '../../src/catalogue/catalogue.ts';
import { CatalogueEntry, fillBaseUrl, variableNames } from '../../src/catalogue/entry.ts';
import { canonicalAddress } from '../../src/core/address.ts';
import { matchesPattern, parsePattern } from '../../src/core/address-pattern.ts';
import { parseAuth, printAuth } from '../../src/core/auth-text.ts';

const FOLDER = new URL('../../catalogue/', import.meta.url);
const files = readdirSync(FOLDER);
const entries = readCatalogue();
const supported = entries.filter(({ unsupported }) => unsupported === undefined);
const withActions = entries.filter(({ actions }) => Object.keys(actions).length > 0);

describe('the files', () => {
  test.each(files)('%s is an entry under its own name', (file) => {
    const entry = CatalogueEntry.parse(JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')));
    expect(`${entry.id}.json`).toBe(file);
  });

  test('are as many as promised', () => {
    expect(supported.length).toBeGreaterThanOrEqual(150);
    expect(entries.filter(({ verified }) => verified).length).toBeGreaterThanOrEqual(75);
    expect(withActions.length).toBeGreaterThanOrEqual(30);
  });
});

describe('an entry', () => {
  test.each(entries)('$id has a placement that can be typed', ({ auth }) => {
    expect(parseAuth(printAuth(auth))).toEqual(auth);
  });

  test.each(entries)('$id has a base URL once its variables are known', (entry) => {
    const examples = Object.fromEntries(
      Object.entries(entry.variables ?? {}).map(([name, { example }]) => [name, example]),
    );
    expect(fillBaseUrl(entry, examples)).toMatch(/^https:\/\/[^{}]+$/);
    if (variableNames(entry.baseUrl).length > 0) expect(() => fillBaseUrl(entry, {})).toThrow(/base URL/);
  });

  test.each(entries)('$id names only a key that it has a variable for', ({ valueTemplate, env }) => {
    const names = [...(valueTemplate ?? '').matchAll(/\{([A-Z][A-Z0-9_]*)\}/g)].map(([, name]) => name);
    if (valueTemplate !== undefined) expect(names.some((name) => env.some((key) => key === name))).toBe(true);
  });

  test('that is verified has a test call, and Doorward can call it', () => {
    const without = entries.filter(
      ({ verified, testCall, unsupported }) =>
        verified && (testCall === undefined || unsupported !== undefined),
    );
    expect(without.map(({ id }) => id)).toEqual([]);
  });
});

describe('the actions and the denied calls', () => {
  const denies = (entry: CatalogueEntry, method: string, path: string) =>
    entry.deny.some((text) => matchesPattern(parsePattern(text), method, canonicalAddress(path)));

  test.each(entries)('of $id are patterns in their canonical text', ({ actions, deny }) => {
    const texts = [...deny, ...Object.values(actions).flatMap(({ allow }) => allow)];
    expect(texts.map((text) => parsePattern(text).text)).toEqual(texts);
    expect(new Set(deny).size).toBe(deny.length);
  });

  test.each(withActions)('of $id do not deny what an action allows, nor the test call', (entry) => {
    const { testCall } = entry;
    const allowed = Object.values(entry.actions).flatMap(({ allow }) => allow.map(concrete));
    const calls = testCall === undefined ? allowed : [...allowed, [testCall.method, testCall.path] as const];
    expect(calls.filter(([method, path]) => denies(entry, method, path))).toEqual([]);
  });

  test.each(withActions)('of $id call nothing read that deletes', ({ actions }) => {
    const reading = Object.values(actions).filter(({ risk }) => risk === 'read');
    expect(reading.flatMap(({ allow }) => allow.filter((text) => /^(DELETE|PATCH|\*) /.test(text)))).toEqual(
      [],
    );
  });

  test.each([
    ['openai', 'POST', '/v1/organization/admin_api_keys'],
    ['openai', 'POST', '/v1/organization/projects/p1/service_accounts'],
    ['github', 'POST', '/app/installations/1/access_tokens'],
    ['github', 'POST', '/app/installations/1/access_tokens/'],
    ['github', 'POST', '/authorizations'],
    ['github', 'POST', '/repos/acme/site/keys'],
    ['gitlab', 'POST', '/api/v4/personal_access_tokens/self/rotate'],
    ['stripe', 'POST', '/v1/ephemeral_keys'],
    ['slack', 'POST', '/oauth.v2.exchange'],
    ['slack', 'GET', '/oauth.v2.access'],
    ['cloudflare', 'POST', '/user/tokens'],
    ['cloudflare', 'PUT', '/user/tokens/t1/value'],
    ['vercel', 'POST', '/v3/user/tokens'],
    ['sendgrid', 'POST', '/v3/api_keys'],
    ['sendgrid', 'GET', '/v3/api_keys/k1'],
    ['digitalocean', 'POST', '/v2/spaces/keys'],
    ['datadog', 'GET', '/api/v2/api_keys'],
    ['datadog', 'POST', '/api/v2/current_user/application_keys'],
    ['supabase-management', 'GET', '/v1/projects/ref/api-keys'],
    ['pinecone', 'POST', '/admin/projects/p/api-keys'],
    ['resend', 'POST', '/api-keys'],
    ['openrouter', 'POST', '/v1/keys'],
  ])('%s: %s %s makes or shows a credential, and is denied', (id, method, path) => {
    const entry = readEntry(id);
    expect(entry && denies(entry, method, path)).toBe(true);
  });
});

/** A call that the pattern covers. */
function concrete(pattern: string): readonly [method: string, path: string] {
  const { method, segments, isOpen, trailingSlash } = parsePattern(pattern);
  const path = segments.map((segment) => (segment.kind === 'literal' ? segment.text : `x${segment.suffix}`));
  const end = isOpen ? '/x' : trailingSlash ? '/' : '';
  return [method, `/${path.join('/')}${end}`];
}

describe('finding', () => {
  test('no two services that can be called share a variable', () => {
    const names = supported.flatMap(({ env, baseUrlEnv }) => [...env, ...baseUrlEnv.map(({ name }) => name)]);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  test.each([
    ['OPENAI_API_KEY', 'openai'],
    ['ANTHROPIC_API_KEY', 'anthropic'],
    ['GITHUB_TOKEN', 'github'],
    ['STRIPE_SECRET_KEY', 'stripe'],
    ['SLACK_BOT_TOKEN', 'slack'],
    ['GOOGLE_API_KEY', 'google-gemini'],
    ['NOTHING_OF_THE_KIND', undefined],
  ])('by the variable %s: %s', (name, id) => {
    expect(findByEnvName(name)?.id).toBe(id);
  });

  test.each([
    [`sk-ant-api03-${'a'.repeat(93)}AA`, ['anthropic']],
    [`sk-proj-${'a'.repeat(40)}`, ['openai']],
    [`sk-${'a'.repeat(48)}`, ['openai']],
    [`sk-${'a'.repeat(32)}`, ['deepseek']],
    [`sk-or-v1-${'a'.repeat(64)}`, ['openrouter']],
    [`ghp_${'a'.repeat(36)}`, ['github', 'github-mcp']],
    [`AIza${'a'.repeat(35)}`, ['google-gemini', 'google-maps', 'youtube-data']],
    ['AKIAIOSFODNN7EXAMPLE', ['aws']],
    [`rk_live_${'a'.repeat(99)}`, ['stripe']],
    ['0123456789abcdef0123456789abcdef', []],
    ['eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.c2lnbmF0dXJl', []],
    ['not a key', []],
    ['', []],
  ])('by the key %s: %j', (key, ids) => {
    expect(findByKey(key).map(({ id }) => id)).toEqual(ids);
  });

  test('by words, in names, categories, variables and actions', () => {
    expect(searchCatalogue('sendgrid').map(({ id }) => id)).toEqual(['sendgrid']);
    expect(searchCatalogue('Google api KEY').map(({ id }) => id)).toContain('google-gemini');
    expect(searchCatalogue('refund').map(({ id }) => id)).toEqual(['shopify', 'stripe']);
    expect(searchCatalogue('send mail').map(({ id }) => id)).toEqual(
      expect.arrayContaining(['mailgun', 'postmark', 'resend', 'sendgrid']),
    );
    expect(searchCatalogue('').length).toBe(entries.length);
    expect(searchCatalogue('no such vendor')).toEqual([]);
  });

  test.each(['../package', 'openai/../openai', '.', '', 'openai.json', 'OPENAI', 'no-such-vendor'])(
    'by the id "%s": none',
    (id) => {
      expect(readEntry(id)).toBeUndefined();
    },
  );
});

describe('a wrong entry is refused:', () => {
  const good = minimal();
  test.each([
    ['a variable that is not explained', { baseUrl: 'https://{host}.example.com' }],
    ['a variable that is used nowhere', { variables: { host: { description: 'x', example: 'y' } } }],
    ['a base URL that is none', { baseUrl: 'https://Example.com' }],
    ['a pattern that is none', { deny: ['GET v1'] }],
    ['an expression that is none', { keyPattern: '(' }],
    [
      'a placeholder that nothing is held against',
      { placeholder: { prefix: '', alphabet: 'hex', length: 32 } },
    ],
    ['OAuth without its endpoints', { credential: 'oauth2-refresh' }],
    ['a member nobody knows', { colour: 'blue' }],
  ])('%s', (_what, change) => {
    expect(CatalogueEntry.safeParse(good).success).toBe(true);
    expect(CatalogueEntry.safeParse({ ...good, ...change }).success).toBe(false);
  });
});

function minimal(): object {
  return {
    id: 'acme',
    name: 'Acme',
    category: 'custom',
    baseUrl: 'https://api.acme.dev',
    auth: { kind: 'bearer' },
    docsUrl: 'https://acme.dev/docs',
    verified: false,
  };
}
