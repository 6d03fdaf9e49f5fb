// One word that is more than plain Latin letters: folded, with escapes read, look-alikes of other scripts and digits in the
// place of letters told from words that are meant so.
import { escapeAt } from './escapes.ts';
import { EXPANDS, type FoldTable, INVISIBLE, isUnspaced, SEPARATOR } from './fold.ts';
import { ROOT, type TermTree } from './terms.ts';
import { isAlphanumeric, isDigit, type Units } from './units.ts';

const MAX_WORD = 256;

/** Letters that digits and signs stand for; 1 and ! are of two kinds. */
const LEET = new Uint16Array(128);
for (const pair of ['0o', '1i', '3e', '4a', '5s', '7t', '8b', '9g', '@a', '$s', '!i', '|l']) {
  LEET[pair.charCodeAt(0)] = pair.charCodeAt(1);
}
/** Digits as they are and letters in lower case; 0 for what is neither. */
const PLAIN = new Uint8Array(128);
for (let code = 0; code < 128; code += 1) {
  if (isAlphanumeric(code)) PLAIN[code] = isDigit(code) ? code : code | 32;
}
const LETTER_A = 0x61;
const ONE = 0x31;
const EXCLAMATION = 0x21;
const LETTER_I = 0x69;
const LETTER_L = 0x6c;

export class SpelledWord {
  readonly #tree: TermTree;
  readonly #fold: FoldTable;
  readonly #onUnseen: (point: number, isWithin: boolean) => void;
  readonly #letters = new Uint16Array(MAX_WORD);
  readonly #other = new Uint16Array(MAX_WORD);
  #length = 0;
  #hasLatin = false;
  #hasLookAlikes = false;
  #hasSigns = false;
  #hasDigits = false;
  #hasMore = false;

  constructor(tree: TermTree, fold: FoldTable, onUnseen: (point: number, isWithin: boolean) => void) {
    this.#tree = tree;
    this.#fold = fold;
    this.#onUnseen = onUnseen;
  }

  get length(): number {
    return this.#length;
  }

  get first(): number {
    return this.#letters[0] ?? 0;
  }

  get hasSigns(): boolean {
    return this.#hasSigns;
  }

  /** Letters and digits in the manner of base64. */
  get looksPacked(): boolean {
    return this.#hasDigits && this.#hasLatin && this.#length >= 12;
  }

  /** Reads a word at `start`; gives where it ends. Of length 0: there is none, and what was read is not seen. */
  read(text: string, units: Units, start: number): number {
    this.#length = 0;
    this.#hasLatin = this.#hasLookAlikes = this.#hasSigns = this.#hasDigits = this.#hasMore = false;
    let at = start;
    while (at < text.length && this.#length < MAX_WORD - 8) {
      at = this.#plain(units, at);
      if (at >= text.length || this.#length >= MAX_WORD - 8) break;
      const end = this.#character(text, units, at);
      if (end === at) break;
      at = end;
    }
    return at;
  }

  /** Of the rules' word that this one is, or is meant to look like; 0: of none. */
  meaning(): number {
    const found = this.#tree.find(this.#letters, this.#length);
    if (found !== 0 && !(this.#hasLatin && this.#hasLookAlikes)) return found;
    if (this.#hasLookAlikes) {
      const latin = this.#asLatin();
      if (latin !== 0) return latin;
    }
    return this.#hasLatin && (this.#hasDigits || this.#hasSigns) ? this.#fromLeet() : found;
  }

  /** Letters and digits without further questions; gives where they end. */
  #plain(units: Units, start: number): number {
    const letters = this.#letters;
    let length = this.#length;
    let at = start;
    let isDigits = this.#hasDigits;
    let isLatin = this.#hasLatin;
    for (; length < MAX_WORD - 8; at += 1) {
      const code = units[at] ?? 0;
      const letter = code < 128 ? (PLAIN[code] ?? 0) : 0;
      if (letter === 0) break;
      if (letter < LETTER_A) isDigits = true;
      else isLatin = true;
      letters[length] = letter;
      length += 1;
    }
    this.#hasDigits = isDigits;
    this.#hasLatin = isLatin;
    this.#length = length;
    return at;
  }

  /** Gives where the character ends; `at` itself where it is no part of a word. */
  #character(text: string, units: Units, at: number): number {
    const code = units[at] ?? 0;
    if (code < 128) return this.#ascii(text, units, at);
    const folded = this.#fold.unit(code);
    if (folded === EXPANDS) {
      const point = text.codePointAt(at) ?? code;
      return this.#expanded(point, at, at + (point > 0xffff ? 2 : 1));
    }
    if (folded === SEPARATOR || isUnspaced(folded)) return at;
    if (folded === INVISIBLE) this.#unseen(code, units[at + 1] ?? 0);
    else this.#add(folded);
    return at + 1;
  }

  /** A sign or an escape. */
  #ascii(text: string, units: Units, at: number): number {
    const code = units[at] ?? 0;
    const escape = mayEscape(code) ? escapeAt(text, at) : undefined;
    if (escape !== undefined) return this.#escaped(escape.point, at, at + escape.length);
    const isSign = code === 0x40 || code === 0x24 || code === 0x21 || code === 0x7c;
    if (!isSign || !isAlphanumeric(units[at + 1] ?? 0)) return at;
    this.#hasSigns = true;
    this.#letters[this.#length] = code;
    this.#length += 1;
    return at + 1;
  }

  #escaped(point: number, at: number, end: number): number {
    if (point < 128) {
      if (!isAlphanumeric(point)) return this.#length === 0 ? end : at;
      this.#add(point >= 65 && point <= 90 ? point | 32 : point);
      return end;
    }
    return this.#expanded(point, at, end);
  }

  #expanded(point: number, at: number, end: number): number {
    const folded = this.#fold.expand(point);
    if (folded[0] === INVISIBLE || isUnseenPoint(point)) {
      this.#onUnseen(point, false);
      return end;
    }
    if (folded[0] === SEPARATOR || isUnspaced(folded[0] ?? 0)) return at;
    for (const code of folded) if (code > EXPANDS) this.#add(code);
    return end;
  }

  #add(code: number): void {
    if (code >= 97 && code <= 122) this.#hasLatin = true;
    else if (code >= 48 && code <= 57) this.#hasDigits = true;
    else if (this.#fold.lookAlikes[code] !== 0) this.#hasLookAlikes = true;
    else this.#hasMore = true;
    this.#letters[this.#length] = code;
    this.#length += 1;
  }

  /** Marks above and below letters fold away too, and are seen. */
  #unseen(code: number, next: number): void {
    if (isFormat(code)) this.#onUnseen(code, this.#hasLatin && isAlphanumeric(next));
  }

  #asLatin(): number {
    if (this.#hasMore) return 0; // letters that look like no Latin ones: a word of its own script
    for (let at = 0; at < this.#length; at += 1) {
      const code = this.#letters[at] ?? 0;
      this.#other[at] = this.#fold.lookAlikes[code] || code;
    }
    return this.#tree.find(this.#other, this.#length);
  }

  #fromLeet(): number {
    const found = this.#withLetters(LETTER_I);
    if (found !== 0) return found;
    for (let at = 0; at < this.#length; at += 1) {
      const code = this.#letters[at] ?? 0;
      if (code === ONE || code === EXCLAMATION) return this.#withLetters(LETTER_L);
    }
    return 0;
  }

  /** With letters for the digits and signs that look like them, `one` for those of two kinds. */
  #withLetters(one: number): number {
    const tree = this.#tree;
    let state = ROOT;
    for (let at = 0; at < this.#length; at += 1) {
      const code = this.#letters[at] ?? 0;
      const letter = code === ONE || code === EXCLAMATION ? one : code < 128 ? LEET[code] || code : code;
      const next = tree.step(state, this.#fold.lookAlikes[code] || letter);
      if (next === 0) return tree.stemAt(state);
      state = next;
    }
    return tree.wholeAt(state);
  }
}

function mayEscape(code: number): boolean {
  return code === 0x25 || code === 0x26 || code === 0x5c;
}

function isFormat(code: number): boolean {
  return (
    (code >= 0x200b && code <= 0x200f) ||
    (code >= 0x202a && code <= 0x202e) ||
    (code >= 0x2060 && code <= 0x206f) ||
    code === 0xfeff ||
    code === 0x3164 ||
    (code >= 0xfe00 && code <= 0xfe0f)
  );
}

/** Tags and the later variation selectors, which can spell a text that no screen shows. */
function isUnseenPoint(point: number): boolean {
  return (point >= 0xe0000 && point <= 0xe007f) || (point >= 0xe0100 && point <= 0xe01ef);
}
