// One text, however it comes in pieces, under all rules: as it stands, what is packed in it, and what nobody sees of it.
// Strong rules are findings by themselves, weak ones where several stand near each other.
import type { Steps } from '../inspection/steps.ts';
import type { CompiledRules } from './compile.ts';
import type { KindTable } from './kinds.ts';
import { unpackAt } from './peel.ts';
import type { Phrase } from './phrases.ts';
import { type Rule, type Side, STRONG } from './rule.ts';
import { MAX_BLOCK, WordReader } from './word-reader.ts';

/** Of a long text, read in one step: whole blocks of a word reader, so that steps change nothing. */
const STEP = 2 * MAX_BLOCK;
/** How deep text is unpacked from text. */
const MAX_DEPTH = 2;
/** What is unpacked of one text, beside as much as the text itself is long. */
const FREE_UNPACKED = 64 * 1024;
/** Words between weak rules that belong together, in units. */
const WINDOW_UNITS = 140;
/** A quoted phrase in a text that tells of attacks. */
const WEIGHT_OF_MENTION = 2;
/** A text that hides from people has no business with instructions: less is enough. */
const STRONG_WHERE_HIDDEN = 4;

interface TextReaderOptions {
  readonly rules: CompiledRules;
  readonly table: KindTable;
  readonly side: Exclude<Side, 'both'>;
  /** Nobody but a program sees the text. */
  readonly isHidden?: boolean;
  readonly onFinding: (rule: Rule) => void;
}

export class TextReader {
  readonly #options: TextReaderOptions;
  readonly #depth: number;
  readonly #words: WordReader;
  #packed: TextReader | undefined;
  #unseen: TextReader | undefined;
  #hasPacked = false;
  #hasUnseen = false;
  #recent: { rule: Rule; pattern: number; weight: number; at: number }[] = [];
  readonly #told = new Set<string>();
  #room = FREE_UNPACKED;
  #packedEnd = -1;

  constructor(options: TextReaderOptions, depth = 0) {
    this.#options = options;
    this.#depth = depth;
    this.#words = new WordReader({
      rules: options.rules,
      table: options.table,
      depth,
      onPhrase: (phrase) => this.#phrase(phrase),
      onPacked: (text, at) => this.#unpack(text, at),
      onUnseenText: (text) => {
        this.#unseen ??= this.#within(true);
        this.#hasUnseen = true;
        this.#unseen.push(text);
      },
    });
  }

  push(piece: string): void {
    this.#room += piece.length;
    this.#words.push(piece);
  }

  *pushInSteps(piece: string): Steps<void> {
    this.#room += piece.length;
    for (let at = 0; at < piece.length; at += STEP) {
      yield;
      this.#words.push(piece.slice(at, at + STEP));
    }
  }

  *endInSteps(piece: string): Steps<void> {
    yield* this.pushInSteps(piece);
    this.end();
  }

  /** The text is over with this piece; what comes next is another, and no phrase goes from one into the other. */
  end(piece = ''): void {
    this.#room += piece.length;
    this.#words.end(piece);
    // Most texts hold neither: a reader that read nothing need not be told that it ends.
    if (this.#hasPacked) this.#packed?.end();
    if (this.#hasUnseen) this.#unseen?.end();
    this.#hasPacked = this.#hasUnseen = false;
    if (this.#recent.length > 0) this.#recent.length = 0;
    if (this.#told.size > 0) this.#told.clear();
    this.#room = FREE_UNPACKED;
  }

  #within(isHidden: boolean): TextReader {
    return new TextReader({ ...this.#options, isHidden }, this.#depth + 1);
  }

  /** Gives where the packed text ends, read or not. */
  #unpack(text: string, at: number): number {
    if (this.#depth >= MAX_DEPTH) return at + 1;
    const packed = unpackAt(text, at);
    if (packed.text === undefined || packed.text.length > this.#room) return packed.end;
    this.#room -= packed.text.length;
    this.#packed ??= this.#within(this.#options.isHidden === true);
    this.#hasPacked = true;
    // Lines of one packing go on in the next; others stand apart.
    if (at - this.#packedEnd > 2) this.#packed.push('\n');
    this.#packed.push(packed.text);
    this.#packedEnd = packed.end;
    return packed.end;
  }

  #phrase({ rule, pattern, at, isQuoted, isTold }: Phrase): void {
    const { side = 'reads' } = rule;
    if (side !== 'both' && side !== this.#options.side) return;
    const isAbout = isTold && isQuoted && this.#options.isHidden !== true && this.#depth === 0;
    const weight = isAbout ? Math.min(rule.weight, WEIGHT_OF_MENTION) : rule.weight;
    this.#forget(at, pattern, rule);
    this.#recent.push({ rule, pattern, weight, at });
    if (!this.#recent.some((one) => !this.#told.has(one.rule.id))) return;
    const least = this.#options.isHidden === true ? STRONG_WHERE_HIDDEN : STRONG;
    if (this.#sum() < least) return;
    for (const one of this.#recent) this.#tell(one.rule);
  }

  /** What is too far away, and what the same pattern found before. */
  #forget(at: number, pattern: number, rule: Rule): void {
    let kept = 0;
    for (const one of this.#recent) {
      if (at - one.at > WINDOW_UNITS || (one.pattern === pattern && one.rule === rule)) continue;
      this.#recent[kept] = one;
      kept += 1;
    }
    this.#recent.length = kept;
  }

  /** The same words read in two languages, or by two rules of one kind, are one sign and not two. */
  #sum(): number {
    const signs = new Map<string, number>();
    for (const { rule, weight, at } of this.#recent) {
      const sign = `${rule.category} ${at}`;
      signs.set(sign, Math.max(signs.get(sign) ?? 0, weight));
    }
    return [...signs.values()].reduce((total, weight) => total + weight, 0);
  }

  /** Once for each rule and text. */
  #tell(rule: Rule): void {
    if (this.#told.has(rule.id)) return;
    this.#told.add(rule.id);
    this.#options.onFinding(rule);
  }
}
