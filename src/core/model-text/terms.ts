// The words of all rules in one tree: a walk over a word's letters ends in the lists of words that it is in. One row of a
// table for each state, one step for each letter; a letter that nothing goes on with leads to where any ending is welcome.

/** A row has 26 letters, then what a word is that ends there, then what any word is that begins so. */
export const ROW_SHIFT = 5;
export const WHOLE = 26;
const STEMS = 27;
const LETTERS = 26;
/** State 0 is nowhere, and leads nowhere. */
export const ROOT = 1;
/** States and meanings are 16 bits wide. */
const MAX_STATES = 0xffff;
const STATES_PER_STEP = 1024;
const FIRST_CYRILLIC = 0x0430;
const CYRILLIC_LETTERS = 32;

/** What a word is: the lists of words that it is in, beside those of a stem that it begins with. */
interface Meaning {
  readonly lists: readonly number[];
  readonly above: number;
}

export class TermTree {
  #rows = new Uint16Array(0x4000 << ROW_SHIFT);
  #cyrillic = new Uint16Array(0x4000 << ROW_SHIFT);
  #states = ROOT + 1;
  /** Letters of other scripts, and digits: by state and code unit. */
  readonly #others = new Map<number, number>();
  /** By state: 1 where any of them goes on. */
  readonly #hasOthers = new Uint8Array(MAX_STATES + 1);
  readonly #parents: number[] = [0, 0];
  /** By code unit: the state that it leads to from the root. */
  readonly #beginnings = new Uint16Array(0x1_0000);
  /** By state: the lists with a stem or a whole word that ends there. */
  readonly #stems = new Map<number, number[]>();
  readonly #whole = new Map<number, number[]>();
  readonly #meanings: Meaning[] = [{ lists: [], above: 0 }];
  /** From here on states take any letter. */
  #firstSink = MAX_STATES;

  /** `term` is folded; with `isStem` any ending may follow. */
  add(term: string, isStem: boolean, list: number): void {
    let state = ROOT;
    for (let at = 0; at < term.length; at += 1) state = this.#grow(state, term.charCodeAt(at));
    const lists = isStem ? this.#stems : this.#whole;
    const known = lists.get(state);
    if (known === undefined) lists.set(state, [list]);
    else known.push(list);
  }

  /** After the last `add`, in steps. */
  *sealing(): Generator<undefined, void> {
    const stemsOf = new Uint16Array(this.#states);
    for (let state = ROOT; state < this.#states; state += 1) {
      if (state % STATES_PER_STEP === 0) yield;
      const inherited = stemsOf[this.#parents[state] ?? 0] ?? 0;
      const stems = this.#meaning(this.#stems.get(state), inherited);
      stemsOf[state] = stems;
      this.#rows[(state << ROW_SHIFT) + STEMS] = stems;
      this.#rows[(state << ROW_SHIFT) + WHOLE] = this.#meaning(this.#whole.get(state), stems);
    }
    this.#firstSink = this.#states;
    const sinks = new Map<number, number>();
    for (let state = ROOT; state < this.#firstSink; state += 1) {
      if (state % STATES_PER_STEP === 0) yield;
      const stems = stemsOf[state] ?? 0;
      if (stems === 0) continue;
      let sink = sinks.get(stems);
      if (sink === undefined) sinks.set(stems, (sink = this.#sink(stems)));
      this.#lead(state, sink);
    }
  }

  /** For walks that must be fast: `rows[(state << ROW_SHIFT) + letter]` is the next state. */
  get rows(): Uint16Array {
    return this.#rows;
  }

  /** The state of a walk that begins with a character; 0: none does. */
  begin(code: number): number {
    return this.#beginnings[code] ?? 0;
  }

  /** 0: no term goes on like that. */
  step(state: number, code: number): number {
    const letter = code - 97;
    if (letter >= 0 && letter < LETTERS) {
      const next = this.#rows[(state << ROW_SHIFT) + letter] ?? 0;
      return next >= this.#firstSink ? 0 : next;
    }
    const cyrillic = code - FIRST_CYRILLIC;
    if (cyrillic >= 0 && cyrillic < CYRILLIC_LETTERS)
      return this.#cyrillic[(state << ROW_SHIFT) + cyrillic] ?? 0;
    if (state === ROOT) return this.#beginnings[code] ?? 0;
    return this.#hasOthers[state] === 1 ? (this.#others.get(state * 0x1_0000 + code) ?? 0) : 0;
  }

  /** What a folded word means; 0: nothing. */
  find(word: Uint16Array, length: number): number {
    let state = ROOT;
    for (let at = 0; at < length; at += 1) {
      const next = this.step(state, word[at] ?? 0);
      if (next === 0) return this.stemAt(state);
      state = next;
    }
    return this.wholeAt(state);
  }

  /** What any word means that begins with what led to `state`; 0: nothing. */
  stemAt(state: number): number {
    return this.#rows[(state << ROW_SHIFT) + STEMS] ?? 0;
  }

  /** What the word that led to `state` means; 0: nothing. */
  wholeAt(state: number): number {
    return this.#rows[(state << ROW_SHIFT) + WHOLE] ?? 0;
  }

  /** The lists that a word of this meaning is in. */
  listsOf(meaning: number): number[] {
    const found: number[] = [];
    for (let at = meaning; at !== 0; at = this.#meanings[at]?.above ?? 0) {
      found.push(...(this.#meanings[at]?.lists ?? []));
    }
    return found;
  }

  /** The lists of the terms, stems and whole words, that end exactly in `state`: for text without spaces between words. */
  listsEndingAt(state: number): number[] {
    return [...(this.#stems.get(state) ?? []), ...(this.#whole.get(state) ?? [])];
  }

  get size(): number {
    return this.#meanings.length;
  }

  get states(): number {
    return this.#states;
  }

  #meaning(lists: readonly number[] | undefined, above: number): number {
    if (lists === undefined) return above;
    this.#meanings.push({ lists, above });
    return this.#meanings.length - 1;
  }

  /** A state that all letters stay in. */
  #sink(stems: number): number {
    const sink = this.#open(0);
    const row = sink << ROW_SHIFT;
    this.#rows.fill(sink, row, row + LETTERS);
    this.#rows[row + STEMS] = this.#rows[row + WHOLE] = stems;
    return sink;
  }

  #lead(state: number, sink: number): void {
    const row = state << ROW_SHIFT;
    for (let at = row; at < row + LETTERS; at += 1) if (this.#rows[at] === 0) this.#rows[at] = sink;
  }

  #grow(state: number, code: number): number {
    const known = this.step(state, code);
    if (known !== 0) return known;
    const next = this.#open(state);
    const letter = code - 97;
    const cyrillic = code - FIRST_CYRILLIC;
    if (letter >= 0 && letter < LETTERS) this.#rows[(state << ROW_SHIFT) + letter] = next;
    else if (cyrillic >= 0 && cyrillic < CYRILLIC_LETTERS)
      this.#cyrillic[(state << ROW_SHIFT) + cyrillic] = next;
    else {
      this.#others.set(state * 0x1_0000 + code, next);
      this.#hasOthers[state] = 1;
    }
    if (state === ROOT) this.#beginnings[code] = next;
    return next;
  }

  #open(parent: number): number {
    const state = this.#states;
    if (state >= MAX_STATES) throw new RangeError('the rules have too many words for one tree');
    this.#states += 1;
    this.#parents.push(parent);
    if (this.#states << ROW_SHIFT > this.#rows.length) {
      this.#rows = doubled(this.#rows);
      this.#cyrillic = doubled(this.#cyrillic);
    }
    return state;
  }
}

function doubled(rows: Uint16Array): Uint16Array<ArrayBuffer> {
  const longer = new Uint16Array(rows.length * 2);
  longer.set(rows);
  return longer;
}
