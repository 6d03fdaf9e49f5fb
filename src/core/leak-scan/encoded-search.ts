// Searches a buffer as it reads in one encoding. Only stretches around escapes are decoded: what has no escape is
// found in the buffer itself. A match may begin at any byte, also inside what reads as an escape when decoding
// begins further in front, so each inner byte of an escape is tried as a beginning of its own.
import { decode, DecodedText } from './decoded-text.ts';
import { type Encoding, LONGEST_ESCAPE } from './encodings.ts';
import type { Findings, Span } from './findings.ts';
import type { PatternSet } from './pattern-set.ts';
import type { Pattern } from './patterns.ts';
import { sameBytes } from './same-bytes.ts';
import { isOfWord } from './guessable.ts';
import { isOpen } from './start-index.ts';

/** Decoded bytes looked at in one piece. */
const PIECE_LENGTH = 8 * 1024;
/** The match from whose fourth secret byte on bytes are held; an unfinished escape counts as one. */
const HELD_FROM = 4;
const HALF_PAIR_LENGTH = 6;
/** Bytes that are looked at one by one. */
const NEAR = 24;

export class EncodedSearch {
  readonly #encoding: Encoding;
  readonly #set: PatternSet;
  readonly #accepts: (pattern: Pattern) => boolean;
  #piece: DecodedText | undefined;
  #probe: DecodedText | undefined;
  #tail: DecodedText | undefined;

  /** `accepts`: of the set's patterns those that are looked for; all unless told. */
  constructor(encoding: Encoding, set: PatternSet, accepts: (pattern: Pattern) => boolean = () => true) {
    this.#encoding = encoding;
    this.#set = set;
    this.#accepts = accepts;
  }

  search(span: Span, findings: Findings): void {
    const { longestPattern } = this.#set;
    const stop = Math.min(span.data.length, span.startsBelow + longestPattern);
    const { trigger, otherTrigger } = this.#encoding;
    let next = this.#nextEscape(span, trigger, 0, stop);
    let nextOther = otherTrigger === trigger ? next : this.#nextEscape(span, otherTrigger, 0, stop);
    while (Math.min(next, nextOther) < stop) {
      const sourceEnd = this.#searchAround(span, Math.min(next, nextOther), findings);
      // Each byte is looked for only from where it was last found: a rare one must not cost a pass per stretch.
      if (next < sourceEnd) next = this.#nextEscape(span, trigger, sourceEnd, stop);
      if (nextOther < sourceEnd) nextOther = this.#nextEscape(span, otherTrigger, sourceEnd, stop);
    }
  }

  dispose(): void {
    for (const text of [this.#piece, this.#probe, this.#tail]) text?.bytes.fill(0);
  }

  /** The next place from `from`, before `stop`, of an escape that may stand in or before a match; else infinite. */
  #nextEscape({ data, isLast }: Span, byte: number, from: number, stop: number): number {
    const { escapes } = this.#set;
    const last = data.length - 1;
    for (let at = indexOfByte(data, byte, from); at >= 0 && at < stop; at = indexOfByte(data, byte, at + 1)) {
      if (escapes.mayMatch(this.#encoding, data, at, isLast)) return at;
    }
    const endsInside = from <= last && last < stop && this.#encoding.begins[data[last] ?? 0] === 1;
    return endsInside && escapes.mayMatch(this.#encoding, data, last, isLast)
      ? last
      : Number.POSITIVE_INFINITY;
  }

  /** Decodes and searches the stretch around the escape at `at`, as long as others follow. Returns where it ended. */
  #searchAround(span: Span, at: number, findings: Findings): number {
    const { longestPattern } = this.#set;
    this.#piece ??= new DecodedText(Math.max(PIECE_LENGTH, 4 * longestPattern));
    const text = this.#piece;
    const start = this.#encoding.startOf?.(span.data, at) ?? at;
    let from = Math.max(0, start - longestPattern);
    for (;;) {
      decode(this.#encoding, span.data, from, {
        text,
        // One byte more than a match has: whether a word goes on behind it.
        limit: { bytes: text.capacity, literals: longestPattern + 2, isLast: span.isLast },
      });
      this.#searchPiece(span, text, findings);
      if (text.isUnfinished) return span.data.length;
      if (text.length < text.capacity) return Math.max(text.sourceEnd, at + 1);
      from = text.originOf(text.length - longestPattern - 1);
    }
  }

  #searchPiece(span: Span, text: DecodedText, findings: Findings): void {
    const decoded = text.bytes.subarray(0, text.length);
    this.#set.search(decoded, text.length, (pattern, start) =>
      this.#add(span, text, { pattern, start }, findings),
    );
    for (let escape = 0; escape < text.escapeCount; escape++) {
      const end = text.escapeEnd(escape);
      for (let at = text.escapeStart(escape) + 1; at < end; at++) this.#tryStart(span, at, findings);
    }
    if (span.isLast || (!text.isUnfinished && text.sourceEnd < span.data.length)) return;
    const open = this.#set.starts.openStart(text.bytes, {
      end: text.length,
      least: this.#leastHeld(text),
      accepts: this.#accepts,
    });
    if (open !== undefined) findings.addOpenStart(text.originOf(open));
    if (text.isUnfinished) this.#holdUnescaped(span, text, findings);
    holdHalfPair(text, span, findings);
    if (!text.isUnfinished) return;
    for (let at = text.sourceEnd + 1; at < span.data.length; at++) this.#tryStart(span, at, findings);
  }

  /** What the buffer ends in may be no escape: then more of a match is there already. */
  #holdUnescaped(span: Span, text: DecodedText, findings: Findings): void {
    const { starts, longestPattern } = this.#set;
    const first = Math.max(0, text.length - longestPattern);
    const from = text.originOf(first);
    const decided = text.length - first;
    const literal = this.#readToEnd(span, from);
    const ask = { end: literal.length, least: HELD_FROM, decided, accepts: this.#accepts };
    const open = starts.openStart(literal.bytes, ask);
    if (open !== undefined) findings.addOpenStart(literal.originOf(open));
  }

  #holdUnescapedStart(span: Span, { sourceStart, length }: DecodedText, findings: Findings): void {
    const literal = this.#readToEnd(span, sourceStart);
    const ask = { start: 0, end: literal.length, least: HELD_FROM, decided: length };
    const candidates = this.#set.starts.candidates(literal.bytes, literal.length);
    if (candidates.some((pattern) => this.#beginsInside(pattern) && isOpen(pattern, literal.bytes, ask)))
      findings.addOpenStart(sourceStart);
  }

  /** Inside what reads as an escape no word begins. */
  #beginsInside(pattern: Pattern): boolean {
    return !pattern.isToken && this.#accepts(pattern);
  }

  #readToEnd({ data }: Span, from: number): DecodedText {
    const { longestPattern } = this.#set;
    this.#tail ??= new DecodedText(longestPattern + LONGEST_ESCAPE);
    const limit = { bytes: this.#tail.capacity, literals: this.#tail.capacity, isLast: true };
    decode(this.#encoding, data, from, { text: this.#tail, limit });
    return this.#tail;
  }

  /** Looks for the patterns that begin at `at`, and only there. */
  #tryStart(span: Span, at: number, findings: Findings): void {
    const { starts, longestPattern } = this.#set;
    const { data, isLast } = span;
    const first = data[at] ?? 0;
    if (this.#encoding.begins[first] !== 1 && !starts.canStartWith(first)) return;
    if (!this.#set.escapes.mayBegin(this.#encoding, data, at, isLast)) return;
    this.#probe ??= new DecodedText(longestPattern);
    const text = this.#probe;
    decode(this.#encoding, data, at, {
      text,
      limit: { bytes: starts.headLength, literals: longestPattern, isLast },
    });
    if (!span.isLast) holdHalfPair(text, span, findings);
    const candidates = starts.candidates(text.bytes, text.length);
    if (candidates.length > 0) {
      decode(this.#encoding, data, at, {
        text,
        limit: { bytes: longestPattern, literals: longestPattern, isLast },
      });
    }
    if (!isLast && text.isUnfinished) this.#holdUnescapedStart(span, text, findings);
    const isCut = reachesEnd(span, text, text.length);
    for (const pattern of candidates) {
      if (!this.#beginsInside(pattern)) continue;
      const { length } = pattern.bytes;
      if (text.length >= length && sameBytes(text.bytes, 0, pattern.bytes, { from: 0, length })) {
        this.#add(span, text, { pattern, start: 0 }, findings);
      } else if (
        isCut &&
        isOpen(pattern, text.bytes, { start: 0, end: text.length, least: this.#leastHeld(text) })
      ) {
        findings.addOpenStart(at);
      }
    }
  }

  #add(span: Span, text: DecodedText, match: { pattern: Pattern; start: number }, findings: Findings): void {
    const { pattern } = match;
    const behind = match.start + pattern.bytes.length;
    if (pattern.view === 'fragment' || !this.#accepts(pattern)) return;
    const start = text.originOf(match.start);
    if (start >= span.startsBelow) return;
    if (pattern.isToken) {
      if (behind >= text.capacity) return; // the next piece has what comes behind it
      if (isOfWord(byteBefore(span, text, match.start)) || isOfWord(byteAt(span, text, behind))) return;
      if (reachesEnd(span, text, behind)) return findings.addOpenStart(start);
    } else if (!text.hasEscape(match.start, behind)) {
      return;
    }
    const end = text.endOf(behind - 1);
    let index = match.start;
    while (text.originOf(index) < Math.min(span.left, end)) index++;
    // An escape that has left in part stays whole, so that what is sent still parses, if it is one of the first.
    const isEarly = index - match.start < pattern.publicLength + HELD_FROM;
    const redactFrom = isEarly ? Math.min(text.originOf(index), end) : span.left;
    findings.add(pattern, this.#encoding.view, { start, end, redactFrom });
  }

  /** What is decoded so far; an unfinished escape counts as a byte, but not where it stands for none. */
  #leastHeld({ isUnfinished }: DecodedText): number {
    return isUnfinished && this.#encoding.view !== 'wrapped' ? HELD_FROM - 1 : HELD_FROM;
  }
}

function byteBefore({ data, before }: Span, text: DecodedText, index: number): number | undefined {
  if (index > 0) return text.bytes[index - 1];
  return text.sourceStart === 0 ? before : data[text.sourceStart - 1];
}

function byteAt({ data }: Span, text: DecodedText, index: number): number | undefined {
  return index < text.length ? text.bytes[index] : data[text.sourceEnd];
}

/** Whether what comes behind the decoded byte at `index` is not known yet. */
function reachesEnd({ data, isLast }: Span, text: DecodedText, index: number): boolean {
  return !isLast && index >= text.length && (text.isUnfinished || text.sourceEnd === data.length);
}

/** As `indexOf`, which is slow to begin: where bytes are frequent the next one is near. */
function indexOfByte(data: Buffer, byte: number, from: number): number {
  const near = Math.min(data.length, from + NEAR);
  for (let at = from; at < near; at++) if (data[at] === byte) return at;
  return near === data.length ? -1 : data.indexOf(byte, near);
}

/** The second half of a surrogate pair completes four bytes at once: the first half waits for it. */
function holdHalfPair(text: DecodedText, span: Span, findings: Findings): void {
  if (text.isUnfinished && span.data.length - text.sourceEnd >= HALF_PAIR_LENGTH) {
    findings.addOpenStart(text.sourceEnd);
  }
}
