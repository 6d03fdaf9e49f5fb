// The texts of one body, each under the rules of its side, and the canary in any of them.
import { type Around, endsIn } from './around.ts';
import type { ModelText } from './engine.ts';
import type { Rule, Side } from './rule.ts';
import type { TextReader } from './text-reader.ts';

type ReadOrWritten = Exclude<Side, 'both'>;

export interface WatchOptions {
  readonly texts: Pick<ModelText, 'reader'>;
  /** Sides that anything is looked for on. */
  readonly sides: ReadonlySet<ReadOrWritten>;
  /** Planted in the instructions of a model; nobody writes it by chance. */
  readonly canary?: string | undefined;
  /** `around` is for later: in the middle of a text no other is read. */
  readonly onRule: (id: string, side: ReadOrWritten, around: () => Around) => void;
  /** Whether anybody asks for what stands around a finding. */
  readonly isLocated?: boolean;
}

/** Streams of a model's words that are told apart in one answer; further ones are read as one. */
const MAX_STREAMS = 16;
/** Shorter texts hold no phrase. */
const SHORTEST = 6;
/** Of a text that comes in parts, kept for whoever asks what stands around a finding. */
const KEPT = 4096;

/** What a reader is for: texts of one kind may come in parts while others come between. */
type Of = 'text' | 'attribute' | 'hidden';

interface TextOptions {
  /** Nobody but a program sees it. */
  readonly isHidden?: boolean;
  /** There is more of it. */
  readonly isPart?: boolean;
  readonly of?: Exclude<Of, 'hidden'>;
}

interface Stream {
  readonly reader: TextReader | undefined;
  /** The end of what came, in which a canary may have begun. */
  tail: string;
  /** More of it, where somebody asks what stands around a finding. */
  recent: string;
}

/** What is being read. */
interface Reading {
  readonly side: ReadOrWritten;
  readonly isHidden: boolean;
  readonly text: string;
  ends?: ReadonlyMap<string, number>;
}

export class Watch {
  readonly #options: WatchOptions;
  readonly #readers = {
    reads: new Map<Of, TextReader | undefined>(),
    writes: new Map<Of, TextReader | undefined>(),
  };
  readonly #streams = new Map<string, Stream>();

  /** The end of a text that comes in parts. */
  #tail = '';
  /** More of it, for what is read apart. */
  readonly #parts = new Map<Of, string>();
  #reading: Reading = { side: 'reads', isHidden: false, text: '' };

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** Nothing is looked for on that side. */
  isIdle(side: ReadOrWritten): boolean {
    return !this.#options.sides.has(side) && this.#options.canary === undefined;
  }

  /** One text as a whole, or with `isPart` so much of it. */
  text(
    text: string,
    side: ReadOrWritten,
    { isHidden = false, isPart = false, of = 'text' }: TextOptions = {},
  ): void {
    if (!isPart && text.length < SHORTEST) return;
    if (this.#options.isLocated === true) {
      const key = isHidden ? 'hidden' : of;
      this.#reading = { side, isHidden, text: (this.#parts.get(key) ?? '') + text };
      this.#parts.set(key, isPart ? this.#reading.text.slice(-KEPT) : '');
    }
    this.#tail = this.#lookForCanary(isPart ? this.#tail : '', text);
    const reader = this.#reader(side, isHidden, of);
    if (isPart) reader?.push(text);
    else reader?.end(text);
  }

  /** What came in parts is over. */
  apart(side: ReadOrWritten): void {
    this.#reader(side, false, 'text')?.end();
  }

  /** What a model writes, as it comes. */
  stream(name: string, text: string): void {
    const stream = this.#stream(name);
    if (this.#options.isLocated === true) {
      const recent = stream.recent + text;
      stream.recent = recent.length > 2 * KEPT ? recent.slice(-KEPT) : recent; // seldom: a slice costs more than a word
      this.#reading = { side: 'writes', isHidden: false, text: stream.recent };
    }
    stream.tail = this.#lookForCanary(stream.tail, text);
    stream.reader?.push(text);
  }

  /** Gives the end of the text, in which a canary may have begun. */
  #lookForCanary(tail: string, text: string): string {
    const { canary } = this.#options;
    if (canary === undefined) return '';
    const joined = tail + text;
    if (joined.includes(canary)) this.#options.onRule('canary', 'writes', this.#around('canary'));
    return joined.slice(-canary.length + 1);
  }

  /** No stream goes on. */
  end(): void {
    for (const { reader } of this.#streams.values()) reader?.end();
    for (const readers of Object.values(this.#readers)) for (const reader of readers.values()) reader?.end();
    this.#streams.clear();
  }

  #reader(side: ReadOrWritten, isHidden: boolean, of: Of): TextReader | undefined {
    if (!this.#options.sides.has(side)) return undefined;
    const readers = this.#readers[side];
    const key = isHidden ? 'hidden' : of;
    let reader = readers.get(key);
    if (reader === undefined) readers.set(key, (reader = this.#open(side, isHidden)));
    return reader;
  }

  #stream(name: string): Stream {
    const known = this.#streams.get(name);
    if (known !== undefined) return known;
    const kept = this.#streams.size < MAX_STREAMS ? name : 'others';
    const stream = this.#streams.get(kept) ?? { reader: this.#open('writes', false), tail: '', recent: '' };
    this.#streams.set(kept, stream);
    return stream;
  }

  #open(side: ReadOrWritten, isHidden: boolean): TextReader | undefined {
    const { texts, sides, onRule } = this.#options;
    if (!sides.has(side)) return undefined;
    const onFinding = ({ id }: Rule) => onRule(id, side, this.#around(id));
    return texts.reader({ side, isHidden, onFinding });
  }

  #around(id: string): () => Around {
    const { canary, texts } = this.#options;
    const reading = this.#reading;
    const { text, side, isHidden } = reading;
    return () => {
      if (id === 'canary' && canary !== undefined) {
        const at = text.indexOf(canary);
        return { text, end: at < 0 ? text.length : at + canary.length };
      }
      reading.ends ??= endsIn(text, (onFinding) => texts.reader({ side, isHidden, onFinding }));
      return { text, end: reading.ends.get(id) ?? text.length };
    };
  }
}
