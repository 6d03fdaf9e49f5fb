// The scanner against a slow reading of its promise: any value, any view, any cutting into chunks.
import { expect, test } from 'vitest';
import { ALPHABETS, checkAlphabet } from './leak-scan-alphabets.ts';
import {
  complaintsAbout,
  complaintsAboutMatches,
  cut,
  echoesIn,
  scanChunks,
  utf16,
} from './leak-scan-oracle.ts';

test.each(Object.entries(ALPHABETS))(
  'every echo is redacted and told once, and nothing else, wherever chunks are cut (%s)',
  (_, alphabet) => checkAlphabet(alphabet, { numRuns: alphabet.filler === undefined ? 250 : 40 }),
);

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
    const echoes = echoesIn(data, targets);
    for (let at = 0; at <= data.length; at++) {
      for (let other = at; other <= data.length; other++) {
        const { output, matches } = scanChunks(targets, cut(data, [at, other]));
        expect(complaintsAbout(data, output, echoes, true)).toEqual([]);
        expect(matches).toHaveLength(1);
      }
    }
  },
);

const FAR = '.'.repeat(4000);
const percentEncoded = (text: string) => Buffer.from(text).toString('hex').replaceAll(/../g, '%$&');
const LONG_WORD = 'administration-administrator-password';

/** Echoes that left once, each for a reason of its own. */
const FOUND_BEFORE: readonly { value: string; pieces: readonly string[]; isToken?: boolean }[] = [
  { value: '1=a', pieces: ['=61= \r\n=\n=3D=61!'] }, // more escapes than bytes
  { value: 'a&&a', pieces: ['&#97;&amp;&', 'a!'] },
  { value: 'aa&a', pieces: ['a&#x61;&a', '!'] }, // no escape in the end: a byte more than was counted
  { value: 'aa=1', pieces: ['=61a=1', '!'] },
  { value: 'a\\u00x', pieces: ['\\u0061\\u00', 'x!'] },
  { value: 'admin', pieces: [`${FAR}%20`, `admin%21${FAR}`], isToken: true }, // what stands before it came earlier
  { value: 'admin', pieces: [`${FAR}%2`, `0admin%21${FAR}`], isToken: true },
  {
    value: LONG_WORD,
    pieces: ['%20', ...(LONG_WORD.match(/.{1,9}/g)?.map(percentEncoded) ?? []), '.'], // held for long
    isToken: true,
  },
  { value: 'admin', pieces: ['%21', '%61', 'd', 'm', 'i', 'n', '%2', '1'], isToken: true },
];

test.each(FOUND_BEFORE)(
  'an echo of $value in $pieces is redacted and told once',
  ({ value, pieces, isToken }) => {
    const targets = [{ id: 'ver_0', value: Buffer.from(value), isToken: isToken === true }];
    const chunks = pieces.map((piece) => Buffer.from(piece));
    const data = Buffer.concat(chunks);
    const echoes = echoesIn(data, targets);
    expect(echoes.length).toBeGreaterThan(0);
    for (const parts of [chunks, [data]]) {
      const { output, matches } = scanChunks(targets, parts);
      expect(complaintsAbout(data, output, echoes, parts.length > 1)).toEqual([]);
      expect(complaintsAboutMatches(echoes, matches)).toEqual([]);
      expect(matches).toHaveLength(1);
    }
  },
);

test('UTF-16 that begins without a zero byte is held like any echo', () => {
  const value = Buffer.from('\u65e5\u672c\u8a9e-key');
  for (const encoding of ['utf16le', 'utf16be'] as const) {
    const echo = utf16(value, encoding);
    const { output, matches } = scanChunks([{ id: 'ver_0', value }], cut(echo, [6]));
    expect(output.subarray(3).every((byte) => byte === 0x2a)).toBe(true);
    expect(matches).toHaveLength(1);
  }
});
