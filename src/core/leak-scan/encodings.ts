// What an encoding is that an echo is read through, and two of them: percent (with `+` for a space, as forms write it)
// and JSON string escapes (RFC 8259 §7). Each says which bytes begin an escape and what one escape stands for.
import type { View } from './patterns.ts';

/** The byte stands for itself. */
export const NO_ESCAPE = -1;
/** The source ends inside what may be an escape. */
export const UNFINISHED = 0;
/** What an escape stands for that stands for no byte at all, such as a line break that only wraps. */
export const NOTHING = 0x11_0000;
/** An escape may be as long, with what stands for nothing in front of it. */
export const LONGEST_ESCAPE = 25;
/** What stands for nothing may be as long in one piece. */
export const LONGEST_REST = 21;

/** Below it what is stood for, in it the encoded length. */
const LENGTH_BITS = 6;
const LENGTH_MASK = (1 << LENGTH_BITS) - 1;

export interface Encoding {
  readonly view: View;
  /** The bytes that are looked for; twice the same when there is only one. */
  readonly trigger: number;
  readonly otherTrigger: number;
  /** Every byte that an escape can begin with has a 1. */
  readonly begins: Uint8Array;
  /** Whether escapes stand for code points, else for bytes. */
  readonly isUtf8: boolean;
  /** NO_ESCAPE, UNFINISHED, or what `escapeOf` makes. */
  readEscape(source: Buffer, at: number): number;
  /** Where the escape begins that has a trigger at `at`; there, unless told. */
  startOf?(source: Buffer, at: number): number;
  /** What is unfinished by `readEscape`, where nothing comes behind it; NO_ESCAPE unless told. */
  readLast?(source: Buffer, at: number): number;
}

/** An escape of `length` bytes for a byte, a code point, or NOTHING. */
export function escapeOf(length: number, meaning: number): number {
  return (meaning << LENGTH_BITS) | length;
}

export function escapeLength(escape: number): number {
  return escape & LENGTH_MASK;
}

export function escapeMeaning(escape: number): number {
  return escape >> LENGTH_BITS;
}

/** A table with a 1 for each of the bytes. */
export function byteSet(...bytes: readonly number[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const byte of bytes) table[byte] = 1;
  return table;
}

const PERCENT = 0x25;
const PLUS = 0x2b;
const SPACE = 0x20;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
export const NOT_HEX = -1;
export const CUT_OFF = -2;
const HEX_VALUES = hexValues();
/** What a letter behind a backslash stands for, 0 for none. */
const SHORT_ESCAPES = shortEscapes();

export const percentEncoding: Encoding = {
  view: 'percent',
  trigger: PERCENT,
  otherTrigger: PERCENT,
  begins: byteSet(PERCENT),
  isUtf8: false,
  readEscape: readPercent,
};

/** As above, and `+` is a space. Literal plus signs read so too: patterns must be folded alike. */
export const formEncoding: Encoding = {
  view: 'percent',
  trigger: PERCENT,
  otherTrigger: PLUS,
  begins: byteSet(PERCENT, PLUS),
  isUtf8: false,
  readEscape(source, at) {
    return source[at] === PLUS ? escapeOf(1, SPACE) : foldedPercent(readPercent(source, at));
  },
};

export const jsonEncoding: Encoding = {
  view: 'json',
  trigger: BACKSLASH,
  otherTrigger: BACKSLASH,
  begins: byteSet(BACKSLASH),
  isUtf8: true,
  readEscape: readBackslash,
};

/** A pattern as it reads through `formEncoding`. */
export function foldPlus(bytes: Buffer): Buffer {
  return Buffer.from(bytes.map((byte) => (byte === PLUS ? SPACE : byte)));
}

function foldedPercent(escape: number): number {
  return escape === escapeOf(3, PLUS) ? escapeOf(3, SPACE) : escape;
}

function readPercent(source: Buffer, at: number): number {
  const byte = readHex(source, at + 1, 2);
  if (byte === NOT_HEX) return NO_ESCAPE;
  return byte === CUT_OFF ? UNFINISHED : escapeOf(3, byte);
}

function readBackslash(source: Buffer, at: number): number {
  const letter = source[at + 1];
  if (letter === undefined) return UNFINISHED;
  if (letter !== LETTER_U) {
    const meaning = SHORT_ESCAPES[letter] ?? 0;
    return meaning === 0 ? NO_ESCAPE : escapeOf(2, meaning);
  }
  const unit = readHex(source, at + 2, 4);
  if (unit === NOT_HEX) return NO_ESCAPE;
  if (unit === CUT_OFF) return UNFINISHED;
  if (unit < 0xd800 || unit > 0xdbff) return escapeOf(6, unit);
  const low = readLowSurrogate(source, at + 6);
  if (low === CUT_OFF) return UNFINISHED;
  return low === NOT_HEX
    ? escapeOf(6, unit)
    : escapeOf(12, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
}

function readLowSurrogate(source: Buffer, at: number): number {
  const backslash = source[at] ?? BACKSLASH;
  const letter = source[at + 1] ?? LETTER_U;
  if (backslash !== BACKSLASH || letter !== LETTER_U) return NOT_HEX;
  const low = readHex(source, at + 2, 4);
  return low >= 0 && (low < 0xdc00 || low > 0xdfff) ? NOT_HEX : low;
}

/** The number that `digits` hex digits from `at` write, NOT_HEX, or CUT_OFF when the source ends before the last. */
export function readHex(source: Buffer, at: number, digits: number): number {
  let value = 0;
  for (let index = at; index < at + digits; index++) {
    const byte = source[index];
    if (byte === undefined) return CUT_OFF;
    const digit = HEX_VALUES[byte] ?? NOT_HEX;
    if (digit < 0) return NOT_HEX;
    value = value * 16 + digit;
  }
  return value;
}

function hexValues(): Int8Array {
  const values = new Int8Array(256).fill(NOT_HEX);
  for (const digits of ['0123456789abcdef', '0123456789ABCDEF']) {
    for (const [value, byte] of Buffer.from(digits).entries()) values[byte] = value;
  }
  return values;
}

function shortEscapes(): Uint8Array {
  const meanings = new Uint8Array(256);
  const written = Buffer.from('"\\/bfnrt');
  for (const [index, byte] of Buffer.from('"\\/\b\f\n\r\t').entries()) meanings[written[index] ?? 0] = byte;
  return meanings;
}
