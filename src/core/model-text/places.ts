// Where words can stand: the places of patterns, and for each word of the tree its own, made when the word first comes up.
import type { Rule } from './rule.ts';
import type { TermTree } from './terms.ts';

/** What becomes of a pattern that was found whole; `lists`: words that follow each other stand as one of these. */
export type Meaning =
  | { readonly rule: Rule }
  | { readonly lists: readonly number[] }
  | 'negation'
  | 'mention';

/** The places of a word, `STRIDE` numbers for each, highest first: of the last in a pattern, then of those before. */
export interface Places {
  readonly all: Int32Array;
  /** Of each of them the place before it; of those that begin a pattern one that is always open. */
  readonly priors: Uint16Array;
  /** Those that begin a pattern, as in `all`. */
  readonly firsts: Int32Array;
  /** Each place that one of the others goes on from, once; filled up to whole fours with one that is never open. */
  readonly awaited: Uint16Array;
}

/**
 * Place, the one before it (-1: none), units between the two, units to any next one, what is to be known of it, and units from
 * the one before it to any next one.
 */
export const STRIDE = 6;
/** A negation right before this first word turns the pattern around. */
export const NEGATABLE = 1;
/** A pattern ends here. */
export const ENDS = 2;

export const NOWHERE: Places = {
  all: new Int32Array(0),
  priors: new Uint16Array(0),
  firsts: new Int32Array(0),
  awaited: new Uint16Array(0),
};

/** The rules as the matcher uses them. */
export interface PlaceTable {
  readonly count: number;
  /** By place: what is found when a pattern ends here; nothing within one. */
  readonly ends: readonly (readonly Meaning[])[];
  /** Where any word of these lists can stand. */
  of(lists: readonly number[]): Places;
  /** The same, kept for lists that are asked for again. */
  known(lists: readonly number[]): Places;
}

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

export function placeTable(columns: Columns): PlaceTable {
  const { placesOf, previous, gaps, reaches, negatable, ends } = columns;
  const packed = (places: readonly number[]) =>
    Int32Array.from(
      places.flatMap((place) => [
        place,
        previous[place] ?? -1,
        gaps[place] ?? -1,
        reaches[place] ?? -1,
        (negatable[place] === true ? NEGATABLE : 0) | ((ends[place]?.length ?? 0) > 0 ? ENDS : 0),
        reaches[previous[place] ?? -1] ?? -1,
      ]),
    );
  const of = (lists: readonly number[]): Places => {
    const all = [...new Set(lists.flatMap((list) => placesOf[list] ?? []))].sort((a, b) => b - a);
    if (all.length === 0) return NOWHERE;
    const priorOf = (place: number) => {
      const prior = previous[place] ?? -1;
      return prior < 0 ? gaps.length : prior;
    };
    const isFirst = (place: number) => priorOf(place) === gaps.length;
    return {
      all: packed(all),
      priors: Uint16Array.from(all, priorOf),
      firsts: packed(all.filter(isFirst)),
      awaited: inFours(new Set(all.filter((place) => !isFirst(place)).map(priorOf)), gaps.length + 1),
    };
  };
  const kept = new Map<readonly number[], Places>();
  const known = (lists: readonly number[]): Places => {
    let places = kept.get(lists);
    if (places === undefined) kept.set(lists, (places = of(lists)));
    return places;
  };
  return { count: gaps.length, ends, of, known };
}

function inFours(places: ReadonlySet<number>, filling: number): Uint16Array {
  return new Uint16Array((places.size + 3) & ~3).fill(filling).map((none, at) => [...places][at] ?? none);
}

/** The places of the tree's words. */
export class WordPlaces {
  readonly #tree: TermTree;
  readonly #table: PlaceTable;
  readonly #ofMeanings: (Places | undefined)[];
  readonly #endingAt: (Places | undefined)[];

  constructor(tree: TermTree, table: PlaceTable) {
    this.#tree = tree;
    this.#table = table;
    this.#ofMeanings = Array.from({ length: tree.size });
    this.#endingAt = Array.from({ length: tree.states });
  }

  /** Of a word that the tree gave a meaning. */
  of(meaning: number): Places {
    return (this.#ofMeanings[meaning] ??= this.#table.of(this.#tree.listsOf(meaning)));
  }

  /** Of the terms that end exactly in a state. */
  endingAt(state: number): Places {
    return (this.#endingAt[state] ??= this.#table.of(this.#tree.listsEndingAt(state)));
  }
}
