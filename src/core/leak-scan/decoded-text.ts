// Bytes decoded from an encoded stretch of a buffer, with the way back to where they were read, and the loop that
// decodes. It may begin anywhere: the text in front of an echo need not be well formed.
import {
  type Encoding,
  escapeLength,
  escapeMeaning,
  LONGEST_REST,
  NO_ESCAPE,
  NOTHING,
  UNFINISHED,
} from './encodings.ts';

/** Room for the bytes one escape can stand for. */
const ESCAPE_ROOM = 4;
/** Numbers kept per escape: where it begins and ends in the source, and in the decoded bytes. */
const MARK_LENGTH = 4;
/** Room for so many at first. */
const FEWEST_MARKS = 64;

export class DecodedText {
  readonly bytes: Buffer;
  readonly capacity: number;
  length = 0;
  /** Where decoding began and ended in the source. */
  sourceStart = 0;
  sourceEnd = 0;
  /** The source ended inside an escape, which is not decoded. */
  isUnfinished = false;
  escapeCount = 0;
  #marks = new Int32Array(FEWEST_MARKS * MARK_LENGTH);

  constructor(capacity: number) {
    this.capacity = capacity;
    this.bytes = Buffer.alloc(capacity + ESCAPE_ROOM);
  }

  /** Notes that the source from `start` to `end` was decoded to the bytes from `decodedStart` to `decodedEnd`. */
  addEscape(start: number, end: number, decodedStart: number, decodedEnd: number): void {
    if (decodedStart === decodedEnd && this.restLength(start) > 0) {
      this.#marks[(this.escapeCount - 1) * MARK_LENGTH + 1] = end;
      return;
    }
    const at = this.escapeCount++ * MARK_LENGTH;
    if (at === this.#marks.length) this.#growMarks();
    this.#marks[at] = start;
    this.#marks[at + 1] = end;
    this.#marks[at + 2] = decodedStart;
    this.#marks[at + 3] = decodedEnd;
  }

  /** How much in front of `at` in the source stands for nothing. */
  restLength(at: number): number {
    const last = this.escapeCount - 1;
    if (last < 0 || this.escapeEnd(last) !== at) return 0;
    const isRest = this.#decodedEnd(last) === this.#marks[last * MARK_LENGTH + 2];
    return isRest ? at - this.escapeStart(last) : 0;
  }

  escapeStart(escape: number): number {
    return this.#marks[escape * MARK_LENGTH] ?? 0;
  }

  escapeEnd(escape: number): number {
    return this.#marks[escape * MARK_LENGTH + 1] ?? 0;
  }

  /** Where the encoded form of the byte at `index` begins. */
  originOf(index: number): number {
    const escape = this.#escapeBefore(index);
    if (escape < 0) return this.sourceStart + index;
    const literals = index - this.#decodedEnd(escape);
    return literals < 0 ? this.escapeStart(escape) : this.escapeEnd(escape) + literals;
  }

  /** The place behind the encoded form of the byte at `index`. */
  endOf(index: number): number {
    const escape = this.#escapeBefore(index);
    return escape >= 0 && index < this.#decodedEnd(escape)
      ? this.escapeEnd(escape)
      : this.originOf(index) + 1;
  }

  /** Whether any of the bytes from `start` to `end` was written as an escape. */
  hasEscape(start: number, end: number): boolean {
    const escape = this.#escapeBefore(end - 1);
    return escape >= 0 && this.#decodedEnd(escape) > start;
  }

  #growMarks(): void {
    const marks = new Int32Array(this.#marks.length * 2);
    marks.set(this.#marks);
    this.#marks = marks;
  }

  #decodedEnd(escape: number): number {
    return this.#marks[escape * MARK_LENGTH + 3] ?? 0;
  }

  /** The last escape whose decoded bytes begin at or before `index`, or -1. */
  #escapeBefore(index: number): number {
    let low = 0;
    let high = this.escapeCount;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#marks[middle * MARK_LENGTH + 2] ?? 0) <= index) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** How far to decode. */
interface DecodeLimit {
  /** Decoded bytes; an escape may pass it by three. */
  readonly bytes: number;
  /** Bytes without an escape since the last one. */
  readonly literals: number;
  /** Nothing comes after the source's end: an escape it ends inside of is none. */
  readonly isLast: boolean;
}

/** Decodes `source` from `from` into `text`, which is emptied first, until a limit or the end of the source. */
export function decode(
  encoding: Encoding,
  source: Buffer,
  from: number,
  { text, limit }: { text: DecodedText; limit: DecodeLimit },
): void {
  const { bytes } = text;
  const { begins } = encoding;
  const most = Math.min(limit.bytes, text.capacity);
  text.escapeCount = 0;
  text.isUnfinished = false;
  let at = from;
  let length = 0;
  let literalsEnd = from + limit.literals;
  for (;;) {
    const runEnd = Math.min(source.length, literalsEnd, at + most - length);
    for (; at < runEnd; at++) {
      const byte = source[at] ?? 0;
      if (begins[byte] === 1) break;
      bytes[length++] = byte;
    }
    if (at >= runEnd) break;
    let escape = encoding.readEscape(source, at);
    if (escape === UNFINISHED && limit.isLast) escape = encoding.readLast?.(source, at) ?? NO_ESCAPE;
    if (escape === NO_ESCAPE || isTooMuchRest(text, at, escape)) {
      bytes[length++] = source[at++] ?? 0;
      continue;
    }
    text.isUnfinished = escape === UNFINISHED;
    if (text.isUnfinished) break;
    const end = at + escapeLength(escape);
    const written = writeMeaning(encoding, bytes, length, escapeMeaning(escape));
    text.addEscape(at, end, length, written);
    length = written;
    at = end;
    literalsEnd = end + limit.literals;
  }
  text.length = length;
  text.sourceStart = from;
  text.sourceEnd = at;
}

/** An echo goes on over what stands for nothing only so far, so that none is endless. */
function isTooMuchRest(text: DecodedText, at: number, escape: number): boolean {
  if (escapeMeaning(escape) !== NOTHING) return false;
  return text.restLength(at) + escapeLength(escape) > LONGEST_REST;
}

/** Writes what an escape stands for; returns the place behind it. */
export function writeMeaning({ isUtf8 }: Encoding, bytes: Uint8Array, at: number, meaning: number): number {
  if (meaning === NOTHING) return at;
  return isUtf8 ? writeUtf8(bytes, at, meaning) : writeByte(bytes, at, meaning);
}

function writeByte(bytes: Uint8Array, at: number, byte: number): number {
  bytes[at] = byte;
  return at + 1;
}

/** Writes a code point, also a lone surrogate, as UTF-8; returns the place behind it. */
function writeUtf8(bytes: Uint8Array, at: number, codePoint: number): number {
  if (codePoint < 0x80) return writeByte(bytes, at, codePoint);
  const trail = codePoint < 0x800 ? 1 : codePoint < 0x10000 ? 2 : 3;
  bytes[at] = (0xff00 >> (trail + 1)) | (codePoint >> (6 * trail)); // stored as its lowest eight bits
  for (let index = 1; index <= trail; index++) {
    bytes[at + index] = 0x80 | ((codePoint >> (6 * (trail - index))) & 0x3f);
  }
  return at + trail + 1;
}
