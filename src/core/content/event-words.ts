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
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte !== LF && byte !== CR) continue;
      passed.push(this.#ended(chunk.subarray(from, at + 1)));
      from = at + 1;
    }
    if (from < chunk.length) passed.push(this.#keep(chunk.subarray(from)));
    return this.#isHeld ? Buffer.concat(passed) : chunk;
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
    const isData = line.subarray(0, DATA.length).equals(DATA);
    let start = isData ? DATA.length : 0;
    while (line[start] === SPACE) start += 1;
    if (line[start] !== BRACE) return line;
    const json = line.subarray(start);
    const passed = this.#words.pass(json);
    return passed === json ? line : Buffer.concat([line.subarray(0, start), passed]);
  }
}
