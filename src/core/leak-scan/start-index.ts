// Finds patterns by their beginning: which of them a buffer's tail may be the start of, and which of them can
// begin at one given place. Looked up by the first three bytes behind the public part.
import type { Pattern } from './patterns.ts';
import { sameBytes } from './same-bytes.ts';

const START_LENGTH = 3;
const MULTIPLIER = 0x9e3779b1 | 0;

interface OpenAsk {
  readonly end: number;
  readonly least: number;
  readonly decided?: number;
}

export class StartIndex {
  readonly #patterns: readonly Pattern[];
  /** Patterns too short to be looked up. */
  readonly #short: readonly Pattern[];
  readonly #heads: Int32Array;
  readonly #next: Int32Array;
  readonly #shift: number;
  readonly #firstBytes = new Uint8Array(256);
  /** The different places of the looked-up bytes in their patterns. */
  readonly #offsets: readonly number[];
  readonly #largestOffset: number;
  readonly #longestPattern: number;

  /** Fragment patterns have no beginning and are left out. */
  constructor(patterns: readonly Pattern[]) {
    const whole = patterns.filter((pattern) => pattern.view !== 'fragment');
    this.#patterns = whole.filter((pattern) => pattern.bytes.length >= START_LENGTH);
    this.#short = whole.filter((pattern) => pattern.bytes.length < START_LENGTH);
    const bits = Math.max(10, Math.min(20, Math.ceil(Math.log2(this.#patterns.length * 8 + 1))));
    this.#heads = new Int32Array(2 ** bits).fill(-1);
    this.#next = new Int32Array(this.#patterns.length);
    this.#shift = 32 - bits;
    const offsets = new Set<number>();
    for (const [index, pattern] of this.#patterns.entries()) {
      const slot = this.#slot(pattern.bytes, startOffset(pattern));
      this.#next[index] = this.#heads[slot] ?? -1;
      this.#heads[slot] = index;
      offsets.add(startOffset(pattern));
    }
    for (const { bytes } of whole) this.#firstBytes[bytes[0] ?? 0] = 1;
    this.#offsets = [...offsets];
    this.#largestOffset = Math.max(0, ...offsets);
    this.#longestPattern = whole.reduce((most, { bytes }) => Math.max(most, bytes.length), 0);
  }

  /**
   * The earliest place from which `data` up to `end` is the beginning, not all, of a pattern, with at least
   * `least` bytes (three or more) behind its public part; undefined when there is none. Of what stands behind `decided`
   * nothing is sure, so that a pattern which ends there may yet begin.
   */
  openStart(data: Buffer, ask: OpenAsk & { accepts?: (pattern: Pattern) => boolean }): number | undefined {
    const { end, least, decided = end, accepts } = ask;
    let earliest: number | undefined;
    const last = end - Math.max(START_LENGTH, least);
    for (let at = Math.max(0, end - this.#longestPattern); at <= last; at++) {
      if (earliest !== undefined && at - this.#largestOffset >= earliest) break;
      for (let index = this.#heads[this.#slot(data, at)] ?? -1; index >= 0; index = this.#next[index] ?? -1) {
        const pattern = this.#patterns[index];
        if (pattern === undefined) continue;
        const start = at - startOffset(pattern);
        if (start < 0 || start >= (earliest ?? end) || accepts?.(pattern) === false) continue;
        if (isOpen(pattern, data, { start, end, least, decided })) earliest = start;
      }
    }
    return earliest;
  }

  /** Whether some pattern's first byte is `byte`. */
  canStartWith(byte: number): boolean {
    return this.#firstBytes[byte] === 1;
  }

  /** How many bytes `candidates` must see to leave nothing out. */
  get headLength(): number {
    return this.#largestOffset + START_LENGTH;
  }

  /** Patterns that `head` may be the beginning of; each is still to be compared. */
  candidates(head: Buffer, length: number): Pattern[] {
    const found = [...this.#short];
    for (const offset of this.#offsets) {
      if (offset + START_LENGTH > length) continue;
      for (
        let index = this.#heads[this.#slot(head, offset)] ?? -1;
        index >= 0;
        index = this.#next[index] ?? -1
      ) {
        const pattern = this.#patterns[index];
        if (pattern !== undefined && startOffset(pattern) === offset) found.push(pattern);
      }
    }
    return found;
  }

  dispose(): void {
    for (const array of [this.#heads, this.#next]) array.fill(-1);
    this.#firstBytes.fill(0);
  }

  #slot(data: Buffer, at: number): number {
    const start = (data[at] ?? 0) | ((data[at + 1] ?? 0) << 8) | ((data[at + 2] ?? 0) << 16);
    return Math.imul(start, MULTIPLIER) >>> this.#shift;
  }
}

/**
 * Whether `data` from `start` to `end` is the beginning of `pattern`, with `least` bytes not public, and not all of it
 * unless it ends behind `decided`.
 */
export function isOpen(
  pattern: Pattern,
  data: Buffer,
  { start, end, least, decided = end }: OpenAsk & { start: number },
): boolean {
  const length = Math.min(end - start, pattern.bytes.length);
  if (length < pattern.publicLength + least) return false;
  if (length === pattern.bytes.length && start + length <= decided) return false;
  return sameBytes(data, start, pattern.bytes, { from: 0, length });
}

function startOffset({ bytes, publicLength }: Pattern): number {
  return Math.min(publicLength, bytes.length - START_LENGTH);
}
