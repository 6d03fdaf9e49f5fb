// The answer of a call in memory, for a tool result: as much as the caller asked for, then the upstream is let go.
import type { Answer, AnswerHead } from '../broker/call.ts';
import type { Problem } from '../core/problem.ts';

type Ending =
  | 'whole'
  /** More than there is room for: the rest was not read. */
  | 'cut'
  /** The upstream, or a change of rights, ended it early. */
  | 'broken';

export class CappedAnswer implements Answer {
  readonly #maxBytes: number;
  readonly #gone: AbortSignal;
  readonly #chunks: Buffer[] = [];
  readonly #listeners: (() => void)[] = [];
  #bytes = 0;
  #head: AnswerHead | undefined;
  #problem: Problem | undefined;
  #ending: Ending | undefined;

  /** `gone` tells that nobody waits for the answer any more. */
  constructor(maxBytes: number, gone: AbortSignal) {
    this.#maxBytes = maxBytes;
    this.#gone = gone;
  }

  get hasBegun(): boolean {
    return this.#head !== undefined;
  }

  /** What the upstream answered; undefined: `refusal` says why it was not asked, or did not answer. */
  get answered(): { readonly head: AnswerHead; readonly body: Buffer; readonly ending: Ending } | undefined {
    if (this.#head === undefined) return undefined;
    return { head: this.#head, body: Buffer.concat(this.#chunks), ending: this.#ending ?? 'broken' };
  }

  get refusal(): Problem | undefined {
    return this.#problem;
  }

  head(head: AnswerHead): void {
    this.#head = head;
  }

  write(chunk: Buffer): boolean {
    const room = this.#maxBytes - this.#bytes;
    if (this.#ending !== undefined) return true;
    if (chunk.length > room) {
      this.#keep(chunk.subarray(0, room));
      this.#ending = 'cut';
      setImmediate(() => this.#leave()); // not from inside whoever writes
    } else {
      this.#keep(chunk);
    }
    return true;
  }

  /** Never full: what does not fit is not kept. */
  onDrain(): void {}

  onGone(listener: () => void): void {
    this.#listeners.push(listener);
    if (this.#gone.aborted) listener();
    else this.#gone.addEventListener('abort', listener, { once: true });
  }

  end(): void {
    this.#ending ??= 'whole';
  }

  abort(): void {
    this.#ending ??= 'broken';
  }

  problem(problem: Problem): void {
    this.#problem = problem;
  }

  #leave(): void {
    for (const listener of this.#listeners) listener();
  }

  /** A copy: a view would keep all of a large buffer alive. */
  #keep(chunk: Buffer): void {
    this.#bytes += chunk.length;
    this.#chunks.push(Buffer.from(chunk));
  }
}
