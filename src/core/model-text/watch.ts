// The texts of one body, each under the rules of its side, and the canary in any of them.
import type { Steps } from '../inspection/steps.ts';
import { type Around, endsIn } from './around.ts';
import type { ModelText } from './engine.ts';
import { QuietTexts } from './quiet-texts.ts';
import type { Rule, Side } from './rule.ts';
import type { TextReader } from './text-reader.ts';

export type ReadOrWritten = Exclude<Side, 'both'>;

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
/** Names and ids that come with every event and every item are read once: longer ones seldom come again. */
const LONGEST_QUIET = 48;
/** Without escapes and letters of other scripts, which may be part of a word of the text before. */
const PLAIN = /^[ !-$'-[\]-~]+$/;

/** What a reader is for: texts of one kind may come in parts while others come between. */
type Of = 'text' | 'attribute' | 'hidden';

export interface TextOptions {
  /** Nobody but a program sees it. */
  readonly isHidden?: boolean;
  /** There is more of it. */
  readonly isPart?: boolean;
  readonly of?: Exclude<Of, 'hidden'>;
}

interface Reading {
  readonly reader: TextReader;
  /** A text came in parts and goes on. */
  isOpen: boolean;
  /** Short texts in which nothing was found. */
  readonly quiet: QuietTexts;
}

interface Stream {
  readonly reader: TextReader | undefined;
  /** The end of what came, in which a canary may have begun. */
  tail: string;
  /** More of it, where somebody asks what stands around a finding. */
  recent: string;
}

/** The text that is being read. */
interface Current {
  readonly side: ReadOrWritten;
  readonly isHidden: boolean;
  readonly text: string;
  ends?: ReadonlyMap<string, number>;
}

/** What a reader of bodies tells of the texts in them. */
export type TextWatch = Pick<Watch, 'text' | 'apart' | 'stream' | 'end'>;

export class Watch {
  readonly #options: WatchOptions;
  readonly #readings = {
    reads: new Map<Of, Reading>(),
    writes: new Map<Of, Reading>(),
  };
  readonly #streams = new Map<string, Stream>();

  /** The end of a text that comes in parts. */
  #tail = '';
  /** More of it, for what is read apart. */
  readonly #parts = new Map<Of, string>();
  #current: Current = { side: 'reads', isHidden: false, text: '' };
  #findings = 0;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** Nothing is looked for on that side. */
  isIdle(side: ReadOrWritten): boolean {
    return !this.#options.sides.has(side) && this.#options.canary === undefined;
  }

  /** One text as a whole, or with `isPart` so much of it. */
  text(text: string, side: ReadOrWritten, options: TextOptions = {}): void {
    const reading = this.#toRead(text, side, options);
    if (reading === undefined) return;
    if (options.isPart === true) {
      reading.isOpen = true;
      reading.reader.push(text);
    } else this.#whole(reading, text);
  }

  /** The same of a long text. */
  *textInSteps(text: string, side: ReadOrWritten, options: TextOptions): Steps<void> {
    const reading = this.#toRead(text, side, options);
    if (reading === undefined) return;
    reading.isOpen = options.isPart === true;
    yield* reading.isOpen ? reading.reader.pushInSteps(text) : reading.reader.endInSteps(text);
  }

  #toRead(
    text: string,
    side: ReadOrWritten,
    { isHidden = false, isPart = false, of = 'text' }: TextOptions,
  ): Reading | undefined {
    if (!isPart && text.length < SHORTEST) return undefined;
    if (this.#options.isLocated === true) {
      const key = isHidden ? 'hidden' : of;
      this.#current = { side, isHidden, text: (this.#parts.get(key) ?? '') + text };
      this.#parts.set(key, isPart ? this.#current.text.slice(-KEPT) : '');
    }
    this.#tail = this.#lookForCanary(isPart ? this.#tail : '', text);
    return this.#reading(side, isHidden ? 'hidden' : of);
  }

  #whole(reading: Reading, text: string): void {
    const { reader, quiet } = reading;
    const mayBeQuiet = !reading.isOpen && text.length <= LONGEST_QUIET;
    if (mayBeQuiet && quiet.has(text)) return;
    const before = this.#findings;
    reading.isOpen = false;
    reader.end(text);
    if (!mayBeQuiet || this.#findings > before || !PLAIN.test(text)) return;
    quiet.add(text);
  }

  /** What came in parts is over. */
  apart(side: ReadOrWritten): void {
    const reading = this.#reading(side, 'text');
    if (reading === undefined) return;
    reading.isOpen = false;
    reading.reader.end();
  }

  /** What a model writes, as it comes. */
  stream(name: string, text: string): void {
    this.#toStream(name, text)?.push(text);
  }

  /** The same of a long text. */
  *streamInSteps(name: string, text: string): Steps<void> {
    const reader = this.#toStream(name, text);
    if (reader !== undefined) yield* reader.pushInSteps(text);
  }

  #toStream(name: string, text: string): TextReader | undefined {
    const stream = this.#stream(name);
    if (this.#options.isLocated === true) {
      const recent = stream.recent + text;
      stream.recent = recent.length > 2 * KEPT ? recent.slice(-KEPT) : recent; // seldom: a slice costs more than a word
      this.#current = { side: 'writes', isHidden: false, text: stream.recent };
    }
    stream.tail = this.#lookForCanary(stream.tail, text);
    return stream.reader;
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
    for (const readings of Object.values(this.#readings)) {
      for (const { reader } of readings.values()) reader.end();
    }
    this.#streams.clear();
  }

  #reading(side: ReadOrWritten, of: Of): Reading | undefined {
    const known = this.#readings[side].get(of);
    if (known !== undefined) return known;
    const reader = this.#open(side, of === 'hidden');
    if (reader === undefined) return undefined;
    const reading = { reader, isOpen: false, quiet: new QuietTexts() };
    this.#readings[side].set(of, reading);
    return reading;
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
    const onFinding = ({ id }: Rule) => {
      this.#findings += 1;
      onRule(id, side, this.#around(id));
    };
    return texts.reader({ side, isHidden, onFinding });
  }

  #around(id: string): () => Around {
    const { canary, texts } = this.#options;
    const current = this.#current;
    const { text, side, isHidden } = current;
    return () => {
      if (id === 'canary' && canary !== undefined) {
        const at = text.indexOf(canary);
        return { text, end: at < 0 ? text.length : at + canary.length };
      }
      current.ends ??= endsIn(text, (onFinding) => texts.reader({ side, isHidden, onFinding }));
      return { text, end: current.ends.get(id) ?? text.length };
    };
  }
}
