// International bank account numbers (ISO 13616): two letters, two check digits, and as many characters as the country says.
import { passesMod97 } from './check-digits.ts';
import type { Format } from './format.ts';

/** Country and length, as in the registry that SWIFT keeps for ISO. */
const LENGTHS =
  'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 ' +
  'FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 ' +
  'LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 ' +
  'RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30';
const LENGTH_OF: ReadonlyMap<string, number> = new Map(
  LENGTHS.split(' ').map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);
const BARE = { first: 15, last: 34 };

export const iban: Format = {
  class: 'iban',
  leastDigits: 6,
  shapes: [
    {
      first: Array.from({ length: BARE.last - BARE.first + 1 }, (_, at) => BARE.first + at),
      pattern: /[A-Z]{2}\d{2}[A-Z0-9]{11,30}|[a-z]{2}\d{2}[a-z0-9]{11,30}/y,
      hasLower: true,
    },
    {
      first: [4],
      pattern: /[A-Z]{2}\d{2}([ -])[A-Z0-9]{4}(?:\1[A-Z0-9]{4}){1,6}(?:\1[A-Z0-9]{1,4})?/y,
      shrinks: true,
    },
  ],
  isOne: (text) =>
    LENGTH_OF.get(text.slice(0, 2)) === text.length && passesMod97(text.slice(4) + text.slice(0, 4)),
};
