// The scanner against a slow reading of its promise: any value, any view, any cutting into chunks.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { complaintsAbout, cut, cuts, echoesIn, scanChunks } from './leak-scan-oracle.ts';

/** Few different letters, so that near misses, overlaps and half escapes are everywhere. */
const nastyText = (letters: readonly string[], length: number) =>
  fc
    .array(fc.constantFrom(...letters), { maxLength: length })
    .map((parts) => Buffer.from(parts.join(''), 'latin1'));
const nastyValue = (letters: readonly string[], least: number, most: number) =>
  fc
    .array(fc.constantFrom(...letters), { minLength: least, maxLength: most })
    .map((parts) => Buffer.from(parts.join(''), 'latin1'));

const ALPHABETS: Readonly<Record<string, { value: string[]; text: string[] }>> = {
  plain: { value: ['a', 'b'], text: ['a', 'b', 'ab', 'abab'] },
  percent: { value: ['a', '4', '%'], text: ['a', '4', '%', '%61', '%34', '%25', '%2', '1'] },
  form: { value: ['a', ' ', '+'], text: ['a', ' ', '+', '%20', '%2B', '%2b', '%61'] },
  json: {
    value: ['a', 'n', '\n', '\\'],
    text: ['a', 'n', '\\', '\\n', '\\u0061', '\\u000a', '\\u005C', '\\u00'],
  },
  utf8: {
    value: ['\xc3\xa9', '\xf0\x9f\x98\x80', 'u'],
    text: ['\xc3\xa9', '\\u00e9', '\\ud83d\\ude00', '\\ud83d', 'u', '\\u00c3'],
  },
  bytes: {
    value: ['\x80', '\xff', '/'],
    text: ['\x80', '\xff', '\\/', '/', '%80', '%fF', '\\u00ff', '\xc3\xbf', '\xc2\x80'],
  },
  html: {
    value: ['a', '&', 'b;'],
    text: ['a', '&', '&#97;', '&#x61;', '&#0097', '&amp;', '&amp', '&#9', '&a', 'b;', ';', '&#98;', '7'],
  },
  quoted: {
    value: ['a', '=', '1'],
    text: ['a', '=61', '=3D', '=\n', '=\r\n', '= \r\n', '=', '=6', '1', '\n'],
  },
  utf16: { value: ['a', 'b', '\xc3\xa9'], text: ['a\0', '\0a', 'b\0', '\xe9\0', '\0', 'b'] },
};

for (const [name, { value, text }] of Object.entries(ALPHABETS)) {
  test(`every echo is redacted and nothing else, wherever chunks are cut (${name})`, () => {
    const targets = fc.array(fc.record({ value: nastyValue(value, 1, 14), publicPrefixLength: fc.nat(4) }), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(targets, nastyText(text, 60), cuts(120), (values, start, places) => {
        const data = Buffer.concat([start, Buffer.from('!')]); // what may be an escape is one, or is not
        const all = values.map((target, index) => ({ id: `ver_${index}`, ...target }));
        const echoes = echoesIn(data, all);
        const whole = scanChunks(all, [data]);
        expect(complaintsAbout(data, whole.output, echoes, false)).toEqual([]);
        const parts = scanChunks(all, cut(data, places));
        expect(complaintsAbout(data, parts.output, echoes, true)).toEqual([]);
      }),
      { numRuns: 250 },
    );
  });
}

/** Values that end as an escape begins: whether they do is told by the byte behind them. */
const ENDS_LIKE_AN_ESCAPE = [
  { value: 'ab\nc\\', written: 'ab\\nc\\', behind: ['x', 'u00!', '\\\\'] },
  { value: 'ab c%', written: 'ab%20c%', behind: ['x', '4x', '%'] },
  { value: 'a&c&', written: 'a&#38;c&', behind: ['x', '#x!', 'am'] },
  { value: 'a=c=', written: 'a=3Dc=', behind: ['x', '4x', ' x'] },
];

test.each(ENDS_LIKE_AN_ESCAPE.flatMap(({ behind, ...echo }) => behind.map((text) => ({ ...echo, text }))))(
  '$written is found once before $text, wherever chunks are cut',
  ({ value, written, text }) => {
    const targets = [{ id: 'ver_0', value: Buffer.from(value) }];
    const data = Buffer.from(`${written}${text}`);
    for (let at = 0; at <= data.length; at++) {
      for (let other = at; other <= data.length; other++) {
        const { output, matches } = scanChunks(targets, cut(data, [at, other]));
        expect(complaintsAbout(data, output, echoesIn(data, targets), true)).toEqual([]);
        expect(matches).toHaveLength(1);
      }
    }
  },
);
