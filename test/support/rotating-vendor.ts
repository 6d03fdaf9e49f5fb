// A vendor whose key is rotated under its agents: a service with a secret, an agent and a grant of its own, an upstream that
// knows the one key or the other, and what the audit log tells of a request.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  type ClientRequest,
  type IncomingMessage,
  request as httpRequest,
  type ServerResponse,
} from 'node:http';
import { expect } from 'vitest';
import { type RawAnswer, type RawRequest, send } from './raw-http.ts';
import { ECHOING, type Respond } from './upstream.ts';
import type { World } from './world.ts';

export const VERSION_HEADER = 'doorward-secret-version';

type Event = Readonly<Record<string, unknown>>;

/** What the audit log tells of one request. */
export interface Story {
  readonly intents: readonly Event[];
  readonly outcomes: readonly Event[];
  readonly refused: readonly Event[];
  readonly fallbacks: readonly Event[];
}

export interface Vendor {
  /** Of the service, the secret and the agent. */
  readonly name: string;
  readonly old: string;
  readonly fresh: string;
  call(path?: string, request?: RawRequest): Promise<RawAnswer>;
  /** A request whose body the test writes itself. */
  upload(headers: readonly string[]): {
    readonly request: ClientRequest;
    readonly response: Promise<IncomingMessage>;
  };
  rotate(graceSeconds?: number): Promise<void>;
  act(method: string, path: string, body?: object): Promise<void>;
  story(answer: RawAnswer): Promise<Story>;
}

export interface Setting {
  readonly graceRetry?: 'any' | 'idempotent';
  readonly baseUrl?: string;
}

let vendors = 0;

/** A service with a secret, an agent and a grant of its own. */
export async function createVendor(
  world: World,
  { graceRetry = 'any', baseUrl }: Setting = {},
): Promise<Vendor> {
  const name = `vendor-${(vendors += 1)}`;
  const [old, fresh] = [newKey(), newKey()];
  const url = world.apps[0]?.address ?? '';
  const act = async (method: string, path: string, body?: object) => {
    const answer = await world.admin(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
    return answer.body;
  };
  const auth = { kind: 'bearer' };
  await act('POST', '/v1/secrets', { name, value: old });
  await act('POST', '/v1/services', {
    name,
    baseUrl: baseUrl ?? world.upstream.url,
    auth,
    secret: name,
    graceRetry,
    protection: ECHOING,
  });
  const { key } = await act('POST', '/v1/agents', { name });
  await act('POST', '/v1/grants', { agent: name, service: name });
  const authorization = ['authorization', `Bearer ${await world.token(name, String(key))}`];
  return {
    name,
    old,
    fresh,
    call: (path = '/v1', { headers = [], ...request } = {}) =>
      send(url, `/call/${name}${path}`, { ...request, headers: [...authorization, ...headers] }),
    upload: (headers) => {
      const { hostname, port, host } = new URL(url);
      const request = httpRequest({
        host: hostname,
        port,
        method: 'POST',
        path: `/call/${name}/v1`,
        agent: false,
        setHost: false,
        headers: ['host', host, ...authorization, ...headers],
      });
      request.on('error', () => undefined);
      const response = once(request, 'response').then(([found]) => found as IncomingMessage);
      response.catch(() => undefined); // whoever does not wait for it does not care
      return { request, response };
    },
    rotate: async (graceSeconds = 600) => {
      await act('POST', `/v1/secrets/${name}/rotate`, { value: fresh, graceSeconds });
    },
    act: async (method, path, body) => {
      await act(method, path.replace('{name}', name), body);
    },
    story: (answer) => storyOf(world, answer.header('doorward-request-id') ?? answer.json()['instance']),
  };
}

/** One that does not know the new key yet, though it is current already. */
export async function createSlowVendor(world: World, setting?: Setting): Promise<Vendor> {
  const vendor = await createVendor(world, setting);
  world.upstream.respond = accepting(vendor.old);
  await vendor.rotate();
  world.upstream.seen.length = 0;
  return vendor;
}

/** With the look of a vendor's key. */
export function newKey(): string {
  return `sk-test-${randomBytes(24).toString('base64url')}`;
}

/** Everything of one request, once each of its intents has an outcome. */
async function storyOf(world: World, request: unknown): Promise<Story> {
  const kinds = ['call.intent', 'call.outcome', 'call.refused', 'rotation.fallback'];
  const read = async () => {
    const found = await Promise.all(kinds.map((kind) => world.events(kind)));
    const [intents = [], outcomes = [], refused = [], fallbacks = []] = found.map((events) =>
      events.filter((event) => event['request'] === request).toSorted(byId),
    );
    return { intents, outcomes, refused, fallbacks };
  };
  await expect
    .poll(async () => {
      const { intents, outcomes } = await read();
      return intents.length > 0 && outcomes.length === intents.length;
    })
    .toBe(true);
  const story = await read();
  expect(new Set(story.outcomes.map((event) => event['intent'])).size).toBe(story.intents.length);
  return story;
}

function byId(one: Event, other: Event): number {
  return String(one['id']) < String(other['id']) ? -1 : 1;
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Takes these keys only; tells what it got. */
export function accepting(...keys: string[]): Respond {
  return ({ headers, method, body }, response) => {
    if (!keys.includes(keyOf(headers))) {
      refuse(response);
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json', 'x-method': method });
    response.end(JSON.stringify({ bytes: body.length, hash: sha256(body) }));
  };
}

export function refuse(response: ServerResponse): void {
  response.writeHead(401, { 'content-type': 'text/plain', 'x-refused': 'yes' });
  response.end('this key is not known');
}

export function keyOf(headers: { readonly authorization?: string | undefined }): string {
  return headers.authorization?.slice('Bearer '.length) ?? '';
}

/** A promise that the test resolves when it pleases. */
export function signal(): { readonly given: Promise<void>; readonly give: () => void } {
  let give = () => {};
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give };
}
