// The texts of one body, each under the rules of its side, and the canary in any of them.
import type { ModelText } from './engine.ts';
import type { Side } from './rule.ts';
import type { TextReader } from './text-reader.ts';

type ReadOrWritten = Exclude<Side, 'both'>;

export interface WatchOptions {
  readonly texts: ModelText;
  /** Sides that anything is looked for on. */
  readonly sides: ReadonlySet<ReadOrWritten>;
  /** Planted in the instructions of a model; nobody writes it by chance. */
  readonly canary?: string | undefined;
  readonly onRule: (id: string, side: ReadOrWritten) => void;
}

/** Streams of a model's words that are told apart in one answer; further ones are read as one. */
const MAX_STREAMS = 16;
/** Shorter texts hold no phrase. */
const SHORTEST = 6;

interface Stream {
  readonly reader: TextReader | undefined;
  /** The end of what came, in which a canary may have begun. */
  tail: string;
}

export class Watch {
  readonly #options: WatchOptions;
  readonly #readers = new Map<string, TextReader | undefined>();
  readonly #streams = new Map<string, Stream>();

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** Nothing is looked for on that side. */
  isIdle(side: ReadOrWritten): boolean {
    return !this.#options.sides.has(side) && this.#options.canary === undefined;
  }

  /** One text as a whole, or with `isPart` so much of it. */
  text(text: string, side: ReadOrWritten, { isHidden = false, isPart = false, of = 'text' } = {}): void {
    if (!isPart && text.length < SHORTEST) return;
    const { canary } = this.#options;
    if (canary !== undefined && text.includes(canary)) this.#options.onRule('canary', 'writes');
    const reader = this.#reader(side, isHidden, of);
    reader?.push(text);
    if (!isPart) reader?.end();
  }

  /** What came in parts is over. */
  apart(side: ReadOrWritten): void {
    this.#reader(side, false, 'text')?.end();
  }

  /** What a model writes, as it comes. */
  stream(name: string, text: string): void {
    const stream = this.#stream(name);
    const { canary } = this.#options;
    if (canary !== undefined) {
      const joined = stream.tail + text;
      if (joined.includes(canary)) this.#options.onRule('canary', 'writes');
      stream.tail = joined.slice(-canary.length + 1);
    }
    stream.reader?.push(text);
  }

  /** No stream goes on. */
  end(): void {
    for (const { reader } of this.#streams.values()) reader?.end();
    for (const reader of this.#readers.values()) reader?.end();
    this.#streams.clear();
  }

  #reader(side: ReadOrWritten, isHidden: boolean, of: string): TextReader | undefined {
    const key = `${side} ${isHidden} ${of}`;
    if (!this.#readers.has(key)) this.#readers.set(key, this.#open(side, isHidden));
    return this.#readers.get(key);
  }

  #stream(name: string): Stream {
    const known = this.#streams.get(name);
    if (known !== undefined) return known;
    const kept = this.#streams.size < MAX_STREAMS ? name : 'others';
    const stream = this.#streams.get(kept) ?? { reader: this.#open('writes', false), tail: '' };
    this.#streams.set(kept, stream);
    return stream;
  }

  #open(side: ReadOrWritten, isHidden: boolean): TextReader | undefined {
    const { texts, sides, onRule } = this.#options;
    if (!sides.has(side)) return undefined;
    return texts.reader({ side, isHidden, onFinding: ({ id }) => onRule(id, side) });
  }
}
