// Payment cards: the number ranges of the issuers (ISO/IEC 7812), their lengths, and Luhn's check digit.
import { passesLuhn } from './check-digits.ts';
import type { Format } from './format.ts';

interface Range {
  /** First and last beginning; both of the same length. */
  readonly from: string;
  readonly to: string;
  readonly lengths: readonly number[];
}

const LONG = [16, 17, 18, 19];
const RANGES: readonly Range[] = [
  { from: '4', to: '4', lengths: [16, 19] }, // Visa
  { from: '51', to: '55', lengths: [16] }, // Mastercard
  { from: '2221', to: '2720', lengths: [16] },
  { from: '34', to: '34', lengths: [15] }, // American Express
  { from: '37', to: '37', lengths: [15] },
  { from: '300', to: '305', lengths: [14, 16] }, // Diners Club
  { from: '3095', to: '3095', lengths: [14, 16] },
  { from: '36', to: '36', lengths: [14, 16] },
  { from: '38', to: '39', lengths: [14, 16] },
  { from: '3528', to: '3589', lengths: LONG }, // JCB
  { from: '6011', to: '6011', lengths: LONG }, // Discover
  { from: '644', to: '649', lengths: LONG },
  { from: '65', to: '65', lengths: LONG }, // and RuPay
  { from: '60', to: '60', lengths: [16] },
  { from: '81', to: '82', lengths: [16] },
  { from: '62', to: '62', lengths: LONG }, // UnionPay
  { from: '50', to: '50', lengths: [16] }, // Maestro
  { from: '56', to: '58', lengths: [16] },
  { from: '6304', to: '6304', lengths: [16] },
  { from: '67', to: '67', lengths: [16] },
  { from: '2200', to: '2204', lengths: [16] }, // Mir
  { from: '9792', to: '9792', lengths: [16] }, // Troy
];

function isIssued(digits: string): boolean {
  return RANGES.some(({ from, to, lengths }) => {
    const beginning = digits.slice(0, from.length);
    return lengths.includes(digits.length) && beginning >= from && beginning <= to;
  });
}

/** Of the same digit throughout: a stand-in that somebody typed. */
function isMonotonous(digits: string): boolean {
  return /^(\d)\1*$/.test(digits);
}

export const card: Format = {
  class: 'card',
  leastDigits: 14,
  shapes: [
    { first: [14, 15, 16], pattern: /\d{14,16}/y },
    // Without gaps, ids are as long: the ranges where long numbers are usual.
    { first: [17, 18, 19], pattern: /(?:62|35|6011|6[45])\d{15,17}/y },
    { first: [4], pattern: /\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?/y },
    { first: [4], pattern: /\d{4}([ -])\d{6}\1\d{4,5}/y },
    { first: [6], pattern: /62\d{4}([ -])\d{13}/y },
  ],
  isOne: (digits) => isIssued(digits) && passesLuhn(digits) && !isMonotonous(digits),
  kept: 4,
};
