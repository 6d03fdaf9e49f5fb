// What a path may hold only where a service says so, typed segments of patterns, and parameters that name another method.
import * as fc from '../support/properties.ts';
import { describe, expect, it } from 'vitest';
import { canonicalAddress, EVERY_OPT_IN } from '../../src/core/address.ts';
import {
  guardsAgainst,
  matchesPattern,
  parsePattern,
  smallestPattern,
} from '../../src/core/address-pattern.ts';
import { coversPattern } from '../../src/core/pattern-cover.ts';
import { Problem } from '../../src/core/problem.ts';

const SLASH = { encodedSlash: true, pathParameters: false };
const PARAMETERS = { encodedSlash: false, pathParameters: true };

function ruleOf(path: string, optIns?: Parameters<typeof canonicalAddress>[1]): unknown {
  try {
    canonicalAddress(path, optIns);
    return undefined;
  } catch (error) {
    return error instanceof Problem ? error.extensions['rule'] : error;
  }
}

describe('an encoded slash', () => {
  it('is data inside its segment, where a service takes it', () => {
    expect(ruleOf('/projects/group%2fname')).toBe('address/path-escapes');
    const address = canonicalAddress('/projects/group%2fname/issues', SLASH);
    expect(address.path).toBe('/projects/group%2Fname/issues');
    expect(address.segments).toEqual(['projects', 'group%2Fname', 'issues']);
    const matches = (pattern: string) => matchesPattern(parsePattern(pattern), 'GET', address);
    expect(matches('GET /projects/{id}/issues')).toBe(true);
    expect(matches('GET /projects/group%2Fname/issues')).toBe(true);
    expect(matches('GET /projects/group/name/issues')).toBe(false);
    expect(matches('GET /projects/{group}/{name}/issues')).toBe(false);
    expect(parsePattern(smallestPattern('GET', address)).text).toBe('GET /projects/group%2Fname/issues');
  });

  it.each([
    '/a%2F..%2Fb',
    '/a%2F.',
    '/..%2Fa',
    '/%2Fa',
    '/a%2F',
    '/a%2F%2Fb',
    '/a%252Fb',
    '/a%5Cb',
    '/a%2F%2e%2e%2Fb',
    '/a%2F..;x',
  ])('never hides what no segment may be: %s', (path) =>
    expect(ruleOf(path, EVERY_OPT_IN)).toMatch(/^address\//),
  );
});

describe('parameters of a path', () => {
  it('are a part of their segment, where a service takes them', () => {
    expect(ruleOf('/rooms;floor=2')).toBe('address/path-parameters');
    const address = canonicalAddress('/rooms;floor=2/1', PARAMETERS);
    expect(address.segments).toEqual(['rooms;floor=2', '1']);
    expect(matchesPattern(parsePattern('GET /rooms/{id}'), 'GET', address)).toBe(false);
    expect(matchesPattern(parsePattern('GET /{room}/{id}'), 'GET', address)).toBe(true);
    for (const path of ['/..;/a', '/a/..;x=1/b', '/.;a', '/;a']) {
      expect(ruleOf(path, PARAMETERS), path).toBe('address/dot-segment');
    }
  });
});

describe('a guard', () => {
  const guarded = (guard: string, path: string) =>
    guardsAgainst(parsePattern(guard), 'POST', canonicalAddress(path, EVERY_OPT_IN));
  it.each([
    ['POST /projects/{id}/tokens', '/projects%2F1%2Ftokens'],
    ['POST /projects/{id}/tokens', '/projects/1%2FTOKENS'],
    ['POST /projects/{id}/tokens', '/projects/group%2Fname/tokens'],
    ['POST /admin/**', '/admin;x=1/users'],
    ['POST /admin/keys', '/Admin;a/keys;b=2'],
    ['POST /admin/keys', '/admin;a%2Fkeys;b'],
    ['POST /admin/keys', '/admin%3Ba/keys'],
    ['POST /keys/{id:int}', '/keys/abc'],
  ])('%s holds for every way to read %s', (guard, path) => expect(guarded(guard, path)).toBe(true));
  it.each([
    ['POST /admin/keys', '/admins;x/keys'],
    ['POST /projects/{id}/tokens', '/projects/1%2Fissues'],
  ])('%s does not hold for %s', (guard, path) => expect(guarded(guard, path)).toBe(false));

  it('holds for an address however its slashes are written', () => {
    const segment = fc.constantFrom('a', 'admin', 'keys', 'B');
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.boolean(), (segments, isEncoded) => {
        const guard = parsePattern(`* /${segments.join('/').toLowerCase()}`);
        const path = `/${segments.join(isEncoded ? '%2F' : '/')}`;
        expect(guardsAgainst(guard, 'POST', canonicalAddress(path, EVERY_OPT_IN))).toBe(true);
      }),
    );
  });
});

describe('a typed segment', () => {
  const matches = (pattern: string, path: string) =>
    matchesPattern(parsePattern(pattern), 'GET', canonicalAddress(path, EVERY_OPT_IN));
  it.each([
    ['/u/{id:int}', '/u/42', true],
    ['/u/{id:int}', '/u/%34%32', true],
    ['/u/{id:int}', '/u/042', true],
    ['/u/{id:int}', '/u/-1', false],
    ['/u/{id:int}', '/u/4x', false],
    ['/u/{id:int}', '/u/4%202', false],
    ['/u/{id:int}', '/u/4%2F2', false],
    ['/u/{id:int}', '/u/%D9%A4', false],
    ['/u/{id:int}', `/u/${'1'.repeat(21)}`, false],
    ['/u/{id:int}.json', '/u/42.json', true],
    ['/u/{id:int}.json', '/u/.json', false],
    ['/u/{id:int}:run', '/u/42:run', true],
    ['/u/{id:uuid}', '/u/0a1b2c3d-0000-4000-8000-00000000abCD', true],
    ['/u/{id:uuid}', '/u/0a1b2c3d-0000-4000-8000-00000000abC', false],
    ['/u/{id:uuid}', '/u/0a1b2c3d000040008000-00000000abcd', false],
  ])('%s of %s: %s', (pattern, path, expected) => expect(matches(pattern, path)).toBe(expected));

  it('keeps its type in the text of the pattern, and unknown types are refused', () => {
    expect(parsePattern('get /u/{id:int}.json').text).toBe('GET /u/{id:int}.json');
    for (const wrong of [
      '/u/{id:float}',
      '/u/{id:text}',
      '/u/{id:}',
      '/u/{:int}',
      '/u/x{id:int}',
      '/u/{id:toString}',
    ]) {
      expect(() => parsePattern(wrong), wrong).toThrow(Problem);
    }
  });

  it.each([
    ['/u/{id}', '/u/{n:int}', true],
    ['/u/{id:int}', '/u/{n:int}', true],
    ['/u/{id:int}', '/u/7', true],
    ['/u/{id:int}', '/u/x', false],
    ['/u/{id:int}', '/u/{n}', false],
    ['/u/{id:int}', '/u/{n:uuid}', false],
    ['/u/{id:int}', '/u/{n:int}.json', false],
    ['/u/{id}.json', '/u/{n:int}.json', true],
  ])('%s covers %s: %s', (wide, narrow, expected) => {
    expect(coversPattern(parsePattern(wide), parsePattern(narrow))).toBe(expected);
  });

  it('covers only what it matches', () => {
    const segment = fc.constantFrom('{a}', '{a:int}', '{a:uuid}', '{a:int}5', '{a}5', '5', 'x5', '55');
    const path = fc.constantFrom('5', '55', 'x5', '555', '0a1b2c3d-0000-4000-8000-000000000005', 'x');
    fc.assert(
      fc.property(segment, segment, path, (wide, narrow, text) => {
        const [one, other] = [parsePattern(`/${wide}`), parsePattern(`/${narrow}`)];
        const address = canonicalAddress(`/${text}`);
        fc.pre(coversPattern(one, other) && matchesPattern(other, 'GET', address));
        expect(matchesPattern(one, 'GET', address)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a parameter that names another method', () => {
  it.each([
    '?_method=DELETE',
    '?a=1&_METHOD=put',
    '?%5Fmethod=x',
    '?x-http-method-override=PUT',
    '?method=delete',
    '?Method=%50OST',
  ])('is refused: %s', (query) => expect(ruleOf(`/v1${query}`)).toBe('address/method-override'));
  it.each(['?method=flickr.photos.search', '?method=', '?methods=POST', '?payment_method=card', '?x=DELETE'])(
    'is not one of these: %s',
    (query) => expect(ruleOf(`/v1${query}`)).toBeUndefined(),
  );
});

describe('whatever is opted in', () => {
  it('an address is its own canonical form, and no parser reads it otherwise', () => {
    const piece = fc.constantFrom(
      'a',
      '/',
      '%2F',
      '%2f',
      ';',
      '.',
      '..',
      '%2e',
      '%41',
      '%25',
      '=',
      ':',
      '~',
      '%E2%82%AC',
      "'",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const path = `/${pieces.join('')}`;
        if (ruleOf(path, EVERY_OPT_IN) !== undefined) return;
        const address = canonicalAddress(path, EVERY_OPT_IN);
        expect(canonicalAddress(address.path, EVERY_OPT_IN)).toEqual(address);
        expect(new URL(`http://h${address.path}`).pathname).toBe(address.path);
        expect(address.segments.every((segment) => segment !== '' && !segment.includes('/'))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
