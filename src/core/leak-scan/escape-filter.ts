// Tells the escapes that may stand in a match from nearly all others, so that text with many escapes is not decoded for
// nothing. In front of the first escape of a match all of it is literal: so one of the groups of four bytes around that
// escape, read literally before it and decoded behind it, is a group of some pattern. Most groups have a byte that is in none.
import { writeMeaning } from './decoded-text.ts';
import {
  type Encoding,
  escapeLength,
  escapeMeaning,
  LONGEST_REST,
  NO_ESCAPE,
  NOTHING,
  UNFINISHED,
} from './encodings.ts';
import type { Pattern } from './patterns.ts';

const GRAM = 4;
const MULTIPLIER = 0x9e3779b1 | 0;
const OTHER_MULTIPLIER = 0x85ebca6b | 0; // a second bit each, as in a Bloom filter
/** Bits for each gram. */
const ROOM = 32;
const BITS = { least: 12, most: 24 };

export class EscapeFilter {
  readonly #bits: Uint8Array;
  readonly #shift: number;
  /** Decoded bytes that are looked at; one more where the escape may be what ends the word before a value. */
  readonly #decodedLength: number;
  readonly #hasShort: boolean;
  /** A 1 for each byte that is in some pattern. */
  readonly #letters = new Uint8Array(256);
  /** What one escape stands for. */
  readonly #meaning = new Uint8Array(GRAM);

  constructor(patterns: readonly Pattern[]) {
    const whole = patterns.filter(({ view }) => view !== 'fragment');
    this.#hasShort = whole.some(({ bytes }) => bytes.length < GRAM);
    this.#decodedLength = whole.some(({ isToken }) => isToken) ? GRAM + 1 : GRAM;
    const total = whole.reduce((sum, { bytes }) => sum + bytes.length, 1);
    const bits = Math.max(BITS.least, Math.min(BITS.most, Math.ceil(Math.log2(total * ROOM))));
    this.#bits = new Uint8Array(2 ** (bits - 3));
    this.#shift = 32 - bits;
    for (const { bytes } of whole) {
      for (const byte of bytes) this.#letters[byte] = 1;
      for (let at = 0; at + GRAM <= bytes.length; at++) {
        const hash = Math.imul(bytes.readInt32LE(at), MULTIPLIER);
        this.#add(hash);
        this.#add(Math.imul(hash, OTHER_MULTIPLIER));
      }
    }
  }

  /** Of the escape with a trigger at `at`. `isLast`: nothing comes behind the source. False also where there is no escape. */
  mayMatch(encoding: Encoding, source: Buffer, at: number, isLast: boolean): boolean {
    const start = encoding.startOf?.(source, at) ?? at;
    const first = encoding.readEscape(source, start);
    if (first === NO_ESCAPE || first === UNFINISHED) return first === UNFINISHED;
    if (this.#hasShort) return true;
    const one = source[start - 3] ?? 0;
    const before = (one << 8) | ((source[start - 2] ?? 0) << 16) | ((source[start - 1] ?? 0) << 24);
    return this.#mayHold(encoding, source, { start, before, from: 1, to: this.#decodedLength, isLast });
  }

  /** Whether a pattern may begin at `at`, read as an escape or literally. */
  mayBegin(encoding: Encoding, source: Buffer, at: number, isLast: boolean): boolean {
    const look = { start: at, before: 0, from: GRAM, to: GRAM, isLast };
    return this.#hasShort || this.#mayHold(encoding, source, look);
  }

  /**
   * Whether one of the groups that end with the decoded bytes from the `from`th to the `to`th is of some pattern, or may yet
   * be; `before`: the bytes in front of `start`.
   */
  #mayHold(
    encoding: Encoding,
    source: Buffer,
    look: { start: number; before: number; from: number; to: number; isLast: boolean },
  ): boolean {
    const { start, from, to, isLast } = look;
    let gram = look.before;
    let lettersInRow = this.#lettersAtEnd(gram);
    let decoded = 0;
    let rest = 0;
    for (let place = start; decoded < to; ) {
      const byte = source[place];
      if (byte === undefined) return !isLast;
      const escape = encoding.begins[byte] === 1 ? encoding.readEscape(source, place) : NO_ESCAPE;
      if (escape === UNFINISHED) return true;
      if (escape !== NO_ESCAPE && escapeMeaning(escape) === NOTHING) {
        rest += escapeLength(escape);
        if (rest > LONGEST_REST) return true;
        place += escapeLength(escape);
        continue;
      }
      rest = 0;
      const length =
        escape === NO_ESCAPE
          ? this.#put(byte)
          : writeMeaning(encoding, this.#meaning, 0, escapeMeaning(escape));
      place += escape === NO_ESCAPE ? 1 : escapeLength(escape);
      for (let index = 0; index < length; index++) {
        const letter = this.#meaning[index] ?? 0;
        gram = (gram >>> 8) | (letter << 24);
        lettersInRow = this.#letters[letter] === 1 ? lettersInRow + 1 : 0;
        if (++decoded < from) continue;
        if (lettersInRow < GRAM) {
          // No group has the escape and is of letters alone, unless a word may begin behind it.
          if (lettersInRow === 0 && to === GRAM) return false;
          continue;
        }
        const hash = Math.imul(gram, MULTIPLIER);
        if (this.#has(hash) && this.#has(Math.imul(hash, OTHER_MULTIPLIER))) return true;
        if (decoded >= to && from === to) return false;
      }
    }
    return false;
  }

  /** How many letters of patterns stand last in a group. */
  #lettersAtEnd(gram: number): number {
    let count = 0;
    while (count < GRAM && this.#letters[(gram >>> (24 - 8 * count)) & 0xff] === 1) count++;
    return count;
  }

  dispose(): void {
    this.#bits.fill(0);
    this.#letters.fill(0);
    this.#meaning.fill(0);
  }

  #put(byte: number): number {
    this.#meaning[0] = byte;
    return 1;
  }

  #add(hash: number): void {
    const bit = hash >>> this.#shift;
    this.#bits[bit >>> 3] = (this.#bits[bit >>> 3] ?? 0) | (1 << (bit & 7));
  }

  #has(hash: number): boolean {
    const bit = hash >>> this.#shift;
    return ((this.#bits[bit >>> 3] ?? 0) & (1 << (bit & 7))) !== 0;
  }
}
