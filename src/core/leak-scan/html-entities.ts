// HTML character references as an echo is read through them: decimal, hexadecimal, and by the names that stand for ASCII.
// Browsers take numbers, and the oldest names, without the semicolon too.
import { byteSet, type Encoding, escapeOf, LONGEST_ESCAPE, NO_ESCAPE, UNFINISHED } from './encodings.ts';

const AMPERSAND = 0x26;
const HASH = 0x23;
const SEMICOLON = 0x3b;
const SMALL_X = 0x78;
const LAST_CODE_POINT = 0x10_ffff;

/** WHATWG HTML, "Named character references": those of one ASCII character. */
const NAMES: Readonly<Record<string, string>> = {
  '\t': 'Tab',
  '\n': 'NewLine',
  '!': 'excl',
  '"': 'quot QUOT',
  '#': 'num',
  $: 'dollar',
  '%': 'percnt',
  '&': 'amp AMP',
  "'": 'apos',
  '(': 'lpar',
  ')': 'rpar',
  '*': 'ast midast',
  '+': 'plus',
  ',': 'comma',
  '.': 'period',
  '/': 'sol',
  ':': 'colon',
  ';': 'semi',
  '<': 'lt LT',
  '=': 'equals',
  '>': 'gt GT',
  '?': 'quest',
  '@': 'commat',
  '[': 'lsqb lbrack',
  '\\': 'bsol',
  ']': 'rsqb rbrack',
  '^': 'Hat',
  _: 'lowbar UnderBar',
  '`': 'grave DiacriticalGrave',
  '{': 'lcub lbrace',
  '|': 'verbar vert VerticalLine',
  '}': 'rcub rbrace',
};
/** By the hash of a name, so that no text has to be made of what is read. */
const CODES: ReadonlyMap<number, number> = new Map(
  Object.entries(NAMES).flatMap(([character, names]) =>
    names.split(' ').map((name) => [hashOf(name), character.charCodeAt(0)] as const),
  ),
);
/** Good without a semicolon, whatever follows. */
const BARE: ReadonlySet<number> = new Set(
  ['quot', 'QUOT', 'amp', 'AMP', 'lt', 'LT', 'gt', 'GT'].map((name) => hashOf(name)),
);
const LONGEST_NAME = 'DiacriticalGrave'.length;

export const htmlEncoding: Encoding = {
  view: 'html',
  trigger: AMPERSAND,
  otherTrigger: AMPERSAND,
  begins: byteSet(AMPERSAND),
  isUtf8: true,
  readEscape: (source, at) => read(source, at, false),
  readLast: (source, at) => read(source, at, true),
};

function read(source: Buffer, at: number, isLast: boolean): number {
  const first = source[at + 1];
  if (first === undefined) return isLast ? NO_ESCAPE : UNFINISHED;
  return first === HASH ? readNumber(source, at, isLast) : readName(source, at, isLast);
}

function readNumber(source: Buffer, at: number, isLast: boolean): number {
  const isHex = ((source[at + 2] ?? 0) | 0x20) === SMALL_X;
  const base = isHex ? 16 : 10;
  const from = at + (isHex ? 3 : 2);
  let end = from;
  let code = 0;
  for (; end < at + LONGEST_ESCAPE - 1; end++) {
    const digit = digitOf(source[end] ?? 0);
    if (digit >= base) break;
    code = Math.min(code * base + digit, LAST_CODE_POINT + 1);
  }
  if (end === source.length && !isLast) return UNFINISHED;
  if (end === from || code > LAST_CODE_POINT) return NO_ESCAPE;
  return escapeOf(end - at + (source[end] === SEMICOLON ? 1 : 0), code);
}

/** 16 for what is no digit. */
function digitOf(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : 16;
}

function readName(source: Buffer, at: number, isLast: boolean): number {
  let end = at + 1;
  let hash = 0;
  let bare = NO_ESCAPE;
  for (; end <= at + LONGEST_NAME; end++) {
    const byte = source[end] ?? 0;
    if (!isLetter(byte)) break;
    hash = nextHash(hash, byte);
    if (BARE.has(hash)) bare = escapeOf(end + 1 - at, CODES.get(hash) ?? 0);
  }
  if (end === source.length && !isLast) return UNFINISHED;
  const code = source[end] === SEMICOLON ? CODES.get(hash) : undefined;
  return code === undefined ? bare : escapeOf(end + 1 - at, code);
}

function nextHash(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0;
}

function hashOf(name: string): number {
  return Buffer.from(name).reduce(nextHash, 0);
}

function isLetter(byte: number): boolean {
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x7a;
}
