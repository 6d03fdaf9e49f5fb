// A pattern as a machine that reads each byte once. The states are those that the text reaches, made as it reaches them;
// when there are too many they are made anew, so that memory stays bounded and time grows with the text alone.
import { type ByteSet, PatternError, type PatternNode } from './pattern-syntax.ts';

/** Places in the pattern that a text can have reached. */
const MAX_PLACES = 2_000;
const MAX_STATES = 512;
const ROW = 256;
export const UNKNOWN = -1;

/** No text that goes on like this matches. */
export const DEAD = 0;

interface Place {
  /** Undefined: nothing is read here. */
  readonly set: ByteSet | undefined;
  /** Where it goes on; of a place that reads nothing, to each of them at once. */
  readonly next: number[];
}

export interface AutomatonOptions {
  /** Reads the text from its end. */
  readonly isReversed?: boolean;
  /** A match may begin at any byte. */
  readonly isUnanchored?: boolean;
}

export class Automaton {
  readonly #places: Place[] = [{ set: undefined, next: [] }]; // the first one is the end
  readonly #entry: number;
  readonly #isUnanchored: boolean;
  #states: (readonly number[])[] = [];
  /** The state after each byte, 256 for each state; UNKNOWN where `explore` must be asked. */
  table = new Int32Array(0);
  #accepting: boolean[] = [];
  #numbers = new Map<string, number>();

  /** Throws a `PatternError` for a pattern that is too large, or that nothing at all would match. */
  constructor(node: PatternNode, { isReversed = false, isUnanchored = false }: AutomatonOptions = {}) {
    this.#entry = this.#build(node, 0, isReversed);
    this.#isUnanchored = isUnanchored;
    this.#reset();
    if (this.isAccepting(this.start)) throw new PatternError('it matches an empty text');
  }

  readonly start = 1;

  /** The state after a byte. It is good for the next step and no longer. */
  step(state: number, byte: number): number {
    const next = this.table[(state << 8) | byte] ?? UNKNOWN;
    return next === UNKNOWN ? this.explore(state, byte) : next;
  }

  isAccepting(state: number): boolean {
    return this.#accepting[state] === true;
  }

  /** The state after a byte where the table knows none yet; the table may be another one then. */
  explore(state: number, byte: number): number {
    const reached = new Set<number>();
    for (const place of this.#states[state] ?? []) {
      const { set, next } = this.#places[place] ?? { set: undefined, next: [] };
      if (set?.[byte] === 1) for (const follower of next) this.#enter(follower, reached);
    }
    if (this.#isUnanchored) this.#enter(this.#entry, reached);
    const isFull = this.#states.length >= MAX_STATES;
    if (isFull) this.#reset(); // the state at hand goes with all the others
    const number = this.#numberOf(reached);
    if (!isFull) this.table[(state << 8) | byte] = number;
    return number;
  }

  #reset(): void {
    this.#states = [];
    this.table.fill(UNKNOWN);
    this.#accepting = [];
    this.#numbers = new Map();
    this.#numberOf(new Set());
    const first = new Set<number>();
    this.#enter(this.#entry, first);
    this.#numberOf(first);
  }

  #numberOf(places: ReadonlySet<number>): number {
    const sorted = [...places].toSorted((a, b) => a - b);
    const key = sorted.join();
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#states.push(sorted) - 1;
    this.#numbers.set(key, number);
    if (this.table.length < this.#states.length * ROW) {
      const larger = new Int32Array(2 * this.#states.length * ROW).fill(UNKNOWN);
      larger.set(this.table);
      this.table = larger;
    }
    this.#accepting.push(places.has(0));
    return number;
  }

  /** With all that can be reached from it without reading. */
  #enter(place: number, reached: Set<number>): void {
    const waiting = [place];
    const seen = new Set<number>();
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      if (seen.has(at)) continue;
      seen.add(at);
      const { set, next } = this.#places[at] ?? { set: undefined, next: [] };
      if (set !== undefined || at === 0) reached.add(at);
      else waiting.push(...next);
    }
  }

  /** Gives the place where `node` begins when it goes on at `behind`. */
  #build(node: PatternNode, behind: number, isReversed: boolean): number {
    switch (node.kind) {
      case 'bytes':
        return this.#add(node.set, [behind]);
      case 'choice':
        return this.#add(
          undefined,
          node.parts.map((part) => this.#build(part, behind, isReversed)),
        );
      case 'sequence': {
        const parts = isReversed ? node.parts : node.parts.toReversed();
        return parts.reduce((next, part) => this.#build(part, next, isReversed), behind);
      }
      case 'repeat':
        return this.#repeat(node, behind, isReversed);
    }
  }

  #repeat(
    { part, least, most }: Extract<PatternNode, { kind: 'repeat' }>,
    behind: number,
    isReversed: boolean,
  ): number {
    let entry = behind;
    if (most === Number.POSITIVE_INFINITY) {
      const loop: number[] = [behind];
      entry = this.#add(undefined, loop);
      loop.push(this.#build(part, entry, isReversed));
    } else {
      for (let count = least; count < most; count++) {
        entry = this.#add(undefined, [behind, this.#build(part, entry, isReversed)]);
      }
    }
    for (let count = 0; count < least; count++) entry = this.#build(part, entry, isReversed);
    return entry;
  }

  #add(set: ByteSet | undefined, next: number[]): number {
    if (this.#places.length >= MAX_PLACES) throw new PatternError('it repeats too much: it is too large');
    return this.#places.push({ set, next }) - 1;
  }
}
