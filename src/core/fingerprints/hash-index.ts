// Numbers found by a 32-bit hash, any number of them for one: a bit for each hash, asked for every place of every request,
// and behind it a table of open addresses that is rarely asked. Both only grow, until they are made anew.

const BITS_FOR_EACH = 16;
const MIN_LOG = 10;
const MAX_BITS_LOG = 25;

export class HashIndex {
  /** May say yes for a hash that is not there, never no for one that is. */
  readonly bits: Int32Array;
  /** A hash's bit is its highest bits. */
  readonly shift: number;
  readonly #keys: Int32Array;
  /** 0: free. */
  readonly #values: Int32Array;
  readonly #mask: number;
  #size = 0;

  /** With room for about so many. */
  constructor(members: number) {
    const log = Math.max(MIN_LOG, Math.ceil(Math.log2(Math.max(1, members * 2))));
    const bitsLog = Math.min(MAX_BITS_LOG, log - 1 + Math.log2(BITS_FOR_EACH));
    this.bits = new Int32Array(2 ** (bitsLog - 5));
    this.shift = 32 - bitsLog;
    this.#keys = new Int32Array(2 ** log);
    this.#values = new Int32Array(2 ** log);
    this.#mask = 2 ** log - 1;
  }

  /** It must be made anew, with more room, before more comes in. */
  get isFull(): boolean {
    return this.#size * 2 >= this.#values.length;
  }

  get size(): number {
    return this.#size;
  }

  /** `value` is at least 1. */
  add(hash: number, value: number): void {
    const bit = hash >>> this.shift;
    this.bits[bit >>> 5] = (this.bits[bit >>> 5] ?? 0) | (1 << (bit & 31));
    let at = hash & this.#mask;
    for (; this.#values[at] !== 0; at = (at + 1) & this.#mask) {
      if (this.#keys[at] === hash && this.#values[at] === value) return;
    }
    this.#keys[at] = hash;
    this.#values[at] = value;
    this.#size += 1;
  }

  mayHave(hash: number): boolean {
    const bit = hash >>> this.shift;
    return ((this.bits[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0;
  }

  /** Every number of that hash. */
  *valuesOf(hash: number): Generator<number> {
    for (let at = hash & this.#mask; ; at = (at + 1) & this.#mask) {
      const value = this.#values[at] ?? 0;
      if (value === 0) return;
      if (this.#keys[at] === hash) yield value;
    }
  }
}
