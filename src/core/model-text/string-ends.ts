// Where the long strings of a JSON text end, as one walk through it finds them: a second walk through the same bytes, which is for
// what only the first could tell, need not look at all of them again.

/** Others are walked through as fast as looked up. */
const SHORTEST = 64;

export class StringEnds {
  /** Three numbers for each: where its quote is, where it ends, and what it has. */
  readonly #numbers: number[] = [];
  #at = 0;
  #isKnown = false;

  /** A string that was walked through. `traits`: whatever the walk has to know of it. */
  add(start: number, end: number, traits: number): void {
    if (!this.#isKnown && end - start >= SHORTEST) this.#numbers.push(start, end, traits);
  }

  /** The first walk is over: the next one begins where it did. */
  rewind(): void {
    this.#isKnown = true;
  }

  /** Where the string ends whose quote is at `start`, which grows from one to the next; 0: not known. */
  endOf(start: number): number {
    if (!this.#isKnown || this.#numbers[this.#at] !== start) return 0;
    this.#at += 3;
    return this.#numbers[this.#at - 2] ?? 0;
  }

  /** Of the string whose end was told last. */
  get traits(): number {
    return this.#numbers[this.#at - 1] ?? 0;
  }
}
