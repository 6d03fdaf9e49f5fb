// The leak guard's scanner: redacts every echo of the given values in a byte stream, chunk by chunk, at the same
// length, and holds back only bytes that may be the beginning of an echo. At most three secret bytes of an echo
// that is cut by chunk borders leave. Pure: bytes in, bytes out.
import { Problem } from '../problem.ts';
import { LONGEST_ESCAPE } from './encodings.ts';
import { type Finding, Findings, type LeakMatch } from './findings.ts';
import { PatternTable } from './pattern-table.ts';
import { patternsOf, type ScanTarget } from './patterns.ts';

const REDACTED = 0x2a; // '*'
const NOTHING = Buffer.alloc(0);

export interface ScanTable {
  /** Patterns looked for; 0 when there is nothing to scan for. */
  readonly size: number;
  /** Wipes the values. Scans that still use the table fail from then on. */
  dispose(): void;
}

export interface LeakScan {
  /** The bytes that may be sent now, perhaps none; the chunk itself when nothing in it matters. Never writes to it. */
  push(chunk: Buffer): Buffer;
  /** What was still held. */
  end(): Buffer;
  readonly matches: number;
}

/** Made once for a set of values and shared by any number of streams; keeps copies of the values. */
export function buildScanTable(targets: readonly ScanTarget[]): ScanTable {
  return new PatternTable(targets.flatMap(patternsOf));
}

export function createLeakScan(table: ScanTable, onMatch: (match: LeakMatch) => void): LeakScan {
  return new StreamScan(requireBuilt(table), onMatch);
}

function requireBuilt(table: ScanTable): PatternTable {
  if (table instanceof PatternTable) return table;
  throw new Problem('internal', { internal: 'not a built scan table' });
}

/** Header names and values, reason phrases: Latin-1 texts without line breaks, each in one piece. */
export function scanTexts(
  table: ScanTable,
  texts: readonly string[],
  onMatch: (match: LeakMatch) => void,
): readonly string[] {
  const built = requireBuilt(table);
  const all = texts.join('\n');
  // One search for all of them finds what is in any, nearly always nothing. What a backslash at a text's end means
  // depends on what comes after it, though.
  if (!all.includes('\\') && scanWhole(built, all, () => undefined) === all) return texts;
  return texts.map((text) => scanWhole(built, text, onMatch));
}

function scanWhole(table: PatternTable, text: string, onMatch: (match: LeakMatch) => void): string {
  if (table.size === 0 || text === '') return text;
  const data = Buffer.from(text, 'latin1');
  const findings = new Findings();
  table.search({ data, left: 0, startsBelow: data.length, isLast: true }, findings);
  const found = findings.settle(0, 0, []);
  for (const { targetId, view, start, end } of found) {
    data.fill(REDACTED, start, end);
    onMatch({ targetId, view, offset: start, length: end - start });
  }
  return found.length === 0 ? text : data.toString('latin1');
}

class StreamScan implements LeakScan {
  readonly #table: PatternTable;
  readonly #onMatch: (match: LeakMatch) => void;
  /** The latest bytes as they came: what left and may still matter, then what is held. */
  #carried = NOTHING;
  /** The held bytes as they will leave. */
  #held = NOTHING;
  /** Place of the first carried byte in the stream. */
  #offset = 0;
  #matches = 0;
  /** The matches that end where the carried bytes do, or nearly. */
  #reported: LeakMatch[] = [];

  constructor(table: PatternTable, onMatch: (match: LeakMatch) => void) {
    this.#table = table;
    this.#onMatch = onMatch;
  }

  get matches(): number {
    return this.#matches;
  }

  push(chunk: Buffer): Buffer {
    if (this.#table.size === 0 || chunk.length === 0) return chunk;
    const left = this.#carried.length - this.#held.length;
    const findings = new Findings();
    const latest = this.#search(chunk, left, findings);
    const end = this.#carried.length + chunk.length;
    const holdFrom = Math.max(left, Math.min(end, findings.openStart));
    const found = this.#settle(findings);
    const sent = this.#release(chunk, { found, left, holdFrom });
    // More than is held: whether a word goes on there is asked of what stands before an echo.
    const from = findings.openStart - LONGEST_ESCAPE;
    this.#keep(latest, Math.min(from, end - this.#table.contextLength), end);
    return sent;
  }

  end(): Buffer {
    const { length } = this.#carried;
    const left = length - this.#held.length;
    const findings = new Findings();
    if (this.#held.length > 0) {
      this.#table.search({ data: this.#carried, left, startsBelow: length, isLast: true }, findings);
    }
    const sent = this.#release(NOTHING, { found: this.#settle(findings), left, holdFrom: length });
    this.#offset += length;
    this.#carried = NOTHING;
    return sent;
  }

  /** Searches the carried bytes and the chunk; returns the bytes that end with the chunk's last. */
  #search(chunk: Buffer, left: number, findings: Findings): Buffer {
    const { length } = this.#carried;
    const { longestEcho } = this.#table;
    if (length > 0 && chunk.length <= longestEcho) {
      const data = Buffer.concat([this.#carried, chunk]);
      this.#table.search({ data, left, startsBelow: data.length, isLast: false }, findings);
      return data;
    }
    if (length > 0) {
      // A large chunk is searched where it lies; only its beginning is copied, behind the carried bytes.
      const data = Buffer.concat([this.#carried, chunk.subarray(0, longestEcho)]);
      // Of a word that the chunk begins with an escape may stand before it, so that it is looked at here too.
      this.#table.search({ data, left, startsBelow: length + LONGEST_ESCAPE, isLast: true }, findings);
      findings.shift = length;
    }
    this.#table.search(
      {
        data: chunk,
        before: this.#carried.at(-1),
        left: left - length,
        startsBelow: chunk.length,
        isLast: false,
      },
      findings,
    );
    return chunk;
  }

  /** Reports what was found, redacts it in the bytes that have not left, and holds those from `holdFrom` on. */
  #release(chunk: Buffer, step: { found: readonly Finding[]; left: number; holdFrom: number }): Buffer {
    const { found, left, holdFrom } = step;
    if (found.length === 0 && this.#held.length === 0) {
      const sentLength = holdFrom - left;
      if (sentLength === chunk.length) return chunk;
      this.#held = Buffer.from(chunk.subarray(sentLength));
      return chunk.subarray(0, sentLength);
    }
    const bytes = Buffer.concat([this.#held, chunk]);
    for (const { targetId, view, start, end, redactFrom } of found) {
      this.#matches++;
      if (end > left) bytes.fill(REDACTED, Math.min(Math.max(redactFrom, left), end) - left, end - left);
      const match = { targetId, view, offset: this.#offset + start, length: end - start };
      this.#reported.push(match);
      this.#onMatch(match);
    }
    this.#held = Buffer.from(bytes.subarray(holdFrom - left));
    return bytes.subarray(0, holdFrom - left);
  }

  #settle(findings: Findings): Finding[] {
    const { length } = this.#carried;
    const near = this.#offset + length - LONGEST_ESCAPE;
    if (this.#reported.length > 0)
      this.#reported = this.#reported.filter((match) => match.offset + match.length > near);
    return findings.settle(length, this.#offset, this.#reported);
  }

  /** Carries the bytes of `latest` from `from` on; both count from the first carried byte. */
  #keep(latest: Buffer, from: number, end: number): void {
    const first = Math.max(from, end - latest.length);
    this.#carried = Buffer.from(latest.subarray(latest.length - (end - first)));
    this.#offset += first;
  }
}
