// Which patterns are under way in a text, by the words that come by: one step for each word and each place it can stand in.
import { ENDS, FIRST_STRIDE, HEAD, NEGATABLE, type Places, type PlaceTable, STRIDE } from './places.ts';
import type { Rule } from './rule.ts';

/** A pattern that was found whole. Positions are units: two for each word. */
export interface Phrase {
  readonly rule: Rule;
  /** Which of the rule's patterns. */
  readonly pattern: number;
  readonly at: number;
  readonly isQuoted: boolean;
  /** Words nearby tell of attacks rather than make one. */
  readonly isTold: boolean;
}

// As part of the code: constants of other modules are looked up whenever they are used.
const NUMBERS = STRIDE;
const FIRSTS = FIRST_STRIDE;
const HEADS = HEAD;
const IS_NEGATABLE = NEGATABLE;
const IS_END = ENDS;

/** Words between `never` and what it turns around. */
const NEGATION_UNITS = 4;
const TOLD_UNITS = 120;

export class Phrases {
  readonly #table: PlaceTable;
  readonly #onPhrase: (phrase: Phrase) => void;
  /** By place: up to here a next word may begin; 0: nowhere. Behind the last one stands one that is never open. */
  readonly #openUntil: Int32Array;
  /** By place: twice where the first of the words up to this one begins, and one more where that is quoted. */
  readonly #begun: Int32Array;
  #negatedFrom = 0;
  #negatedUntil = 0;
  #toldUntil = 0;

  constructor(table: PlaceTable, onPhrase: (phrase: Phrase) => void) {
    this.#table = table;
    this.#onPhrase = onPhrase;
    this.#begun = new Int32Array(table.count);
    this.#openUntil = new Int32Array(table.count + 1);
  }

  reset(): void {
    this.#openUntil.fill(0);
    this.#negatedFrom = this.#negatedUntil = this.#toldUntil = 0;
  }

  /** A word that can stand in `places`, from unit `start` to `end`, which both only ever grow and begin far from 0. */
  word(places: Places, start: number, end: number, isQuoted: boolean): void {
    const { numbers } = this.#table;
    const open = this.#openUntil;
    const awaited = places + HEADS;
    const firsts = awaited + (numbers[places] ?? 0);
    // Without a branch for each place, since which ones are open is as good as chance.
    let closed = -1;
    for (let at = awaited; at < firsts; at += 4) {
      closed &=
        ((open[numbers[at] ?? 0] ?? 0) - start) &
        ((open[numbers[at + 1] ?? 0] ?? 0) - start) &
        ((open[numbers[at + 2] ?? 0] ?? 0) - start) &
        ((open[numbers[at + 3] ?? 0] ?? 0) - start);
    }
    // One of twenty words goes on with something that is under way.
    if (closed >= 0) {
      this.#anywhere(places, start, end, isQuoted);
      return;
    }
    const behind = firsts + (numbers[places + 1] ?? 0);
    for (let at = firsts; at < behind; at += FIRSTS) {
      const known = numbers[at + 2] ?? 0;
      if ((known & IS_NEGATABLE) !== 0 && this.#isNegated(start)) continue;
      const place = numbers[at] ?? 0;
      this.#begun[place] = start * 2 + (isQuoted ? 1 : 0);
      open[place] = end + (numbers[at + 1] ?? 0);
      if ((known & IS_END) !== 0) this.#whole(place, end);
    }
  }

  /** In the middle of a pattern or as its first word. */
  #anywhere(places: Places, start: number, end: number, isQuoted: boolean): void {
    const { numbers } = this.#table;
    const begun = this.#begun;
    const open = this.#openUntil;
    const all = places + HEADS + (numbers[places] ?? 0) + (numbers[places + 1] ?? 0);
    const behind = all + (numbers[places + 2] ?? 0);
    for (let at = all; at < behind; at += NUMBERS) {
      const prior = numbers[at + 1] ?? 0;
      const known = numbers[at + 4] ?? 0;
      let from = start * 2 + (isQuoted ? 1 : 0);
      if (prior >= 0) {
        const priorUntil = open[prior] ?? 0;
        const before = priorUntil - (numbers[at + 5] ?? 0);
        if (priorUntil < start || start < before || start - before > (numbers[at + 2] ?? 0)) continue;
        from = begun[prior] ?? 0;
      } else if ((known & IS_NEGATABLE) !== 0 && this.#isNegated(start)) continue;
      const place = numbers[at] ?? 0;
      begun[place] = from;
      open[place] = end + (numbers[at + 3] ?? 0);
      if ((known & IS_END) !== 0) this.#whole(place, end);
    }
  }

  #isNegated(start: number): boolean {
    return start >= this.#negatedFrom && start <= this.#negatedUntil;
  }

  #whole(place: number, at: number): void {
    for (const meaning of this.#table.ends[place] ?? []) {
      if (meaning === 'negation') {
        this.#negatedFrom = at;
        this.#negatedUntil = at + NEGATION_UNITS;
      } else if (meaning === 'mention') this.#toldUntil = at + TOLD_UNITS;
      else {
        const begun = this.#begun[place] ?? 0;
        const isQuoted = (begun & 1) === 1;
        if ('lists' in meaning) this.word(this.#table.known(meaning.lists), begun >> 1, at, isQuoted);
        else {
          const isTold = at <= this.#toldUntil;
          this.#onPhrase({ rule: meaning.rule, pattern: place, at, isQuoted, isTold });
        }
      }
    }
  }
}
