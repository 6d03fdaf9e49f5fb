// Lines that only wrap: base64 text broken by line ends and indentation, also where JSON writes them as `\n`. A blank line
// ends what is wrapped, as an event of an event stream ends there.
import { byteSet, type Encoding, escapeOf, NO_ESCAPE, NOTHING, UNFINISHED } from './encodings.ts';
import type { Pattern } from './patterns.ts';

const TAB = 0x09;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const BACKSLASH = 0x5c;
const LETTER_N = 0x6e;
const LETTER_R = 0x72;
/** A line end with the indentation around it. */
const LONGEST_BREAK = 16;
/** Shorter ones say too little to be put together from pieces. */
const SHORTEST_PATTERN = 8;

const LETTERS = byteSet(...Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_'));

export const wrappedEncoding: Encoding = {
  view: 'wrapped',
  trigger: LINE_FEED,
  otherTrigger: BACKSLASH,
  begins: byteSet(TAB, LINE_FEED, RETURN, SPACE, BACKSLASH),
  isUtf8: false,
  readEscape: readBreak,
  startOf: breakStart,
};

/** Whether a pattern is looked for across line ends. */
export function isWrapped({ view, bytes, isToken }: Pattern): boolean {
  if (isToken || bytes.length < SHORTEST_PATTERN) return false;
  return view === 'base64' || (view === 'raw' && bytes.every((byte) => LETTERS[byte] === 1));
}

/** Read from its first byte: within white space no break begins. A lone carriage return wraps nothing, unless in JSON. */
function readBreak(source: Buffer, at: number): number {
  if (at > 0 && LETTERS[source[at - 1] ?? 0] !== 1) return NO_ESCAPE;
  let lineEnds = 0;
  let end = at;
  let isAfterReturn = false;
  let hasTrigger = false;
  for (;;) {
    const length = unitLength(source, end);
    if (length === UNFINISHED) return UNFINISHED;
    if (length === NO_ESCAPE || end + length - at > LONGEST_BREAK) break;
    const last = source[end + length - 1];
    const isReturn = last === RETURN || (length === 2 && last === LETTER_R);
    const isFeed = last === LINE_FEED || (length === 2 && last === LETTER_N);
    if (isReturn || (isFeed && !isAfterReturn)) lineEnds++;
    isAfterReturn = isReturn;
    hasTrigger ||= isFeed || length === 2;
    end += length;
    if (lineEnds > 1) return NO_ESCAPE;
  }
  if (lineEnds === 0 || !hasTrigger) return NO_ESCAPE;
  return LETTERS[source[end] ?? 0] === 1 ? escapeOf(end - at, NOTHING) : NO_ESCAPE;
}

/** Length of the white space that is written at `at`: one byte, or two of JSON; UNFINISHED where the source ends first. */
function unitLength(source: Buffer, at: number): number {
  const byte = source[at];
  if (byte === undefined) return UNFINISHED;
  if (byte === LINE_FEED || byte === RETURN || byte === SPACE || byte === TAB) return 1;
  if (byte !== BACKSLASH) return NO_ESCAPE;
  const letter = source[at + 1];
  if (letter === undefined) return UNFINISHED;
  return letter === LETTER_N || letter === LETTER_R ? 2 : NO_ESCAPE;
}

/** Where the white space around `at` begins. */
function breakStart(source: Buffer, at: number): number {
  let start = at;
  while (at - start < LONGEST_BREAK) {
    const length = unitBefore(source, start);
    if (length === 0) break;
    start -= length;
  }
  return start;
}

/** Length of the white space that ends at `end`; 0 for none. */
function unitBefore(source: Buffer, end: number): number {
  const byte = source[end - 1];
  if (byte === LINE_FEED || byte === RETURN || byte === SPACE || byte === TAB) return 1;
  return (byte === LETTER_N || byte === LETTER_R) && source[end - 2] === BACKSLASH ? 2 : 0;
}
