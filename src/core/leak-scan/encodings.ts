// The two encodings an echo is read through: percent (with `+` for a space, as forms write it) and JSON string
// escapes (RFC 8259 §7). Each says which bytes begin an escape and what one escape stands for.

/** The byte stands for itself. */
export const NO_ESCAPE = -1;
/** The source ends inside what may be an escape. */
export const UNFINISHED = 0;

export interface Encoding {
  readonly view: 'percent' | 'json';
  /** The bytes an escape begins with; twice the same when there is only one. */
  readonly trigger: number;
  readonly otherTrigger: number;
  /** Whether escapes stand for code points, else for bytes. */
  readonly isUtf8: boolean;
  /** NO_ESCAPE, UNFINISHED, or the encoded length in the lowest four bits and above them what is stood for. */
  readEscape(source: Buffer, at: number): number;
}

const PERCENT = 0x25;
const PLUS = 0x2b;
const SPACE = 0x20;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
const NOT_HEX = -1;
const CUT_OFF = -2;
const HEX_VALUES = hexValues();
/** What a letter behind a backslash stands for, 0 for none. */
const SHORT_ESCAPES = shortEscapes();

export const percentEncoding: Encoding = {
  view: 'percent',
  trigger: PERCENT,
  otherTrigger: PERCENT,
  isUtf8: false,
  readEscape: readPercent,
};

/** As above, and `+` is a space. Literal plus signs read so too: patterns must be folded alike. */
export const formEncoding: Encoding = {
  view: 'percent',
  trigger: PERCENT,
  otherTrigger: PLUS,
  isUtf8: false,
  readEscape(source, at) {
    return source[at] === PLUS ? escapeOf(1, SPACE) : foldedPercent(readPercent(source, at));
  },
};

export const jsonEncoding: Encoding = {
  view: 'json',
  trigger: BACKSLASH,
  otherTrigger: BACKSLASH,
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

function escapeOf(length: number, meaning: number): number {
  return (meaning << 4) | length;
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
function readHex(source: Buffer, at: number, digits: number): number {
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
