// Request bodies while a secret has a previous version in its grace period: held where they are small, so that they can be
// sent again; streamed as ever where they are not.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { createSlowVendor, createVendor, keyOf, sha256, VERSION_HEADER } from '../support/rotating-vendor.ts';
import { collect } from '../support/raw-http.ts';
import { createWorld, type World } from '../support/world.ts';

const [embedded] = testDatabases();
const KB = 1024;
const MB = 1024 * KB;

describe('in the grace period', () => {
  let world: World;

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    world = await createWorld({ database: embedded });
  });
  afterAll(() => world?.close());

  const sentKeys = () => world.upstream.seen.map(({ headers }) => keyOf(headers));

  const slowVendor = async () => createSlowVendor(world);

  test.each([
    ['of one byte', 1],
    ['as long as may be held', MB],
  ])('a body %s is held and sent again', async (_what, length) => {
    const vendor = await slowVendor();
    const body = randomBytes(length);
    const answer = await vendor.call('/v1', { method: 'POST', body });
    expect(answer.json()).toEqual({ bytes: length, hash: sha256(body) });
    expect(world.upstream.seen.map((request) => sha256(request.body))).toEqual([sha256(body), sha256(body)]);
    const { intents } = await vendor.story(answer);
    const told = { held: true, bytes: length, hash: expect.stringMatching(/^[\w-]{43}$/) };
    expect(intents).toMatchObject([{ body: told }, { body: told }]);
    expect(JSON.stringify(intents)).not.toContain(sha256(body));
  });

  test('a body in chunks is held and sent again', async () => {
    const vendor = await slowVendor();
    const pieces = [randomBytes(10), randomBytes(700 * KB), randomBytes(100 * KB)];
    const { request, response } = vendor.upload(['transfer-encoding', 'chunked']);
    for (const piece of pieces) request.write(piece);
    request.end();
    const whole = Buffer.concat(pieces);
    expect((await collect(await response)).json()).toEqual({ bytes: whole.length, hash: sha256(whole) });
    expect(sentKeys()).toEqual([vendor.fresh, vendor.old]);
  });

  test.each([
    ['with its length told', (length: number) => ['content-length', String(length)]],
    ['in chunks', () => ['transfer-encoding', 'chunked']],
  ])('a longer body %s passes whole and once, and so does its 401', async (_how, framing) => {
    const vendor = await slowVendor();
    const body = randomBytes(3 * MB);
    const { request, response } = vendor.upload(framing(body.length));
    for (let at = 0; at < body.length; at += 100 * KB) request.write(body.subarray(at, at + 100 * KB));
    request.end();
    const refused = await collect(await response);
    expect([refused.status, refused.text()]).toEqual([401, 'this key is not known']);
    expect([refused.header('x-refused'), refused.header(VERSION_HEADER)]).toEqual(['yes', undefined]);
    expect(world.upstream.seen.map((seen) => sha256(seen.body))).toEqual([sha256(body)]);
    const { intents, outcomes, fallbacks } = await vendor.story(refused);
    expect(intents).toMatchObject([{ body: { held: false } }]);
    expect(outcomes).toMatchObject([{ result: 'answered', status: 401, requestBytes: body.length }]);
    expect(fallbacks).toEqual([]);
  });

  test('a body whose end waits for the answer is not held for ever', async () => {
    const vendor = await createVendor(world, { baseUrl: await conversation() });
    await vendor.rotate();
    const { request, response } = vendor.upload(['transfer-encoding', 'chunked']);
    request.write('first');
    const [heard] = (await once(await response, 'data')) as [Buffer];
    expect(heard.toString()).toBe('heard first');
    request.end('last');
    expect((await collect(await response)).text()).toBe('heard last');
  });

  /** An upstream that answers each piece of a body as soon as it comes. */
  async function conversation(): Promise<string> {
    const server = createServer((request, response) => {
      request.on('data', (piece: Buffer) => response.write(`heard ${piece.toString()}`));
      request.on('end', () => response.end());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  test('a body that breaks off is neither sent nor put on record as a call', async () => {
    const vendor = await slowVendor();
    const refused = (await world.events('call.refused')).length;
    const intents = (await world.events('call.intent')).length;
    const { request } = vendor.upload(['content-length', '1000']);
    await new Promise((resolve) => request.write('half of it', resolve));
    request.destroy();
    await expect.poll(async () => (await world.events('call.refused')).length).toBe(refused + 1);
    expect((await world.events('call.intent')).length).toBe(intents);
    expect(world.upstream.seen).toEqual([]);
  });
});
