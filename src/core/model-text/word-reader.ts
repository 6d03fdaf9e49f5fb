// A text as the words that rules know, piece by piece. Plain words take one walk through the tree of terms; words with other
// letters, digits or escapes within are first spelled out.
import type { CompiledRules } from './compile.ts';
import { UNITS_PER_WORD } from './compile.ts';
import { escapeAt } from './escapes.ts';
import { isUnspaced } from './fold.ts';
import * as kind from './kinds.ts';
import { mayBeMark } from './mark-starts.ts';
import { LOOK_BACK, markAt } from './marks.ts';
import { type Phrase, Phrases } from './phrases.ts';
import type { Places } from './places.ts';
import type { TextKind } from './rule.ts';
import { Singles, Unspaced } from './runs.ts';
import { SpelledWord } from './spelled-word.ts';
import { ROOT, ROW_SHIFT, WHOLE } from './terms.ts';
import { type InUnits, inUnits, isAlphanumeric, isDigit, MAX_UNITS, type Units } from './units.ts';
import { Unseen } from './unseen.ts';

interface WordReaderOptions {
  readonly rules: CompiledRules;
  readonly table: kind.KindTable;
  /** How many readers read what this one does in the middle of reading. */
  readonly depth: number;
  readonly onPhrase: (phrase: Phrase) => void;
  /** Letters at `at` of `text` that may be packed text; gives where they end. */
  readonly onPacked: (text: string, at: number) => number;
  /** What characters that nobody sees spell. */
  readonly onUnseenText: (text: string) => void;
}

// Constants of other modules are looked up whenever they are used; those of one's own are part of the code.
const SHIFT = ROW_SHIFT;
const WORD = WHOLE;
const START = ROOT;
const { PLAIN, STOP, MARK, UNSPACED, SIGN, AT, DIGIT, ESCAPE, MAY_GO_ON } = kind;
const STEP = UNITS_PER_WORD;

/** Plain words this long are rare, and what is packed has them. */
const PACKED_LENGTH = 20;
const MAX_CARRIED = 4096;
/** A longer piece is read in blocks. */
export const MAX_BLOCK = MAX_UNITS - MAX_CARRIED;
/** Further than any pattern reaches. */
const APART_UNITS = 1024;
const MAX_POSITION = 2 ** 29;

export class WordReader {
  readonly #options: WordReaderOptions;
  readonly #phrases: Phrases;
  readonly #spelled: SpelledWord;
  readonly #singles: Singles;
  readonly #unspaced: Unspaced;
  readonly #unseen: Unseen;
  /** What was read before. */
  #before = '';
  /** Its last unit; 0: there is none. */
  #last = 0;
  /** A word that has not ended. */
  #waiting = '';
  /** Units so far; from far beyond nothing on, so that zero can mean nowhere. */
  #position = APART_UNITS;
  #packedUntil = 0;

  constructor(options: WordReaderOptions) {
    const { rules, table } = options;
    const { tree, words } = rules;
    this.#options = options;
    this.#phrases = new Phrases(rules.table, options.onPhrase);
    this.#unseen = new Unseen({ onText: options.onUnseenText, onKind: (one) => this.#kind(one) });
    this.#spelled = new SpelledWord(tree, table.fold, (point, isWithin) => this.#unseen.add(point, isWithin));
    const onTerm = (places: Places, start: number, end: number) =>
      this.#phrases.word(places, start, end, false);
    this.#singles = new Singles({ tree, words, onTerm });
    this.#unspaced = new Unspaced({ tree, words, onTerm });
  }

  push(piece: string): void {
    if (piece.length <= MAX_BLOCK) this.#block(piece);
    else for (let at = 0; at < piece.length; at += MAX_BLOCK) this.#block(piece.slice(at, at + MAX_BLOCK));
  }

  /** Ends the text with one more piece; the next text stands apart from it. */
  end(piece = ''): void {
    if (piece.length > MAX_BLOCK) this.push(piece);
    const last = piece.length > MAX_BLOCK ? this.#waiting : this.#waiting + piece;
    this.#waiting = '';
    if (last !== '') this.#read(last);
    if (this.#singles.isOpen) this.#singles.end();
    this.#unseen.end();
    this.#before = '';
    this.#last = 0;
    // Positions are small integers: long before they run out they begin anew, far from all that was reached.
    this.#position += APART_UNITS;
    if (this.#position < MAX_POSITION) return;
    this.#position = APART_UNITS;
    this.#phrases.reset();
  }

  #block(piece: string): void {
    const cut = cutBefore(piece);
    if (cut === 0 && this.#waiting.length + piece.length <= MAX_CARRIED) {
      this.#waiting += piece;
      return;
    }
    const end = cut === 0 ? piece.length : cut;
    const text = this.#waiting + (end === piece.length ? piece : piece.slice(0, end));
    this.#waiting = end === piece.length ? '' : piece.slice(end);
    this.#read(text);
  }

  #read(raw: string): void {
    const read = inUnits(raw, this.#options.depth);
    const { text, units } = read;
    const last = units[Math.max(0, text.length - 1)] ?? 0;
    this.#packedUntil = 0;
    this.#scan(read);
    this.#before = text;
    this.#last = last;
  }

  /** The common case is Latin letters up to something that can be no part of a word. */
  #scan({ text, units }: InUnits): void {
    const { rules, table } = this.#options;
    const { rows } = rules.tree;
    const { kinds, quotes } = table;
    const phrases = this.#phrases;
    let position = this.#position;
    let isAttentive = this.#isAttentive();
    for (let at = 0; at < text.length; ) {
      let one = kinds[units[at] ?? 0] ?? 0;
      if (one < PLAIN) {
        const start = at;
        let state = START;
        do {
          state = rows[(state << SHIFT) + one] ?? 0;
          at += 1;
          one = kinds[units[at] ?? 0] ?? 0;
        } while (one < PLAIN);
        if (one < MAY_GO_ON || !goesOn(text, units, at)) {
          const length = at - start;
          if (length === 1 || isAttentive) {
            this.#position = position;
            this.#amongOthers({ text, units, at: start }, at);
            isAttentive = this.#isAttentive();
          }
          const meaning = rows[(state << SHIFT) + WORD] ?? 0;
          if (meaning !== 0) {
            const last = start === 0 ? this.#last : (units[start - 1] ?? 0);
            phrases.word(rules.words.of(meaning), position, position + STEP, quotes[last] === 1);
          }
          position += STEP;
          if (length >= PACKED_LENGTH) this.#packed(text, start);
          if (one === PLAIN) at += 1; // most often the space before the next
          continue;
        }
        at = start;
        one = DIGIT;
      } else if (one === PLAIN || one === SIGN) {
        at += 1;
        continue;
      } else if (one === STOP) {
        position += 1; // the end of a sentence parts words a little more
        at += 1;
        continue;
      } else if (one === MARK && !mayBeMark(units, at)) {
        at += 1;
        continue;
      }
      this.#position = position;
      at = this.#uncommon(one, { text, units, at });
      position = this.#position;
      isAttentive = this.#isAttentive();
    }
    this.#position = position;
  }

  #isAttentive(): boolean {
    return this.#singles.isOpen || this.#unseen.isOpen;
  }

  /** A plain word where letters stand apart or something that is not seen came before. */
  #amongOthers(where: Where, end: number): void {
    const { units, at: start } = where;
    if (end - start === 1) this.#singles.add((units[start] ?? 0) | 32, this.#position, isWide(where, end));
    else this.#singles.end();
    if (this.#unseen.isOpen) this.#unseen.seen();
  }

  #uncommon(one: number, where: Where): number {
    if (one === MARK || one === AT) return this.#mark(where);
    if (one === UNSPACED) return this.#character(where.units, where.at);
    return one === ESCAPE ? this.#escaped(where) : this.#spelledWord(where);
  }

  #escaped(where: Where): number {
    const { text, at } = where;
    const escape = escapeAt(text, at);
    if (escape === undefined) return at + 1;
    if (!isUnspaced(escape.point)) return Math.max(this.#spelledWord(where), at + escape.length);
    this.#position += 1;
    this.#unspaced.add(escape.point, this.#position);
    return at + escape.length;
  }

  #spelledWord(where: Where): number {
    const { text, units, at: start } = where;
    const number = this.#endOfNumber(where);
    if (number > 0) {
      this.#singles.end();
      if (this.#unseen.isOpen) this.#unseen.seen();
      this.#position += STEP;
      return number;
    }
    const word = this.#spelled;
    const end = word.read(text, units, start);
    if (word.length === 0) return end > start ? end : this.#character(units, start);
    if (word.length === 1) this.#singles.add(word.first, this.#position, isWide(where, end));
    else this.#singles.end();
    if (this.#unseen.isOpen) this.#unseen.seen();
    const from = this.#position;
    this.#position = from + STEP;
    const meaning = word.meaning();
    if (meaning !== 0) {
      const last = start === 0 ? this.#last : (units[start - 1] ?? 0);
      const isQuoted = this.#options.table.quotes[last] === 1;
      this.#phrases.word(this.#options.rules.words.of(meaning), from, this.#position, isQuoted);
    }
    if (word.length >= PACKED_LENGTH || word.looksPacked) this.#packed(text, start);
    if (word.hasSigns) this.#mail(where, end);
    return end;
  }

  /** Of a word of some digits that no rule has; 0: it is another. */
  #endOfNumber({ text, units, at: start }: Where): number {
    const { rules, table } = this.#options;
    const { kinds } = table;
    let end = start;
    while (kinds[units[end] ?? 0] === DIGIT) end += 1;
    if (end - start < 2 || end - start >= PACKED_LENGTH || rules.tree.begin(units[start] ?? 0) !== 0)
      return 0;
    const next = kinds[units[end] ?? 0] ?? 0;
    return next >= PLAIN && (next < MAY_GO_ON || !goesOn(text, units, end)) ? end : 0;
  }

  /** One of a script without spaces, or nothing that reads as a word. */
  #character(units: Units, at: number): number {
    const code = units[at] ?? 0;
    if (isUnspaced(code)) {
      this.#position += 1;
      this.#unspaced.add(code, this.#position);
    } else if (code === 0x3002 || code === 0xff01 || code === 0xff1f) this.#position += 2;
    else this.#options.table.learn(code);
    return at + (code >= 0xd800 && code <= 0xdbff ? 2 : 1);
  }

  #mark({ text, units, at }: Where): number {
    if (!mayBeMark(units, at)) return at + 1;
    const mark = markAt(text, at, at < LOOK_BACK ? this.#before.slice(-LOOK_BACK) : '');
    if (mark === undefined) return at + 1;
    for (const one of mark.kinds) this.#kind(one);
    return mark.end;
  }

  /** `name@host.example` reads as one word. */
  #mail({ text, units, at: start }: Where, end: number): void {
    const at = text.indexOf('@', start);
    if (at >= start && at < end) this.#mark({ text, units, at });
  }

  /** A kind of text, here. */
  #kind(one: TextKind): void {
    const places = this.#options.rules.kinds.get(one);
    if (places !== undefined) this.#phrases.word(places, this.#position, this.#position, false);
  }

  #packed(text: string, start: number): void {
    if (start >= this.#packedUntil) this.#packedUntil = this.#options.onPacked(text, start);
  }
}

interface Where extends InUnits {
  readonly at: number;
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

/** Whether a sign, digit or other letter at `at` is part of the word before it. */
function goesOn(text: string, units: Units, at: number): boolean {
  const code = units[at] ?? 0;
  if (code >= 128 || isDigit(code)) return true;
  if (code === 0x25 || code === 0x26 || code === 0x5c) return escapeAt(text, at) !== undefined;
  return isAlphanumeric(units[at + 1] ?? 0);
}

/** Whether more than one character stands between a letter that ends at `at` and the next. */
function isWide({ text, units }: InUnits, at: number): boolean {
  const next = units[at + 1] ?? 0;
  return at + 1 < text.length && next < 128 && !isAlphanumeric(next);
}
