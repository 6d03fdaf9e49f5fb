// Texts noted while a body is read, and watched after that in steps: what a reader of bodies tells of comes at once.
import type { Steps } from '../inspection/steps.ts';
import type { ReadOrWritten, TextOptions, TextWatch, Watch } from './watch.ts';

/** Watched in one step, or a step of its own for what is longer. */
const STEP = 64 * 1024;
/** What a text costs however short it is. */
const TEXT = 32;

interface Note {
  readonly length: number;
  readonly watch: () => void;
  /** Of a long text. */
  readonly inSteps?: () => Steps<void>;
}

export class LateWatch implements TextWatch {
  readonly #watch: Watch;
  #notes: Note[] = [];

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  text(text: string, side: ReadOrWritten, options: TextOptions = {}): void {
    this.#notes.push({
      length: text.length,
      watch: () => this.#watch.text(text, side, options),
      inSteps: () => this.#watch.textInSteps(text, side, options),
    });
  }

  stream(name: string, text: string): void {
    this.#notes.push({
      length: text.length,
      watch: () => this.#watch.stream(name, text),
      inSteps: () => this.#watch.streamInSteps(name, text),
    });
  }

  apart(side: ReadOrWritten): void {
    this.does(() => this.#watch.apart(side));
  }

  end(): void {
    this.does(() => this.#watch.end());
  }

  /** What has its place between the texts. */
  does(watch: () => void): void {
    this.#notes.push({ length: 0, watch });
  }

  /** Watches what was noted. */
  *read(): Steps<void> {
    const notes = this.#notes;
    this.#notes = [];
    let length = 0;
    for (const note of notes) {
      length += note.length + TEXT;
      if (length > STEP) {
        yield;
        length = note.length + TEXT;
      }
      if (note.length > STEP && note.inSteps !== undefined) yield* note.inSteps();
      else note.watch();
    }
  }
}
