// Where words can stand: the places of patterns, and for each word of the tree its own, made when the word first comes up.
import type { Rule } from './rule.ts';
import type { TermTree } from './terms.ts';

/** What becomes of a pattern that was found whole; `lists`: words that follow each other stand as one of these. */
export type Meaning =
  | { readonly rule: Rule }
  | { readonly lists: readonly number[] }
  | 'negation'
  | 'mention';

/** The places of a word, by where they are told of in the table's `numbers`. */
export type Places = number;

/**
 * Place, the one before it (-1: none), units between the two, units to any next one, what is to be known of it, and units from
 * the one before it to any next one.
 */
export const STRIDE = 6;
/** A negation right before this first word turns the pattern around. */
export const NEGATABLE = 1;
/** A pattern ends here. */
export const ENDS = 2;

/** Of those that begin a pattern: place, units to any next one, and what is to be known of it. */
export const FIRST_STRIDE = 3;
/** Before the numbers of a word's places: how many it has of each sort. */
export const HEAD = 3;

export const NOWHERE: Places = 1;

interface Columns {
  /** By list of words: its places. */
  readonly placesOf: readonly (readonly number[])[];
  /** By place, as in `STRIDE`. */
  readonly previous: readonly number[];
  readonly gaps: readonly number[];
  readonly reaches: readonly number[];
  readonly negatable: readonly boolean[];
  readonly ends: readonly (readonly Meaning[])[];
}

/** The rules as the matcher uses them: what it needs of a word stands in one row, since it needs it for every other word. */
export class PlaceTable {
  readonly #columns: Columns;
  readonly #kept = new Map<readonly number[], Places>();
  /**
   * Of each word's places from where they begin on: how many numbers follow of each sort; each place that one of them goes on
   * from, once, filled up to whole fours with `count`; those that begin a pattern, `FIRST_STRIDE` numbers for each; all of them,
   * `STRIDE` numbers for each, highest first: of the last in a pattern, then of those before.
   */
  numbers = new Int32Array(1 << 15);
  #length = NOWHERE + HEAD;

  constructor(columns: Columns) {
    this.#columns = columns;
  }

  get count(): number {
    return this.#columns.gaps.length;
  }

  /** By place: what is found when a pattern ends here; nothing within one. */
  get ends(): readonly (readonly Meaning[])[] {
    return this.#columns.ends;
  }

  /** Where any word of these lists can stand. */
  of(lists: readonly number[]): Places {
    const { placesOf, previous } = this.#columns;
    const all = [...new Set(lists.flatMap((list) => placesOf[list] ?? []))].sort((a, b) => b - a);
    if (all.length === 0) return NOWHERE;
    const priorOf = (place: number) => previous[place] ?? -1;
    const awaited = [...new Set(all.map(priorOf))].filter((prior) => prior >= 0);
    while (awaited.length % 4 !== 0) awaited.push(this.count);
    const firsts = all
      .filter((place) => priorOf(place) < 0)
      .flatMap((place) => [place, this.#reach(place), this.#known(place)]);
    const whole = all.flatMap((place) => this.#whole(place));
    return this.#lay([awaited.length, firsts.length, whole.length, ...awaited, ...firsts, ...whole]);
  }

  /** The same, kept for lists that are asked for again. */
  known(lists: readonly number[]): Places {
    let places = this.#kept.get(lists);
    if (places === undefined) this.#kept.set(lists, (places = this.of(lists)));
    return places;
  }

  #whole(place: number): number[] {
    const { previous, gaps } = this.#columns;
    const prior = previous[place] ?? -1;
    const gap = gaps[place] ?? -1;
    return [place, prior, gap, this.#reach(place), this.#known(place), this.#reach(prior)];
  }

  #reach(place: number): number {
    return this.#columns.reaches[place] ?? -1;
  }

  #known(place: number): number {
    const { negatable, ends } = this.#columns;
    return (negatable[place] === true ? NEGATABLE : 0) | ((ends[place]?.length ?? 0) > 0 ? ENDS : 0);
  }

  #lay(numbers: readonly number[]): Places {
    const start = this.#length;
    this.#length += numbers.length;
    if (this.#length > this.numbers.length) {
      const longer = new Int32Array(2 * this.#length);
      longer.set(this.numbers);
      this.numbers = longer;
    }
    this.numbers.set(numbers, start);
    return start;
  }
}

/** The places of the tree's words. */
export class WordPlaces {
  readonly #tree: TermTree;
  readonly #table: PlaceTable;
  /** 0: not asked for yet. */
  readonly #ofMeanings: Int32Array;
  readonly #endingAt: Int32Array;

  constructor(tree: TermTree, table: PlaceTable) {
    this.#tree = tree;
    this.#table = table;
    this.#ofMeanings = new Int32Array(tree.size);
    this.#endingAt = new Int32Array(tree.states);
  }

  /** Of a word that the tree gave a meaning. */
  of(meaning: number): Places {
    return (
      this.#ofMeanings[meaning] || (this.#ofMeanings[meaning] = this.#table.of(this.#tree.listsOf(meaning)))
    );
  }

  /** Of the terms that end exactly in a state. */
  endingAt(state: number): Places {
    return this.#endingAt[state] || (this.#endingAt[state] = this.#table.of(this.#tree.listsEndingAt(state)));
  }
}
