// Which patterns are under way in a text, by the words that come by: one step for each word and each place it can stand in.
import type { CompiledRules, Meaning } from './compile.ts';
import type { Rule } from './rule.ts';
import type { Places } from './terms.ts';

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

/** Words between `never` and what it turns around. */
const NEGATION_UNITS = 4;
const TOLD_UNITS = 120;

export class Phrases {
  readonly #rules: CompiledRules;
  readonly #onPhrase: (phrase: Phrase) => void;
  /** By place: where the words up to this one end; 0: nowhere. */
  readonly #reached: Int32Array;
  /** By place: where the first of those words begins. */
  readonly #begun: Int32Array;
  readonly #quoted: Uint8Array;
  #negatedFrom = 0;
  #negatedUntil = 0;
  /** Before here a later word of a pattern may come; behind it only first ones count. */
  #openUntil = 0;
  #toldUntil = 0;

  constructor(rules: CompiledRules, onPhrase: (phrase: Phrase) => void) {
    this.#rules = rules;
    this.#onPhrase = onPhrase;
    this.#reached = new Int32Array(rules.gaps.length);
    this.#begun = new Int32Array(rules.gaps.length);
    this.#quoted = new Uint8Array(rules.gaps.length);
  }

  reset(): void {
    this.#reached.fill(0);
    this.#negatedFrom = this.#negatedUntil = this.#toldUntil = this.#openUntil = 0;
  }

  /** A word that can stand in `places`, from unit `start` to `end`; both only ever grow. */
  word(places: Places, start: number, end: number, isQuoted: boolean): void {
    const { gaps, negatable, previous, reaches } = this.#rules;
    const isOpen = start <= this.#openUntil;
    for (const place of isOpen ? places.all : places.first) {
      const gap = gaps[place] ?? -1;
      if (gap < 0) {
        if (negatable[place] === true && this.#isNegated(start)) continue;
        this.#begun[place] = start;
        this.#quoted[place] = isQuoted ? 1 : 0;
      } else {
        const prior = previous[place] ?? 0;
        const before = this.#reached[prior] ?? 0;
        if (before === 0 || start < before || start - before > gap) continue;
        this.#begun[place] = this.#begun[prior] ?? start;
        this.#quoted[place] = this.#quoted[prior] ?? 0;
      }
      this.#reached[place] = end;
      const reach = end + (reaches[place] ?? -1);
      if (reach > this.#openUntil) this.#openUntil = reach;
      for (const meaning of this.#rules.ends[place] ?? []) this.#whole(meaning, place, end);
    }
  }

  #isNegated(start: number): boolean {
    return start >= this.#negatedFrom && start <= this.#negatedUntil;
  }

  #whole(meaning: Meaning, place: number, at: number): void {
    if (meaning === 'negation') {
      this.#negatedFrom = at;
      this.#negatedUntil = at + NEGATION_UNITS;
    } else if (meaning === 'mention') this.#toldUntil = at + TOLD_UNITS;
    else {
      const isQuoted = this.#quoted[place] === 1;
      if ('places' in meaning) this.word(meaning.places, this.#begun[place] ?? at, at, isQuoted);
      else {
        const isTold = at <= this.#toldUntil;
        this.#onPhrase({ rule: meaning.rule, pattern: place, at, isQuoted, isTold });
      }
    }
  }
}
