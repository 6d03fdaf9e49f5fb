// Addresses in an answer's head that lead to the service lead back through the broker; all others stay as they are.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { createWorld, type World } from '../support/world.ts';

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
      for (const [name, value] of searchParams) headers[name] = value;
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

  test.each([
    'https://storage.example.test/items/2',
    'items/2',
    '?page=2',
    '//127.0.0.1/api/items',
    '/apis/items',
    '/other',
  ])('stays as it is where it leads elsewhere: %s', async (address) => {
    expect(await answered('location', address)).toBe(address);
    expect(await answered('location', address, listener)).toBe(address);
  });

  test('of another port or a longer host name is of another service', async () => {
    const { url } = world.upstream;
    for (const address of [`${url}0/api/items`, `${url}.example.test/api/items`, `${url}/apix`]) {
      expect(await answered('location', address)).toBe(address);
    }
  });
});
