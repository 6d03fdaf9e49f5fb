// Canonical paths: what is refused, what is brought into form, and that it is done once.
import * as fc from '../support/properties.ts';
import { describe, expect, it } from 'vitest';
import { canonicalAddress, joinBasePath, requestMethod } from '../../src/core/address.ts';
import { Problem } from '../../src/core/problem.ts';

function ruleOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    if (error instanceof Problem) return error.extensions.rule ?? error.code;
    throw error;
  }
  return 'accepted';
}

describe('canonical addresses', () => {
  it.each([
    ['', '/', []],
    ['/', '/', []],
    ['/v1/models', '/v1/models', ['v1', 'models']],
    ['/v1/%6dodels', '/v1/models', ['v1', 'models']],
    ['/a%2Db%5f%7E', '/a-b_~', ['a-b_~']],
    ['/file%2Etxt', '/file.txt', ['file.txt']],
    ['/caf%c3%a9', '/caf%C3%A9', ['caf%C3%A9']],
    ['/a%20b%3ac', '/a%20b%3Ac', ['a%20b%3Ac']],
    [
      '/repos/o/r/compare/main...dev',
      '/repos/o/r/compare/main...dev',
      ['repos', 'o', 'r', 'compare', 'main...dev'],
    ],
    ["/x/(a)!$&'*+,=:@", "/x/(a)!$&'*+,=:@", ['x', "(a)!$&'*+,=:@"]],
    ['/.well-known/x', '/.well-known/x', ['.well-known', 'x']],
  ])('%j is %j', (raw, path, segments) => {
    expect(canonicalAddress(raw)).toMatchObject({
      path,
      segments,
      trailingSlash: false,
      query: [],
      search: '',
    });
  });

  it('a single trailing slash is kept', () => {
    expect(canonicalAddress('/v1/')).toMatchObject({ path: '/v1/', segments: ['v1'], trailingSlash: true });
  });

  it.each([
    // dot segments in every dress
    ['/allowed/../admin', 'address/dot-segment'],
    ['/allowed/%2e%2e/admin', 'address/dot-segment'],
    ['/allowed/%2E./admin', 'address/dot-segment'],
    ['/allowed/.%2e', 'address/dot-segment'],
    ['/./admin', 'address/dot-segment'],
    ['/%2e/admin', 'address/dot-segment'],
    ['/a/..%20/b', 'address/dot-segment'],
    ['/a/%20../b', 'address/dot-segment'],
    ['/a/.../b', 'address/dot-segment'],
    ['/a/..%3Bx/b', 'address/dot-segment'],
    ['/a/..', 'address/dot-segment'],
    ['/a/%20/b', 'address/dot-segment'],
    ['/a/%3bx/b', 'address/dot-segment'],
    ['/a/%C0%AE%C0%AE/b', 'address/utf-8'],
    // encoded separators and double encoding
    ['/a/..%2fadmin', 'address/path-escapes'],
    ['/a%5c..%5cb', 'address/path-escapes'],
    ['/a/%252e%252e/b', 'address/path-escapes'],
    ['/a%25', 'address/path-escapes'],
    ['/a%00', 'address/path-escapes'],
    ['/a%0d%0aHost:x', 'address/path-escapes'],
    ['/a%7f', 'address/path-escapes'],
    // characters
    ['/a/\\..\\b', 'address/path-characters'],
    ['/a#b', 'address/path-characters'],
    ['/a|b', 'address/path-characters'],
    ['/{a}', 'address/path-characters'],
    ['/a^b', 'address/path-characters'],
    ['/a`b', 'address/path-characters'],
    ['/a"b', 'address/path-characters'],
    ['/<a>', 'address/path-characters'],
    ['/a b', 'address/characters'],
    ['/a\tb', 'address/characters'],
    ['/a\r\nb', 'address/characters'],
    ['/a\0', 'address/characters'],
    ['/a\u00e9', 'address/characters'],
    ['/a\u2024\u2024/b', 'address/characters'],
    ['/a;b', 'address/path-parameters'],
    ['/..;/admin', 'address/path-parameters'],
    // shape
    ['//admin', 'address/empty-segment'],
    ['/a//b', 'address/empty-segment'],
    ['/a//', 'address/empty-segment'],
    ['a/b', 'address/leading-slash'],
    ['http://evil.example/', 'address/leading-slash'],
    ['@evil.example/', 'address/leading-slash'],
    ['/a%', 'address/percent'],
    ['/a%4', 'address/percent'],
    ['/a%zz', 'address/percent'],
    ['/a%%41', 'address/percent'],
    ['/a%ff', 'address/utf-8'],
    [`/${'a'.repeat(4096)}`, 'address/path-length'],
    // query
    ['/a?x=1;y=2', 'address/query-separator'],
    ['/a?x=%0a', 'address/query-escapes'],
    ['/a?x=%00', 'address/query-escapes'],
    ['/a?x=%7F', 'address/query-escapes'],
    ['/a?x=%', 'address/percent'],
    ['/a?x=%ff', 'address/utf-8'],
    ['/a?=x', 'address/query-name'],
    ['/a?x=#y', 'address/query-characters'],
    ['/a?x="', 'address/query-characters'],
    ['/a?x=1\r\ny', 'address/characters'],
    [`/a?${'x'.repeat(16_385)}`, 'address/query-length'],
    [`/a?x=${"'".repeat(6000)}`, 'address/query-length'],
  ])('%j is refused by %s', (raw, rule) => {
    expect(ruleOf(() => canonicalAddress(raw))).toBe(rule);
  });

  it('takes paths of 4096 bytes and queries of 16384', () => {
    expect(canonicalAddress(`/${'a'.repeat(4095)}?${'x'.repeat(16_384)}`).path).toHaveLength(4096);
  });

  it('a refusal names the rule and never repeats the address', () => {
    const secret = 'sk-live-not-to-be-seen';
    for (const raw of [`/${secret}/..`, `/${secret}?a=;`, `/${secret}%zz`, `/é${secret}`]) {
      try {
        canonicalAddress(raw);
        expect.unreachable();
      } catch (error) {
        expect(error).toBeInstanceOf(Problem);
        expect(JSON.stringify((error as Problem).toBody('req_x'))).not.toContain(secret);
      }
    }
  });
});

describe('queries', () => {
  it.each([
    ['?', '', []],
    [
      '?a=1&b=2&a=3',
      '?a=1&b=2&a=3',
      [
        ['a', '1'],
        ['b', '2'],
        ['a', '3'],
      ],
    ],
    ['?acl', '?acl', [['acl', '']]],
    ['?acl=', '?acl=', [['acl', '']]],
    [
      '?a=1&&b=2&',
      '?a=1&b=2',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    ['?expand[]=x', '?expand[]=x', [['expand[]', 'x']]],
    ['?%61pi_key=x', '?api_key=x', [['api_key', 'x']]],
    ['?q=%c3%a9+%26%3b%25', '?q=%C3%A9+%26%3B%25', [['q', '%C3%A9+%26%3B%25']]],
    ["?$filter=name%20eq%20'x'", '?$filter=name%20eq%20%27x%27', [['$filter', 'name%20eq%20%27x%27']]],
    ['?f={a|b}^`\\', '?f=%7Ba%7Cb%7D%5E%60%5C', [['f', '%7Ba%7Cb%7D%5E%60%5C']]],
    ['?a=b=c?d/e', '?a=b=c?d/e', [['a', 'b=c?d/e']]],
  ])('%j is %j', (raw, search, query) => {
    expect(canonicalAddress(`/x${raw}`)).toMatchObject({ search, query });
  });

  it('can be read as an upstream would read it', () => {
    const { decodedQuery } = canonicalAddress('/x?api%5Fkey=1&a%2Bb+c=2+%C3%A9&%5bx%5d=3&plain=4');
    expect(decodedQuery).toEqual([
      ['api_key', '1'],
      ['a+b c', '2 é'],
      ['[x]', '3'],
      ['plain', '4'],
    ]);
  });
});

describe('properties of canonical addresses', () => {
  const hostile = fc.string({
    unit: fc.oneof(
      fc.constantFrom(
        '/',
        '.',
        '..',
        '%2e',
        '%2E',
        '%2f',
        '%25',
        '%',
        '%C3%A9',
        '%3b',
        ';',
        '?',
        '&',
        '=',
        "'",
        '%41',
      ),
      fc.constantFrom('a', 'B', '9', '-', '_', '~', ':', '@', '*', '|', ' ', '\t', '\\', '%20', '[', ']'),
      fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 1 }),
    ),
    maxLength: 40,
  });

  function accepted(raw: string) {
    try {
      return canonicalAddress(raw);
    } catch (error) {
      if (error instanceof Problem) return undefined;
      throw error;
    }
  }

  it('an accepted address is canonical already, agrees with the URL parser and has no dot segment', () => {
    let count = 0;
    fc.assert(
      fc.property(hostile, (tail) => {
        const address = accepted(`/${tail}`);
        if (address === undefined) return;
        count += 1;
        const text = address.path + address.search;
        expect(canonicalAddress(text)).toEqual(address);
        const url = new URL(`https://api.example.com${text}`);
        expect([url.host, url.pathname, url.search]).toEqual([
          'api.example.com',
          address.path,
          address.search,
        ]);
        for (const segment of address.segments) {
          expect(['', '.', '..']).not.toContain(decodeURIComponent(segment).trim());
          expect(decodeURIComponent(segment)).not.toMatch(/[/\\%]/);
        }
        const slash = address.trailingSlash ? '/' : '';
        expect(address.path).toBe(`/${address.segments.join('/')}${slash}`);
      }),
      { numRuns: 3000 },
    );
    expect(count).toBeGreaterThan(100);
  });

  it('escaping unreserved characters changes nothing', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9_~-]{1,12}$/);
    fc.assert(
      fc.property(
        fc.array(name, { minLength: 1, maxLength: 5 }),
        fc.infiniteStream(fc.boolean()),
        (names, coin) => {
          const plain = `/${names.join('/')}`;
          const escaped = plain.replace(/[^/]/g, (letter) => {
            const isEscaped = coin.next().value;
            return isEscaped ? `%${letter.charCodeAt(0).toString(16)}` : letter;
          });
          expect(canonicalAddress(escaped)).toEqual(canonicalAddress(plain));
        },
      ),
    );
  });

  it('long hostile input is judged quickly', () => {
    const started = process.cpuUsage();
    for (const unit of ['.', '%2e', ' .', '/.', '%', '%25', "'", '&', '=']) {
      accepted(`/${unit.repeat(Math.floor(4000 / unit.length))}x?${unit.repeat(5000)}`);
    }
    expect(process.cpuUsage(started).user).toBeLessThan(2_000_000);
  });
});

describe('methods', () => {
  it('pass letter for letter', () => {
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      expect(requestMethod(method)).toBe(method);
    }
  });

  it.each(['get', 'Get', 'TRACE', 'CONNECT', 'GET ', 'GET\r\nX: y', '', 'PROPFIND', 'toString'])(
    '%j is refused',
    (method) => {
      expect(ruleOf(() => requestMethod(method))).toBe('method-not-allowed');
    },
  );
});

describe('base paths', () => {
  it('stand before the path of the call', () => {
    const address = canonicalAddress('/models?x=1');
    expect(joinBasePath('/v1', address)).toBe('/v1/models');
    expect(joinBasePath('', address)).toBe('/models');
    expect(joinBasePath('/', address)).toBe('/models');
  });
});
