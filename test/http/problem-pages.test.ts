// The pages that `type` of a problem leads to: there for every problem, in three forms, with nothing of the request in them.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROBLEMS } from '../../src/core/problem.ts';
import { testDatabases } from '../support/database.ts';
import { createWorld, type World } from '../support/world.ts';

const [embedded] = testDatabases();
const CANARY = 'canary"><script>alert(1)</script>';

describe('the pages of problems', () => {
  let world: World;
  const url = () => world.apps[0]?.url ?? '';
  const get = (path: string, accept?: string) =>
    fetch(new URL(path, url()), accept === undefined ? {} : { headers: { accept } });

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    world = await createWorld({ database: embedded });
  });
  afterAll(() => world?.close());

  it('are where the problems of every road say', async () => {
    const answers = [
      await get('/nowhere'),
      await get('/v1/agents'),
      await get('/call/vendor/x'),
      await fetch(`${url()}/v1/agents`, { method: 'PUT' }),
    ];
    for (const answer of answers) {
      const { type, code, title } = (await answer.json()) as Record<'type' | 'code' | 'title', string>;
      expect(type).toBe(`${url()}/problems/${code}`);
      const page = await get(type, 'text/plain');
      expect([page.status, await page.text()]).toEqual([200, expect.stringContaining(`${code}: ${title}`)]);
    }
  });

  it.each(Object.entries(PROBLEMS))('%s is told as text, HTML and JSON', async (code, kind) => {
    const path = `/problems/${code}`;
    const text = await get(path);
    expect(text.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(await text.text()).toContain(kind.help);
    const html = await get(path, 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8');
    expect(html.headers.get('content-type')).toMatch(/^text\/html/);
    expect(await html.text()).toContain(`<h1>${kind.title.replaceAll("'", '&#39;')}</h1>`);
    expect(await (await get(path, 'application/json')).json()).toMatchObject({ code, ...kind });
  });

  it('are listed, each with its link', async () => {
    for (const path of ['/problems/', '/problems']) {
      const html = await (await get(path, 'text/html')).text();
      for (const code of Object.keys(PROBLEMS)) expect(html).toContain(`href="/problems/${code}"`);
    }
  });

  it('let a browser load nothing but their own style', async () => {
    for (const path of ['/problems/', '/problems/no-grant']) {
      const answer = await get(path, 'text/html');
      const html = await answer.text();
      const style = /<style>(.*)<\/style>/s.exec(html)?.[1] ?? '';
      const hash = createHash('sha256').update(style).digest('base64');
      expect(answer.headers.get('content-security-policy')).toBe(
        `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      );
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(html).not.toMatch(/<script|<link|<img|src=|https?:\/\/(?!127\.0\.0\.1)/);
    }
  });

  it('say nothing of what was asked', async () => {
    for (const accept of ['text/html', 'text/plain', 'application/json', CANARY.replaceAll(/[^a-z]/g, '')]) {
      const answers = [
        await get(`/problems/${encodeURIComponent(CANARY)}`, accept),
        await get(`/problems/no-grant?${encodeURIComponent(CANARY)}=${encodeURIComponent(CANARY)}`, accept),
      ];
      expect(answers.map(({ status }) => status)).toEqual([404, 200]);
      for (const answer of answers) {
        expect(await answer.text()).not.toContain('canary');
        expect(JSON.stringify([...answer.headers])).not.toContain('canary');
      }
    }
  });

  it('may be kept, by the form that was asked for', async () => {
    const { headers } = await get('/problems/frozen', 'text/html');
    expect([headers.get('cache-control'), headers.get('vary')]).toEqual(['public, max-age=300', 'accept']);
  });

  const cases: [string, string, string][] = [
    ['PUT', '/v1/agents', 'POST, GET, HEAD'],
    ['POST', '/v1/agents/any', 'GET, HEAD, DELETE'],
    ['DELETE', '/healthz', 'GET, HEAD'],
    ['GET', '/oauth/token', 'POST'],
  ];
  it.each(cases)('tell of %s %s which methods there are', async (method, path, allow) => {
    const answer = await fetch(`${url()}${path}`, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow]);
    expect(await answer.json()).toMatchObject({ code: 'method-not-allowed' });
  });
});
