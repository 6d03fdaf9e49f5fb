// JSON that is read as everybody reads it, or not at all.
import * as fc from '../support/properties.ts';
import { describe, expect, test } from 'vitest';
import { parseStrictJson } from '../../src/core/strict-json.ts';

describe('strict JSON', () => {
  test('gives what JSON.parse gives, however it is spaced and escaped', () => {
    const value = fc.jsonValue({ maxDepth: 5, noUnicodeString: false });
    fc.assert(
      fc.property(value, fc.constantFrom(0, 1, '\t'), (given, space) => {
        const text = JSON.stringify(given, null, space);
        expect(parseStrictJson(text)).toEqual(JSON.parse(text));
        const escaped = text.replaceAll(
          /[^\x20-\x7e\n\t]/g,
          (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
        );
        if (!/\p{Surrogate}/u.test(text)) expect(parseStrictJson(escaped)).toEqual(JSON.parse(text));
      }),
    );
  });

  test.each([
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '[{"b":{"a":1,"c":[],"a":null}}]',
    '{"":1,"":2}',
    '{"a\\"b":1,"a\\u0022b":2}',
    '{"__proto__":1,"__proto__":2}',
  ])('refuses a member named twice in one object: %s', (text) => {
    expect(() => parseStrictJson(text)).toThrow(/twice/);
  });

  test.each([
    '{"a":1,"b":{"a":1}}',
    '[{"a":1},{"a":2}]',
    '{"a":"a","b":"a","c":["a","a"]}',
    '{"a":"{\\"a\\":1,\\"a\\":2}"}',
    '{"a":"\\\\","b":"\\\\\\""}',
    '"\\ud83d\\ude00"',
  ])('takes names and strings alike in different places: %s', (text) => {
    expect(parseStrictJson(text)).toEqual(JSON.parse(text));
  });

  test('refuses halves of surrogate pairs, in names and in values', () => {
    for (const text of ['"\\ud800"', '{"\\udc00":1}', '["a\\ud83dz"]', '"\\ude00\\ud83d"']) {
      expect(() => parseStrictJson(text)).toThrow(/surrogate/);
    }
  });

  test('ends at 32 levels, however they are made', () => {
    const nested = (depth: number) => '{"a":['.repeat(depth / 2) + ']}'.repeat(depth / 2);
    expect(() => parseStrictJson(nested(32))).not.toThrow();
    for (const text of [
      nested(34),
      '['.repeat(33) + ']'.repeat(33),
      '['.repeat(100_000) + ']'.repeat(100_000),
    ]) {
      expect(() => parseStrictJson(text)).toThrow(/deeper than 32/);
    }
    expect(() => parseStrictJson(`"${'['.repeat(100)}"`)).not.toThrow();
  });

  test('never quotes what it refuses', () => {
    for (const text of [
      '{"secret-value"',
      '{"secret-value":1,"secret-value":2}',
      '\ufeff"secret-value"',
      '"secret-value\\ud800"',
    ]) {
      const thrown = [text].map((each) => {
        try {
          return String(parseStrictJson(each));
        } catch (error) {
          return String(error);
        }
      });
      expect(thrown.join()).toMatch(/The body /);
      expect(thrown.join()).not.toContain('secret-value');
    }
  });
});
