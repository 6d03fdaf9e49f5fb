// Numbers by which European countries know their people: shapes and check digits as the authorities publish them.
import { isDay, passesLuhn, passesMod11And10, remainder, weighted } from './check-digits.ts';
import type { Format } from './format.ts';

/** NHS number: ten digits, mod 11. Telephone numbers and times are as long, hence the hint. */
const nhs: Format = {
  class: 'gb-nhs',
  leastDigits: 10,
  shapes: [
    { first: [3], pattern: /\d{3} \d{3} \d{4}/y },
    { first: [3], pattern: /\d{3}-\d{3}-\d{4}/y, hint: /\bnhs|health/ },
    { first: [10], pattern: /\d{10}/y, hint: /\bnhs|health/ },
  ],
  isOne: (digits) => {
    const rest = weighted(digits.slice(0, 9), [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    return rest !== 1 && (11 - rest) % 11 === Number(digits[9]) && !/^(\d)\1*$/.test(digits);
  },
};

/** National Insurance number: no check digit, but letters that are never given out. */
const nino: Format = {
  class: 'gb-nino',
  leastDigits: 6,
  shapes: [
    { first: [8, 9], pattern: /[A-Z]{2}\d{6} ?[A-D]/y },
    { first: [2, 4, 6, 8], pattern: /[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]/y },
    { first: [2], pattern: /[A-Z]{2}-\d{2}-\d{2}-\d{2}-[A-D]/y },
  ],
  isOne: (text) =>
    /^[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]/.test(text) && !/^(?:BG|GB|NK|KN|TN|NT|ZZ)/.test(text),
};

/** Steuerliche Identifikationsnummer: among the first ten digits just one comes twice or three times. */
const steuerId: Format = {
  class: 'de-steuer-id',
  leastDigits: 11,
  shapes: [
    { first: [11], pattern: /\d{11}/y },
    { first: [2], pattern: /\d{2}([ .-])\d{3}\1\d{3}\1\d{3}/y },
  ],
  isOne: (digits) => !digits.startsWith('0') && isSpread(digits.slice(0, 10)) && passesMod11And10(digits),
};

function isSpread(digits: string): boolean {
  const counts = new Map<string, number>();
  for (const one of digits) counts.set(one, (counts.get(one) ?? 0) + 1);
  const repeated = [...counts.values()].filter((count) => count > 1);
  return repeated.length === 1 && (repeated[0] ?? 0) <= 3 && !/(\d)\1\1/.test(digits);
}

/** Numéro d'inscription au répertoire (INSEE): the key is 97 less the rest of the number. */
const nir: Format = {
  class: 'fr-nir',
  leastDigits: 14,
  shapes: [
    { first: [15], pattern: /[1-478]\d{4}(?:\d{2}|2[AB])\d{8}/y },
    { first: [13], pattern: /[1-478]\d{4}(?:\d{2}|2[AB])\d{6} \d{2}/y },
    { first: [1], pattern: /[1-478]([ .-])\d{2}\1\d{2}\1(?:\d{2}|2[AB])\1\d{3}\1\d{3}(?:\1| ?\/? ?)\d{2}/y },
  ],
  isOne: (text) => {
    const month = Number(text.slice(3, 5));
    const number = text.slice(0, 13).replace('A', '0').replace('B', '0');
    // Corsica counts as 19 and 18, which is what was taken away here.
    const taken = text[6] === 'A' ? 1_000_000 : text[6] === 'B' ? 2_000_000 : 0;
    const rest = (remainder(number, 97) - (taken % 97) + 97) % 97;
    return ((month >= 1 && month <= 12) || month >= 20) && 97 - rest === Number(text.slice(13));
  },
};

const CODE_ODD = [
  1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
];

/** Codice fiscale: sixteen characters, of which digits may be letters where two people would share one. */
const codiceFiscale: Format = {
  class: 'it-codice-fiscale',
  leastDigits: 3,
  shapes: [
    {
      first: [16],
      pattern:
        /[A-Z]{6}[0-9LMNP-V]{2}[ABCDEHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]|[a-z]{6}[0-9lmnp-v]{2}[abcdehlmprst][0-9lmnp-v]{2}[a-z][0-9lmnp-v]{3}[a-z]/y,
      hasLower: true,
    },
    {
      first: [3],
      pattern: /[A-Z]{3} [A-Z]{3} [0-9LMNP-V]{2}[ABCDEHLMPRST][0-9LMNP-V]{2} [A-Z][0-9LMNP-V]{3}[A-Z]/y,
    },
  ],
  isOne: (text) => {
    let sum = 0;
    for (let at = 0; at < 15; at++) {
      const code = text.charCodeAt(at);
      const value = code < 65 ? code - 48 : code - 65;
      sum += at % 2 === 0 ? (CODE_ODD[value] ?? 0) : value;
    }
    return sum % 26 === text.charCodeAt(15) - 65;
  },
};

/** DNI and NIE: the letter is the number's rest in 23. */
const dni: Format = {
  class: 'es-dni',
  leastDigits: 7,
  shapes: [
    { first: [9], pattern: /\d{8}[A-Z]|[XYZ]\d{7}[A-Z]/y },
    { first: [8], pattern: /\d{8}[- ][A-Z]|[XYZ]\d{7}[- ][A-Z]/y },
    { first: [1], pattern: /[XYZ]([- ])\d{7}\1[A-Z]/y },
    { first: [2], pattern: /\d{2}\.\d{3}\.\d{3}[- ]?[A-Z]/y },
  ],
  isOne: (text) => {
    const number = text.slice(0, -1).replace('X', '0').replace('Y', '1').replace('Z', '2');
    return 'TRWAGMYFPDXBNJZSQVHLCKE'[remainder(number, 23)] === text.at(-1);
  },
};

/** Burgerservicenummer: nine digits, the eleven test. Only written with dots does it need no hint. */
const bsn: Format = {
  class: 'nl-bsn',
  leastDigits: 9,
  shapes: [
    { first: [4], pattern: /\d{4}\.\d{2}\.\d{3}/y },
    { first: [3], pattern: /\d{3}([ .-])\d{3}\1\d{3}/y, hint: /\bbsn|burger|sofi/ },
    { first: [9], pattern: /\d{9}/y, hint: /\bbsn|burger|sofi/ },
  ],
  isOne: (digits) =>
    weighted(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0 && !/^(?:000|(\d)\1*$)/.test(digits),
};

/** Rijksregisternummer: birthday, counter, and 97 less the rest; with a 2 in front since 2000. */
const rrn: Format = {
  class: 'be-rrn',
  leastDigits: 11,
  shapes: [
    { first: [11], pattern: /\d{11}/y },
    { first: [2], pattern: /\d{2}([. -])\d{2}\1\d{2}[- .]\d{3}[. -]\d{2}/y },
    { first: [6], pattern: /\d{6}[- ]\d{3}[. -]\d{2}/y },
  ],
  isOne: (digits) => {
    const number = digits.slice(0, 9);
    const key = Number(digits.slice(9));
    const month = Number(digits.slice(2, 4)) % 20; // 20 and 40 more: numbers of people who are not residents
    if (month > 12 || Number(digits.slice(4, 6)) > 31 || number.endsWith('000')) return false;
    return key === 97 - remainder(number, 97) || key === 97 - remainder(`2${number}`, 97);
  },
};

/** PESEL: the century stands in the month. */
const pesel: Format = {
  class: 'pl-pesel',
  leastDigits: 11,
  shapes: [{ first: [11], pattern: /\d{11}/y }],
  isOne: (digits) => {
    const month = Number(digits.slice(2, 4));
    const isBirthday = isDay(Number(digits.slice(0, 2)), month % 20, Number(digits.slice(4, 6)));
    return isBirthday && weighted(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0;
  },
};

/** Personnummer and samordningsnummer, whose day is 60 more. Twelve digits may as well be a time, hence the hint. */
const personnummer: Format = {
  class: 'se-personnummer',
  leastDigits: 10,
  shapes: [
    { first: [6], pattern: /\d{6}[-+]\d{4}/y },
    { first: [8], pattern: /(?:18|19|20)\d{6}[-+]\d{4}/y },
    { first: [12], pattern: /(?:18|19|20)\d{10}/y, hint: /person|\bpnr|samordning/ },
    { first: [10], pattern: /\d{10}/y, hint: /person|\bpnr|samordning/ },
  ],
  isOne: (digits) => {
    const short = digits.slice(-10);
    const day = Number(short.slice(4, 6)) % 60;
    return isDay(Number(short.slice(0, 2)), Number(short.slice(2, 4)), day) && passesLuhn(short);
  },
};

/** Henkilötunnus: the mark in the middle tells the century, the last one is the rest in 31. */
const hetu: Format = {
  class: 'fi-hetu',
  leastDigits: 9,
  shapes: [
    { first: [6], pattern: /\d{6}[-+]\d{3}[0-9A-FHJ-NPR-Y]/y },
    { first: [11], pattern: /\d{6}[A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y]/y },
  ],
  isOne: (text) => {
    const number = text.slice(0, 6) + text.slice(-4, -1);
    const [day, month, year] = [0, 2, 4].map((at) => Number(text.slice(at, at + 2)));
    const isBirthday = isDay(year ?? 0, month ?? 0, day ?? 0) && Number(number.slice(6)) >= 2;
    return isBirthday && '0123456789ABCDEFHJKLMNPRSTUVWXY'[remainder(number, 31)] === text.at(-1);
  },
};

export const EUROPEAN: readonly Format[] = [
  nhs,
  nino,
  steuerId,
  nir,
  codiceFiscale,
  dni,
  bsn,
  rrn,
  pesel,
  personnummer,
  hetu,
];
