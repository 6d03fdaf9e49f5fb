// A text as the words that rules know, piece by piece. Plain words take one walk through the tree of terms; words with other
// letters, digits or escapes within are first spelled out.
import type { CompiledRules } from './compile.ts';
import { UNITS_PER_WORD } from './compile.ts';
import { escapeAt } from './escapes.ts';
import { type FoldTable, isUnspaced } from './fold.ts';
import { LOOK_BACK, MARKS, markAt } from './marks.ts';
import { type Phrase, Phrases } from './phrases.ts';
import type { TextKind } from './rule.ts';
import { Singles, Unspaced } from './runs.ts';
import { SpelledWord } from './spelled-word.ts';
import { COLUMNS, type Places } from './terms.ts';
import { Unseen } from './unseen.ts';

interface WordReaderOptions {
  readonly rules: CompiledRules;
  readonly fold: FoldTable;
  readonly onPhrase: (phrase: Phrase) => void;
  /** Letters at `at` of `text` that may be packed text; gives where they end. */
  readonly onPacked: (text: string, at: number) => number;
  /** What characters that nobody sees spell. */
  readonly onUnseenText: (text: string) => void;
}

const WIDTH = 36;
/** Plain words this long are rare, and what is packed has them. */
const PACKED_LENGTH = 20;
const MAX_CARRIED = 4096;
/** Further than any pattern reaches. */
const APART_UNITS = 1024;
const MAX_POSITION = 2 ** 30;

const QUOTES: ReadonlySet<string> = new Set('"\'`\u201c\u201d\u201e\u2018\u00ab\u00bb\u300c\u300e');

const PLAIN = 0;
const LETTER = 1;
const DIGIT = 2;
const MARK = 3;
const STOP = 4;
const ESCAPE = 5;

/** What ASCII characters are to a reader of words. */
const CLASSES = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[A-Za-z]/.test(character)) return LETTER;
  if (/\d/.test(character)) return DIGIT;
  if (MARKS.has(character)) return MARK;
  if (/[.?;]/.test(character)) return STOP;
  return /[%&\\]/.test(character) ? ESCAPE : PLAIN;
});
/** Column of a letter in the tree's rows; -1: it is none. */
const LETTERS = COLUMNS.map((column) => (column < 26 ? column : -1));
/** Those that may be part of a word: digits, and signs drawn like letters. */
const MAY_GO_ON = Uint8Array.from({ length: 128 }, (_, code) =>
  /[0-9@$!%&\\|]/.test(String.fromCharCode(code)) ? 1 : 0,
);

export class WordReader {
  readonly #options: WordReaderOptions;
  readonly #phrases: Phrases;
  readonly #spelled: SpelledWord;
  readonly #singles: Singles;
  readonly #unspaced: Unspaced;
  readonly #unseen: Unseen;
  /** The end of what was read before. */
  #carried = '';
  /** Pieces of a word that has not ended. */
  #waiting: string[] = [];
  #waitingLength = 0;
  /** Units so far; from one on, so that zero can mean nowhere. */
  #position = 1;
  #packedUntil = 0;

  constructor(options: WordReaderOptions) {
    const { rules, fold } = options;
    this.#options = options;
    this.#phrases = new Phrases(rules, options.onPhrase);
    this.#unseen = new Unseen({ onText: options.onUnseenText, onKind: (kind) => this.#kind(kind) });
    this.#spelled = new SpelledWord(rules.tree, fold, (point, isWithin) => this.#unseen.add(point, isWithin));
    const onTerm = (places: Places, start: number, end: number) =>
      this.#phrases.word(places, start, end, false);
    this.#singles = new Singles(rules.tree, onTerm);
    this.#unspaced = new Unspaced(rules.tree, onTerm);
  }

  push(piece: string): void {
    const cut = cutBefore(piece);
    if (cut === 0 && this.#waitingLength + piece.length <= MAX_CARRIED) {
      this.#waiting.push(piece);
      this.#waitingLength += piece.length;
      return;
    }
    const end = cut === 0 ? piece.length : cut;
    this.#read(this.#taken() + piece.slice(0, end));
    this.#waiting = end === piece.length ? [] : [piece.slice(end)];
    this.#waitingLength = piece.length - end;
  }

  /** Ends the text; the next stands apart from it. */
  end(): void {
    this.#read(this.#taken());
    this.#singles.end();
    this.#unseen.end();
    this.#carried = '';
    // Positions are small integers: long before they run out they begin anew, far from all that was reached.
    this.#position += APART_UNITS;
    if (this.#position < MAX_POSITION) return;
    this.#position = 1;
    this.#phrases.reset();
  }

  #taken(): string {
    const text = this.#waiting.length === 1 ? (this.#waiting[0] ?? '') : this.#waiting.join('');
    this.#waiting = [];
    this.#waitingLength = 0;
    return text;
  }

  #read(text: string): void {
    this.#packedUntil = 0;
    let at = 0;
    while (at < text.length) {
      const code = text.charCodeAt(at);
      const kind = code < 128 ? CLASSES[code] : -1;
      if (kind === LETTER) at = this.#plainWord(text, at);
      else if (kind === PLAIN) at += 1;
      else if (kind === STOP) {
        this.#position += 1; // the end of a sentence parts words a little more
        at += 1;
      } else if (kind === MARK) at = this.#mark(text, at);
      else if (kind === -1 && isUnspaced(code)) at = this.#character(text, at);
      else if (kind === DIGIT || kind === -1) at = this.#spelledWord(text, at);
      else at = this.#escaped(text, at);
    }
    this.#carried = text.slice(-LOOK_BACK);
  }

  #escaped(text: string, at: number): number {
    const escape = escapeAt(text, at);
    if (escape === undefined) return at + 1;
    if (!isUnspaced(escape.point)) return Math.max(this.#spelledWord(text, at), at + escape.length);
    this.#position += 1;
    this.#unspaced.add(escape.point, this.#position);
    return at + escape.length;
  }

  /** The common case: Latin letters up to something that can be no part of a word. */
  #plainWord(text: string, start: number): number {
    const { tree } = this.#options.rules;
    const { rows } = tree;
    let state = tree.root;
    let at = start;
    let isWhole = true;
    let code = text.charCodeAt(at);
    let column = LETTERS[code] ?? -1;
    while (column >= 0) {
      const next = rows[state * WIDTH + column] ?? 0;
      if (next === 0) {
        isWhole = false;
        break;
      }
      state = next;
      at += 1;
      code = text.charCodeAt(at); // NaN at the end, where no letter is
      column = code < 128 ? (LETTERS[code] ?? -1) : -1;
    }
    while (column >= 0) {
      at += 1;
      code = text.charCodeAt(at);
      column = code < 128 ? (LETTERS[code] ?? -1) : -1;
    }
    if (code >= 128 || (MAY_GO_ON[code] === 1 && goesOn(text, at))) return this.#spelledWord(text, start);
    const length = at - start;
    if (length === 1) this.#singles.add(text.charCodeAt(start) | 32, this.#position, isWide(text, at));
    else if (this.#singles.isOpen) this.#singles.end();
    this.#word(tree.placesAt(state, isWhole), text, start);
    if (length >= PACKED_LENGTH) this.#packed(text, start);
    return at;
  }

  #spelledWord(text: string, start: number): number {
    const word = this.#spelled;
    const end = word.read(text, start);
    if (word.length === 0) {
      if (end > start) return end;
      return this.#character(text, start);
    }
    if (word.length === 1) this.#singles.add(word.first, this.#position, isWide(text, end));
    else this.#singles.end();
    this.#word(word.places(), text, start);
    if (word.length >= PACKED_LENGTH || word.looksPacked) this.#packed(text, start);
    if (word.hasSigns) this.#mail(text, start, end);
    return end;
  }

  /** One of a script without spaces, or nothing that reads as a word. */
  #character(text: string, at: number): number {
    const code = text.charCodeAt(at);
    if (isUnspaced(code)) {
      this.#position += 1;
      this.#unspaced.add(code, this.#position);
    } else if (code === 0x3002 || code === 0xff01 || code === 0xff1f) this.#position += 2;
    return at + (code >= 0xd800 && code <= 0xdbff ? 2 : 1);
  }

  #word(places: Places, text: string, start: number): void {
    if (this.#unseen.isOpen) this.#unseen.seen();
    const from = this.#position;
    this.#position = from + UNITS_PER_WORD;
    if (places.all.length === 0) return;
    this.#phrases.word(places, from, this.#position, isQuoted(text, start, this.#carried));
  }

  #mark(text: string, at: number): number {
    const mark = markAt(text, at, this.#carried);
    if (mark === undefined) return at + 1;
    for (const kind of mark.kinds) this.#kind(kind);
    return mark.end;
  }

  /** `name@host.example` reads as one word. */
  #mail(text: string, start: number, end: number): void {
    const at = text.indexOf('@', start);
    if (at >= start && at < end) this.#mark(text, at);
  }

  /** A kind of text, here. */
  #kind(kind: TextKind): void {
    const places = this.#options.rules.kinds.get(kind);
    if (places !== undefined) this.#phrases.word(places, this.#position, this.#position, false);
  }

  #packed(text: string, start: number): void {
    if (start >= this.#packedUntil) this.#packedUntil = this.#options.onPacked(text, start);
  }
}

/** Where the last word of a piece begins, which may go on in the next; 0: it is all one word. */
function cutBefore(piece: string): number {
  const least = Math.max(0, piece.length - MAX_CARRIED);
  for (let at = piece.length; at > least; at -= 1) {
    const code = piece.charCodeAt(at - 1);
    if (code <= 0x20 || isUnspaced(code) || (code >= 0x3000 && code <= 0x303f)) return at;
  }
  if (least === 0) return 0;
  const last = piece.charCodeAt(piece.length - 1);
  return last >= 0xd800 && last <= 0xdbff ? piece.length - 1 : piece.length;
}

/** Whether a sign or digit at `at` is part of the word before it. */
function goesOn(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code >= 48 && code <= 57) return true;
  if (CLASSES[code] === ESCAPE) return escapeAt(text, at) !== undefined;
  const next = text.charCodeAt(at + 1);
  return next < 128 && (CLASSES[next] === LETTER || CLASSES[next] === DIGIT);
}

/** Whether more than one character stands between a letter that ends at `at` and the next. */
function isWide(text: string, at: number): boolean {
  const next = text.charCodeAt(at + 1);
  return next < 128 && CLASSES[next] !== LETTER && CLASSES[next] !== DIGIT;
}

function isQuoted(text: string, start: number, before: string): boolean {
  const last = start > 0 ? text[start - 1] : before.at(-1);
  return last !== undefined && QUOTES.has(last);
}
