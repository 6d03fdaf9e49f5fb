// The words of all rules in one tree: a walk over a word's letters ends in the rules' places that the word can stand in.
// Rows of 36 for Latin letters and digits, a table for all other characters; every step is one look-up.

const WIDTH = 36;
const ROOT = 1;
export const NOWHERE: Places = { all: [], first: [] };
/** So that a state and a code unit are one small integer. */
const MAX_STATES = 16_384;

/** Column of a code unit: letters 0–25, digits 26–35; -1: not in the rows. */
export const COLUMNS: Int8Array = Int8Array.from({ length: 128 }, (_, code) => {
  if (code >= 97 && code <= 122) return code - 97;
  if (code >= 65 && code <= 90) return code - 65;
  return code >= 48 && code <= 57 ? code - 22 : -1;
});

/** The places that a word can stand in, highest first: of the last in a pattern, then of those before. */
export interface Places {
  readonly all: readonly number[];
  /** Of them, those that begin a pattern. */
  readonly first: readonly number[];
}

export class TermTree {
  #rows = new Int32Array(WIDTH * 256);
  #states = ROOT + 1;
  readonly #children: number[][] = [];
  readonly #others = new Map<number, number>();
  /** By code unit: the state that it leads to from the root. */
  readonly #beginnings = new Uint16Array(0x1_0000);
  /** By state: the places of stems and of whole words that end there, while the tree is built. */
  readonly #added = { stems: [] as number[][], whole: [] as number[][] };
  /** Of stems that end in a state or before it. */
  readonly #stems: Places[] = [];
  /** Of the whole words that end in a state, and of those stems. */
  readonly #whole: Places[] = [];
  /** Of the terms that end exactly in a state. */
  readonly #ending: Places[] = [];

  /** `term` is folded; with `isStem` any ending may follow. */
  add(term: string, isStem: boolean, place: number): void {
    let state = ROOT;
    for (let at = 0; at < term.length; at += 1) state = this.#grow(state, term.charCodeAt(at));
    const added = isStem ? this.#added.stems : this.#added.whole;
    (added[state] ??= []).push(place);
  }

  /** After the last `add`. */
  seal(isFirst: (place: number) => boolean): void {
    const seal = (state: number, inherited: Places) => {
      const own = this.#added.stems[state] ?? [];
      const whole = this.#added.whole[state] ?? [];
      // Most states add nothing: they share what is above them.
      const stems = own.length === 0 ? inherited : placesOf([...own, ...inherited.all], isFirst);
      this.#ending[state] = placesOf([...own, ...whole], isFirst);
      this.#stems[state] = stems;
      this.#whole[state] = whole.length === 0 ? stems : placesOf([...whole, ...stems.all], isFirst);
      for (const next of this.#children[state] ?? []) seal(next, stems);
    };
    for (const [key, next] of this.#others) {
      if (key < (ROOT + 1) * 0x1_0000) this.#beginnings[key - ROOT * 0x1_0000] = next;
    }
    seal(ROOT, NOWHERE);
    this.#rows = this.#rows.slice(0, this.#states * WIDTH);
  }

  /** Of the terms that end exactly in `state`, stems and whole words: for text without spaces between words. */
  placesEndingAt(state: number): Places {
    return this.#ending[state] ?? NOWHERE;
  }

  /** The state of a walk that begins with a character; 0: none does. */
  begin(code: number): number {
    return this.#beginnings[code] ?? 0;
  }

  get root(): number {
    return ROOT;
  }

  /** The rows, for walks that must be fast: `rows[state * 36 + column]`, 0 for nowhere. */
  get rows(): Int32Array {
    return this.#rows;
  }

  /** 0: no term goes on like that. */
  step(state: number, code: number): number {
    const column = code < 128 ? (COLUMNS[code] ?? -1) : -1;
    if (column >= 0) return this.#rows[state * WIDTH + column] ?? 0;
    return this.#others.get(state * 0x1_0000 + code) ?? 0;
  }

  /** What a word stands for that left the tree in `state`, or ended there. */
  placesAt(state: number, isEnd: boolean): Places {
    return (isEnd ? this.#whole : this.#stems)[state] ?? NOWHERE;
  }

  /** Of a folded word from `from` to `to`. */
  find(word: Uint16Array, from: number, to: number): Places {
    let state = ROOT;
    for (let at = from; at < to; at += 1) {
      const next = this.step(state, word[at] ?? 0);
      if (next === 0) return this.placesAt(state, false);
      state = next;
    }
    return this.placesAt(state, true);
  }

  #grow(state: number, code: number): number {
    const known = this.step(state, code);
    if (known !== 0) return known;
    const next = this.#states;
    this.#states += 1;
    if (next >= MAX_STATES) throw new RangeError('the rules have too many words for one tree');
    if ((next + 1) * WIDTH > this.#rows.length) {
      const rows = new Int32Array(this.#rows.length * 2);
      rows.set(this.#rows);
      this.#rows = rows;
    }
    const column = code < 128 ? (COLUMNS[code] ?? -1) : -1;
    if (column >= 0) this.#rows[state * WIDTH + column] = next;
    else this.#others.set(state * 0x1_0000 + code, next);
    (this.#children[state] ??= []).push(next);
    return next;
  }
}

export function placesOf(places: readonly number[], isFirst: (place: number) => boolean): Places {
  if (places.length === 0) return NOWHERE;
  const all = [...new Set(places)].sort((a, b) => b - a);
  return { all, first: all.filter(isFirst) };
}
