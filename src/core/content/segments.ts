// Cuts a text into stretches that content can not reach across, and passes on those that may hold any. The cut depends on the
// text alone, never on the pieces in which it came. Most text is left behind here, at a look at each byte.
import { type SearchedText, WINDOW_BYTES } from './text-search.ts';

const LOWER = 1;
const UPPER = 2;
const DIGIT = 4;
const AT = 8;
/** Begins a telephone number. */
const OPENING = 16;
/** Stands between or in parts of what is looked for; so do letters of other scripts. */
const JOINT = 32;
const SPACE = 128;
const NOTABLE = DIGIT | AT | OPENING;
const INSIDE = 127;
const KINDS = kindsOfBytes();
/** Letters of a group that numbers are written in: `GB82 WEST 1234`. */
const GROUP_LENGTH = 4;
const FIRST_GROUP_LENGTH = 3;

export interface Segment {
  readonly start: number;
  readonly end: number;
  readonly hasAt: boolean;
  /** What begins at it or behind it is left to the next segment, which overlaps this one. */
  readonly startsBelow: number;
}

/** Gives the end of what it has taken: a segment that was cut goes on behind it, or further behind. */
type VisitSegment = (segment: Segment) => number;

/** Whether a text has no segment that would be visited. */
export function isBare(bytes: Buffer, leastDigits: number): boolean {
  let kinds = 0;
  let digits = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const kind = KINDS[bytes[at] ?? 0] ?? 0;
    kinds |= kind;
    digits += (kind >> 2) & 1;
  }
  return (kinds & AT) === 0 && digits < leastDigits;
}

/** Visits the segments that hold an `@` or at least so many digits. Gives the beginning of the one that has not ended yet. */
export function eachSegment(
  { bytes, length, isLast }: SearchedText,
  from: number,
  leastDigits: number,
  visit: VisitSegment,
): number {
  const kindOf = KINDS;
  let start = from;
  let kinds = 0;
  let digits = 0;
  let wordStart = from;
  let wordKinds = 0;
  for (let at = from; ; ) {
    const stop = Math.min(length, start + WINDOW_BYTES);
    let kind = 0;
    for (; at < stop; at++) {
      kind = kindOf[bytes[at] ?? 0] ?? 0;
      if ((kind & INSIDE) === 0) break;
      wordKinds |= kind;
      digits += (kind >> 2) & 1;
    }
    // Most of all text: a word by itself that could be part of nothing.
    if (at < stop && kinds === 0 && (wordKinds & NOTABLE) === 0 && wordKinds !== UPPER) {
      at += 1;
      start = wordStart = at;
      wordKinds = 0;
      continue;
    }
    if (at === length && !isLast) return start;
    const isEnd = at < stop || at === length;
    if (isEnd && at < length && kind === SPACE && goesOn(wordKinds, at - wordStart, digits)) {
      kinds |= wordKinds;
      wordKinds = 0;
      at += 1;
      wordStart = at;
      continue;
    }
    const hasAt = ((kinds | wordKinds) & AT) !== 0;
    // With no end in sight what begins in the first half is decided.
    const startsBelow = isEnd ? at : wholeCharacter(bytes, start + WINDOW_BYTES / 2);
    const taken = hasAt || digits >= leastDigits ? visit({ start, end: at, hasAt, startsBelow }) : 0;
    if (isEnd && at === length) return length;
    start = isEnd ? at + 1 : Math.max(startsBelow, taken);
    at = start;
    wordStart = start;
    kinds = wordKinds = digits = 0;
  }
}

/** Whether a word may be a group of something that goes on behind a space. */
function goesOn(kinds: number, length: number, digitsSoFar: number): boolean {
  if ((kinds & (DIGIT | OPENING)) !== 0) return true;
  if (kinds !== UPPER) return false;
  return length <= (digitsSoFar > 0 ? GROUP_LENGTH : FIRST_GROUP_LENGTH);
}

/** `at`, or behind the character of which it is a part: what goes on there must not begin within an escape. */
export function wholeCharacter(bytes: Buffer, at: number): number {
  let end = at;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80 && end - at < 4) end += 1;
  return end;
}

export function isLetterOrDigit(byte: number | undefined): boolean {
  return byte !== undefined && ((KINDS[byte] ?? 0) & (LOWER | UPPER | DIGIT)) !== 0;
}

export function isLower(byte: number | undefined): boolean {
  return byte !== undefined && (KINDS[byte] ?? 0) === LOWER;
}

export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && (KINDS[byte] ?? 0) === DIGIT;
}

function kindsOfBytes(): Uint8Array {
  const kinds = new Uint8Array(256);
  const set = (characters: string, kind: number) => {
    for (const byte of Buffer.from(characters)) kinds[byte] = kind;
  };
  set('abcdefghijklmnopqrstuvwxyz', LOWER);
  set('ABCDEFGHIJKLMNOPQRSTUVWXYZ', UPPER);
  set('0123456789', DIGIT);
  set('@', AT);
  set('+(', OPENING);
  set("-._/%'~)", JOINT);
  set(' ', SPACE);
  kinds.fill(JOINT, 0x80);
  return kinds;
}
