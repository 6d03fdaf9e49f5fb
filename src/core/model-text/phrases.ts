// Which patterns are under way in a text, by the words that come by: one step for each word and each place it can stand in.
import { ENDS, NEGATABLE, type Places, type PlaceTable, STRIDE } from './places.ts';
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
const IS_NEGATABLE = NEGATABLE;
const IS_END = ENDS;

/** Words between `never` and what it turns around. */
const NEGATION_UNITS = 4;
const TOLD_UNITS = 120;
const ALWAYS = 2 ** 30;

export class Phrases {
  readonly #table: PlaceTable;
  readonly #onPhrase: (phrase: Phrase) => void;
  /** By place: up to here a next word may begin; 0: nowhere. Behind the last one stands what first words have before them, then one that is never open. */
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
    this.#openUntil = new Int32Array(table.count + 2).fill(ALWAYS, table.count, table.count + 1);
  }

  reset(): void {
    this.#openUntil.fill(0, 0, -2);
    this.#negatedFrom = this.#negatedUntil = this.#toldUntil = 0;
  }

  /** A word that can stand in `places`, from unit `start` to `end`, which both only ever grow and begin far from 0. */
  word(places: Places, start: number, end: number, isQuoted: boolean): void {
    // Most words go on with nothing that is under way: what one of twenty needs is not asked for the others.
    if (this.#isAwaited(places.awaited, start)) this.#anywhere(places, start, end, isQuoted);
    else if (places.firsts.length > 0) this.#first(places.firsts, start, end, isQuoted);
  }

  /** Whether any of these may be open: without a branch for each, since which ones are is as good as chance. */
  #isAwaited(priors: Uint16Array, start: number): boolean {
    const open = this.#openUntil;
    let closed = -1;
    for (let one = 0; one < priors.length; one += 4) {
      closed &=
        ((open[priors[one] ?? 0] ?? 0) - start) &
        ((open[priors[one + 1] ?? 0] ?? 0) - start) &
        ((open[priors[one + 2] ?? 0] ?? 0) - start) &
        ((open[priors[one + 3] ?? 0] ?? 0) - start);
    }
    return closed >= 0;
  }

  #first(list: Int32Array, start: number, end: number, isQuoted: boolean): void {
    const begun = this.#begun;
    const open = this.#openUntil;
    const from = start * 2 + (isQuoted ? 1 : 0);
    for (let at = 0; at < list.length; at += NUMBERS) {
      const known = list[at + 4] ?? 0;
      if ((known & IS_NEGATABLE) !== 0 && this.#isNegated(start)) continue;
      const place = list[at] ?? 0;
      begun[place] = from;
      open[place] = end + (list[at + 3] ?? 0);
      if ((known & IS_END) !== 0) this.#whole(place, end);
    }
  }

  /** In the middle of a pattern or as its first word. */
  #anywhere(places: Places, start: number, end: number, isQuoted: boolean): void {
    const begun = this.#begun;
    const open = this.#openUntil;
    const { all: list, priors } = places;
    for (let one = 0; one < priors.length; one += 1) {
      const priorUntil = open[priors[one] ?? 0] ?? 0;
      if (priorUntil < start) continue;
      const at = one * NUMBERS;
      const prior = list[at + 1] ?? 0;
      const known = list[at + 4] ?? 0;
      let from = start * 2 + (isQuoted ? 1 : 0);
      if (prior >= 0) {
        const before = priorUntil - (list[at + 5] ?? 0);
        if (start < before || start - before > (list[at + 2] ?? 0)) continue;
        from = begun[prior] ?? 0;
      } else if ((known & IS_NEGATABLE) !== 0 && this.#isNegated(start)) continue;
      const place = list[at] ?? 0;
      begun[place] = from;
      open[place] = end + (list[at + 3] ?? 0);
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
