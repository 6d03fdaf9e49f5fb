// Numbers by which countries outside of Europe know their people: shapes and check digits as the authorities publish them.
import { isDay, passesMod11And2, passesVerhoeff, weighted } from './check-digits.ts';
import type { Format } from './format.ts';

/** Printed on cards and in advertisements, so that they are nobody's. */
const VOID_SSNS: ReadonlySet<string> = new Set(['078051120', '219099999', '457555462']);

/** Social Security number: no check digit, but numbers that were never given out. */
const ssn: Format = {
  class: 'us-ssn',
  leastDigits: 9,
  shapes: [
    { first: [3], pattern: /\d{3}-\d{2}-\d{4}/y },
    { first: [3], pattern: /\d{3} \d{2} \d{4}/y },
    { first: [9], pattern: /\d{9}/y, hint: /\bssn|social.?sec/ },
  ],
  isOne: (digits) =>
    !/^(?:000|666|9)|^...00|0000$/.test(digits) && !/^(\d)\1*$/.test(digits) && !VOID_SSNS.has(digits),
};

/** Cadastro de Pessoas Físicas: two check digits, mod 11. */
const cpf: Format = {
  class: 'br-cpf',
  leastDigits: 11,
  shapes: [
    { first: [3], pattern: /\d{3}\.\d{3}\.\d{3}[-/]\d{2}/y },
    { first: [9], pattern: /\d{9}-\d{2}/y },
    { first: [11], pattern: /\d{11}/y },
  ],
  isOne: (digits) => {
    if (/^(\d)\1*$/.test(digits)) return false;
    const first = check11(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]);
    return (
      first === Number(digits[9]) && check11(digits, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) === Number(digits[10])
    );
  },
};

/** Cadastro Nacional da Pessoa Jurídica: of companies and people in business alone; with letters since 2026. */
const cnpj: Format = {
  class: 'br-cnpj',
  leastDigits: 6,
  shapes: [
    { first: [2], pattern: /[0-9A-Z]{2}\.[0-9A-Z]{3}\.[0-9A-Z]{3}\/[0-9A-Z]{4}-\d{2}/y },
    { first: [8], pattern: /[0-9A-Z]{8}\/[0-9A-Z]{4}-\d{2}/y },
    { first: [14], pattern: /\d{14}/y },
    { first: [14], pattern: /[0-9A-Z]{12}\d{2}/y, hint: /cnpj/ },
  ],
  isOne: (text) => {
    if (/^(.)\1*$/.test(text)) return false;
    const weights = [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
    return check11(text, weights) === Number(text[12]) && check11(text, [6, ...weights]) === Number(text[13]);
  },
};

function check11(text: string, weights: readonly number[]): number {
  const rest = weighted(text, weights) % 11;
  return rest < 2 ? 0 : 11 - rest;
}

/** Aadhaar: twelve digits by Verhoeff's scheme, no 0 or 1 in front. */
const aadhaar: Format = {
  class: 'in-aadhaar',
  leastDigits: 12,
  shapes: [
    { first: [4], pattern: /[2-9]\d{3}([ -])\d{4}\1\d{4}/y },
    { first: [12], pattern: /[2-9]\d{11}/y, hint: /a+dha+r|uidai|\buid/ },
  ],
  isOne: (digits) => passesVerhoeff(digits) && !isPalindrome(digits),
};

/** Never given out. */
function isPalindrome(digits: string): boolean {
  return digits === Array.from(digits).reverse().join('');
}

/** Permanent Account Number: how its last letter is made is not published; the fourth tells whose it is. */
const pan: Format = {
  class: 'in-pan',
  leastDigits: 4,
  shapes: [{ first: [10], pattern: /[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]/y }],
  isOne: (text) => !text.includes('0000'),
};

/** Resident identity number: region, birthday, counter, check character. */
const residentId: Format = {
  class: 'cn-resident-id',
  leastDigits: 17,
  shapes: [{ first: [18], pattern: /[1-689]\d{5}(?:18|19|20)\d{9}[\dXx]/y, hasLower: true }],
  isOne: (text) =>
    /^(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|8[1-3]|91)/.test(text) &&
    isDay(Number(text.slice(6, 10)), Number(text.slice(10, 12)), Number(text.slice(12, 14))) &&
    passesMod11And2(text),
};

export const ELSEWHERE: readonly Format[] = [ssn, cpf, cnpj, aadhaar, pan, residentId];
