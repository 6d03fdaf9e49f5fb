// The words of a model in a stream of events or of lines of JSON, on their way: each line is looked at once it is complete.
import type { JoinedWords } from './joined-words.ts';

const NOTHING = Buffer.alloc(0);
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const BRACE = 0x7b;
const DATA = Buffer.from('data:');
/** A longer one is not read. */
const MAX_LINE_BYTES = 1024 * 1024;

/** Whether an answer of this media type is read line by line. */
export function hasEvents(contentType: string): boolean {
  return contentType === 'text/event-stream' || /(?:ndjson|jsonl)$/.test(contentType);
}

export class EventWords {
  readonly #words: JoinedWords;
  /** A line waits until it was looked at; else it passes as it comes. */
  readonly #isHeld: boolean;
  #line: Buffer[] = [];
  #lineBytes = 0;

  constructor(words: JoinedWords, { isHeld }: { readonly isHeld: boolean }) {
    this.#words = words;
    this.#isHeld = isHeld;
  }

  /** What may go on. */
  push(chunk: Buffer): Buffer {
    const passed: Buffer[] = [];
    let from = 0;
    /** What goes on as it came and is not in `passed` yet. */
    let same = 0;
    const ends = new LineEnds(chunk);
    for (let end = ends.next(); end > 0; end = ends.next()) {
      const start = from;
      from = end;
      if (this.#lineBytes === 0 && jsonAt(chunk, start) < 0) continue;
      const line = chunk.subarray(start, from);
      const ended = this.#ended(line);
      if (ended === line) continue;
      passed.push(chunk.subarray(same, start), ended);
      same = from;
    }
    if (same < from) passed.push(same === 0 && from === chunk.length ? chunk : chunk.subarray(same, from));
    if (from < chunk.length) passed.push(this.#keep(chunk.subarray(from)));
    if (!this.#isHeld) return chunk;
    return passed.length === 1 ? (passed[0] ?? NOTHING) : Buffer.concat(passed);
  }

  end(): Buffer {
    const last = this.#ended(NOTHING);
    return this.#isHeld ? last : NOTHING;
  }

  /** What of a line that goes on need not wait. */
  #keep(piece: Buffer): Buffer {
    this.#lineBytes += piece.length;
    if (this.#lineBytes <= MAX_LINE_BYTES) {
      this.#line.push(Buffer.from(piece));
      return NOTHING;
    }
    const held = this.#line;
    this.#line = [];
    return Buffer.concat([...held, piece]);
  }

  #ended(last: Buffer): Buffer {
    const isRead = this.#lineBytes <= MAX_LINE_BYTES;
    const line = this.#line.length === 0 ? last : Buffer.concat([...this.#line, last]);
    this.#line = [];
    this.#lineBytes = 0;
    return isRead ? this.#read(line) : line;
  }

  #read(line: Buffer): Buffer {
    const start = jsonAt(line, 0);
    if (start < 0) return line;
    const json = line.subarray(start);
    const passed = this.#words.pass(json);
    return passed === json ? line : Buffer.concat([line.subarray(0, start), passed]);
  }
}

/** Where the lines of a chunk end, one after another: each is behind a byte that ends one. */
class LineEnds {
  readonly #chunk: Buffer;
  #lf: number;
  #cr: number;

  constructor(chunk: Buffer) {
    this.#chunk = chunk;
    this.#lf = chunk.indexOf(LF);
    this.#cr = chunk.indexOf(CR);
  }

  /** 0: no other line ends in it. */
  next(): number {
    const lf = this.#lf;
    const cr = this.#cr;
    if (cr >= 0 && (lf < 0 || cr < lf)) {
      this.#cr = this.#chunk.indexOf(CR, cr + 1);
      return cr + 1;
    }
    if (lf >= 0) this.#lf = this.#chunk.indexOf(LF, lf + 1);
    return lf + 1;
  }
}

/** Where the JSON of a line that begins at `from` does; -1: it has none. */
function jsonAt(bytes: Buffer, from: number): number {
  let at = from;
  while (at - from < DATA.length && bytes[at] === DATA[at - from]) at += 1;
  if (at - from < DATA.length) at = from;
  while (bytes[at] === SPACE) at += 1;
  return bytes[at] === BRACE ? at : -1;
}
