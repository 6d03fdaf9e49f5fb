// Words without spaces around them, or with too many: scripts that have none, and l e t t e r s set apart.
import { NOWHERE, type Places, type WordPlaces } from './places.ts';
import { ROOT, type TermTree } from './terms.ts';

/** More terms are never open at once: no term is longer. */
const MAX_WALKS = 32;

type OnTerm = (places: Places, start: number, end: number) => void;

interface RunOptions {
  readonly tree: TermTree;
  readonly words: WordPlaces;
  readonly onTerm: OnTerm;
}

/** Of a script without spaces: a term may begin at every character. */
export class Unspaced {
  readonly #tree: TermTree;
  readonly #words: WordPlaces;
  readonly #onTerm: OnTerm;
  /** Walks under way: where each is, and where it began. */
  readonly #states = new Int32Array(MAX_WALKS);
  readonly #starts = new Int32Array(MAX_WALKS);
  #walks = 0;

  constructor({ tree, words, onTerm }: RunOptions) {
    this.#tree = tree;
    this.#words = words;
    this.#onTerm = onTerm;
  }

  /** The next character, whose last unit is `end`. */
  add(code: number, end: number): void {
    const walks = this.#walks;
    this.#walks = 0;
    for (let i = 0; i < walks; i += 1) {
      const state = this.#tree.step(this.#states[i] ?? 0, code);
      if (state !== 0) this.#go(state, this.#starts[i] ?? 0, end);
    }
    const begun = this.#tree.begin(code);
    if (begun !== 0) this.#go(begun, end - 1, end);
  }

  #go(state: number, start: number, end: number): void {
    if (this.#walks < MAX_WALKS) {
      this.#states[this.#walks] = state;
      this.#starts[this.#walks] = start;
      this.#walks += 1;
    }
    const places = this.#words.endingAt(state);
    if (places !== NOWHERE) this.#onTerm(places, start, end);
  }
}

/** Fewer letters in a row are initials. */
const MIN_SINGLES = 5;
const MAX_SINGLES = 512;
const MIN_TERM = 3;
const BREAK = 0x20;

/** `i g n o r e`, `i-g-n-o-r-e`: letters one by one, words perhaps told apart by a wider space. */
export class Singles {
  readonly #tree: TermTree;
  readonly #words: WordPlaces;
  readonly #onTerm: OnTerm;
  readonly #letters = new Uint16Array(MAX_SINGLES);
  #length = 0;
  #start = 0;

  constructor({ tree, words, onTerm }: RunOptions) {
    this.#tree = tree;
    this.#words = words;
    this.#onTerm = onTerm;
  }

  /** A word of one letter at unit `position`; `isWide`: more than one character stands between it and the next. */
  add(letter: number, position: number, isWide: boolean): void {
    if (this.#length === 0) this.#start = position;
    if (this.#length + 2 > MAX_SINGLES) this.#read();
    this.#letters[this.#length] = letter;
    this.#length += 1;
    if (!isWide) return;
    this.#letters[this.#length] = BREAK;
    this.#length += 1;
  }

  get isOpen(): boolean {
    return this.#length > 0;
  }

  /** Another word came, or the text ended. */
  end(): void {
    if (this.#length === 0) return;
    if (this.#length >= MIN_SINGLES) this.#read();
    this.#length = 0;
  }

  /** The terms in it, longest first, each as one word. */
  #read(): void {
    let words = 0;
    for (let at = 0; at < this.#length; ) {
      const { places, end } = this.#longestAt(at);
      if (places !== NOWHERE) {
        this.#onTerm(places, this.#start + words * 2, this.#start + words * 2 + 2);
        words += 1;
        at = end;
      } else at += 1;
    }
    this.#length = 0;
  }

  #longestAt(from: number): { places: Places; end: number } {
    let state = ROOT;
    let longest: { places: Places; end: number } = { places: NOWHERE, end: from + 1 };
    for (let at = from; at < this.#length; at += 1) {
      state = this.#tree.step(state, this.#letters[at] ?? 0);
      if (state === 0) break;
      const places = at + 1 - from < MIN_TERM ? NOWHERE : this.#words.endingAt(state);
      if (places !== NOWHERE) longest = { places, end: at + 1 };
    }
    return longest;
  }
}
