// What a service takes as an address and as headers only where it says so: beside it, a service that does not.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { createWorld, type World } from '../support/world.ts';

describe.each(testDatabases())('an address and headers on $name', (database) => {
  let world: World;
  let token: string;
  const protect = async (address: object | null, acceptWeaker = true) =>
    world.admin('PATCH', '/v1/services/vendor', { protection: { address }, acceptWeaker });
  const seen = () => world.upstream.seen.at(-1);

  beforeAll(async () => {
    world = await createWorld({ database });
    const { key } = await world.setUp();
    await world.admin('POST', '/v1/services', {
      name: 'strict',
      baseUrl: world.upstream.url,
      auth: { kind: 'bearer' },
      secret: 'vendor',
    });
    await world.admin('POST', '/v1/grants', { agent: 'robot', service: 'strict' });
    token = await world.token('robot', key);
  });
  beforeEach(() => {
    world.upstream.seen.length = 0;
  });
  afterAll(() => world?.close());

  test('hold encoded slashes and parameters only at the service that takes them', async () => {
    await protect({ encodedSlash: true, pathParameters: true });
    const paths = ['/projects/group%2Fname', '/rooms;floor=2/1'];
    for (const path of paths) {
      expect((await world.call(token, `/call/vendor${path}`)).status).toBe(200);
      expect(seen()?.url).toBe(path);
      expect((await world.call(token, `/call/strict${path}`)).status).toBe(400);
    }
    expect(world.upstream.seen).toHaveLength(2);
    await expect
      .poll(async () => (await world.events('call.intent')).map(({ path }) => path))
      .toEqual(expect.arrayContaining(paths));
  });

  test('are not told apart by an agent without a grant', async () => {
    await protect({ encodedSlash: true });
    const { key } = (await world.admin('POST', '/v1/agents', { name: 'stranger' })).body;
    const strange = await world.token('stranger', String(key));
    const answers = await Promise.all(
      ['vendor', 'strict', 'none'].map((name) => world.call(strange, `/call/${name}/a%2Fb`)),
    );
    const told = await Promise.all(
      answers.map(async (answer) => [answer.status, ((await answer.json()) as { code: string }).code]),
    );
    expect(new Set(told.map((one) => JSON.stringify(one))).size).toBe(1);
  });

  test('no parameter makes another method of a call', async () => {
    const answer = await world.call(token, '/call/vendor/v1/x?_method=DELETE', { method: 'POST' });
    expect([answer.status, await answer.json()]).toMatchObject([400, { rule: 'address/method-override' }]);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = new URLSearchParams({ a: '1', _method: 'DELETE' }).toString();
    const cut = await world.call(token, '/call/vendor/v1/x', { method: 'POST', headers: form, body });
    expect([cut.status, await cut.json()]).toMatchObject([400, { rule: 'body/method-override' }]);
    expect(world.upstream.seen.filter(({ body: sent }) => sent.length > 0)).toEqual([]);
    const inParts = new FormData();
    inParts.set('file', new Blob(['_method']), 'a.txt');
    const sent = await world.call(token, '/call/vendor/v1/x', { method: 'POST', body: inParts });
    expect([sent.status, seen()?.body.toString()]).toEqual([200, expect.stringContaining('_method')]);
    inParts.set('_method', 'DELETE');
    const cutInParts = await world.call(token, '/call/vendor/v1/x', { method: 'POST', body: inParts });
    expect([cutInParts.status, await cutInParts.json()]).toMatchObject([
      400,
      { rule: 'body/method-override' },
    ]);
    for (const contentType of ['multipart/form-data', 'multipart/form-data; boundary=a; boundary=b']) {
      const headers = { 'content-type': contentType };
      const unclear = await world.call(token, '/call/vendor/v1/x', { method: 'POST', headers, body: 'x' });
      expect([unclear.status, await unclear.json()]).toMatchObject([400, { rule: 'body/method-override' }]);
    }
    const untold = await world.call(token, '/call/vendor/v1/x', {
      method: 'POST',
      body: new Uint8Array(Buffer.from('_method=DELETE')),
    });
    expect(untold.status).toBe(400);
    const fine = await world.call(token, '/call/vendor/v1/x', {
      method: 'POST',
      headers: form,
      body: 'a=_method',
    });
    expect(fine.status).toBe(200);
    const headers = { 'x-http-method-override': 'DELETE' };
    expect((await world.call(token, '/call/vendor/v1/x', { method: 'POST', headers })).status).toBe(200);
    expect(seen()?.headers).not.toHaveProperty('x-http-method-override');
  });

  test('ranges are whole answers, unless the service lets them pass', async () => {
    world.upstream.respond = (request, response) => {
      if (request.headers.range === undefined) response.end('0123456789');
      else response.writeHead(206, { 'content-range': 'bytes 2-4/10', 'content-length': '3' }).end('234');
    };
    const headers = { range: 'bytes=2-4', 'if-range': '"tag"' };
    const get = (service: string) => world.call(token, `/call/${service}/file`, { headers });
    await protect(null);
    const whole = await get('vendor');
    expect([whole.status, await whole.text()]).toEqual([200, '0123456789']);
    await protect({ ranges: 'pass' });
    const part = await get('vendor');
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
      206,
      'bytes 2-4/10',
      '234',
    ]);
    expect(seen()?.headers['if-range']).toBe('"tag"');
    expect((await get('strict')).status).toBe(200);
  });

  test('of the headers of a caller only those pass that are listed, where a service lists them', async () => {
    await protect({ headers: 'listed', allowHeaders: ['x-request-id', 'authorization', 'cookie'] });
    const headers = {
      accept: 'text/html',
      'content-type': 'text/plain',
      'x-request-id': '7',
      'x-trace': 'abc',
      'user-agent': 'me',
      cookie: 'a=b',
    };
    const send = (service: string) =>
      world.call(token, `/call/${service}/x`, { method: 'POST', headers, body: 'x' });
    await (await send('vendor')).text();
    expect(seen()?.headers).toMatchObject({
      accept: 'text/html',
      'content-type': 'text/plain',
      'x-request-id': '7',
    });
    for (const name of ['x-trace', 'cookie', 'user-agent']) expect(seen()?.headers).not.toHaveProperty(name);
    expect(seen()?.headers.authorization).toMatch(/^Bearer sk-test-/);
    await (await send('strict')).text();
    expect(seen()?.headers).toMatchObject({ 'x-trace': 'abc', 'user-agent': 'me' });
  });

  test('are not opened wider unless somebody says that it is meant', async () => {
    await protect(null);
    for (const weaker of [{ encodedSlash: true }, { pathParameters: true }, { ranges: 'pass' }]) {
      const refused = await protect(weaker, false);
      expect([refused.status, refused.body['detail']]).toEqual([
        422,
        expect.stringContaining('acceptWeaker'),
      ]);
    }
    expect((await protect({ headers: 'listed' }, false)).status).toBe(200);
    for (const wrong of [
      { encodedSlash: 'yes' },
      { ranges: 'some' },
      { allowHeaders: ['X-Upper'] },
      { unknown: 1 },
    ]) {
      expect((await protect(wrong)).status).toBe(422);
    }
  });
});
