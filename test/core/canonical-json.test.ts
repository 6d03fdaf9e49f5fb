// Canonical JSON against the examples of RFC 8785, and its two promises: one text per value, one value per text.
import * as fc from '../support/properties.ts';
import { describe, expect, test } from 'vitest';
import { canonicalJson, parseCanonicalJson } from '../../src/core/canonical-json.ts';
import type { JsonValue } from '../../src/core/canonical-json.ts';

describe('writing', () => {
  test('the example of RFC 8785 §3.2.2', () => {
    const value = JSON.parse(String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`);
    expect(canonicalJson(value)).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
  });

  test('members are sorted by UTF-16 code units (RFC 8785 §3.2.3)', () => {
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
    const written = canonicalJson(value);
    expect(Object.values(JSON.parse(written.replace('"1":4,', '')))).toEqual([2, 6, 7, 1, 5, 3]);
    expect(written).toMatch(/^\{"\\r":2,"1":4,/);
  });

  test.each([
    [0, '0'],
    [-0, '0'],
    [5e-324, '5e-324'],
    [1.7976931348623157e308, '1.7976931348623157e+308'],
    [9007199254740992, '9007199254740992'],
    [295147905179352830000, '295147905179352830000'],
    [9.999999999999997e22, '9.999999999999997e+22'],
    [1e23, '1e+23'],
    [999999999999999900000, '999999999999999900000'],
    [1e21, '1e+21'],
    [0.000001, '0.000001'],
    [1e-7, '1e-7'],
    [333333333.33333325, '333333333.33333325'],
    [-0.0000033333333333333333, '-0.0000033333333333333333'],
  ])('the number %d (RFC 8785 appendix B)', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  test.each([
    ['NaN', NaN],
    ['infinity', -Infinity],
    ['a lone high surrogate', 'a\ud800b'],
    ['a lone low surrogate', '\udc00'],
    ['a lone surrogate in a name', { '\ud800': 1 }],
    ['undefined', undefined],
    ['an undefined member', { a: undefined }],
    ['a hole in a list', Array(3)],
    ['a bigint', 1n],
    ['a function', () => 1],
    ['a symbol', Symbol('a')],
    ['a date', new Date(0)],
    ['a buffer', Buffer.from('a')],
    ['a map', new Map()],
    ['a boxed string', Object('a')],
    ['65 levels', nest(65)],
  ])('%s is refused', (_, value) => {
    expect(() => canonicalJson(value as JsonValue)).toThrow(TypeError);
  });

  test('64 levels are not', () => {
    expect(canonicalJson(nest(64))).toBe('['.repeat(64) + ']'.repeat(64));
  });

  test('the same members in any order give the same text', () => {
    const members = fc.uniqueArray(fc.tuple(fc.string({ unit: 'grapheme' }), fc.integer()), {
      selector: ([name]) => name,
    });
    fc.assert(
      fc.property(members, (pairs) => {
        const forward = canonicalJson(Object.fromEntries(pairs));
        expect(canonicalJson(Object.fromEntries([...pairs].reverse()))).toBe(forward);
      }),
    );
  });

  test('an event costs no more than 40 µs of the processor', () => {
    const event = {
      v: 1,
      kind: 'call.refused',
      principal: { type: 'agent', name: 'a' },
      path: '/v1/messages',
    };
    const started = process.cpuUsage();
    for (let i = 0; i < 20_000; i += 1) canonicalJson(event);
    const { user } = process.cpuUsage(started);
    expect(user / 20_000).toBeLessThan(40);
  });
});

describe('reading', () => {
  test('what was written is read as the value it was', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
        const plain = JSON.parse(JSON.stringify(value)); // −0 has no text of its own
        if (!isWellFormed(JSON.stringify(plain))) return;
        const text = canonicalJson(plain);
        expect(parseCanonicalJson(text)).toEqual(plain);
        expect(canonicalJson(parseCanonicalJson(text))).toBe(text);
      }),
    );
  });

  test('every other spelling of a value is refused', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 1, max: 4 }), (value, indent) => {
        const plain = JSON.parse(JSON.stringify(value));
        const text = JSON.stringify(plain, null, indent);
        if (!isWellFormed(text) || text === canonicalJson(plain)) return;
        expect(() => parseCanonicalJson(text)).toThrow(SyntaxError);
      }),
    );
  });

  test('a changed byte gives another value or none', () => {
    const text = canonicalJson({ a: [1, 2.5, 'x"y', null], b: { c: true, d: -7 } });
    const value = JSON.parse(text);
    for (let i = 0; i < text.length; i += 1) {
      for (const replacement of ' 0a"\\{}[],:\n') {
        if (text[i] === replacement) continue;
        expect(tryParse(text.slice(0, i) + replacement + text.slice(i + 1))).not.toEqual(value);
      }
    }
  });

  test.each([
    '{"a":1,"a":1}',
    '{"a":1,"a":2}',
    '{"b":1,"a":2}',
    '{"a": 1}',
    ' 1',
    '1 ',
    '1.0',
    '1e2',
    '-0',
    '0.10',
    '100000000000000000000000',
    '1E+23',
    '9007199254740993',
    String.raw`"\u0041"`,
    String.raw`"\/"`,
    String.raw`"\u000A"`,
    String.raw`"\u000F"`,
    String.raw`"\ud800"`,
    '"\u0001"',
    '\ufeff1',
    '{"a":1,}',
    '',
    'nul',
    '['.repeat(65) + ']'.repeat(65),
  ])('%j is refused', (text) => {
    expect(() => parseCanonicalJson(text)).toThrow(SyntaxError);
  });

  test('a prototype is a member like any other', () => {
    const text = '{"__proto__":{"a":1},"constructor":2}';
    expect(canonicalJson(parseCanonicalJson(text))).toBe(text);
  });
});

function nest(levels: number): JsonValue {
  let value: JsonValue = [];
  for (let i = 1; i < levels; i += 1) value = [value];
  return value;
}

function isWellFormed(json: string): boolean {
  return !/\\ud[89a-f]/.test(json);
}

function tryParse(text: string): unknown {
  try {
    return parseCanonicalJson(text);
  } catch {
    return undefined;
  }
}
