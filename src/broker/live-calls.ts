// The calls under way: each can be asked whether it is still allowed, and is ended when it is not.
import { Problem } from '../core/problem.ts';
import { UnderWay } from '../core/under-way.ts';

export interface LiveCall {
  /** Why the call may not go on, as memory stands now. */
  revoked(): Problem | undefined;
  end(reason: Problem): void;
}

const CUT_EVERY_MS = 50;
const POLL_MS = 20;

export class LiveCalls {
  readonly #calls = new UnderWay<LiveCall>();
  readonly #finishing = new UnderWay<Promise<unknown>>();

  get count(): number {
    return this.#calls.size;
  }

  add(call: LiveCall): () => void {
    return this.#calls.add(call);
  }

  /** Remembers work that is still to be done after the answer, such as writing the outcome. */
  finishing(work: Promise<unknown>): void {
    const forget = this.#finishing.add(work);
    work.then(forget, forget);
  }

  /** After a change of rights: ends whatever is no longer allowed, open streams included. */
  endRevoked(): void {
    const failures: unknown[] = [];
    for (const call of this.#calls) {
      try {
        const reason = call.revoked();
        if (reason !== undefined) call.end(reason);
      } catch (error) {
        failures.push(error); // one that can't be ended must not keep the others alive
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'calls could not be ended');
  }

  /** Lets the calls under way end by themselves for `limitMs`, then ends them. Resolves when all outcomes are written. */
  async drain(limitMs: number): Promise<void> {
    let cutting: NodeJS.Timeout | undefined;
    const limit = setTimeout(() => {
      const reason = new Problem('draining', { detail: 'The server stopped before the answer was whole.' });
      const cut = () => this.endAll(reason);
      cut();
      cutting = setInterval(cut, CUT_EVERY_MS); // also what only now comes to its exchange
    }, limitMs);
    while (this.#calls.size > 0 || this.#finishing.size > 0) {
      await Promise.race([Promise.allSettled(this.#finishing), nextTurn()]);
    }
    clearTimeout(limit);
    clearInterval(cutting);
  }

  endAll(reason: Problem): void {
    for (const call of this.#calls) call.end(reason);
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, POLL_MS);
  });
}
