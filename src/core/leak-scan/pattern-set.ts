// All literal patterns of a scan table in one spelling, with the indexes that find them.
import { EscapeFilter } from './escape-filter.ts';
import { GramIndex, type MatchVisitor } from './gram-index.ts';
import type { Pattern } from './patterns.ts';
import { StartIndex } from './start-index.ts';

/** Shorter patterns have no gram and are searched for one by one. */
const INDEXED_LENGTH = 4;
const LONG_GRAM = 8;
/** Long enough to be looked for by long grams, rarely. */
const LONG_PATTERN = 19;
/** Below it one search for all of them is the faster way. */
const LARGE_SET = 500;

export class PatternSet {
  readonly patterns: readonly Pattern[];
  readonly starts: StartIndex;
  readonly escapes: EscapeFilter;
  readonly longestPattern: number;
  readonly #grams: GramIndex;
  readonly #longGrams: GramIndex;
  readonly #hexGrams: GramIndex;
  readonly #short: readonly Pattern[];

  constructor(patterns: readonly Pattern[]) {
    this.patterns = patterns;
    this.longestPattern = patterns.reduce((most, { bytes }) => Math.max(most, bytes.length), 0);
    this.starts = new StartIndex(patterns);
    this.escapes = new EscapeFilter(patterns);
    // Of many values four bytes say little: of hexadecimal digits every gram is in the table, and of letters some in each
    // line of text.
    const isLarge = patterns.length > LARGE_SET;
    const long = patterns.filter((pattern) => isLarge && isLong(pattern));
    const hex = patterns.filter((pattern) => isLarge && !isLong(pattern) && isHex(pattern));
    const apart = new Set([...long, ...hex]);
    this.#grams = new GramIndex(patterns.filter((pattern) => !apart.has(pattern)));
    this.#longGrams = new GramIndex(long, LONG_GRAM);
    this.#hexGrams = new GramIndex(hex, LONG_GRAM);
    this.#short = patterns.filter(({ bytes }) => bytes.length < INDEXED_LENGTH);
  }

  /** Visits every match that begins before `startsBelow`. */
  search(data: Buffer, startsBelow: number, visit: MatchVisitor): void {
    this.#grams.search(data, startsBelow, visit);
    this.#longGrams.search(data, startsBelow, visit);
    this.#hexGrams.search(data, startsBelow, visit);
    for (const pattern of this.#short) {
      const { length } = pattern.bytes;
      for (let at = data.indexOf(pattern.bytes); at >= 0 && at < startsBelow; ) {
        visit(pattern, at, at + length, false);
        at = data.indexOf(pattern.bytes, at + 1);
      }
    }
  }

  /** Where the earliest match begins that `data` may end in the middle of; undefined when there is none. */
  openStart(data: Buffer, least: number): number | undefined {
    const start = this.starts.openStart(data, { end: data.length, least });
    const run = this.#grams.openRunStart(data);
    return start === undefined || run === undefined ? (start ?? run) : Math.min(start, run);
  }

  dispose(): void {
    this.starts.dispose();
    this.escapes.dispose();
    this.#grams.dispose();
    this.#longGrams.dispose();
    this.#hexGrams.dispose();
    for (const { bytes } of this.patterns) bytes.fill(0);
  }
}

function isLong({ view, bytes }: Pattern): boolean {
  return view !== 'fragment' && bytes.length >= LONG_PATTERN;
}

function isHex({ view, bytes }: Pattern): boolean {
  return view === 'hex' && bytes.length >= LONG_GRAM;
}
