// What a code unit is to a reader of words: one look-up in a table, so that plain text goes by without further questions.
import { FoldTable, isUnspaced, SEPARATOR } from './fold.ts';

/** Below: the letters of a to z, by their number. */
export const PLAIN = 26;
export const STOP = 27;
export const MARK = 28;
export const UNSPACED = 29;
/** From here on it may be part of the word before it. */
export const MAY_GO_ON = 30;
export const SIGN = 30;
export const AT = 31;
export const DIGIT = 32;
export const ESCAPE = 33;
const OTHER = 34;

/** Ends of sentences in scripts without spaces. */
const WIDE_STOPS: ReadonlySet<number> = new Set([0x3002, 0xff01, 0xff1f]);
const ENDINGS_OF_QUOTES = '"\'`\u201c\u201d\u201e\u2018\u00ab\u00bb\u300c\u300e';

export class KindTable {
  readonly fold = new FoldTable();
  /** By code unit. */
  readonly kinds = new Uint8Array(0x1_0000).fill(OTHER);
  /** By code unit: 1 for what stands before a quoted word. */
  readonly quotes = new Uint8Array(0x1_0000);

  constructor() {
    for (let code = 0; code < 128; code += 1) this.kinds[code] = ofAscii(code);
    for (let code = 128; code < 0x1_0000; code += 32) {
      if (isUnspaced(code)) this.kinds.fill(UNSPACED, code, code + 32);
    }
    for (const one of ENDINGS_OF_QUOTES) this.quotes[one.charCodeAt(0)] = 1;
  }

  /** A unit that no word was read at: the next time it is known for what it is, where it only separates. */
  learn(code: number): void {
    if (code < 128 || WIDE_STOPS.has(code) || (code >= 0xd800 && code <= 0xdfff)) return;
    if (this.kinds[code] === OTHER && this.fold.unit(code) === SEPARATOR) this.kinds[code] = PLAIN;
  }
}

function ofAscii(code: number): number {
  const character = String.fromCharCode(code);
  if (/[a-z]/i.test(character)) return (code | 32) - 97;
  if (/\d/.test(character)) return DIGIT;
  if (character === '@') return AT;
  if (/[:<[\]]/.test(character)) return MARK;
  if (/[.?;]/.test(character)) return STOP;
  if (/[%&\\]/.test(character)) return ESCAPE;
  return /[$!|]/.test(character) ? SIGN : PLAIN;
}
