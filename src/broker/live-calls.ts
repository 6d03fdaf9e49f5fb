// The calls under way: each can be asked whether it is still allowed, and is ended when it is not.
import type { Problem } from '../core/problem.ts';

export interface LiveCall {
  /** Why the call may not go on, as memory stands now. */
  recheck(): Problem | undefined;
  end(reason: Problem): void;
}

export class LiveCalls {
  readonly #calls = new Set<LiveCall>();
  readonly #finishing = new Set<Promise<unknown>>();

  get count(): number {
    return this.#calls.size;
  }

  add(call: LiveCall): () => void {
    this.#calls.add(call);
    return () => this.#calls.delete(call);
  }

  /** Remembers work that is still to be done after the answer, such as writing the outcome. */
  finishing(work: Promise<unknown>): void {
    this.#finishing.add(work);
    void work.finally(() => this.#finishing.delete(work));
  }

  /** After a change of rights: ends whatever is no longer allowed, open streams included. */
  endRevoked(): void {
    for (const call of this.#calls) {
      const reason = call.recheck();
      if (reason !== undefined) call.end(reason);
    }
  }

  endAll(reason: Problem): void {
    for (const call of this.#calls) call.end(reason);
  }

  /** Resolves when no call is left and all outcomes are written. */
  async settled(pollMs = 20): Promise<void> {
    while (this.#calls.size > 0 || this.#finishing.size > 0) {
      await Promise.allSettled([...this.#finishing]);
      if (this.#calls.size > 0) await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }
}
