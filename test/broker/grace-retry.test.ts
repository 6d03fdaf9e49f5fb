// A secret is rotated while it is in use: whichever of its two versions the vendor takes at the moment, no call fails. A
// call that is answered 401 is sent once more with the other version.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import {
  accepting,
  createSlowVendor,
  createVendor,
  keyOf,
  refuse,
  type Setting,
  signal,
  type Story,
  type Vendor,
  VERSION_HEADER,
} from '../support/rotating-vendor.ts';
import { createWorld, type World } from '../support/world.ts';

const [embedded] = testDatabases();

describe.each([
  ['with opened values kept', 60],
  ['with every value opened anew', 0],
])('a call in the grace period, %s', (_how, valueCacheSeconds) => {
  let world: World;

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    world = await createWorld({ database: embedded, config: { valueCacheSeconds } });
  });
  afterAll(() => world?.close());

  const sentKeys = () => world.upstream.seen.map(({ headers }) => keyOf(headers));

  async function vendorOf(setting?: Setting): Promise<Vendor> {
    const vendor = await createVendor(world, setting);
    world.upstream.seen.length = 0;
    return vendor;
  }

  test('is answered with the previous version where the vendor does not know the new one yet', async () => {
    const vendor = await vendorOf();
    world.upstream.respond = accepting(vendor.old);
    await vendor.rotate();
    const answer = await vendor.call();
    expect(answer.status).toBe(200);
    expect(answer.header('x-refused')).toBeUndefined();
    expect(answer.header(VERSION_HEADER)).toBe('previous');
    expect(answer.text()).not.toContain('not known');
    expect(sentKeys()).toEqual([vendor.fresh, vendor.old]);
    const { intents, outcomes, fallbacks } = await vendor.story(answer);
    expect(intents).toMatchObject([{ secret: { version: 2 } }, { secret: { version: 1 } }]);
    expect(outcomes).toMatchObject([
      { intent: intents[0]?.['id'], result: 'answered', status: 401, responseBytes: 0 },
      { intent: intents[1]?.['id'], result: 'answered', status: 200 },
    ]);
    expect(fallbacks).toMatchObject([{ secret: { from: 2, to: 1 }, intent: intents[1]?.['id'] }]);
  });

  test('has neither version in its answer, however the upstream echoes them', async () => {
    const vendor = await vendorOf();
    world.upstream.respond = ({ headers }, response) => {
      if (keyOf(headers) !== vendor.old) {
        response.writeHead(401).end(`unknown: ${vendor.fresh}`);
        return;
      }
      response.writeHead(200, { 'x-echo': `${vendor.old} ${vendor.fresh}` });
      response.end(`${vendor.fresh}\n${Buffer.from(vendor.old).toString('base64')}`);
    };
    await vendor.rotate();
    const answer = await vendor.call();
    const heard = JSON.stringify([answer.headers, answer.text()]);
    expect(answer.status).toBe(200);
    for (const key of [vendor.old, vendor.fresh]) {
      expect(heard).not.toContain(key);
      expect(heard).not.toContain(Buffer.from(key).toString('base64'));
    }
    expect(answer.header('x-echo')).toMatch(/^\*+ \*+$/);
  });

  test('is answered with the current version where it began with one that the vendor has ended since', async () => {
    const vendor = await vendorOf();
    const came = signal();
    const ended = signal();
    world.upstream.respond = async ({ headers }, response) => {
      if (keyOf(headers) === vendor.fresh) {
        response.end('welcome');
        return;
      }
      came.give();
      await ended.given;
      refuse(response);
    };
    const calling = vendor.call();
    await came.given;
    await vendor.rotate();
    ended.give();
    const answer = await calling;
    expect([answer.status, answer.text(), answer.header(VERSION_HEADER)]).toEqual([
      200,
      'welcome',
      'current',
    ]);
    const { intents, outcomes, fallbacks } = await vendor.story(answer);
    expect(intents).toMatchObject([{ secret: { version: 1 } }, { secret: { version: 2 } }]);
    expect(outcomes).toMatchObject([{ status: 401 }, { status: 200 }]);
    expect(fallbacks).toMatchObject([{ secret: { from: 1, to: 2 } }]);
  });

  test('is answered with the older version again where the rotation was rolled back under it', async () => {
    const vendor = await vendorOf();
    const came = signal();
    const back = signal();
    world.upstream.respond = async ({ headers }, response) => {
      if (keyOf(headers) === vendor.old) {
        response.end('welcome');
        return;
      }
      came.give();
      await back.given;
      refuse(response);
    };
    await vendor.rotate();
    const calling = vendor.call();
    await came.given;
    await vendor.act('POST', '/v1/secrets/{name}/rollback');
    back.give();
    const answer = await calling;
    expect([answer.status, answer.header(VERSION_HEADER)]).toEqual([200, 'current']);
    const next = await vendor.call();
    expect([next.status, next.header(VERSION_HEADER)]).toEqual([200, undefined]);
    expect(sentKeys()).toEqual([vendor.fresh, vendor.old, vendor.old]);
  });
});

describe('a call in the grace period', () => {
  let world: World;

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    world = await createWorld({ database: embedded });
  });
  afterAll(() => world?.close());

  const sentKeys = () => world.upstream.seen.map(({ headers }) => keyOf(headers));

  const slowVendor = async (setting?: Setting) => createSlowVendor(world, setting);

  test.each(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'POST', 'PATCH'])(
    '%s is sent again',
    async (method) => {
      const vendor = await slowVendor();
      const answer = await vendor.call('/v1/things?limit=2', { method });
      expect([answer.status, answer.header('x-method')]).toEqual([200, method]);
      expect(world.upstream.seen.map((request) => [request.method, request.url])).toEqual([
        [method, '/v1/things?limit=2'],
        [method, '/v1/things?limit=2'],
      ]);
    },
  );

  test('of a service that repeats idempotent methods only: a POST is not held, and its 401 passes', async () => {
    const vendor = await slowVendor({ graceRetry: 'idempotent' });
    const refused = await vendor.call('/v1', { method: 'POST', body: 'once' });
    expect([refused.status, refused.text()]).toEqual([401, 'this key is not known']);
    expect(sentKeys()).toEqual([vendor.fresh]);
    const { intents } = await vendor.story(refused);
    expect(intents).toMatchObject([{ body: { held: false } }]);
    expect((await vendor.call('/v1', { method: 'PUT', body: 'twice' })).status).toBe(200);
    expect((await vendor.call()).status).toBe(200);
  });

  test('is answered by whatever the second send is answered, another 401 too', async () => {
    const vendor = await slowVendor();
    world.upstream.respond = ({ headers }, response) => {
      response.writeHead(401, { 'x-which': keyOf(headers) === vendor.old ? 'second' : 'first' });
      response.end(keyOf(headers) === vendor.old ? 'no again' : 'no');
    };
    const answer = await vendor.call();
    expect([answer.status, answer.header('x-which'), answer.text()]).toEqual([401, 'second', 'no again']);
    expect(answer.header(VERSION_HEADER)).toBe('previous');
    expect(sentKeys()).toEqual([vendor.fresh, vendor.old]);
    expect((await vendor.story(answer)).outcomes).toMatchObject([{ status: 401 }, { status: 401 }]);
  });

  test('ends as its second send ends, if that fails', async () => {
    const vendor = await slowVendor();
    world.upstream.respond = ({ headers }, response, raw) => {
      if (keyOf(headers) === vendor.old) raw.socket.destroy();
      else refuse(response);
    };
    const answer = await vendor.call();
    expect([answer.status, answer.json()['code']]).toEqual([502, 'upstream-unreachable']);
    expect((await vendor.story(answer)).outcomes).toMatchObject([
      { result: 'answered', status: 401 },
      { result: 'failed', problem: 'upstream-unreachable' },
    ]);
  });

  test('is not sent again for a caller that has gone away', async () => {
    const vendor = await slowVendor();
    const came = signal();
    world.upstream.respond = ({ headers }, response) => {
      if (keyOf(headers) === vendor.fresh) refuse(response);
      else came.give(); // and never answers
    };
    const { request } = vendor.upload(['content-length', '0']);
    request.end();
    await came.given;
    request.destroy();
    const aborted = async () =>
      (await world.events('call.outcome')).filter((event) => event['result'] === 'aborted').length;
    await expect.poll(aborted).toBe(1);
  });

  test('does not wait for a 401 without an end, and cuts it', async () => {
    const vendor = await slowVendor();
    const cut = signal();
    world.upstream.respond = ({ headers }, response) => {
      if (keyOf(headers) === vendor.old) {
        response.end('welcome');
        return;
      }
      response.writeHead(401);
      response.write('no, ');
      response.on('close', cut.give);
    };
    const answer = await vendor.call();
    expect([answer.status, answer.text()]).toEqual([200, 'welcome']);
    await cut.given;
  });

  test('is over with the grace period: then a 401 passes, and bodies are not held', async () => {
    const vendor = await createVendor(world);
    world.upstream.respond = accepting(vendor.old);
    await vendor.rotate(1);
    const refused = async () => {
      const answer = await vendor.call('/v1', { method: 'POST', body: 'a body' });
      return answer.status === 401 ? answer : undefined;
    };
    await expect.poll(async () => (await refused())?.text()).toBe('this key is not known');
    const answer = await refused();
    if (answer === undefined) throw new Error('a version was sent after its grace period');
    expect(answer.header(VERSION_HEADER)).toBeUndefined();
    expect((await vendor.story(answer)).intents).toMatchObject([{ body: { held: false } }]);
  });

  /** Revokes or keeps the older version, as another replica does it: this one has not heard of it yet. */
  async function promoteUnheard(vendor: Vendor, older: 'revoked' | 'previous'): Promise<void> {
    const sql = world.apps[0]?.operations.database.adminSql;
    const secret = world.apps[0]?.authority.serviceByName(vendor.name)?.secretId ?? '';
    await sql?.begin(async (tx) => {
      const [vault] = await tx<{ epoch: string }[]>`update vault set epoch = epoch + 1 returning epoch`;
      const epoch = vault?.epoch ?? '';
      await tx`
        update secret_version set state = ${older}, grace_until = now() + interval '1 hour', changed_epoch = ${epoch}
        where secret_id = ${secret} and state = 'current'`;
      await tx`
        update secret_version set state = 'current', grace_until = null, changed_epoch = ${epoch}
        where secret_id = ${secret} and number = 2`;
    });
  }

  /** A call that begins before memory knows of a promotion; memory may be faster, then it is tried again. */
  async function overtaken(older: 'revoked' | 'previous'): Promise<{ vendor: Vendor; story: Story }> {
    for (;;) {
      const vendor = await createVendor(world);
      await vendor.rotate();
      await vendor.act('POST', '/v1/secrets/{name}/rollback');
      world.upstream.respond = accepting(vendor.fresh);
      world.upstream.seen.length = 0;
      await promoteUnheard(vendor, older);
      const answer = await vendor.call('/v1', { method: 'POST', body: 'a body' });
      expect([answer.status, answer.json()['bytes']]).toEqual([200, 6]);
      const story = await vendor.story(answer);
      if (story.intents.length > 1) return { vendor, story };
    }
  }

  test('goes out under another intent where the version of its first one was revoked before it was opened', async () => {
    const { vendor, story } = await overtaken('revoked');
    expect(sentKeys()).toEqual([vendor.fresh]);
    expect(story.intents).toMatchObject([{ secret: { version: 1 } }, { secret: { version: 2 } }]);
    expect(story.outcomes).toMatchObject([
      { result: 'refused', problem: 'secret-unavailable' },
      { result: 'answered', status: 200 },
    ]);
    expect(story.fallbacks).toEqual([]);
  });

  test('is sent as its intent says although another version was promoted since, and its body is held late', async () => {
    const { vendor, story } = await overtaken('previous');
    expect(sentKeys()).toEqual([vendor.old, vendor.fresh]);
    expect(story.intents).toMatchObject([
      { secret: { version: 1 }, body: { held: false } },
      { secret: { version: 2 }, body: { held: true, bytes: 6 } },
    ]);
    const { hash: bodyHash } = Object(story.intents[1]?.['body']) as { readonly hash?: string };
    expect(bodyHash).toMatch(/^[\w-]{43}$/);
    expect(story.outcomes).toMatchObject([{ status: 401, requestBytes: 6, bodyHash }, { status: 200 }]);
    expect(story.fallbacks).toMatchObject([{ secret: { from: 1, to: 2 } }]);
  });

  test('without one, a 401 passes untouched', async () => {
    const vendor = await createVendor(world);
    world.upstream.respond = accepting();
    world.upstream.seen.length = 0;
    const answer = await vendor.call('/v1', { method: 'POST', body: 'a body' });
    expect([answer.status, answer.text()]).toEqual([401, 'this key is not known']);
    expect(sentKeys()).toEqual([vendor.old]);
    expect((await vendor.story(answer)).intents).toMatchObject([{ body: { held: false } }]);
  });
});
