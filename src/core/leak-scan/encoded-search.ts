// Searches a buffer as it reads in one encoding. Only stretches around escapes are decoded: what has no escape is
// found in the buffer itself. A match may begin at any byte, also inside what reads as an escape when decoding
// begins further in front, so each inner byte of an escape is tried as a beginning of its own.
import { decode, DecodedText } from './decoded-text.ts';
import type { Encoding } from './encodings.ts';
import type { Findings, Span } from './findings.ts';
import type { PatternSet } from './pattern-set.ts';
import type { Pattern } from './patterns.ts';
import { sameBytes } from './same-bytes.ts';
import { isOpen } from './start-index.ts';

/** Decoded bytes looked at in one piece. */
const PIECE_LENGTH = 8 * 1024;
/** The match from whose fourth secret byte on bytes are held; an unfinished escape counts as one. */
const HELD_FROM = 4;
const HALF_PAIR_LENGTH = 6;

export class EncodedSearch {
  readonly #encoding: Encoding;
  readonly #set: PatternSet;
  #piece: DecodedText | undefined;
  #probe: DecodedText | undefined;

  constructor(encoding: Encoding, set: PatternSet) {
    this.#encoding = encoding;
    this.#set = set;
  }

  search(span: Span, findings: Findings): void {
    const { longestPattern } = this.#set;
    this.#piece ??= new DecodedText(Math.max(PIECE_LENGTH, 4 * longestPattern));
    const text = this.#piece;
    const { data, isLast } = span;
    const stop = Math.min(data.length, span.startsBelow + longestPattern);
    const { trigger, otherTrigger } = this.#encoding;
    let next = indexOfByte(data, trigger, 0);
    let nextOther = otherTrigger === trigger ? next : indexOfByte(data, otherTrigger, 0);
    while (Math.min(next, nextOther) < stop) {
      let from = Math.max(0, Math.min(next, nextOther) - longestPattern + 1);
      for (;;) {
        decode(this.#encoding, data, from, {
          text,
          limit: { bytes: text.capacity, literals: longestPattern, isLast },
        });
        this.#searchPiece(span, text, findings);
        if (text.length < text.capacity) break;
        from = text.originOf(text.length - longestPattern);
      }
      if (text.isUnfinished) break;
      // Each byte is looked for only from where it was last found: a rare one must not cost a pass per stretch.
      if (next < text.sourceEnd) next = indexOfByte(data, trigger, text.sourceEnd);
      if (nextOther < text.sourceEnd) nextOther = indexOfByte(data, otherTrigger, text.sourceEnd);
    }
  }

  dispose(): void {
    for (const text of [this.#piece, this.#probe]) text?.bytes.fill(0);
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
    const open = this.#set.starts.openStart(text.bytes, text.length, leastHeld(text));
    if (open !== undefined) findings.addOpenStart(text.originOf(open));
    holdHalfPair(text, span, findings);
    if (!text.isUnfinished) return;
    for (let at = text.sourceEnd + 1; at < span.data.length; at++) this.#tryStart(span, at, findings);
  }

  /** Looks for the patterns that begin at `at`, and only there. */
  #tryStart(span: Span, at: number, findings: Findings): void {
    const { starts, longestPattern } = this.#set;
    const { data, isLast } = span;
    const first = data[at] ?? 0;
    const { trigger, otherTrigger } = this.#encoding;
    if (first !== trigger && first !== otherTrigger && !starts.canStartWith(first)) return;
    this.#probe ??= new DecodedText(longestPattern);
    const text = this.#probe;
    decode(this.#encoding, data, at, {
      text,
      limit: { bytes: starts.headLength, literals: longestPattern, isLast },
    });
    if (!span.isLast) holdHalfPair(text, span, findings);
    const candidates = starts.candidates(text.bytes, text.length);
    if (candidates.length === 0) return;
    decode(this.#encoding, data, at, {
      text,
      limit: { bytes: longestPattern, literals: longestPattern, isLast },
    });
    const reachesEnd = !span.isLast && (text.isUnfinished || text.sourceEnd === data.length);
    for (const pattern of candidates) {
      const { length } = pattern.bytes;
      if (text.length >= length && sameBytes(text.bytes, 0, pattern.bytes, { from: 0, length })) {
        this.#add(span, text, { pattern, start: 0 }, findings);
      } else if (
        reachesEnd &&
        isOpen(pattern, text.bytes, { start: 0, end: text.length, least: leastHeld(text) })
      ) {
        findings.addOpenStart(at);
      }
    }
  }

  #add(span: Span, text: DecodedText, match: { pattern: Pattern; start: number }, findings: Findings): void {
    const { pattern } = match;
    const behind = match.start + pattern.bytes.length;
    if (pattern.view === 'fragment' || !text.hasEscape(match.start, behind)) return;
    const start = text.originOf(match.start);
    if (start >= span.startsBelow) return;
    const end = text.endOf(behind - 1);
    let index = match.start;
    while (text.originOf(index) < Math.min(span.left, end)) index++;
    // An escape that has left in part stays whole, so that what is sent still parses, if it is one of the first.
    const isEarly = index - match.start < pattern.publicLength + HELD_FROM;
    const redactFrom = isEarly ? Math.min(text.originOf(index), end) : span.left;
    findings.add(pattern, this.#encoding.view, { start, end, redactFrom, isNew: end > text.literalFrom });
  }
}

function indexOfByte(data: Buffer, byte: number, from: number): number {
  const at = data.indexOf(byte, from);
  return at < 0 ? Number.POSITIVE_INFINITY : at;
}

/** The second half of a surrogate pair completes four bytes at once: the first half waits for it. */
function holdHalfPair(text: DecodedText, span: Span, findings: Findings): void {
  if (text.isUnfinished && span.data.length - text.sourceEnd >= HALF_PAIR_LENGTH) {
    findings.addOpenStart(text.sourceEnd);
  }
}

function leastHeld(text: DecodedText): number {
  return text.isUnfinished ? HELD_FROM - 1 : HELD_FROM;
}
