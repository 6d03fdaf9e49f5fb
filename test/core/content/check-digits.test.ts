// Check digits: what they must catch, whatever the number.
import * as fc from '../../support/properties.ts';
import { describe, expect, test } from 'vitest';
import {
  isDay,
  passesLuhn,
  passesMod11And10,
  passesMod11And2,
  passesMod97,
  passesVerhoeff,
} from '../../../src/core/content/check-digits.ts';

const DIGITS = '0123456789';
const digits = (length: number) =>
  fc
    .array(fc.constantFrom(...Array.from(DIGITS)), { minLength: length, maxLength: length })
    .map((all) => all.join(''));

/** The one ending of `body` that passes; there must be just one. */
function completed(body: string, passes: (text: string) => boolean, endings: readonly string[]): string {
  const good = endings.filter((ending) => passes(body + ending));
  expect(good).toHaveLength(1);
  return body + (good[0] ?? '');
}

const schemes: [string, (text: string) => boolean, readonly string[]][] = [
  ['Luhn', passesLuhn, Array.from(DIGITS)],
  ['Verhoeff', passesVerhoeff, Array.from(DIGITS)],
  ['mod 11,10', passesMod11And10, Array.from(DIGITS)],
  ['mod 11-2', passesMod11And2, [...Array.from(DIGITS), 'X']],
];

describe.each(schemes)('%s', (_name, passes, endings) => {
  test('has one check digit for each number, and catches every digit that is another', () => {
    fc.assert(
      fc.property(digits(16), fc.nat(15), fc.integer({ min: 1, max: 9 }), (body, at, more) => {
        const whole = completed(body, passes, endings);
        const other = String((Number(whole[at]) + more) % 10);
        expect(passes(whole.slice(0, at) + other + whole.slice(at + 1))).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });
});

test('Verhoeff and mod 11-2 catch two neighbours that changed places', () => {
  fc.assert(
    fc.property(digits(11), fc.nat(9), (body, at) => {
      fc.pre(body[at] !== body[at + 1]);
      for (const [, passes, endings] of schemes.filter(([name]) => /Verhoeff|11-2/.test(name))) {
        const whole = completed(body, passes, endings);
        const swapped = whole.slice(0, at) + whole.charAt(at + 1) + whole.charAt(at) + whole.slice(at + 2);
        expect(passes(swapped)).toBe(false);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('mod 97-10 has one pair of check digits from 02 to 98, and catches every character that is another', () => {
  const pairs = Array.from({ length: 97 }, (_, at) => String(at + 2).padStart(2, '0'));
  fc.assert(
    fc.property(digits(18), fc.nat(17), fc.integer({ min: 1, max: 9 }), (body, at, more) => {
      const whole = completed(`${body}1314`, passesMod97, pairs);
      const other = String((Number(whole[at]) + more) % 10);
      expect(passesMod97(whole.slice(0, at) + other + whole.slice(at + 1))).toBe(false);
    }),
    { numRuns: 500 },
  );
});

test('a day is one of the calendar', () => {
  expect(isDay(1999, 2, 28)).toBe(true);
  expect(isDay(1999, 2, 29)).toBe(false);
  expect(isDay(2000, 2, 29)).toBe(true);
  expect(isDay(1999, 4, 31)).toBe(false);
  expect(isDay(1999, 13, 1)).toBe(false);
  expect(isDay(1999, 12, 0)).toBe(false);
});
