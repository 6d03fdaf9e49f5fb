// Looks for content in one body as it streams, masks what is to be masked, and holds back what could still become a match.
// What it finds does not depend on how the body was cut.
import { ShapeScan } from '../credential-shapes/shape-scan.ts';
import type { ContentAction } from './classes.ts';
import type { ContentTable } from './content-table.ts';
import type { Writing } from './escapes.ts';
import { isDigit, isLetterOrDigit } from './segments.ts';
import { LOOK_BACK_BYTES, type Match, type SearchedText } from './text-search.ts';

const PIECE_BYTES = 8 * 1024;
const NOTHING = Buffer.alloc(0);
const STAR = 0x2a;
const NINE = 0x39;
const SPACES: ReadonlySet<number> = new Set(Buffer.from(' \t\r\n'));
const IN_NUMBERS: ReadonlySet<number> = new Set(Buffer.from('0123456789-+.eE'));
const BEFORE_NUMBERS: ReadonlySet<number> = new Set(Buffer.from(':,['));
const BEHIND_NUMBERS: ReadonlySet<number> = new Set([...SPACES, ...Buffer.from(',]}')]);

/** Tells of a match before its mask is set; what it throws ends the scan. */
type OnMatch = (rule: string, action: ContentAction) => void;

export class ContentScan {
  readonly #table: ContentTable;
  readonly #writing: Writing;
  readonly #onMatch: OnMatch;
  /** Looks before all others do: what they mask could be part of a credential. */
  readonly #credentials: ShapeScan | undefined;
  /** The undecided end of what came, as it came. */
  #pending: Buffer = NOTHING;
  /** The same with its masks, once it has any: what is searched again must be what was searched before. */
  #masked: Buffer | undefined;
  /** What stands in front of it, folded. */
  #context: Buffer = NOTHING;
  /** Where each search goes on, counted from the end of the context. */
  readonly #resumes: number[];
  /** Bytes that were decided. */
  #decided = 0;
  /** What lies across this place is masked whole, also what a mask leaves elsewhere. */
  readonly #border: number | undefined;

  constructor(table: ContentTable, writing: Writing, onMatch: OnMatch, border?: number) {
    this.#table = table;
    this.#writing = writing;
    this.#onMatch = onMatch;
    this.#border = border;
    this.#resumes = table.searches.map(() => 0);
    const { credentials } = table;
    const action = table.actions.get('credential') ?? 'flag';
    this.#credentials =
      credentials &&
      new ShapeScan(credentials, {
        isMasked: action !== 'flag', // what is to be refused waits as well
        onFound: () => onMatch('credential', action),
      });
  }

  /** What is decided, masked, as long as it came. */
  push(piece: Buffer): Buffer {
    return this.#takeAll(this.#credentials?.push(piece) ?? piece);
  }

  end(): Buffer {
    const last = this.#credentials?.end() ?? NOTHING;
    const decided = last.length === 0 ? NOTHING : this.#takeAll(last);
    return joined(decided, this.#pending.length === 0 ? NOTHING : this.#take(NOTHING, true));
  }

  #takeAll(chunk: Buffer): Buffer {
    if (chunk.length <= PIECE_BYTES) return this.#take(chunk, false);
    const decided: Buffer[] = [];
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      decided.push(this.#take(chunk.subarray(at, at + PIECE_BYTES), false));
    }
    return Buffer.concat(decided);
  }

  #take(piece: Buffer, isLast: boolean): Buffer {
    if (this.#resumes.length === 0) return piece;
    const source = joined(this.#pending, piece);
    if (this.#masked !== undefined) this.#masked = joined(this.#masked, piece);
    const { folded, searches } = this.#table;
    const shift = this.#context.length;
    folded.fold(this.#context, source, this.#writing, isLast);
    const text = { bytes: folded.bytes, length: folded.length, isLast };
    const onFound = (match: Match) => this.#found(match, text, source);
    const places = this.#resumes;
    let decided = folded.length;
    for (const [at, search] of searches.entries()) {
      const place = search.search(text, shift + (places[at] ?? 0), onFound);
      places[at] = place;
      if (place < decided) decided = place;
    }
    const end = folded.originOf(decided);
    const all = this.#masked ?? source;
    this.#decided += end;
    this.#pending = copied(source, end, source.length);
    this.#masked = this.#pending.length === 0 ? undefined : this.#masked && copied(all, end, all.length);
    this.#context = isLast ? NOTHING : copied(folded.bytes, Math.max(0, decided - LOOK_BACK_BYTES), decided);
    for (const [at, place] of places.entries()) places[at] = place - decided;
    return end === all.length ? all : all.subarray(0, end);
  }

  #found(match: Match, text: SearchedText, source: Buffer): void {
    const action = this.#table.actions.get(match.rule) ?? 'flag';
    this.#onMatch(match.rule, action);
    if (action !== 'mask') return;
    this.#masked ??= Buffer.from(source); // the bytes that came may be somebody else's
    const sign = this.#writing.kind === 'json' && isBareNumber(text, match) ? NINE : STAR;
    const { folded } = this.#table;
    const border = (this.#border ?? 0) - this.#decided;
    const isAcross = folded.originOf(match.start) < border && folded.originOf(match.end) > border;
    for (let at = match.start; at < (isAcross ? match.end : match.keptFrom); at++) {
      if (match.isGrouped && !isLetterOrDigit(text.bytes[at])) continue;
      const end = folded.originOf(at + 1);
      for (let place = folded.originOf(at); place < end; place++) {
        if (this.#masked[place] !== 0) this.#masked[place] = sign; // the other byte of UTF-16 stays
      }
    }
  }
}

function joined(front: Buffer, back: Buffer): Buffer {
  if (back.length === 0) return front;
  return front.length === 0 ? back : Buffer.concat([front, back]);
}

function copied(bytes: Buffer, from: number, to: number): Buffer {
  return to > from ? Buffer.from(bytes.subarray(from, to)) : NOTHING;
}

/** Of a number of JSON that stands in no string: with stars in its place the body could not be read any more. */
function isBareNumber({ bytes, length }: SearchedText, { start, end }: Match): boolean {
  for (let at = start; at < end; at++) if (!isDigit(bytes[at])) return false;
  let before = start - 1;
  while (before >= 0 && isOf(IN_NUMBERS, bytes[before])) before -= 1;
  while (before >= 0 && isOf(SPACES, bytes[before])) before -= 1;
  let behind = end;
  while (behind < length && isOf(IN_NUMBERS, bytes[behind])) behind += 1;
  return (
    (before < 0 || isOf(BEFORE_NUMBERS, bytes[before])) &&
    (behind >= length || isOf(BEHIND_NUMBERS, bytes[behind]))
  );
}

function isOf(set: ReadonlySet<number>, byte: number | undefined): boolean {
  return byte !== undefined && set.has(byte);
}
