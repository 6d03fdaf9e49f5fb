// The smallest patterns for what was called: by example, and as a promise held against many random calls and grants.
import * as fc from '../support/properties.ts';
import { describe, expect, test } from 'vitest';
import { canonicalAddress } from '../../src/core/address.ts';
import { type AddressPattern, matchesPattern, parsePattern } from '../../src/core/address-pattern.ts';
import { type CalledPlace, LeastGrant, MAX_PATTERNS } from '../../src/core/least-grant.ts';
import { coversAll } from '../../src/core/pattern-cover.ts';

const place = (text: string): CalledPlace => {
  const [method = '', target = ''] = text.split(' ');
  return { method, address: canonicalAddress(target) };
};
const least = (called: readonly string[], granted?: readonly string[]) =>
  leastPatterns(
    called.map(place),
    granted?.map((text) => parsePattern(text)),
  );
const UUIDS = ['1', '2', '3'].map((digit) => `0000000${digit}-0000-4000-8000-000000000000`);

describe('the smallest patterns of', () => {
  test('calls that have nothing in common are those calls', () => {
    const called = ['POST /v1/chat/completions', 'GET /v1/models', 'GET /v1/models', 'GET /'];
    expect(least(called)).toEqual(['GET /', 'GET /v1/models', 'POST /v1/chat/completions']);
  });

  test.each([
    ['numbers', ['GET /a/1/b', 'GET /a/22/b', 'GET /a/333/b'], ['GET /a/{id:int}/b']],
    ['UUIDs', UUIDS.map((id) => `DELETE /a/${id}`), ['DELETE /a/{id:uuid}']],
    [
      'ids as vendors make them, which no type is narrow enough for',
      ['GET /c/cus_9s6XKz', 'GET /c/cus_1a2B3c', 'GET /c/cus_zz9ZZ9zz'],
      ['GET /c/{id}'],
    ],
    ['ids at two places', ['GET /u/1/p/7', 'GET /u/2/p/8', 'GET /u/3/p/9'], ['GET /u/{id:int}/p/{id2:int}']],
    [
      'ids with a verb behind them',
      ['POST /m/1:cancel', 'POST /m/2:cancel', 'POST /m/3:cancel'],
      ['POST /m/{id:int}:cancel'],
    ],
  ])('three different %s are one pattern', (_what, called, patterns) => {
    expect(least(called)).toEqual(patterns);
  });

  test('two ids are two patterns, however often they were called', () => {
    const called = ['GET /a/1', 'GET /a/2', 'GET /a/1', 'GET /a/2'];
    expect(least(called)).toEqual(['GET /a/1', 'GET /a/2']);
  });

  test('words stay words, however many there are', () => {
    const called = ['GET /a/one', 'GET /a/two', 'GET /a/three', 'GET /a/four'];
    expect(least(called)).toHaveLength(4);
  });

  test('ids below few others are looked at for each of those', () => {
    const called = ['GET /u/1/p/5', 'GET /u/1/p/6', 'GET /u/1/p/7', 'GET /u/2/p/8'];
    expect(least(called)).toEqual(['GET /u/1/p/{id:int}', 'GET /u/2/p/8']);
  });

  test('a HEAD beside a GET is no pattern of its own; alone it is', () => {
    expect(least(['HEAD /a', 'GET /a', 'HEAD /b'])).toEqual(['GET /a', 'HEAD /b']);
    expect(least(['HEAD /a/1', 'HEAD /a/2', 'HEAD /a/3', 'GET /a/4', 'GET /a/5', 'GET /a/6'])).toEqual([
      'GET /a/{id:int}',
    ]);
  });

  test('ids do not reach beyond what is granted', () => {
    const called = ['GET /a/1/x', 'GET /a/2/x', 'GET /a/3/x'];
    expect(least(called, ['GET /a/1/x', 'GET /a/2/x', 'GET /a/3/x'])).toEqual(called);
    expect(least(called, ['GET /a/{any}/x', 'POST /a'])).toEqual(['GET /a/{id:int}/x']);
    expect(least(called, ['GET /a/1/{any}'])).toEqual(['GET /a/1/x']);
  });

  test('a star in a path is that star', () => {
    expect(least(['GET /a/**', 'GET /a/%2A'])).toEqual(['GET /a/%2A', 'GET /a/%2A%2A']);
  });

  test('more than a grant can hold are what was granted of them, or what lies below the same paths', () => {
    const called = Array.from({ length: 3 * MAX_PATTERNS }, (_, at) => `GET /w/${words(at)}`);
    expect(least(called, ['GET /**', 'POST /**'])).toEqual(['GET /**']);
    expect(least([...called, 'PUT /x'])).toEqual(['GET /w/**', 'PUT /x']);
  });
});

const segment = fc.oneof(
  fc.constantFrom('v1', 'files', 'users', 'a', 'B'),
  fc.integer({ min: 0, max: 30 }).map(String),
  fc.uuid(),
  fc.stringMatching(/^(?:cus|sub)_[A-Za-z0-9]{8}$/),
  fc.stringMatching(/^[0-9]{1,2}:[a-z]{1,3}$/),
);
const method = fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE');
const calls = fc.array(
  fc
    .tuple(method, fc.array(segment, { maxLength: 4 }), fc.boolean())
    .map(([verb, segments, slash]) =>
      place(`${verb} /${segments.join('/')}${slash && segments.length > 0 ? '/' : ''}`),
    ),
  { maxLength: 40 },
);
const granted = fc.option(
  fc.array(
    fc
      .tuple(
        fc.constantFrom('*', 'GET', 'POST', 'DELETE'),
        fc.array(fc.oneof(segment, fc.constantFrom('{x}', '{x:int}', '{x:uuid}', '{x}:c')), { maxLength: 3 }),
        fc.boolean(),
      )
      .map(([verb, segments, isOpen]) =>
        parsePattern(`${verb} /${[...segments, ...(isOpen ? ['**'] : [])].join('/')}`),
      ),
    { minLength: 1, maxLength: 6 },
  ),
  { nil: undefined },
);

test('whatever was called and granted: every call that is allowed stays allowed, and nothing is added', () => {
  fc.assert(
    fc.property(calls, granted, (called, grant) => {
      const isGranted = ({ method: verb, address }: CalledPlace) =>
        grant === undefined || grant.some((one) => matchesPattern(one, verb, address));
      const patterns = leastPatterns(called, grant).map((text) => parsePattern(text));
      for (const one of called.filter(isGranted)) {
        expect(patterns.some((pattern) => matchesPattern(pattern, one.method, one.address))).toBe(true);
      }
      expect(coversAll(grant, patterns)).toBe(true);
      // Each of them is there for something that was called.
      for (const pattern of patterns) {
        expect(called.some((one) => matchesPattern(pattern, one.method, one.address))).toBe(true);
      }
    }),
    { numRuns: 2_000 },
  );
});

function leastPatterns(called: readonly CalledPlace[], grant: readonly AddressPattern[] | undefined) {
  const least = new LeastGrant(grant);
  for (const one of called) least.add(one);
  return least.patterns();
}

/** A word of letters alone. */
function words(at: number): string {
  return String(at)
    .split('')
    .map((digit) => 'abcdefghij'.charAt(Number(digit)))
    .join('');
}
