// One word that is more than plain Latin letters: folded, with escapes read, look-alikes of other scripts and digits in the
// place of letters told from words that are meant so.
import { escapeAt } from './escapes.ts';
import { EXPANDS, type FoldTable, INVISIBLE, isUnspaced, SEPARATOR } from './fold.ts';
import { NOWHERE, type Places, type TermTree } from './terms.ts';

const MAX_WORD = 256;

/** Digits and signs that stand for letters. */
const LEET: ReadonlyMap<string, string> = new Map([
  ['0', 'o'],
  ['1', 'i'],
  ['3', 'e'],
  ['4', 'a'],
  ['5', 's'],
  ['7', 't'],
  ['8', 'b'],
  ['9', 'g'],
  ['@', 'a'],
  ['$', 's'],
  ['!', 'i'],
  ['|', 'l'],
]);

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
  read(text: string, start: number): number {
    this.#length = 0;
    this.#hasLatin = this.#hasLookAlikes = this.#hasSigns = this.#hasDigits = this.#hasMore = false;
    let at = start;
    while (at < text.length && this.#length < MAX_WORD - 8) {
      const end = this.#character(text, at);
      if (end === at) break;
      at = end;
    }
    return at;
  }

  /** Where the rules' words can be that this one is, or is meant to look like. */
  places(): Places {
    const found = this.#tree.find(this.#letters, 0, this.#length);
    if (found.all.length > 0 && !(this.#hasLatin && this.#hasLookAlikes)) return found;
    if (this.#hasLookAlikes) {
      const latin = this.#asLatin();
      if (latin.all.length > 0) return latin;
    }
    return this.#hasLatin && (this.#hasDigits || this.#hasSigns) ? this.#fromLeet() : found;
  }

  /** Gives where the character ends; `at` itself where it is no part of a word. */
  #character(text: string, at: number): number {
    const code = text.charCodeAt(at);
    if (code < 128) return this.#ascii(text, at, code);
    const folded = this.#fold.unit(code);
    if (folded === EXPANDS) {
      const point = text.codePointAt(at) ?? code;
      return this.#expanded(point, at, at + (point > 0xffff ? 2 : 1));
    }
    if (folded === SEPARATOR || isUnspaced(folded)) return at;
    if (folded === INVISIBLE) this.#unseen(code, text, at + 1);
    else this.#add(folded);
    return at + 1;
  }

  #ascii(text: string, at: number, code: number): number {
    if ((code >= 97 && code <= 122) || (code >= 48 && code <= 57)) this.#add(code);
    else if (code >= 65 && code <= 90) this.#add(code | 32);
    else {
      const escape = escapeAt(text, at);
      if (escape !== undefined) return this.#escaped(escape.point, at, at + escape.length);
      const isSign = code === 0x40 || code === 0x24 || code === 0x21 || code === 0x7c;
      if (!isSign || !isAlphanumeric(text.charCodeAt(at + 1))) return at;
      this.#hasSigns = true;
      this.#letters[this.#length] = code;
      this.#length += 1;
    }
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
  #unseen(code: number, text: string, next: number): void {
    if (isFormat(code)) this.#onUnseen(code, this.#hasLatin && isAlphanumeric(text.charCodeAt(next)));
  }

  #asLatin(): Places {
    if (this.#hasMore) return NOWHERE; // letters that look like no Latin ones: a word of its own script
    for (let at = 0; at < this.#length; at += 1) {
      const code = this.#letters[at] ?? 0;
      this.#other[at] = this.#fold.lookAlikes[code] || code;
    }
    return this.#tree.find(this.#other, 0, this.#length);
  }

  #fromLeet(): Places {
    for (const one of ['i', 'l']) {
      for (let at = 0; at < this.#length; at += 1) {
        const code = this.#letters[at] ?? 0;
        const sign = String.fromCharCode(code);
        const letter = sign === '1' || sign === '!' ? one : (LEET.get(sign) ?? sign);
        this.#other[at] = this.#fold.lookAlikes[code] || letter.charCodeAt(0);
      }
      const found = this.#tree.find(this.#other, 0, this.#length);
      if (found.all.length > 0) return found;
    }
    return NOWHERE;
  }
}

function isAlphanumeric(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57);
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
