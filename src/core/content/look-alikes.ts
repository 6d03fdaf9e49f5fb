// Characters that stand for an ASCII one in the eyes of whoever reads them, or for none at all.

export const KEPT = -1;
export const DROPPED = -2;

/** First digits of scripts that have ten in a row: Arabic, Persian, Devanagari, Bengali, Thai, mathematical ones. */
const ZEROS = [0x660, 0x6f0, 0x966, 0x9e6, 0xe50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6];
const SPACE = 0x20;
const DASH = 0x2d;
const ZERO = 0x30;

/** The ASCII character, KEPT or DROPPED. */
export function foldedCharacter(code: number): number {
  if (code < 0x100) return code === 0xa0 ? SPACE : code === 0xad ? DROPPED : KEPT;
  if (code >= 0x2000 && code < 0x2070) return foldedPunctuation(code);
  if (code >= 0xff01 && code <= 0xff5e) return code - 0xfee0; // full width
  if (code === 0xfeff) return DROPPED;
  if (code === 0x3000) return SPACE;
  if (code === 0x2212 || code === 0xfe63) return DASH;
  if (code === 0xfe6b) return 0x40;
  const zero = ZEROS.find((first) => code >= first && code < first + 10);
  return zero === undefined ? KEPT : ZERO + code - zero;
}

function foldedPunctuation(code: number): number {
  if (code <= 0x200a || code === 0x202f || code === 0x205f) return SPACE;
  if ((code >= 0x200b && code <= 0x200f) || (code >= 0x202a && code <= 0x202e) || code >= 0x2060)
    return DROPPED;
  return code >= 0x2010 && code <= 0x2015 ? DASH : KEPT;
}
