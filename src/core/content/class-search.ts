// Looks for the classes of content that are switched on, segment by segment.
import { card } from './cards.ts';
import type { ContentClass } from './classes.ts';
import { findEmail } from './email.ts';
import { compact, type Format, type Shape } from './format.ts';
import { iban } from './iban.ts';
import { EUROPEAN } from './identifiers-europe.ts';
import { ELSEWHERE } from './identifiers-elsewhere.ts';
import { findPhone, type IsPhone } from './phone.ts';
import { eachSegment, isBare, isDigit, isLetterOrDigit, isLower, type Segment } from './segments.ts';
import { LOOK_BACK_BYTES, type Match, type SearchedText, type TextSearch } from './text-search.ts';

const FORMATS: readonly Format[] = [iban, card, ...EUROPEAN, ...ELSEWHERE];
const LEAST_PHONE_DIGITS = 7;
/** Telephone numbers tried in one segment: reading one is slow, and a hostile text could be made of beginnings. */
const MOST_PHONES = 8;
const HINT_BYTES = 48;
const PLUS = 0x2b;
const DASH = 0x2d;
const DOT = 0x2e;
const SLASH = 0x2f;
const ZERO = 0x30;
const NEVER_BEFORE: ReadonlySet<number> = new Set(Buffer.from('_@+$'));
const NEVER_BEHIND: ReadonlySet<number> = new Set(Buffer.from('_@%'));
const LONGEST_WORD = 34;
const NOT_VISITED = () => 0;

interface Candidate {
  readonly format: Format;
  readonly shape: Shape;
}

export class ClassSearch implements TextSearch {
  readonly #hasEmail: boolean;
  readonly #isPhone: IsPhone | undefined;
  readonly #leastDigits: number;
  /** By the length of the first word. */
  readonly #candidates: readonly (readonly Candidate[])[];

  /** The first of the classes counts where a text is of several. */
  constructor(classes: readonly ContentClass[], isPhone: IsPhone) {
    const formats = classes.flatMap((name) => FORMATS.filter((format) => format.class === name));
    this.#hasEmail = classes.includes('email');
    this.#isPhone = classes.includes('phone') ? isPhone : undefined;
    this.#leastDigits = Math.min(
      ...formats.map(({ leastDigits }) => leastDigits),
      this.#isPhone === undefined ? Number.POSITIVE_INFINITY : LEAST_PHONE_DIGITS,
    );
    this.#candidates = Array.from({ length: LONGEST_WORD + 1 }, (_, length) =>
      formats.flatMap((format) =>
        format.shapes.filter(({ first }) => first.includes(length)).map((shape) => ({ format, shape })),
      ),
    );
  }

  search(text: SearchedText, from: number, found: (match: Match) => void): number {
    return eachSegment(text, from, this.#leastDigits, (segment) => this.#searchSegment(text, segment, found));
  }

  openAtWithoutFinds(bytes: Buffer): number | undefined {
    if (!isBare(bytes, this.#leastDigits)) return undefined;
    return eachSegment({ bytes, length: bytes.length, isLast: false }, 0, this.#leastDigits, NOT_VISITED);
  }

  #searchSegment(text: SearchedText, segment: Segment, found: (match: Match) => void): number {
    // With what stands in front of it, which decides whether a word begins there.
    const base = Math.max(0, segment.start - LOOK_BACK_BYTES);
    const look = new Look(text.bytes, base, segment);
    if (this.#hasEmail && segment.hasAt) this.#emails(look);
    if (this.#isPhone !== undefined) this.#phones(look, this.#isPhone);
    this.#words(look);
    let end = 0;
    for (const match of look.matches) {
      found({ ...match, start: match.start + base, end: match.end + base, keptFrom: match.keptFrom + base });
      end = Math.max(end, match.end + base);
    }
    return end;
  }

  #emails(look: Look): void {
    for (let at = look.text.indexOf('@', look.from); at >= 0; at = look.text.indexOf('@', at + 1)) {
      look.add(findEmail(look.text, at));
    }
  }

  #phones(look: Look, isPhone: IsPhone): void {
    let tries = 0;
    for (let at = look.from; at < look.startsBelow && tries < MOST_PHONES; at++) {
      const byte = look.byteAt(at);
      if (byte !== PLUS && !(byte === ZERO && look.byteAt(at + 1) === ZERO)) continue;
      const before = look.byteAt(at - 1);
      if (isLetterOrDigit(before) || before === PLUS || (byte === ZERO && !look.isFree(at))) continue;
      tries += 1;
      const match = findPhone(look.text, at, isPhone);
      look.add(match);
      if (match !== undefined) at = match.end;
    }
  }

  #words(look: Look): void {
    for (let at = look.from; at < look.startsBelow; ) {
      if (!look.isWordAt(at)) {
        at += 1;
        continue;
      }
      const end = look.wordEnd(at);
      const candidates = this.#candidates[end - at];
      const match =
        candidates === undefined || candidates.length === 0 || !look.isFree(at)
          ? undefined
          : firstMatch(look, at, look.hasLower(at, end) ? candidates.filter(hasLower) : candidates);
      look.add(match);
      at = Math.max(end, match?.end ?? 0);
    }
  }
}

/** One segment, with what stands in front of it and what was found in it. Places count from there. */
class Look {
  /** Where the segment begins. */
  readonly from: number;
  readonly startsBelow: number;
  readonly length: number;
  readonly matches: Match[] = [];
  readonly #bytes: Buffer;
  readonly #base: number;
  #text: string | undefined;

  constructor(bytes: Buffer, base: number, { start, end, startsBelow }: Segment) {
    this.#bytes = bytes;
    this.#base = base;
    this.from = start - base;
    this.startsBelow = startsBelow - base;
    this.length = end - base;
  }

  /** A character for each byte. Most segments never need it. */
  get text(): string {
    this.#text ??= this.#bytes.toString('latin1', this.#base, this.#base + this.length);
    return this.#text;
  }

  byteAt(at: number): number | undefined {
    return at < this.length ? this.#bytes[this.#base + at] : undefined;
  }

  isWordAt(at: number): boolean {
    return isLetterOrDigit(this.byteAt(at));
  }

  wordEnd(start: number): number {
    let end = start + 1;
    while (this.isWordAt(end)) end += 1;
    return end;
  }

  hasLower(start: number, end: number): boolean {
    for (let at = start; at < end; at++) if (isLower(this.byteAt(at))) return true;
    return false;
  }

  /** Whether something may begin at `at`: it is no part of a longer number, name or amount. */
  isFree(at: number): boolean {
    const before = this.byteAt(at - 1);
    if (isLetterOrDigit(before) || (before !== undefined && NEVER_BEFORE.has(before))) return false;
    if (before === DASH || before === DOT) return !this.isWordAt(at - 2);
    return before !== SLASH || !isDigit(this.byteAt(at - 2)) || !isDigit(this.byteAt(at));
  }

  /** Whether something may end in front of `end`. */
  endsAt(end: number): boolean {
    const next = this.byteAt(end);
    if (isLetterOrDigit(next) || (next !== undefined && NEVER_BEHIND.has(next))) return false;
    if (next === DASH) return !this.isWordAt(end + 1);
    return (next !== DOT && next !== SLASH) || !isDigit(this.byteAt(end + 1));
  }

  hintBefore(at: number): string {
    return this.text.slice(Math.max(0, at - HINT_BYTES), at).toLowerCase();
  }

  /** Of two that overlap the first that was found stays. */
  add(match: Match | undefined): void {
    if (match === undefined || match.start < this.from || match.start >= this.startsBelow) return;
    if (this.matches.some(({ start, end }) => match.start < end && start < match.end)) return;
    this.matches.push(match);
  }
}

function hasLower({ shape }: Candidate): boolean {
  return shape.hasLower === true;
}

function firstMatch(look: Look, start: number, candidates: readonly Candidate[]): Match | undefined {
  for (const { format, shape } of candidates) {
    const { pattern, hint } = shape;
    pattern.lastIndex = start;
    let found = pattern.exec(look.text)?.[0];
    while (found !== undefined) {
      const end = start + found.length;
      if (look.endsAt(end) && format.isOne(compact(found)) && (hint?.test(look.hintBefore(start)) ?? true)) {
        const keptFrom = end - (format.kept ?? 0);
        return { rule: format.class, start, end, keptFrom, isGrouped: true };
      }
      found = shape.shrinks === true ? withoutLastGroup(found) : undefined;
    }
  }
  return undefined;
}

function withoutLastGroup(found: string): string | undefined {
  const at = Math.max(found.lastIndexOf(' '), found.lastIndexOf('-'));
  return at < 0 ? undefined : found.slice(0, at);
}
