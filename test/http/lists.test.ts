// Lists as a client walks them: page by page, by links or cursors, while others add and remove.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONTRACTS } from '../../src/operations/contracts.ts';
import { testDatabases } from '../support/database.ts';
import { send } from '../support/raw-http.ts';
import { createWorld, type World } from '../support/world.ts';
import { ownerToken } from './owner-token.ts';

type Item = Readonly<Record<string, unknown>>;

describe.each(testDatabases())('lists on $name', (database) => {
  const publicUrl = 'https://doorward.test/base';
  let world: World;
  let token: string;

  beforeAll(async () => {
    world = await createWorld({ database, config: { publicUrl } });
    token = await ownerToken(world);
    await world.setUp({ service: 'one', agent: 'a0' });
    for (const name of ['a1', 'a2', 'a3', 'a4']) {
      await world.admin('POST', '/v1/agents', { name });
      await world.admin('POST', '/v1/grants', { agent: name, service: 'one' });
    }
  });
  afterAll(() => world?.close());

  const get = (path: string) =>
    send(world.apps[0]?.address ?? '', path, { headers: ['authorization', `Bearer ${token}`] });

  /** Every page of a list, walked by its links alone. */
  async function walk(path: string, between = async () => {}): Promise<Item[][]> {
    const pages: Item[][] = [];
    for (let next: string | undefined = path; next !== undefined; ) {
      const answer = await get(next);
      expect([next, answer.status]).toEqual([next, 200]);
      pages.push(answer.json()['items'] as Item[]);
      const link = answer.header('link');
      const target = /^<https:\/\/doorward\.test\/base(\/v1\/[^>]*)>; rel="next"$/.exec(link ?? '')?.[1];
      expect(target === undefined).toBe(link === undefined);
      const cursor = target === undefined ? null : new URL(target, publicUrl).searchParams.get('cursor');
      expect(answer.json()['nextCursor']).toBe(cursor);
      next = target;
      await between();
    }
    return pages;
  }
  const names = (pages: Item[][]) => pages.flat().map(({ name }) => name);

  test('are whole, each row once, in the order of their names', async () => {
    const pages = await walk('/v1/agents?limit=2');
    expect(pages.map(({ length }) => length)).toEqual([2, 2, 1]);
    expect(names(pages)).toEqual(['a0', 'a1', 'a2', 'a3', 'a4']);
    const grants = await walk('/v1/grants?service=one&limit=2');
    expect(grants.flat().map(({ agent }) => agent)).toEqual(['a0', 'a1', 'a2', 'a3', 'a4']);
    expect((await walk('/v1/grants?agent=a3')).flat()).toHaveLength(1);
    expect((await walk('/v1/services?limit=1')).map(({ length }) => length)).toEqual([1]);
  });

  test('show what was there all along once, whatever comes and goes meanwhile', async () => {
    let turn = 0;
    const pages = await walk('/v1/agents?limit=1', async () => {
      turn += 1;
      await world.admin('POST', '/v1/agents', { name: `a0-${turn}` });
      await world.admin('DELETE', `/v1/agents/a0-${turn - 1}`);
      await world.admin('POST', '/v1/agents', { name: `b${turn}` });
      if (turn > 8) await world.admin('DELETE', `/v1/agents/b${turn}`);
    });
    const seen = names(pages);
    expect(new Set(seen).size).toBe(seen.length);
    for (const name of ['a0', 'a1', 'a2', 'a3', 'a4']) expect(seen).toContain(name);
  });

  test('of audit events go back in time from the newest, or forward from an event', async () => {
    const all = (await walk('/v1/audit/events?limit=500')).flat();
    const ids = all.map(({ id }) => String(id));
    expect(ids).toEqual(ids.toSorted());
    const back = await walk('/v1/audit/events?limit=7&kind=agent,grant');
    const kinds = all.filter(({ kind }) => /^(agent|grant)\./.test(String(kind)));
    expect(back.toReversed().flat()).toEqual(kinds);
    const [first] = kinds;
    const forward = await walk(`/v1/audit/events?limit=7&kind=agent,grant&after=${String(first?.['id'])}`);
    expect(forward.flat()).toEqual(kinds.slice(1));
  });

  test('of audit events begin and end at any moment of RFC 3339', async () => {
    const events = (await walk('/v1/audit/events?limit=500&kind=agent')).flat();
    const third = new Date(String(events[2]?.['at']));
    const twoHoursAhead = new Date(third.getTime() + 7_200_000).toISOString().replace('Z', '+02:00');
    const since = await walk(
      `/v1/audit/events?limit=500&kind=agent&since=${encodeURIComponent(twoHoursAhead)}`,
    );
    const until = await walk(`/v1/audit/events?limit=500&kind=agent&until=${third.toISOString()}`);
    expect(since.flat()).toEqual(events.filter(({ at }) => new Date(String(at)) >= third));
    expect(until.flat()).toEqual(events.filter(({ at }) => new Date(String(at)) < third));
    expect(since.flat().length + until.flat().length).toBe(events.length);
    for (const wrong of [
      'yesterday',
      '2026-02-30T00:00:00Z',
      '2026-01-01',
      '1767225600',
      '9999-12-31T23:59:59-12:00',
    ]) {
      const answer = await get(`/v1/audit/events?since=${encodeURIComponent(wrong)}`);
      expect([wrong, answer.status, answer.json()['code']]).toEqual([wrong, 422, 'invalid-input']);
    }
  });

  test('take back only cursors that they gave, with the filters they came with', async () => {
    const lists = CONTRACTS.filter(({ input }) => 'cursor' in input.shape);
    expect(lists.map(({ name }) => name)).toEqual(expect.arrayContaining(['agent.list', 'audit.list']));
    const given = String((await get('/v1/agents?limit=1')).json()['nextCursor']);
    const [place = '', mac = ''] = given.split('.');
    const foreign = (await get('/v1/audit/events?limit=1')).json()['nextCursor'];
    const wrong = [
      'a1',
      `${place}.`,
      `.${mac}`,
      mac,
      `${Buffer.from('a3').toString('base64url')}.${mac}`,
      `${place}.${mac.slice(1)}A`,
      `${place}.${mac}AAAA`,
      '\0',
      "' or 1=1 --",
      '..',
      'x'.repeat(400),
      'x'.repeat(401),
      '',
    ];
    for (const { name, path } of lists) {
      const address = path.replace('{name}', 'one');
      for (const cursor of [...wrong, ...(name === 'audit.list' ? [given] : [foreign])]) {
        const answer = await get(`${address}?cursor=${encodeURIComponent(String(cursor))}`);
        expect([name, cursor, answer.status, answer.json()['code']]).toEqual([
          name,
          cursor,
          422,
          'invalid-input',
        ]);
        expect(String(answer.json()['detail'])).toMatch(/^cursor: /);
      }
    }
    const filtered = String((await get('/v1/grants?service=one&limit=1')).json()['nextCursor']);
    const query = `cursor=${encodeURIComponent(filtered)}`;
    expect((await get(`/v1/grants?service=one&${query}`)).status).toBe(200);
    expect((await get(`/v1/grants?agent=a1&${query}`)).status).toBe(422);
    expect((await get(`/v1/grants?${query}`)).status).toBe(422);
  });
});
