// Gathers what the views of one push found: matches to redact and report, and the earliest place that must wait.
// Places count from the first byte the push looks at, which may be bytes carried over from earlier ones.
import { LONGEST_ESCAPE } from './encodings.ts';
import type { Pattern, View } from './patterns.ts';

export interface LeakMatch {
  readonly targetId: string;
  readonly view: View;
  /** Place of the echo's first byte in the stream. */
  readonly offset: number;
  readonly length: number;
}

export interface Finding {
  readonly targetId: string;
  readonly view: View;
  readonly start: number;
  readonly end: number;
  /** Redaction begins here when the bytes before it have left already. */
  readonly redactFrom: number;
}

/** What was reported of late, by its places in the stream. */
export type Reported = readonly LeakMatch[];

/** What a search of one buffer is told. */
export interface Span {
  readonly data: Buffer;
  /** The byte before the first; undefined where the stream begins. */
  readonly before?: number | undefined;
  /** Place of the first byte that has not left; may be negative. */
  readonly left: number;
  /** Matches beginning here or later are found by another search. */
  readonly startsBelow: number;
  /** What has begun in it ends in it, or never will. */
  readonly isLast: boolean;
}

export class Findings {
  readonly #found: Finding[] = [];
  #openStart = Number.POSITIVE_INFINITY;
  /** Added to the places of the search at work. */
  shift = 0;

  add(pattern: Pattern, view: Finding['view'], place: { start: number; end: number; redactFrom?: number }) {
    const { start, end, redactFrom = start } = place;
    this.#found.push({
      targetId: pattern.targetId,
      view,
      start: start + this.shift,
      end: end + this.shift,
      redactFrom: redactFrom + this.shift,
    });
  }

  /** A match may begin here and end behind what is there. */
  addOpenStart(start: number | undefined): void {
    if (start !== undefined) this.#openStart = Math.min(this.#openStart, start + this.shift);
  }

  get openStart(): number {
    return this.#openStart;
  }

  /**
   * Matches in order, less those that were reported when the first `carried` bytes, which begin at `offset` of the
   * stream, were looked at, those inside another one of the same target, and with overlapping ones of one target
   * joined.
   */
  settle(carried: number, offset: number, reported: Reported): Finding[] {
    if (this.#found.length === 0) return this.#found;
    // Where the carried bytes ended in what may have been an escape, or a word that may go on, an echo that ends
    // there was not known yet.
    const decided = carried - LONGEST_ESCAPE;
    const fresh = this.#found.filter(
      (finding) => finding.end > carried || (finding.end > decided && !isAmong(reported, finding, offset)),
    );
    fresh.sort((one, other) => one.start - other.start || other.end - one.end || rank(one) - rank(other));
    const settled: Finding[] = [];
    const lastOf = new Map<string, number>();
    for (const finding of fresh) {
      const index = lastOf.get(finding.targetId);
      const last = index === undefined ? undefined : settled[index];
      if (index === undefined || last === undefined || finding.start >= last.end) {
        lastOf.set(finding.targetId, settled.push(finding) - 1);
      } else {
        const end = Math.max(last.end, finding.end);
        settled[index] = { ...last, end, redactFrom: Math.min(last.redactFrom, finding.redactFrom) };
      }
    }
    return settled;
  }
}

function isAmong(reported: Reported, { targetId, start, end }: Finding, offset: number): boolean {
  return reported.some(
    (match) =>
      match.targetId === targetId &&
      match.offset <= offset + start &&
      match.offset + match.length >= offset + end,
  );
}

/** A whole value is reported rather than a fragment of the same extent. */
function rank({ view }: Finding): number {
  return view === 'fragment' ? 1 : 0;
}
