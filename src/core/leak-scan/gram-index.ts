// Finds literal patterns in a buffer by looking at four bytes (a gram) every few bytes, or at eight. Each pattern gives as many
// neighbouring grams as the step is long, so exactly one of them falls on a looked-at place wherever the pattern
// stands; fragment patterns give all of theirs. Text that only comes near a pattern costs one comparison per
// near miss, never one per byte, and the loop has no step that waits for the one before.
import { FRAGMENT_LENGTH, type Pattern } from './patterns.ts';
import { sameBytes } from './same-bytes.ts';

type GramLength = 4 | 8;
const MULTIPLIER = 0x9e3779b1 | 0; // 2^32 divided by the golden ratio: spreads neighbouring values
const OTHER_MULTIPLIER = 0x85ebca6b | 0;
const FRAGMENT_GRAM_LENGTH = 4;
/** Longer steps gain little speed and make the table larger; of long grams each look costs more. */
const LONGEST_STEP = { 4: 29, 8: 36 };
/** Bits of the filter for each gram: many where it stays small enough for the processor's nearest cache. */
const ROOM = { most: 64, least: 16, small: 2 ** 19 };
/** Small and capital letters as one: hexadecimal digits are looked for in both. */
const FOLD = 0x20202020;

/** Scratch of `countDistinct`. */
const SEEN = new Uint8Array(256);

/** `canGrow`: a fragment that other bytes behind it would have made longer. */
export type MatchVisitor = (pattern: Pattern, start: number, end: number, canGrow: boolean) => void;

/** One search at work. */
interface Look {
  readonly data: Buffer;
  readonly startsBelow: number;
  readonly visit: MatchVisitor;
  /** Where each fragment pattern was last compared, so that a long run is compared once. */
  readonly runs: Map<Pattern, { readonly diagonal: number; readonly end: number }>;
}

export class GramIndex {
  readonly #patterns: readonly Pattern[];
  readonly #gramLength: GramLength;
  readonly #step: number;
  readonly #longestPattern: number;
  readonly #filter: Uint8Array;
  readonly #filterShift: number;
  readonly #heads: Int32Array;
  readonly #headShift: number;
  readonly #next: Int32Array;
  /** Whose gram each is; where all patterns have as many, that is told by its number. */
  readonly #owner: Int32Array | undefined;
  /** Of each pattern the number of its first gram, and where that begins. */
  readonly #firstSpot: Int32Array;
  readonly #firstOffset: Int32Array;

  /** Patterns shorter than a gram are not found by it; fragments need grams of four bytes. */
  constructor(patterns: readonly Pattern[], gramLength: GramLength = 4) {
    this.#gramLength = gramLength;
    this.#patterns = patterns.filter((pattern) => pattern.bytes.length >= gramLength);
    this.#longestPattern = this.#patterns.reduce((most, { bytes }) => Math.max(most, bytes.length), 0);
    this.#step = this.#patterns.reduce(
      (step, pattern) => Math.min(step, longestStep(pattern, gramLength)),
      LONGEST_STEP[gramLength],
    );
    const total = this.#patterns.reduce((sum, pattern) => sum + this.#gramCount(pattern), 0);
    const headBits = bitsFor(total, 4, 24);
    const filterBits = bitsFor(total * (total * ROOM.most <= ROOM.small ? ROOM.most : ROOM.least), 10, 27);
    this.#filter = new Uint8Array(2 ** (filterBits - 3));
    this.#filterShift = 32 - filterBits;
    this.#heads = new Int32Array(2 ** headBits).fill(-1);
    this.#headShift = 32 - headBits;
    this.#next = new Int32Array(total);
    this.#owner = this.#patterns.some(isFragment) ? new Int32Array(total) : undefined;
    this.#firstSpot = new Int32Array(this.#patterns.length);
    this.#firstOffset = new Int32Array(this.#patterns.length);
    this.#insertAll();
  }

  /** Visits every whole pattern, and every run of a fragment pattern, that begins before `startsBelow`. */
  search(data: Buffer, startsBelow: number, visit: MatchVisitor): void {
    const last = Math.min(data.length - this.#gramLength, startsBelow + this.#longestPattern);
    if (last < 0 || this.#next.length === 0) return;
    const words = new DataView(data.buffer, data.byteOffset, data.length);
    const filter = this.#filter;
    const shift = this.#filterShift;
    const step = this.#step;
    const look: Look = { data, startsBelow, visit, runs: new Map() };
    const isLong = this.#gramLength === 8;
    for (let at = 0; at <= last; at += step) {
      let hash = Math.imul(words.getInt32(at, true), MULTIPLIER);
      if (isLong) hash = hashOfLong(words.getInt32(at, true), words.getInt32(at + 4, true));
      const bit = hash >>> shift;
      if (((filter[bit >>> 3] ?? 0) & (1 << (bit & 7))) === 0) continue;
      const other = Math.imul(hash, OTHER_MULTIPLIER) >>> shift; // a second bit each, as in a Bloom filter
      if (((filter[other >>> 3] ?? 0) & (1 << (other & 7))) !== 0) this.#compare(look, at, hash);
    }
  }

  /** Where the fragment run begins that reaches the end of `data` and could go on; undefined when there is none. */
  openRunStart(data: Buffer): number | undefined {
    const at = data.length - FRAGMENT_GRAM_LENGTH;
    if (at < 0 || this.#next.length === 0) return undefined;
    const hash = Math.imul(data.readInt32LE(at), MULTIPLIER);
    let earliest: number | undefined;
    for (let spot = this.#head(hash); spot >= 0; spot = this.#next[spot] ?? -1) {
      const owner = this.#ownerOf(spot);
      const pattern = this.#patterns[owner];
      const offset = this.#offsetOf(spot, owner);
      if (pattern?.view !== 'fragment' || offset + FRAGMENT_GRAM_LENGTH === pattern.bytes.length) continue;
      if (!sameBytes(data, at, pattern.bytes, { from: offset, length: FRAGMENT_GRAM_LENGTH })) continue;
      const start = runStart(data, at, pattern.bytes, offset);
      earliest = Math.min(earliest ?? start, start);
    }
    return earliest;
  }

  dispose(): void {
    for (const array of [this.#filter, this.#owner, this.#firstSpot, this.#firstOffset]) array?.fill(0);
    for (const array of [this.#heads, this.#next]) array.fill(-1);
  }

  #head(hash: number): number {
    return this.#heads[hash >>> this.#headShift] ?? -1;
  }

  #ownerOf(spot: number): number {
    return this.#owner === undefined ? Math.trunc(spot / this.#step) : (this.#owner[spot] ?? 0);
  }

  #offsetOf(spot: number, owner: number): number {
    return (this.#firstOffset[owner] ?? 0) + spot - (this.#firstSpot[owner] ?? 0);
  }

  /** Compares the patterns that have this gram with the bytes around it. */
  #compare(look: Look, at: number, hash: number): void {
    const { data } = look;
    for (let spot = this.#head(hash); spot >= 0; spot = this.#next[spot] ?? -1) {
      const owner = this.#ownerOf(spot);
      const pattern = this.#patterns[owner];
      if (pattern === undefined) continue;
      const offset = this.#offsetOf(spot, owner);
      if (pattern.view === 'fragment') {
        compareRun(look, at, pattern, offset);
        continue;
      }
      const start = at - offset;
      const { length } = pattern.bytes;
      if (start < 0 || start >= look.startsBelow || start + length > data.length) continue;
      if (!sameBytes(data, at, pattern.bytes, { from: offset, length: this.#gramLength })) continue;
      if (sameBytes(data, start, pattern.bytes, { from: 0, length })) {
        look.visit(pattern, start, start + length, false);
      }
    }
  }

  #hashAt(bytes: Buffer, at: number): number {
    const gram = bytes.readInt32LE(at);
    return this.#gramLength === 4 ? Math.imul(gram, MULTIPLIER) : hashOfLong(gram, bytes.readInt32LE(at + 4));
  }

  #addToFilter(bit: number): void {
    this.#filter[bit >>> 3] = (this.#filter[bit >>> 3] ?? 0) | (1 << (bit & 7));
  }

  #gramCount({ view, bytes }: Pattern): number {
    return view === 'fragment' ? bytes.length - this.#gramLength + 1 : this.#step;
  }

  #insertAll(): void {
    let spot = 0;
    for (const [owner, pattern] of this.#patterns.entries()) {
      const count = this.#gramCount(pattern);
      const first = pattern.view === 'fragment' ? 0 : chooseWindow(pattern, count + this.#gramLength - 1);
      this.#firstSpot[owner] = spot;
      this.#firstOffset[owner] = first;
      for (let offset = first; offset < first + count; offset++) {
        const hash = this.#hashAt(pattern.bytes, offset);
        this.#addToFilter(hash >>> this.#filterShift);
        this.#addToFilter(Math.imul(hash, OTHER_MULTIPLIER) >>> this.#filterShift);
        if (this.#owner !== undefined) this.#owner[spot] = owner;
        this.#next[spot] = this.#head(hash);
        this.#heads[hash >>> this.#headShift] = spot++;
      }
    }
  }
}

function hashOfLong(first: number, second: number): number {
  return Math.imul(Math.imul(first | FOLD, MULTIPLIER) ^ (second | FOLD), OTHER_MULTIPLIER);
}

function isFragment({ view }: Pattern): boolean {
  return view === 'fragment';
}

function longestStep({ view, bytes }: Pattern, gramLength: GramLength): number {
  return (view === 'fragment' ? FRAGMENT_LENGTH : bytes.length) - gramLength + 1;
}

function bitsFor(count: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, Math.ceil(Math.log2(Math.max(1, count)))));
}

/**
 * The stretch of a pattern whose grams are indexed. The middle of the secret part, because beginnings and endings
 * (`ghp_`, `-----END`) are often shared with other values; another place where the middle is monotonous.
 */
function chooseWindow({ bytes, publicLength }: Pattern, length: number): number {
  const lastStart = bytes.length - length;
  const firstStart = Math.min(publicLength, lastStart);
  let best = firstStart;
  let mostDistinct = 0;
  for (const part of [0.5, 0.75, 0.25, 1, 0]) {
    const start = firstStart + Math.round((lastStart - firstStart) * part);
    const distinct = countDistinct(bytes, start, start + length);
    if (distinct * 2 >= length) return start;
    if (distinct > mostDistinct) {
      best = start;
      mostDistinct = distinct;
    }
  }
  return best;
}

function countDistinct(bytes: Buffer, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (SEEN[byte] === 0) count++;
    SEEN[byte] = 1;
  }
  SEEN.fill(0);
  return count;
}

/** Visits the run of secret bytes around a gram, when it is long enough, or may become so behind the buffer's end. */
function compareRun(look: Look, at: number, pattern: Pattern, offset: number): void {
  const { data } = look;
  const { bytes } = pattern;
  const diagonal = at - offset;
  const seen = look.runs.get(pattern);
  if (seen !== undefined && seen.diagonal === diagonal && at < seen.end) return;
  if (!sameBytes(data, at, bytes, { from: offset, length: FRAGMENT_GRAM_LENGTH })) return;
  const start = runStart(data, at, bytes, offset);
  const limit = Math.min(data.length, diagonal + bytes.length);
  let end = at + FRAGMENT_GRAM_LENGTH;
  while (end < limit && data[end] === bytes[end - diagonal]) end++;
  look.runs.set(pattern, { diagonal, end });
  if (start >= look.startsBelow || end - start < FRAGMENT_LENGTH) return;
  look.visit(pattern, start, end, end - diagonal < bytes.length);
}

function runStart(data: Buffer, at: number, bytes: Buffer, offset: number): number {
  let start = at;
  while (start > 0 && start > at - offset && data[start - 1] === bytes[start - 1 - at + offset]) start--;
  return start;
}
