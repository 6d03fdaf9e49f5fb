// What `buildScanTable` makes: the patterns and the searches through every view, shared by many streams.
import { Problem } from '../problem.ts';
import { EncodedSearch } from './encoded-search.ts';
import { foldPlus, formEncoding, jsonEncoding, percentEncoding } from './encodings.ts';
import type { Findings, Span } from './findings.ts';
import { PatternSet } from './pattern-set.ts';
import type { Pattern } from './patterns.ts';

/** Encoded bytes one value byte can take: `\u0041`. */
const LONGEST_ENCODED_BYTE = 6;
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
  readonly #encoded: readonly EncodedSearch[];
  #isDisposed = false;

  constructor(patterns: readonly Pattern[]) {
    this.size = patterns.length;
    this.#set = new PatternSet(patterns);
    // Only where a value has a space does `+` matter, and then it reads as one in text and patterns alike.
    const readsForms = patterns.some(({ bytes }) => bytes.includes(SPACE));
    const formSet = readsForms ? new PatternSet(patterns.filter(isWhole).map(folded)) : this.#set;
    this.#sets = readsForms ? [this.#set, formSet] : [this.#set];
    this.#encoded = [
      new EncodedSearch(readsForms ? formEncoding : percentEncoding, formSet),
      new EncodedSearch(jsonEncoding, this.#set),
    ];
    const longestPublic = patterns.reduce((most, { publicLength }) => Math.max(most, publicLength), 0);
    this.longestEcho = (this.#set.longestPattern + 1) * LONGEST_ENCODED_BYTE;
    this.contextLength = (longestPublic + HELD_FROM) * LONGEST_ENCODED_BYTE;
  }

  /** Adds to `findings` what the span's bytes hold in any view. */
  search(span: Span, findings: Findings): void {
    if (this.#isDisposed) throw new Problem('internal', { internal: 'a scan table was used after its end' });
    const { data, startsBelow, isLast } = span;
    this.#set.search(data, startsBelow, (pattern, start, end, canGrow) => {
      if (canGrow && end === data.length && !isLast) return;
      findings.add(pattern, pattern.view, { start, end, isNew: canGrow });
    });
    if (!isLast) findings.addOpenStart(this.#set.openStart(data, HELD_FROM));
    for (const encoded of this.#encoded) encoded.search(span, findings);
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
