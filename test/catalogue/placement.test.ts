// Every verified entry through the broker to an upstream of its shape: the credential arrives where the entry says, and
// nowhere else. One world; the upstream is loopback, the rest of the base URL is the vendor's.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readCatalogue } from '../../src/catalogue/catalogue.ts';
import type { CatalogueEntry, TestCall } from '../../src/catalogue/entry.ts';
import { createPlaceholder } from '../../src/core/placeholder.ts';
import { createEmbedded } from '../support/database.ts';
import type { Respond } from '../support/upstream.ts';
import { createWorld, type World } from '../support/world.ts';

interface Case {
  readonly id: string;
  readonly entry: CatalogueEntry;
  readonly testCall: TestCall;
  readonly key: string;
  readonly value: string;
}

const verified = readCatalogue().flatMap((entry): Case[] => {
  if (!entry.verified || entry.testCall === undefined) return [];
  const key = keyOf(entry);
  return [{ id: entry.id, entry, testCall: entry.testCall, key, value: valueOf(entry, key) }];
});
const SET_UP_MS = 180_000;

let world: World;
let token: string;
beforeAll(async () => {
  world = await createWorld({ database: { name: 'embedded', create: createEmbedded } });
  const { body } = await world.admin('POST', '/v1/agents', { name: 'robot' });
  token = await world.token('robot', String(body['key']));
  await Promise.all(verified.map(addService));
}, SET_UP_MS);
afterAll(async () => world.close());

test.each(verified)(
  '$id: the test call carries the credential',
  async ({ id, entry, testCall, key, value }) => {
    const { upstream } = world;
    upstream.seen.length = 0;
    upstream.respond = vendor(entry, testCall, value);

    const { method, path, body } = testCall;
    const answer = await world.call(token, `/call/${id}${path}`, init(testCall));
    const text = await answer.text();

    expect(isGood(testCall, answer.status, text), `${answer.status} ${text}`).toBe(true);
    const [seen] = upstream.seen;
    expect(upstream.seen).toHaveLength(1);
    expect(seen?.method).toBe(method);
    expect(seen?.body.toString()).toBe(body ?? '');
    // Once: neither in a second header nor in an address where it has no place.
    const request = [seen?.url, ...(seen?.rawHeaders ?? [])].join('\n');
    expect(request).not.toContain(token);
    expect(occurrences(request, key)).toBeLessThanOrEqual(1);
    for (const [name, fixed] of Object.entries(entry.headers)) {
      if (name !== 'accept') expect(seen?.headers[name]).toBe(fixed); // fetch has one of its own, which stays
    }

    // The upstream is one that would notice: without the credential the same call is no good.
    const bare = await fetch(`${upstream.url}${basePathOf(entry)}${path}`, init(testCall));
    expect(isGood(testCall, bare.status, await bare.text())).toBe(false);
  },
);

function init({ method, body }: TestCall): RequestInit {
  return body === undefined ? { method } : { method, body, headers: { 'content-type': 'application/json' } };
}

/** A key of the service's look, or any text where its look is not known. */
function keyOf({ placeholder }: CatalogueEntry): string {
  const bytes = (length: number) => randomBytes(length);
  return placeholder === undefined
    ? `key-${randomBytes(16).toString('hex')}`
    : createPlaceholder(placeholder, { bytes });
}

/** What a person would store: the key, or the key put together with what belongs to it. */
function valueOf({ valueTemplate, env, auth }: CatalogueEntry, key: string): string {
  if (valueTemplate === undefined) return auth.kind === 'basic' ? `user:${key}` : key;
  const isKey = (name: string) => name === env[0] || valueTemplate.endsWith(`{${name}}`);
  return valueTemplate.replaceAll(/\{([A-Z][A-Z0-9_]*)\}/g, (_, name: string) =>
    isKey(name) ? key : `public-${name.toLowerCase()}`,
  );
}

function basePathOf({ baseUrl }: CatalogueEntry): string {
  return /^https:\/\/[^/]+(.*)$/.exec(baseUrl)?.[1] ?? '';
}

async function addService({ entry, value }: Case): Promise<void> {
  const { id, auth, headers, deny, refusalShape } = entry;
  const steps: readonly (readonly [string, object])[] = [
    ['/v1/secrets', { name: id, value }],
    [
      '/v1/services',
      {
        name: id,
        baseUrl: `${world.upstream.url}${basePathOf(entry)}`,
        auth,
        secret: id,
        catalogueId: id,
        headers,
        deny,
        ...(refusalShape === undefined ? {} : { refusalShape }),
      },
    ],
    ['/v1/grants', { agent: 'robot', service: id }],
  ];
  for (const [path, body] of steps) {
    const answer = await world.admin('POST', path, body);
    expect(answer.status, `${path}: ${JSON.stringify(answer.body)}`).toBe(201);
  }
}

/** Answers as the vendor does: the good answer to the credential in its place, and to nothing else. */
function vendor(entry: CatalogueEntry, testCall: TestCall, value: string): Respond {
  const { expectMember } = testCall;
  return (request, response) => {
    const url = new URL(request.url, 'http://upstream.test');
    const expected = new URL(`${basePathOf(entry)}${testCall.path}`, 'http://upstream.test');
    const isGoodKey = isInPlace(entry, value, { url, expected, headers: request.headers });
    const good = expectMember === undefined ? { ok: true } : nested(expectMember.split('.'));
    // Some vendors answer 200 to a wrong key too, and say so in the body.
    const status = isGoodKey || expectMember !== undefined ? testCall.expectStatus : 401;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isGoodKey ? good : { error: 'invalid key' }));
  };
}

interface Arrived {
  readonly url: URL;
  readonly expected: URL;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Written out kind by kind, on purpose without the code that puts credentials in place. */
function isInPlace({ auth }: CatalogueEntry, value: string, { url, expected, headers }: Arrived): boolean {
  const isExpectedUrl = url.href === expected.href;
  switch (auth.kind) {
    case 'bearer':
      return isExpectedUrl && headers['authorization'] === `Bearer ${value}`;
    case 'basic':
      return (
        isExpectedUrl && headers['authorization'] === `Basic ${Buffer.from(value, 'utf8').toString('base64')}`
      );
    case 'header':
      return (
        isExpectedUrl && headers[auth.name] === (auth.template ?? '{value}').split('{value}').join(value)
      );
    case 'query':
      expected.searchParams.append(auth.name, value);
      return url.pathname === expected.pathname && url.searchParams.get(auth.name) === value;
    case 'path':
      return url.pathname === auth.template.split('{value}').join(value) + expected.pathname;
    case 'headers': {
      const fields = Object.entries(JSON.parse(value) as Record<string, string>);
      return (
        isExpectedUrl &&
        auth.headers.every(
          ({ name, template }) =>
            headers[name] ===
            fields.reduce((text, [field, filled]) => text.split(`{${field}}`).join(filled), template),
        )
      );
    }
  }
}

function isGood({ expectStatus, expectMember }: TestCall, status: number, text: string): boolean {
  if (status !== expectStatus) return false;
  if (expectMember === undefined) return true;
  const found = expectMember
    .split('.')
    .reduce<unknown>(
      (value, name) => (typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined),
      JSON.parse(text),
    );
  return Boolean(found);
}

function nested(path: readonly string[]): unknown {
  return path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), true);
}

function occurrences(text: string, part: string): number {
  return text.split(part).length - 1;
}
