// A piece of a body as whoever reads it will see it: escapes undone, characters that look like ASCII made ASCII, invisible
// ones left out. Each byte keeps the way back to where it was read, so that a mask goes to the right place.
import { isAscii } from 'node:buffer';
import { NOT_AN_ESCAPE, readEscape, UNFINISHED, type Writing } from './escapes.ts';
import { DROPPED, foldedCharacter, KEPT } from './look-alikes.ts';

const PERCENT = 0x25;

const ROOM_BYTES = 16 * 1024;
/** Copied faster one by one. */
const SHORT_RUN_BYTES = 64;
/** Looked at faster one by one. */
const SHORT_SOURCE_BYTES = 256;

/** A folded text, in memory that the next one takes. */
export class FoldedText {
  bytes: Buffer = Buffer.alloc(0);
  length = 0;
  /** How much of the source was read: an escape or a character may be unfinished at its end. */
  sourceEnd = 0;
  /** Where what was read in another way than byte by byte begins and ends: a place here, and its place in the source. */
  #places = new Uint32Array(0);
  #origins = new Uint32Array(0);
  #marks = 0;

  /** Folds `source` behind `context`, which was folded before. */
  fold(context: Buffer, source: Buffer, writing: Writing, isLast: boolean): void {
    const room = Math.max(context.length + source.length + 4, ROOM_BYTES);
    if (this.bytes.length < room) this.bytes = Buffer.alloc(room);
    context.copy(this.bytes);
    this.#marks = 0;
    if (isPlain(source, writing)) {
      this.#mark(context.length, 0);
      source.copy(this.bytes, context.length);
      this.length = context.length + source.length;
      this.sourceEnd = source.length;
    } else {
      this.#foldAll(context.length, source, writing, isLast);
    }
  }

  /** Where in the source the byte at `at` was read; of the length, where reading ended. */
  originOf(at: number): number {
    if (at >= this.length) return this.sourceEnd;
    let low = 0;
    let high = this.#marks;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#places[middle] ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : (this.#origins[low - 1] ?? 0) + at - (this.#places[low - 1] ?? 0);
  }

  #foldAll(from: number, source: Buffer, { special, ...writing }: Writing, isLast: boolean): void {
    const { bytes } = this;
    let length = from;
    let at = 0;
    while (at < source.length) {
      const runStart = at;
      while (at < source.length && special[source[at] ?? 0] === 0) at += 1;
      if (at > runStart) {
        this.#mark(length, runStart);
        if (at - runStart > SHORT_RUN_BYTES) length += source.copy(bytes, length, runStart, at);
        else for (let place = runStart; place < at; place++) bytes[length++] = source[place] ?? 0;
        if (at === source.length) break;
      }
      const byte = source[at] ?? 0;
      const read = byte < 0x80 ? readEscape(source, at, writing.kind) : readCharacter(source, at);
      if (read === UNFINISHED && !isLast) break;
      const isRead = read !== UNFINISHED && read !== NOT_AN_ESCAPE;
      const end =
        isRead && byte !== PERCENT
          ? writeCharacter(bytes, length, read >> 4)
          : writeByte(bytes, length, isRead ? read >> 4 : byte);
      // What is left out belongs to what stands in front of it.
      if (end > length) this.#mark(length, at);
      length = end;
      at += isRead ? read & 15 : 1;
    }
    this.length = length;
    this.sourceEnd = at;
  }

  #mark(place: number, origin: number): void {
    const last = this.#marks - 1;
    const isInLine = last >= 0 && origin - (this.#origins[last] ?? 0) === place - (this.#places[last] ?? 0);
    if (isInLine) return;
    if (this.#marks === this.#places.length) {
      this.#places = grown(this.#places);
      this.#origins = grown(this.#origins);
    }
    this.#places[this.#marks] = place;
    this.#origins[this.#marks] = origin;
    this.#marks += 1;
  }
}

function grown(numbers: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(Math.max(1024, 2 * numbers.length));
  larger.set(numbers);
  return larger;
}

/** Whether a text is folded as it stands. */
export function isPlain(source: Buffer, { triggers, special }: Writing): boolean {
  if (source.length <= SHORT_SOURCE_BYTES) {
    for (let at = 0; at < source.length; at += 1) if (special[source[at] ?? 0] !== 0) return false;
    return true;
  }
  return isAscii(source) && !source.includes(0) && triggers.every((byte) => !source.includes(byte));
}

/** A character of several bytes, as `readEscape` gives it. What is none is read byte by byte. */
function readCharacter(source: Buffer, at: number): number {
  const lead = source[at] ?? 0;
  const size = lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 1;
  if (size === 1) return NOT_AN_ESCAPE;
  let code = lead & (0x7f >> size);
  for (let index = at + 1; index < at + size; index++) {
    const byte = source[index];
    if (byte === undefined) return UNFINISHED;
    if ((byte & 0xc0) !== 0x80) return NOT_AN_ESCAPE;
    code = (code << 6) | (byte & 0x3f);
  }
  return code * 16 + size;
}

/** Writes what a character is taken for, as UTF-8. Gives the place behind it. */
function writeCharacter(bytes: Buffer, at: number, code: number): number {
  const folded = code < 0x80 ? code : foldedCharacter(code);
  if (code === 0 || folded === DROPPED) return at;
  if (folded !== KEPT) return writeByte(bytes, at, folded);
  const trail = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  bytes[at] = (0xff00 >> (trail + 1)) | (code >> (6 * trail)); // stored as its lowest eight bits
  for (let index = 1; index <= trail; index++) {
    bytes[at + index] = 0x80 | ((code >> (6 * (trail - index))) & 0x3f);
  }
  return at + trail + 1;
}

function writeByte(bytes: Buffer, at: number, byte: number): number {
  bytes[at] = byte;
  return at + 1;
}
