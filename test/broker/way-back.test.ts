// Addresses in an answer's head that lead to the service lead back through the broker; all others stay as they are.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { createWorld, SECRET_VALUE, type World } from '../support/world.ts';

const [embedded] = testDatabases();

describe('an address in the head of an answer', () => {
  let world: World;
  let token: string;
  let listener: string;

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    world = await createWorld({ database: embedded });
    const { key } = await world.setUp({ service: 'vendor', baseUrl: `${world.upstream.url}/api` });
    const { body } = await world.admin('PATCH', '/v1/services/vendor', { listen: '127.0.0.1:0' });
    listener = String(body['address']);
    token = await world.token('robot', key);
    world.upstream.respond = (request, response) => {
      const { searchParams } = new URL(request.url, 'http://upstream');
      const headers: Record<string, string> = {};
      for (const [name, value] of searchParams) headers[name] = value.replaceAll('~', '\t');
      response.writeHead(302, headers).end();
    };
  });
  afterAll(() => world?.close());

  async function answered(header: string, value: string, by?: string): Promise<string | null> {
    const path = `/items?${header}=${encodeURIComponent(value)}`;
    const base = by ?? `${world.apps[0]?.address ?? ''}/call/vendor`;
    const response = await fetch(base + path, {
      headers: { authorization: `Bearer ${token}` },
      redirect: 'manual',
    });
    return response.headers.get(header);
  }

  test('leads through the broker where it led to the service', async () => {
    const call = `${world.apps[0]?.address ?? ''}/call/vendor`;
    const { url } = world.upstream;
    for (const header of ['location', 'content-location']) {
      expect(await answered(header, `${url}/api/items/2?page=2`)).toBe(`${call}/items/2?page=2`);
      expect(await answered(header, '/api/items/2')).toBe(`${call}/items/2`);
      expect(await answered(header, `${url}/api/items/2`, listener)).toBe(`${listener}/items/2`);
    }
    const links = `<${url}/api/items?page=2>; rel="next", <${url}/api/items?page=9>; rel="last"`;
    expect(await answered('link', links)).toBe(
      `<${call}/items?page=2>; rel="next", <${call}/items?page=9>; rel="last"`,
    );
  });

  test('is relative to the address that was called', async () => {
    const call = `${world.apps[0]?.address ?? ''}/call/vendor`;
    expect(await answered('location', '2')).toBe(`${call}/2`);
    expect(await answered('location', 'items/2#top')).toBe(`${call}/items/2#top`);
    expect(await answered('location', '?page=2')).toBe(`${call}/items?page=2`);
    expect(await answered('link', '<?page=2>; rel=next')).toBe(`<${call}/items?page=2>; rel=next`);
  });

  test('stays where it leads to another host', async () => {
    for (const address of ['https://storage.example.test/items/2', 'mailto:ann@example.test']) {
      expect(await answered('location', address)).toBe(address);
      expect(await answered('location', address, listener)).toBe(address);
    }
    expect(await answered('location', '//127.0.0.1:1/api/items')).toBe('http://127.0.0.1:1/api/items');
  });

  test('of the same host, but not below the service, is where the upstream means it', async () => {
    const { url } = world.upstream;
    for (const address of ['/apis/items', '/other', '/api/../other', '../../../other', '/api/%2e%2e/other']) {
      const expected = address === '/apis/items' ? '/apis/items' : '/other';
      expect([address, await answered('location', address)]).toEqual([address, url + expected]);
    }
  });

  test('never leads to another service of the broker', async () => {
    const broker = world.apps[0]?.address ?? '';
    for (const path of ['/call/other/items', '/v1/agents', '/oauth/token']) {
      expect(await answered('location', broker + path)).toBeNull();
      expect(await answered('location', `/\\${broker.slice('http://'.length)}${path}`)).toBeNull();
      expect(await answered('location', path)).toBe(world.upstream.url + path);
      expect(await answered('location', `/api/../..${path}`)).toBe(world.upstream.url + path);
      expect(await answered('link', `<${broker}${path}>; rel=next`)).toBe('<>; rel=next');
    }
    expect(await answered('location', 'http://[')).toBeNull();
  });

  test('holds no key that only comes together when the address is read', async () => {
    const apart = SECRET_VALUE.split('').join('~'); // a tab each
    const masked = '*'.repeat(SECRET_VALUE.length);
    for (const by of [undefined, listener]) {
      const base = by ?? `${world.apps[0]?.address ?? ''}/call/vendor`;
      for (const header of ['location', 'content-location']) {
        expect(await answered(header, `/api/items?key=${apart}`, by)).toBe(`${base}/items?key=${masked}`);
      }
      expect(await answered('location', `http://elsewhere.test/${apart}`, by)).toBe(
        `http://elsewhere.test/${masked}`,
      );
      expect(await answered('link', `<?key=${apart}>; rel=next`, by)).toBe(
        `<${base}/items?key=${masked}>; rel=next`,
      );
    }
  });

  test('of another port or a longer host name is of another service', async () => {
    const { url } = world.upstream;
    for (const address of [
      `${url.replace(/\d+$/, '1')}/api/items`,
      `${url.replace('1:', '1.example.test:')}/api`,
      `${url}/apix`,
    ]) {
      expect(await answered('location', address)).toBe(address);
    }
  });
});
