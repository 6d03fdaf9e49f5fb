// What one pattern covers of another: never more than what it matches.
import { describe, expect, it } from 'vitest';
import { canonicalAddress } from '../../src/core/address.ts';
import { matchesPattern, parsePattern } from '../../src/core/address-pattern.ts';
import { coversAll, coversPattern } from '../../src/core/pattern-cover.ts';

const covers = (wide: string, narrow: string) => coversPattern(parsePattern(wide), parsePattern(narrow));

describe('a pattern covers another', () => {
  it.each([
    ['GET /v1/models', 'GET /v1/models'],
    ['GET /v1/models', 'HEAD /v1/models'],
    ['* /**', 'DELETE /v1/files/{id}'],
    ['GET /v1/**', 'GET /v1'],
    ['GET /v1/**', 'GET /v1/a/b/**'],
    ['GET /v1/**', 'GET /v1/a/'],
    ['POST /m/{model}', 'POST /m/gpt'],
    ['POST /m/{model}', 'POST /m/{other}:generate'],
    ['POST /m/{model}:generate', 'POST /m/x:generate'],
    ['POST /m/{model}e', 'POST /m/{model}:generate'],
    ['GET /a%2Db', 'GET /a-b'],
  ])('%s covers %s', (wide, narrow) => expect(covers(wide, narrow)).toBe(true));

  it.each([
    ['GET /v1/models', 'POST /v1/models'],
    ['HEAD /v1/models', 'GET /v1/models'],
    ['GET /v1/models', '* /v1/models'],
    ['GET /v1/models', 'GET /v1/models/'],
    ['GET /v1/models', 'GET /v1/models/**'],
    ['GET /v1/{id}', 'GET /v1/**'],
    ['GET /v1/a/**', 'GET /v1/**'],
    ['GET /v1/a', 'GET /v1/{id}'],
    ['POST /m/{model}:generate', 'POST /m/{model}'],
    ['POST /m/{model}:generate', 'POST /m/:generate'],
    ['GET /v1/Models', 'GET /v1/models'],
  ])('%s does not cover %s', (wide, narrow) => expect(covers(wide, narrow)).toBe(false));

  it('only where it matches every call that the other matches', () => {
    const addresses = paths(['a', 'ab', 'xb', 'A'], 3).flatMap((path) =>
      path === '/' ? [path] : [path, `${path}/`],
    );
    const calls = addresses.map((path) => canonicalAddress(path));
    const known = paths(['a', 'ab', '{x}', '{x}b'], 2)
      .flatMap((path) => (path === '/' ? ['/', '/**'] : [path, `${path}/`, `${path}/**`]))
      .flatMap((path) => ['*', 'GET', 'HEAD', 'POST'].map((method) => parsePattern(`${method} ${path}`)));
    const matched = known.map((pattern) =>
      ['GET', 'HEAD', 'POST'].flatMap((method) =>
        calls.map((call) => (matchesPattern(pattern, method, call) ? 1 : 0)),
      ),
    );
    let covered = 0;
    const wrong: string[] = [];
    known.forEach((wide, at) =>
      known.forEach((narrow, other) => {
        if (!coversPattern(wide, narrow)) return;
        covered += 1;
        if (matched[other]?.some((does, call) => does > (matched[at]?.[call] ?? 0)) === true) {
          wrong.push(`${wide.text} covers ${narrow.text}`);
        }
      }),
    );
    expect(wrong).toEqual([]);
    expect(covered).toBeGreaterThan(known.length * 5);
  });
});

/** Every path of at most so many of these segments. */
function paths(segments: readonly string[], longest: number): string[] {
  if (longest === 0) return ['/'];
  const shorter = paths(segments, longest - 1);
  const longer = shorter.flatMap((path) =>
    segments.map((one) => (path === '/' ? `/${one}` : `${path}/${one}`)),
  );
  return [...new Set([...shorter, ...longer])];
}

describe('patterns cover others', () => {
  const patterns = (...texts: string[]) => texts.map(parsePattern);
  it('where each is covered by one of them', () => {
    const wide = patterns('GET /a/**', 'POST /b');
    expect(coversAll(wide, patterns('GET /a/x', 'POST /b'))).toBe(true);
    expect(coversAll(wide, patterns('GET /a/x', 'POST /c'))).toBe(false);
  });
  it('and everything is covered by nothing less', () => {
    expect(coversAll(undefined, undefined)).toBe(true);
    expect(coversAll(undefined, patterns('GET /a'))).toBe(true);
    expect(coversAll(patterns('* /**'), undefined)).toBe(false);
  });
});
