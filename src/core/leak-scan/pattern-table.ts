// What `buildScanTable` makes: the patterns and the searches through every view, shared by many streams.
import { Problem } from '../problem.ts';
import { EncodedSearch } from './encoded-search.ts';
import { foldPlus, formEncoding, jsonEncoding, LONGEST_ESCAPE, percentEncoding } from './encodings.ts';
import type { Findings, Span } from './findings.ts';
import { isOfWord } from './guessable.ts';
import { htmlEncoding } from './html-entities.ts';
import { PatternSet } from './pattern-set.ts';
import type { Pattern } from './patterns.ts';
import { quotedPrintableEncoding } from './quoted-printable.ts';
import { isWrapped, wrappedEncoding } from './wrapped-lines.ts';

/** A literal match holds from its fourth secret byte on. */
const HELD_FROM = 4;
const SPACE = 0x20;

export class PatternTable {
  readonly size: number;
  /** No echo is longer in any view. */
  readonly longestEcho: number;
  /** How many bytes that have left can belong to an echo that is not held yet. */
  readonly contextLength: number;
  readonly #sets: readonly PatternSet[];
  readonly #set: PatternSet;
  /** UTF-16, looked for only where a zero byte says that there may be some. */
  readonly #wide: PatternSet | undefined;
  readonly #encoded: readonly EncodedSearch[];
  #isDisposed = false;

  constructor(patterns: readonly Pattern[]) {
    this.size = patterns.length;
    const wide = patterns.filter(needsZero);
    this.#set = new PatternSet(patterns.filter((pattern) => !needsZero(pattern)));
    this.#wide = wide.length === 0 ? undefined : new PatternSet(wide);
    // Only where a value has a space does `+` matter, and then it reads as one in text and patterns alike.
    const readsForms = this.#set.patterns.some(({ bytes }) => bytes.includes(SPACE));
    const formSet = readsForms ? new PatternSet(this.#set.patterns.filter(isWhole).map(folded)) : this.#set;
    this.#sets = [...new Set([this.#set, formSet, ...(this.#wide === undefined ? [] : [this.#wide])])];
    this.#encoded = [
      new EncodedSearch(readsForms ? formEncoding : percentEncoding, formSet),
      new EncodedSearch(jsonEncoding, this.#set),
      new EncodedSearch(htmlEncoding, this.#set),
      new EncodedSearch(quotedPrintableEncoding, this.#set),
      ...(this.#set.patterns.some(isWrapped)
        ? [new EncodedSearch(wrappedEncoding, this.#set, isWrapped)]
        : []),
    ];
    const longestPublic = patterns.reduce((most, { publicLength }) => Math.max(most, publicLength), 0);
    const longestPattern = Math.max(this.#set.longestPattern, this.#wide?.longestPattern ?? 0);
    this.longestEcho = (longestPattern + 2) * LONGEST_ESCAPE;
    this.contextLength = (longestPublic + HELD_FROM) * LONGEST_ESCAPE;
  }

  /** Adds to `findings` what the span's bytes hold in any view. */
  search(span: Span, findings: Findings): void {
    if (this.#isDisposed) throw new Problem('internal', { internal: 'a scan table was used after its end' });
    this.#searchLiteral(this.#set, span, findings);
    if (this.#wide !== undefined && span.data.includes(0)) this.#searchLiteral(this.#wide, span, findings);
    for (const encoded of this.#encoded) encoded.search(span, findings);
  }

  #searchLiteral(set: PatternSet, span: Span, findings: Findings): void {
    const { data, startsBelow, isLast } = span;
    set.search(data, startsBelow, (pattern, start, end, canGrow) => {
      const isAtEnd = end === data.length && !isLast;
      if (canGrow && isAtEnd) return;
      if (pattern.isToken) {
        const before = start === 0 ? span.before : data[start - 1];
        if (isOfWord(before) || isOfWord(data[end])) return;
        if (isAtEnd) return findings.addOpenStart(start);
      }
      findings.add(pattern, pattern.view, { start, end });
    });
    if (!isLast) findings.addOpenStart(set.openStart(data, HELD_FROM));
  }

  dispose(): void {
    this.#isDisposed = true;
    for (const set of this.#sets) set.dispose();
    for (const encoded of this.#encoded) encoded.dispose();
  }
}

function isWhole({ view }: Pattern): boolean {
  return view !== 'fragment';
}

function folded(pattern: Pattern): Pattern {
  return { ...pattern, bytes: foldPlus(pattern.bytes) };
}

/** Of other letters UTF-16 has no zero bytes to know it by, or has them only where its beginning has left. */
function needsZero({ view, bytes, publicLength }: Pattern): boolean {
  return view === 'utf16' && bytes.subarray(0, publicLength + HELD_FROM).includes(0);
}
