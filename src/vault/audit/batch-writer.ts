// Writes batches of the call lane to one chain, one after the other, and finds out what became of a batch whose answer
// never came.
import type { AuditInput } from '../../core/audit-event.ts';
import type { Id } from '../../core/ids.ts';
import { Problem } from '../../core/problem.ts';
import {
  findChainEnd,
  findSettledIntents,
  insertAuditBatch,
  readVaultEpochs,
} from '../../store/audit-events.ts';
import type { AuditRow } from '../../store/audit-events.ts';
import type { Database } from '../../store/database.ts';
import { hasNoRoom } from '../../store/errors.ts';
import { endedIntent, headOf } from './chain.ts';
import type { DraftEvent } from './chain.ts';
import type { ChainHead, Settlement } from './chain-head.ts';
import {
  isConnectionLost,
  MAX_ATTEMPTS,
  readPatiently,
  violatedIndex,
  withTimeout,
} from './database-trouble.ts';

const NO_ROOM =
  'The database has no room left to record the call, so it was not made. Whoever runs the database has to make room; nothing has to be restarted.';

export interface Appended {
  readonly id: Id<'evt'>;
  /** The database's epoch of the event's vault, in the snapshot that wrote the row; 0 where it has no vault. */
  readonly epoch: bigint;
}

/** An event that waits for its row. */
export interface Waiter {
  readonly draft: DraftEvent;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (reason: unknown) => void;
}

export interface BatchWriterDeps {
  readonly database: Database;
  /** Before a batch: undefined where it may be written now, else what to wait for. Throws where the audit log can't be kept whole. */
  readonly beforeBatch: () => Promise<void> | undefined;
  readonly afterBatch: (chain: ChainHead) => void;
  /** For what the writer itself has to tell. */
  readonly append: (input: AuditInput) => Promise<Appended>;
}

/** What became of a batch: done with, or to be sent again with these waiters. */
type Verdict = 'done' | readonly Waiter[];

export class BatchWriter {
  readonly chain: ChainHead;
  readonly #deps: BatchWriterDeps;
  #isBusy = false;
  /** Why the batch at hand had to be sent again. */
  #trouble: unknown;

  constructor(deps: BatchWriterDeps, chain: ChainHead) {
    this.#deps = deps;
    this.chain = chain;
  }

  /** Whether a batch is on its way: the next one has to wait for it. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Answers every waiter and never throws; false where the batch could not be written. */
  async write(batch: readonly Waiter[]): Promise<boolean> {
    let waiters = batch;
    this.#isBusy = true;
    try {
      this.chain.requireWhole();
      const ready = this.#deps.beforeBatch();
      if (ready !== undefined) await ready;
      for (let attempt = 0; attempt < MAX_ATTEMPTS && waiters.length > 0; attempt += 1) {
        if (this.chain.needsReading) await this.#settle();
        const verdict = await this.#attempt(waiters);
        if (verdict === 'done') return true;
        waiters = verdict;
      }
      throw this.#trouble;
    } catch (error) {
      const problem = toProblem(error);
      for (const waiter of waiters) waiter.reject(problem);
      return false;
    } finally {
      this.#isBusy = false;
    }
  }

  async #attempt(waiters: readonly Waiter[]): Promise<Verdict> {
    const { chain } = this;
    const rows = this.#seal(waiters);
    const newest = rows.at(-1);
    if (newest === undefined) return 'done';
    try {
      const epochs = await withTimeout(insertAuditBatch(this.#deps.database.calls, chain.chain, rows));
      chain.commit(headOf(newest));
      this.#written(waiters, epochs);
      return 'done';
    } catch (error) {
      chain.doubt(
        headOf(newest),
        waiters.map((waiter) => waiter.draft),
      );
      this.#trouble = error;
      return this.#recover(waiters, error);
    }
  }

  #seal(waiters: readonly Waiter[]): AuditRow[] {
    const { chain } = this;
    let head = chain.head;
    return waiters.map((waiter) => {
      const row = chain.seal(waiter.draft, head);
      head = headOf(row);
      return row;
    });
  }

  #written(waiters: readonly Waiter[], epochs: ReadonlyMap<string, bigint>): void {
    this.#deps.afterBatch(this.chain);
    for (const { draft, resolve } of waiters) {
      const { vault } = draft.input;
      resolve({ id: draft.stamp.id, epoch: (vault === null ? undefined : epochs.get(vault)) ?? 0n });
    }
  }

  /** After an error the database is asked for the truth: the statement may have been committed all the same. */
  async #recover(waiters: readonly Waiter[], error: unknown): Promise<Verdict> {
    const { database } = this.#deps;
    const settlement = await this.#readEnd();
    if (settlement.found === 'rows') {
      if (settlement.drafts.at(-1) !== waiters.at(-1)?.draft) {
        this.#refuseLateIntents(settlement.drafts);
        return waiters;
      }
      const vaults = waiters.flatMap(({ draft }) => draft.input.vault ?? []);
      try {
        this.#written(waiters, await readPatiently(() => readVaultEpochs(database.calls, vaults)));
      } catch (failure) {
        this.#refuseLateIntents(settlement.drafts); // their callers are told no
        throw failure;
      }
      return 'done';
    }
    if (violatedIndex(error) === 'audit_event_intent') return this.#rejectDuplicates(waiters);
    // The same rows under the same ids: should the lost statement be committed after all, this one can't be too.
    if (isConnectionLost(error)) return waiters;
    throw error;
  }

  async #settle(): Promise<void> {
    const settlement = await this.#readEnd();
    if (settlement.found === 'rows') this.#refuseLateIntents(settlement.drafts);
  }

  async #readEnd(): Promise<Settlement> {
    const { chain } = this;
    const { calls } = this.#deps.database;
    return chain.settle(await readPatiently(() => findChainEnd(calls, chain.chain)));
  }

  /** An intent has one outcome; a second one (the reaper was faster) must not take its batch down with it. */
  async #rejectDuplicates(waiters: readonly Waiter[]): Promise<readonly Waiter[]> {
    const intents = waiters.flatMap(({ draft }) => endedIntent(draft.input) ?? []);
    const settled = await readPatiently(() => findSettledIntents(this.#deps.database.calls, intents));
    return waiters.filter((waiter) => {
      const intent = endedIntent(waiter.draft.input);
      if (intent === undefined) return true;
      if (settled.has(intent)) {
        waiter.reject(new Problem('already-exists', { internal: `intent ${intent} has its outcome` }));
        return false;
      }
      settled.add(intent);
      return true;
    });
  }

  /** Intents that were committed although their callers were told no: nothing was sent, and the log says so. */
  #refuseLateIntents(drafts: readonly DraftEvent[]): void {
    this.#deps.afterBatch(this.chain);
    for (const { input, stamp } of drafts) {
      if (input.kind !== 'call.intent') continue;
      const { vault, principal, request } = input;
      const sizes = { requestBytes: 0, responseBytes: 0, totalMs: 0 };
      const base = { vault, principal, ...(request === undefined ? {} : { request }) };
      this.#deps
        .append({
          kind: 'call.outcome',
          ...base,
          intent: stamp.id,
          result: 'refused',
          problem: 'audit-unavailable',
          ...sizes,
        })
        .catch(() => {
          // The reaper gives it an outcome when this replica's lease has ended.
        });
    }
  }
}

/** What a caller is told of a database that did not write. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem('audit-unavailable', {
    ...(hasNoRoom(error) ? { detail: NO_ROOM } : {}),
    internal: 'the audit row could not be written',
    cause: error,
  });
}
