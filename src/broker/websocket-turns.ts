// What one side of a relay sent, one thing after another. What takes several steps lets others of the process in between two of
// them, and whatever came behind it waits; so it does where very much comes at once.
import type { Steps } from '../core/inspection/steps.ts';

/** Undefined: it is done. */
type Work = () => Steps<void> | undefined;

/** So much is done in one go; */
const MOST_AT_ONCE_BYTES = 256 * 1024;
/** a message costs this much however short it is. */
const MESSAGE_BYTES = 4096;

interface TurnsOptions {
  /** Nothing more is to come until `onIdle`. What came all the same waits. */
  readonly onBusy: () => void;
  readonly onIdle: () => void;
}

export class Turns {
  readonly #options: TurnsOptions;
  #waiting: { readonly work: Work; readonly bytes: number }[] = [];
  /** Of those, how many had their turn. */
  #had = 0;
  #doneBytes = 0;
  #isBusy = false;
  #isStopped = false;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** `bytes`: of what is looked at. */
  take(work: Work, bytes = 0): void {
    if (this.#isStopped) return;
    const isNext = !this.#isBusy && this.#doneBytes <= MOST_AT_ONCE_BYTES;
    if (isNext) this.#do(work, bytes);
    else {
      this.#waiting.push({ work, bytes });
      if (!this.#isBusy) this.#later(() => this.#go());
    }
  }

  /** Of what takes no steps. */
  last(work: () => void): void {
    this.take(() => {
      work();
      return undefined;
    });
  }

  /** What waits, and what has not come to its end, never does. */
  stop(): void {
    this.#isStopped = true;
    this.#waiting = [];
  }

  /** False: it is not done yet. */
  #do(work: Work, bytes: number): boolean {
    this.#doneBytes += bytes + MESSAGE_BYTES;
    const steps = work();
    if (steps !== undefined) this.#step(steps);
    return steps === undefined;
  }

  /** What waits, as much of it as is done in one go. */
  #go(): void {
    for (let next = this.#waiting[this.#had]; next !== undefined; next = this.#waiting[this.#had]) {
      if (this.#doneBytes > MOST_AT_ONCE_BYTES) return this.#later(() => this.#go());
      this.#had += 1;
      if (!this.#do(next.work, next.bytes)) return;
    }
    this.#waiting.length = this.#had = 0;
    this.#isBusy = false;
    if (!this.#isStopped) this.#options.onIdle();
  }

  #step(steps: Steps<void>): void {
    if (steps.next().done === true) this.#later(() => this.#go());
    else this.#later(() => this.#step(steps));
  }

  #later(work: () => void): void {
    if (this.#isStopped) return;
    if (!this.#isBusy) {
      this.#isBusy = true;
      this.#options.onBusy();
    }
    setImmediate(() => {
      this.#doneBytes = 0;
      if (!this.#isStopped) work();
    });
  }
}
