// Credentials that nobody has stored: found by their look, wherever they are cut, and ordinary text passes.
import * as fc from '../../support/properties.ts';
import { expect, test } from 'vitest';
import { readKeyPatterns } from '../../../src/catalogue/catalogue.ts';
import { LETTERS } from '../../../src/core/credential-shapes/shape.ts';
import { ShapeScan } from '../../../src/core/credential-shapes/shape-scan.ts';
import { shapeTable } from '../../../src/core/credential-shapes/shape-table.ts';
import { SHAPES } from '../../../src/core/credential-shapes/shapes.ts';
import { cut, cuts } from '../leak-scan-oracle.ts';

const table = shapeTable(readKeyPatterns());

/** Letters that look random, the same in each run. */
function randomText(letters: string, length: number, seed: number): string {
  let state = seed + 1;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return letters[(state >>> 8) % letters.length];
  }).join('');
}

interface Example {
  readonly id: string;
  readonly text: string;
  readonly secretFrom: number;
}

/** One for each beginning. */
const EXAMPLES: readonly Example[] = SHAPES.flatMap((shape, at) =>
  shape.begins.map((begin, index): Example => {
    const seed = at * 100 + index;
    const letters = LETTERS[shape.letters].replaceAll(/[^A-Za-z0-9]/g, '');
    const secret =
      shape.id === 'database-url'
        ? `user:${randomText(LETTERS.alnum, 16, seed)}`
        : `7${randomText(letters, shape.least - 1, seed)}`;
    const between = shape.isField === true ? '": "' : '';
    return { id: shape.id, text: begin + between + secret, secretFrom: (begin + between).length };
  }),
);

function scanned(chunks: readonly Buffer[], isMasked: boolean) {
  const found: string[] = [];
  const scan = new ShapeScan(table, { isMasked, onFound: (id) => found.push(id) });
  const pieces = [...chunks.map((chunk) => Buffer.from(scan.push(chunk))), Buffer.from(scan.end())];
  return { found, pieces, output: Buffer.concat(pieces).toString('latin1') };
}

test('there are shapes of at least forty kinds of credentials, and each has an example', () => {
  expect(new Set(SHAPES.map(({ id }) => id)).size).toBeGreaterThanOrEqual(40);
  expect(SHAPES.flatMap(({ begins }) => begins).every(({ length }) => length >= 4)).toBe(true);
});

test.each(EXAMPLES)('$id is found and its secret part masked: $text', ({ id, text, secretFrom }) => {
  const body = Buffer.from(`{"made":"${text}"}`);
  const { found, output } = scanned([body], true);
  expect(found).toEqual([id]);
  expect(output).toBe(`{"made":"${text.slice(0, secretFrom)}${'*'.repeat(text.length - secretFrom)}"}`);
  const told = scanned([body], false);
  expect([told.found, told.output]).toEqual([[id], body.toString()]);
});

test('wherever a credential is cut, no character of its secret part leaves', () => {
  const words = fc.constantFrom(
    '',
    ' ',
    'token ',
    '{"a":"b"}',
    'ghp_',
    'AKI',
    'eyJ',
    '\n',
    '"access_token": null',
  );
  fc.assert(
    fc.property(fc.constantFrom(...EXAMPLES), words, words, cuts(300), (example, before, after, places) => {
      const { id, text, secretFrom } = example;
      const data = Buffer.from(`${before} "${text}" ${after}`);
      const whole = scanned([data], true);
      const { found, output } = scanned(cut(data, places), true);
      expect(output).toBe(whole.output);
      expect(found).toEqual(whole.found);
      expect(found).toContain(id);
      expect(output).not.toContain(text.slice(secretFrom, secretFrom + 4));
      expect(output.length).toBe(data.length);
    }),
    { numRuns: 1000 },
  );
});

test('a credential of any length is masked to its end', () => {
  const token = `eyJhbGciOiJIUzI1NiJ9.${randomText(LETTERS.word, 5000, 3)}.${randomText(LETTERS.word, 40, 4)}`;
  const data = Buffer.from(`token=${token}; and more`);
  for (const size of [1, 7, 100, 127, 128, 129, 4096]) {
    const chunks = Array.from({ length: Math.ceil(data.length / size) }, (_, at) =>
      data.subarray(at * size, (at + 1) * size),
    );
    const { output, found } = scanned(chunks, true);
    expect(output).toBe(`token=eyJhbGci${'*'.repeat(token.length - 8)}; and more`);
    expect(found).toEqual(['json-web-token']);
  }
});

test('only the undecided part of what may be a credential waits, and nothing where it is only told', () => {
  const half = `key ghp_${randomText(LETTERS.alnum, 20, 5)}`;
  const masking = scanned([Buffer.from(half), Buffer.from(' no more')], true);
  expect(masking.pieces.map(String)).toEqual(['key ghp_', `${half.slice(8)} no more`, '']);
  const telling = scanned([Buffer.from(half), Buffer.from(' no more')], false);
  expect(telling.pieces.map(String)).toEqual([half, ' no more', '']);
});

test.each([
  'the access_token is described in the section on tokens',
  '"access_token": "your-access-token-goes-here"',
  'const apiKey = process.env.ANTHROPIC_API_KEY_OF_THIS_PROJECT;',
  'api_key: undefined, accessToken: response.data.accessToken.value.toString()',
  'AKIAIOSFODNN7EXAMPLE',
  'sk-ant-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
  'postgres://user:password@localhost/db?sslmode=require',
  'postgres://localhost:5432/',
  'xghp_0123456789abcdefghijABCDEFGHIJ0123456789',
  '-----BEGIN PRIVATE KEY-----\\n...\\n-----END PRIVATE KEY-----',
  'ghp_tooShort12',
  'AIza is how they begin',
  `"sha512-${randomText(LETTERS.alnum, 86, 9)}=="`,
])('ordinary text passes: %s', (text) => {
  const { found, output } = scanned([Buffer.from(text)], true);
  expect(found).toEqual([]);
  expect(output).toBe(text);
});
