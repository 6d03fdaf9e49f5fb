// Patterns of methods and paths, by table and by property.
import * as fc from '../support/properties.ts';
import { describe, expect, it } from 'vitest';
import { canonicalAddress } from '../../src/core/address.ts';
import { matchesPattern, parsePattern, smallestPattern } from '../../src/core/address-pattern.ts';
import { Problem } from '../../src/core/problem.ts';

function matches(pattern: string, method: string, path: string): boolean {
  return matchesPattern(parsePattern(pattern), method, canonicalAddress(path));
}

describe('what a pattern covers', () => {
  it.each([
    ['GET /v1/models', 'GET', '/v1/models', true],
    ['GET /v1/models', 'GET', '/v1/models?limit=2', true],
    ['GET /v1/models', 'HEAD', '/v1/models', true],
    ['GET /v1/models', 'POST', '/v1/models', false],
    ['HEAD /v1/models', 'GET', '/v1/models', false],
    ['POST /v1/models', 'HEAD', '/v1/models', false],
    ['/v1/models', 'DELETE', '/v1/models', true],
    ['* /v1/models', 'OPTIONS', '/v1/models', true],
    // neighbours that share a beginning
    ['GET /v1/models', 'GET', '/v1/models2', false],
    ['GET /v1/models', 'GET', '/v1/model', false],
    ['GET /v1/models', 'GET', '/v1/models/x', false],
    ['GET /v1/models', 'GET', '/v1/Models', false],
    ['GET /v1', 'GET', '/v10', false],
    // the trailing slash is literal
    ['GET /v1/models', 'GET', '/v1/models/', false],
    ['GET /v1/models/', 'GET', '/v1/models/', true],
    ['GET /v1/models/', 'GET', '/v1/models', false],
    ['GET /', 'GET', '/', true],
    ['GET /', 'GET', '/v1', false],
    // ** is zero or more segments
    ['POST /v1/chat/**', 'POST', '/v1/chat/completions', true],
    ['POST /v1/chat/**', 'POST', '/v1/chat/a/b/c', true],
    ['POST /v1/chat/**', 'POST', '/v1/chat', true],
    ['POST /v1/chat/**', 'POST', '/v1/chat/', true],
    ['POST /v1/chat/**', 'POST', '/v1/chats', false],
    ['POST /v1/chat/**', 'POST', '/v1/chatter/x', false],
    ['POST /v1/chat/**', 'POST', '/v1', false],
    ['/**', 'GET', '/', true],
    ['/**', 'PUT', '/a/b/', true],
    // one segment, never none and never two
    ['/v1/files/{id}', 'GET', '/v1/files/abc', true],
    ['/v1/files/{id}', 'GET', '/v1/files', false],
    ['/v1/files/{id}', 'GET', '/v1/files/', false],
    ['/v1/files/{id}', 'GET', '/v1/files/abc/content', false],
    ['/v1/files/{id}/content', 'GET', '/v1/files/abc/content', true],
    ['/v1/files/{id}/**', 'GET', '/v1/files', false],
    // literal ends
    [
      'POST /v1beta/models/{model}:generateContent',
      'POST',
      '/v1beta/models/gemini-pro:generateContent',
      true,
    ],
    ['POST /v1beta/models/{model}:generateContent', 'POST', '/v1beta/models/:generateContent', false],
    ['POST /v1beta/models/{model}:generateContent', 'POST', '/v1beta/models/x:generateContentX', false],
    ['POST /v1beta/models/{model}:generateContent', 'POST', '/v1beta/models/x%3AgenerateContent', true],
    ['/files/{name}.json', 'GET', '/files/a.json', true],
    ['/files/{name}.json', 'GET', '/files/ajson', false],
    // an escape an upstream undoes is no way around a rule
    ['/$batch', 'POST', '/%24batch', true],
    ['/%24batch', 'POST', '/$batch', true],
    ['/a%20b', 'GET', '/a%20b', true],
    ['/%63af%c3%a9', 'GET', '/caf%C3%A9', true],
  ])('%s on %s %s: %s', (pattern, method, path, expected) => {
    expect(matches(pattern, method, path)).toBe(expected);
  });
});

describe('patterns as text', () => {
  it.each([
    ['/v1/x', '* /v1/x'],
    ['  get   /v1/x ', 'GET /v1/x'],
    ['POST /v1/{id}/**', 'POST /v1/{id}/**'],
    ['/', '* /'],
    ['/**', '* /**'],
    ['GET /a/', 'GET /a/'],
    ['GET /%61/{b}:c', 'GET /a/{b}:c'],
  ])('%j is written %j', (text, canonical) => {
    const pattern = parsePattern(text);
    expect(pattern.text).toBe(canonical);
    expect(parsePattern(pattern.text)).toEqual(pattern);
  });

  it.each([
    '',
    'GET',
    'v1/models',
    'FETCH /v1',
    'GET /v1 extra',
    'GET /v1/**/x',
    'GET /v1/**/',
    'GET /v1/*',
    'GET /v1/a*',
    'GET /v1//x',
    'GET /v1/../x',
    'GET /v1/%2e%2e',
    'GET /v1?x=1',
    'GET /v1/{id',
    'GET /v1/id}',
    'GET /v1/x{id}',
    'GET /v1/{}',
    'GET /v1/{a}{b}',
    'GET /v1/{a b}',
    'GET /v1/{id}%2F',
    'GET /v1/é',
    'GET /a\r\nb',
    `GET /${'a'.repeat(5000)}`,
  ])('%j is refused', (text) => {
    try {
      parsePattern(text);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(Problem);
      expect((error as Problem).code).toBe('invalid-input');
      expect((error as Problem).detail).toMatch(/^The pattern is not valid: .+\.$/);
    }
  });
});

describe('properties of patterns', () => {
  const segment = fc.stringMatching(/^[A-Za-z0-9_~$*!:@,-]{1,8}$/);
  const path = fc
    .tuple(fc.array(segment, { maxLength: 5 }), fc.boolean())
    .map(([segments, slash]) => `/${segments.join('/')}${slash && segments.length > 0 ? '/' : ''}`);
  const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS');

  it('the smallest pattern of a call covers that call and no other', () => {
    fc.assert(
      fc.property(method, path, method, path, (method, path, otherMethod, otherPath) => {
        const pattern = parsePattern(smallestPattern(method, canonicalAddress(path)));
        expect(matchesPattern(pattern, method, canonicalAddress(path))).toBe(true);
        const isSame =
          path === otherPath && (method === otherMethod || (method === 'GET' && otherMethod === 'HEAD'));
        expect(matchesPattern(pattern, otherMethod, canonicalAddress(otherPath))).toBe(isSame);
      }),
    );
  });

  it('a pattern that ends with ** covers exactly what lies below whole segments', () => {
    const plain = fc.stringMatching(/^[a-z]{1,3}$/);
    fc.assert(
      fc.property(
        fc.array(plain, { minLength: 1, maxLength: 3 }),
        fc.array(plain, { maxLength: 4 }),
        (base, found) => {
          const isBelow = base.every((name, index) => found[index] === name);
          expect(matches(`/${base.join('/')}/**`, 'GET', `/${found.join('/')}`)).toBe(isBelow);
        },
      ),
    );
  });
});
