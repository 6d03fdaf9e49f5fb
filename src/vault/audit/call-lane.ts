// The call lane: group commit. A lone call pays for one round trip and a crowd shares one: the next batch starts one turn of
// the event loop after the one before has ended, with all that has come by then. What a batch costs beside its rows is more
// than the database loses by waiting for a turn.
// How a call ended is waited for by nobody: it goes with the next batch that somebody waits for, or
// alone a few milliseconds later. Nothing is dropped: when the queue is full, `append` waits.
import { setImmediate } from 'node:timers/promises';
import type { AuditInput } from '../../core/audit-event.ts';
import type { Id } from '../../core/ids.ts';
import { Problem } from '../../core/problem.ts';
import {
  findChainEnd,
  findSettledIntents,
  insertAuditBatch,
  readVaultEpochs,
  tryRoom,
} from '../../store/audit-events.ts';
import type { AuditRow } from '../../store/audit-events.ts';
import type { Database } from '../../store/database.ts';
import { hasNoRoom } from '../../store/errors.ts';
import { endedIntent, headOf } from './chain.ts';
import type { DraftEvent } from './chain.ts';
import type { ChainHead } from './chain-head.ts';
import {
  isConnectionLost,
  MAX_ATTEMPTS,
  readPatiently,
  violatedIndex,
  withTimeout,
} from './database-trouble.ts';

const MAX_BATCH_EVENTS = 512;
const MAX_QUEUED_EVENTS = 8192;
/** How long, and how many, events that nobody waits for may lie before they have a batch of their own. */
const PATIENCE_MS = 5;
const MAX_PATIENT_EVENTS = 64;
const NO_ROOM =
  'The database has no room left to record the call, so it was not made. Whoever runs the database has to make room; nothing has to be restarted.';

export interface Appended {
  readonly id: Id<'evt'>;
  /** The database's epoch of the event's vault, in the snapshot that wrote the row; 0 where it has no vault. */
  readonly epoch: bigint;
}

interface CallLaneDeps {
  readonly database: Database;
  readonly chain: ChainHead;
  readonly draft: (input: AuditInput) => DraftEvent;
  /** Before a batch: undefined where it may be written now, else what to wait for. Throws where the audit log can't be kept whole. */
  readonly beforeBatch: () => Promise<void> | undefined;
  readonly afterBatch: () => void;
}

interface Waiter {
  readonly draft: DraftEvent;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (reason: unknown) => void;
}

/** What became of a batch: done with, or to be sent again with these waiters. */
type Verdict = 'done' | readonly Waiter[];

export class CallLane {
  readonly #deps: CallLaneDeps;
  #queue: Waiter[] = [];
  #room: (() => void)[] = [];
  #pump: Promise<void> | undefined;
  /** Queued events that somebody waits for. */
  #urgent = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Why the batch at hand had to be sent again. */
  #trouble: unknown;
  #isFailing = false;

  constructor(deps: CallLaneDeps) {
    this.#deps = deps;
  }

  get queued(): number {
    return this.#queue.length;
  }

  /** Throws where the last batch could not be written, and nothing could be written now. */
  async requireRoom(): Promise<void> {
    if (!this.#isFailing) return;
    try {
      await withTimeout(tryRoom(this.#deps.database.adminSql));
      this.#isFailing = false;
    } catch (error) {
      throw toProblem(error);
    }
  }

  append(input: AuditInput): Promise<Appended> {
    if (this.#queue.length >= MAX_QUEUED_EVENTS) return this.#appendLater(input);
    return new Promise((resolve, reject) => {
      this.#deps.chain.requireWhole();
      const draft = this.#deps.draft(input);
      this.#queue.push({ draft, resolve, reject });
      if (!isPatient(draft)) this.#urgent += 1;
      if (this.#isDue()) this.#start();
      else this.#timer ??= setTimeout(() => this.#start(), PATIENCE_MS);
    });
  }

  async #appendLater(input: AuditInput): Promise<Appended> {
    while (this.#queue.length >= MAX_QUEUED_EVENTS) {
      await new Promise<void>((resolve) => this.#room.push(resolve));
    }
    return this.append(input);
  }

  #isDue(): boolean {
    return this.#urgent > 0 || this.#queue.length >= MAX_PATIENT_EVENTS;
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pump ??= this.#run();
  }

  /** Returns when everything appended so far has its answer. */
  async drain(): Promise<void> {
    while (this.#pump !== undefined || this.#queue.length > 0) {
      this.#start();
      await this.#pump;
    }
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // whatever is appended in the same turn shares the first batch
    await this.#write(this.#takeBatch());
    while (this.#isDue()) {
      await setImmediate();
      await this.#write(this.#takeBatch());
    }
    this.#pump = undefined;
    if (this.#queue.length > 0) this.#timer ??= setTimeout(() => this.#start(), PATIENCE_MS);
  }

  #takeBatch(): Waiter[] {
    const batch = this.#queue.splice(0, MAX_BATCH_EVENTS);
    for (const { draft } of batch) if (!isPatient(draft)) this.#urgent -= 1;
    for (const wake of this.#room.splice(0, batch.length)) wake();
    return batch;
  }

  async #write(batch: readonly Waiter[]): Promise<void> {
    let waiters = batch;
    try {
      const ready = this.#deps.beforeBatch();
      if (ready !== undefined) await ready;
      for (let attempt = 0; attempt < MAX_ATTEMPTS && waiters.length > 0; attempt += 1) {
        if (this.#deps.chain.needsReading) await this.#settle();
        const verdict = await this.#attempt(waiters);
        if (verdict === 'done') return;
        waiters = verdict;
      }
      throw this.#trouble;
    } catch (error) {
      this.#isFailing = true;
      const problem = toProblem(error);
      for (const waiter of waiters) waiter.reject(problem);
    }
  }

  async #attempt(waiters: readonly Waiter[]): Promise<Verdict> {
    const { chain, database } = this.#deps;
    const rows = this.#seal(waiters);
    const newest = rows.at(-1);
    if (newest === undefined) return 'done';
    try {
      const epochs = await withTimeout(insertAuditBatch(database.calls, chain.chain, rows));
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
    const { chain } = this.#deps;
    let head = chain.head;
    return waiters.map((waiter) => {
      const row = chain.seal(waiter.draft, head);
      head = headOf(row);
      return row;
    });
  }

  #written(waiters: readonly Waiter[], epochs: ReadonlyMap<string, bigint>): void {
    this.#isFailing = false;
    this.#deps.afterBatch();
    for (const { draft, resolve } of waiters) {
      const { vault } = draft.input;
      resolve({ id: draft.stamp.id, epoch: (vault === null ? undefined : epochs.get(vault)) ?? 0n });
    }
  }

  /** After an error the database is asked for the truth: the statement may have been committed all the same. */
  async #recover(waiters: readonly Waiter[], error: unknown): Promise<Verdict> {
    const { chain, database } = this.#deps;
    const settlement = chain.settle(await readPatiently(() => findChainEnd(database.calls, chain.chain)));
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
    const { chain, database } = this.#deps;
    const settlement = chain.settle(await readPatiently(() => findChainEnd(database.calls, chain.chain)));
    if (settlement.found === 'rows') this.#refuseLateIntents(settlement.drafts);
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
    this.#deps.afterBatch();
    for (const { input, stamp } of drafts) {
      if (input.kind !== 'call.intent') continue;
      const { vault, principal, request } = input;
      const sizes = { requestBytes: 0, responseBytes: 0, totalMs: 0 };
      const base = { vault, principal, ...(request === undefined ? {} : { request }) };
      this.append({
        kind: 'call.outcome',
        ...base,
        intent: stamp.id,
        result: 'refused',
        problem: 'audit-unavailable',
        ...sizes,
      }).catch(() => {
        // The reaper gives it an outcome when this replica's lease has ended.
      });
    }
  }
}

/** What tells how a call ended comes after its answer. */
function isPatient({ input: { kind } }: DraftEvent): boolean {
  return kind === 'call.outcome' || kind === 'call.refused';
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem('audit-unavailable', {
    ...(hasNoRoom(error) ? { detail: NO_ROOM } : {}),
    internal: 'the audit row could not be written',
    cause: error,
  });
}
