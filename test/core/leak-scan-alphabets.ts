// Values and texts of few different letters, so that near misses, overlaps and half escapes are everywhere; and whole
// echoes in mixed spellings among them. Each alphabet is for one class of views or values.
import * as fc from '../support/properties.ts';
import type { ScanTarget } from '../../src/core/leak-scan/patterns.ts';
import {
  complaintsAbout,
  complaintsAboutMatches,
  cut,
  cuts,
  echoesIn,
  scanChunks,
} from './leak-scan-oracle.ts';

interface Alphabet {
  /** What values are made of. */
  readonly value: readonly string[];
  /** What stands around echoes. */
  readonly text: readonly string[];
  /** How a byte of an echo may be written; `x` and `X` stand for its hexadecimal digits. */
  readonly spell?: readonly string[];
  readonly least?: number;
  readonly most?: number;
  /** Whether values are words, as `isGuessable` tells. */
  readonly isToken?: boolean;
  readonly fragments?: boolean;
  /** Bytes of nothing around nasty text, so that chunks are larger than any echo. */
  readonly filler?: number;
}

const SOFT_BREAKS = ['=\n', '=\r\n', '= \r\n', '=\t\n'];

export const ALPHABETS: Readonly<Record<string, Alphabet>> = {
  plain: { value: ['a', 'b'], text: ['a', 'b', 'ab', 'abab'] },
  percent: {
    value: ['a', '4', '%'],
    text: ['a', '4', '%', '%61', '%34', '%25', '%2', '1'],
    spell: ['%x', '%X'],
  },
  form: { value: ['a', ' ', '+'], text: ['a', ' ', '+', '%20', '%2B', '%2b', '%61'], spell: ['%x', '%X'] },
  json: {
    value: ['a', 'n', '\n', '\\'],
    text: ['a', 'n', '\\', '\\n', '\\u0061', '\\u000a', '\\u005C', '\\u00'],
    spell: ['\\u00x', '\\u00X'],
  },
  'json, half escapes': {
    value: ['a', '\\', 'u', '0', '6'],
    text: ['a', '\\', 'u', '0', '6', '\\u', '\\u00', '\\u005c', '\\u0075', '\\\\', '\\u006', '\\/'],
    spell: ['\\u00x'],
  },
  utf8: {
    value: ['\xc3\xa9', '\xf0\x9f\x98\x80', 'u'],
    text: ['\xc3\xa9', '\\u00e9', '\\ud83d\\ude00', '\\ud83d', 'u', '\\u00c3'],
  },
  pairs: {
    value: ['\xf0\x9f\x98\x80', '\xf0', '\x9f', 'a'],
    text: [
      '\\ud83d',
      '\\ude00',
      '\\uD83D\\uDE00',
      '&#128512;',
      '&#x1f600',
      '%f0%9f',
      '%98%80',
      '=F0=9F=98=80',
      'a',
    ],
  },
  bytes: {
    value: ['\x80', '\xff', '/'],
    text: ['\x80', '\xff', '\\/', '/', '%80', '%fF', '\\u00ff', '\xc3\xbf', '\xc2\x80'],
    spell: ['%x', '=X', '\\u00x', '&#xx;'],
  },
  html: {
    value: ['a', '&', 'b;'],
    text: ['a', '&', '&#97;', '&#x61;', '&#0097', '&amp;', '&amp', '&#9', '&a', 'b;', ';', '&#98;', '7'],
    spell: ['&#xx;', '&#xX', '&#x000x;'],
  },
  'html without semicolons': {
    value: ['a', '&', '#', '1', ';', 'x'],
    text: [
      '&#97',
      '&#x61',
      '&#49',
      '&amp',
      '&lt',
      '&#38',
      '&#35;',
      '&#',
      '&',
      '#',
      'x',
      '1',
      'a',
      ';',
      '&sol',
    ],
    spell: ['&#xx', '&#xx;'],
  },
  'html, long numbers': {
    value: ['a', '&', '0'],
    text: [
      '&#00000000000000000000097;',
      '&#0000000000000000000097',
      '&#x000000000000000000061;',
      'a',
      '&',
      '0',
      ';',
    ],
    spell: ['&#x000000000000000000x;', '&#xx;'],
  },
  quoted: {
    value: ['a', '=', '1'],
    text: ['a', '=61', '=3D', '=\n', '=\r\n', '= \r\n', '=', '=6', '1', '\n'],
    spell: ['=X', '=x'],
  },
  'soft line breaks': {
    value: ['a', '=', '\n', 'D'],
    text: [...SOFT_BREAKS, '=\n=\n=\n=\n=\n=\n=\n=\n=\n=\n', '=', ' ', '\r', '\n', 'a', '=0A', '=3D', 'D'],
    spell: ['=X', ...SOFT_BREAKS.map((line) => `${line}=X`), '=\n=\n=\n=\n=X'],
  },
  utf16: { value: ['a', 'b', '\xc3\xa9'], text: ['a\0', '\0a', 'b\0', '\xe9\0', '\0', 'b'] },
  'utf16 of other scripts': {
    value: ['a', '\xe6\x97\xa5', '\xe6\x9c\xac'],
    text: ['\xe5\x65', '\x65\xe5', '\x2c\x67', '\x67\x2c', 'a\0', '\0a', '\0', '%e5', '=65'],
  },
  wrapped: {
    value: ['a', 'b', '/', 'Q'],
    text: ['a', 'Q', '\n', '\r\n', ' \n\t', '\\n', '\\r\\n', '\n\n', ' ', '\\', 'YWFi'],
    spell: ['c', 'c', '\nc', '\r\nc', '\\nc', '\\r\\n  c', ' \n c', '\rc'],
    least: 8,
  },
  mixed: {
    value: ['a', '%', '\\', '&', '=', '+', ' ', '6', '1', 'u', '\n', ';', '/'],
    text: [
      'a',
      '%',
      '\\',
      '&',
      '=',
      '6',
      '1',
      'u',
      '%61',
      '=61',
      '&#97;',
      '\\u0061',
      '=\n',
      '+',
      '%2',
      '\\u00',
    ],
    spell: ['%x', '=X', '\\u00x', '&#xx;', '=\n=X'],
  },
  large: {
    value: ['a', '%', '\\', '&', '=', '6', '1'],
    text: ['a', '%', '\\', '&', '=', '6', '%61', '=61', '&#97;', '\\u0061', '=\n'],
    spell: ['%x', '=X', '\\u00x', '&#xx;', '=\n=X'],
    filler: 1500,
  },
  words: {
    value: ['a', 'b', 'c1'],
    text: [
      'a',
      ' ',
      '-',
      '.',
      '%20',
      '%61',
      '\\n',
      '\\u0061',
      '&amp;',
      '&#97;',
      '=20',
      '=61',
      '=\n',
      '\xe9',
      '\\',
    ],
    spell: ['%x', '=X', '\\u00x', '&#xx;'],
    isToken: true,
    most: 7,
  },
  'words with signs': {
    value: ['a', '%', '\\', '&', '=', ' ', '-'],
    text: ['a', ' ', '-', '.', '%20', '%61', '\\n', '\\u0061', '&amp;', '=20', '=\n', '%', '=', '&', '\\'],
    spell: ['%x', '=X', '\\u00x', '&#xx;'],
    isToken: true,
    most: 9,
  },
  'words, large': {
    value: ['a', 'b', 'c1'],
    text: ['a', ' ', '-', '%20', '%61', '\\n', '\\u0061', '&amp;', '&#97;', '=20', '=61', '=\n'],
    spell: ['%x', '=X', '\\u00x', '&#xx;'],
    isToken: true,
    most: 7,
    filler: 1500,
  },
  fragments: {
    value: ['K', '7', 'x', '%', '=', '&', '9', 'Q', 'z', '3', '-', '\\'],
    text: ['K', '7', 'x', '%', '=', '&', '9', '%37', '=37', '\\u0037', '&#55;'],
    spell: ['%x', '=X', '\\u00x', '&#xx;'],
    least: 18,
    most: 26,
    fragments: true,
  },
  'fragments, large': {
    value: ['K', '7', 'x', '%', '=', '9', 'Q', 'z', '3', '-'],
    text: ['K', '7', 'x', '%', '=', '9'],
    least: 18,
    most: 26,
    fragments: true,
    filler: 2500,
  },
};

const text = (letters: readonly string[], constraints: { minLength?: number; maxLength: number }) =>
  fc.array(fc.constantFrom(...letters), constraints).map((parts) => parts.join(''));

/** Fragments are looked for in values with seven different bytes at least. */
const isFragmented = (value: string) => new Set(value.slice(4)).size >= 7;

function anyTarget(alphabet: Alphabet) {
  const { value, least = 1, most = 14, isToken = false, fragments = false } = alphabet;
  const values = text(value, { minLength: least, maxLength: most });
  return fc.record({
    value: (fragments ? values.filter(isFragmented) : values).map((bytes) => Buffer.from(bytes, 'latin1')),
    publicPrefixLength: isToken ? fc.constant(0) : fc.nat(4),
    isToken: fc.constant(isToken),
    fragments: fc.constant(fragments),
  });
}

/** A value of the targets, or a part of it, each byte as it is or in one of the spellings. */
const planted = fc.record({
  of: fc.nat(2),
  from: fc.constantFrom(0, 0, 0, 1, 2),
  less: fc.constantFrom(0, 0, 0, 1, 5),
  picks: fc.array(fc.nat(7), { minLength: 1, maxLength: 26 }),
  isPlain: fc.boolean(),
});
type Planted = typeof planted extends fc.Arbitrary<infer Kind> ? Kind : never;

function plantedText({ spell = [] }: Alphabet, targets: readonly ScanTarget[], piece: Planted): string {
  const value = targets[piece.of % targets.length]?.value ?? Buffer.alloc(0);
  const bytes = [...value.subarray(piece.from, Math.max(piece.from, value.length - piece.less))];
  return bytes
    .map((byte, index) => {
      const way = (piece.picks[index % piece.picks.length] ?? 0) - (piece.isPlain ? 4 : 0);
      return spelt(byte, way <= 0 ? undefined : spell[way % spell.length]);
    })
    .join('');
}

function spelt(byte: number, way: string | undefined): string {
  const letter = String.fromCharCode(byte);
  if (way === undefined) return letter;
  const hex = byte.toString(16).padStart(2, '0');
  if (!/[xX]/.test(way)) return way.replace('c', () => letter);
  return way.replace(/([xX])(?!.*[xX])/, (digits) => (digits === 'x' ? hex : hex.toUpperCase()));
}

/** A few places to cut at, or every one. */
const places = fc.oneof(
  { weight: 6, arbitrary: cuts(120) },
  { weight: 1, arbitrary: fc.constant(Array.from({ length: 130 }, (_, at) => at)) },
);

function checkOne(targets: readonly ScanTarget[], data: Buffer, chunks: readonly Buffer[]): void {
  const echoes = echoesIn(data, targets);
  const whole = scanChunks(targets, [data]);
  const parts = scanChunks(targets, chunks);
  const complaints = [
    ...complaintsAbout(data, whole.output, echoes, false),
    ...complaintsAboutMatches(echoes, whole.matches),
    ...complaintsAbout(data, parts.output, echoes, true),
    ...complaintsAboutMatches(echoes, parts.matches),
  ];
  if (complaints.length === 0) return;
  const pieces = chunks.map((chunk) => chunk.toString('latin1'));
  throw new Error(`${JSON.stringify(pieces)}: ${complaints.slice(0, 4).join('; ')}`);
}

/** Targets, and nasty blocks that are cut, with filler between them. */
export function checkAlphabet(alphabet: Alphabet, options: { numRuns: number; seed?: number }): void {
  const piece = fc.oneof({ weight: 3, arbitrary: text(alphabet.text, { maxLength: 25 }) }, planted);
  const block = fc.record({ pieces: fc.array(piece, { maxLength: 4 }), places });
  const blocks = fc.array(block, { minLength: 1, maxLength: alphabet.filler === undefined ? 1 : 3 });
  const property = fc.property(
    fc.array(anyTarget(alphabet), { minLength: 1, maxLength: 3 }),
    blocks,
    (values, all) => {
      const targets = values.map((target, index) => ({ id: `ver_${index}`, ...target }));
      const texts: string[] = [];
      const borders: number[] = [];
      let length = 0;
      for (const { pieces, places: near } of all) {
        const filler = '.'.repeat(alphabet.filler ?? 0);
        const nasty = pieces.map((one) =>
          typeof one === 'string' ? one : plantedText(alphabet, targets, one),
        );
        const made = `${filler}${nasty.join('')}`;
        for (const place of near)
          borders.push(length + filler.length + Math.min(place, made.length - filler.length));
        texts.push(made);
        length += made.length;
      }
      // What may be an escape is one, or is not.
      const data = Buffer.from(`${texts.join('')}${'.'.repeat(alphabet.filler ?? 0)}!`, 'latin1');
      checkOne(targets, data, cut(data, borders));
    },
  );
  fc.assert(property, options);
}
