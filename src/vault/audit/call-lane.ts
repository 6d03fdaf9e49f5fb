// The call lane: group commit. A lone call pays for one round trip and a crowd shares one: the next batch starts one turn of
// the event loop after the one before (a batch costs more than the turn), with all that has come by then. Each chain has one
// batch on its way; where there are two, a second starts beside the first once as much has come as the first one carries.
// How a call ended is waited for by nobody: it goes with the next batch that somebody waits for, or alone a few milliseconds
// later. Nothing is dropped: when the queue is full, `append` waits.
import type { AuditInput } from '../../core/audit-event.ts';
import { tryRoom } from '../../store/audit-events.ts';
import type { Database } from '../../store/database.ts';
import { BatchWriter, toProblem } from './batch-writer.ts';
import type { Appended, Waiter } from './batch-writer.ts';
import type { DraftEvent } from './chain.ts';
import type { ChainHead } from './chain-head.ts';
import { withTimeout } from './database-trouble.ts';

const MAX_BATCH_EVENTS = 512;
const MAX_QUEUED_EVENTS = 8192;
/** How long, and how many, events that nobody waits for may lie before they have a batch of their own. */
const PATIENCE_MS = 5;
const MAX_PATIENT_EVENTS = 64;
/** Fewer that somebody waits for are not worth a second batch. */
const MIN_SECOND_EVENTS = 8;

interface CallLaneDeps {
  readonly database: Database;
  /** Of each, one batch is on its way at most. */
  readonly chains: readonly ChainHead[];
  readonly draft: (input: AuditInput) => DraftEvent;
  /** Before a batch: undefined where it may be written now, else what to wait for. Throws where the audit log can't be kept whole. */
  readonly beforeBatch: () => Promise<void> | undefined;
  readonly afterBatch: (chain: ChainHead) => void;
}

export class CallLane {
  readonly #deps: CallLaneDeps;
  readonly #writers: readonly BatchWriter[];
  #queue: Waiter[] = [];
  #room: (() => void)[] = [];
  /** Queued events that somebody waits for. */
  #urgent = 0;
  /** As many of them make a batch worth its cost while another is on its way. */
  #worthwhile = MIN_SECOND_EVENTS;
  #timer: NodeJS.Timeout | undefined;
  /** Whether the queue will be looked at within a turn. */
  #isLooking = false;
  /** Called when the next batch has ended. */
  #onEnd: (() => void)[] = [];
  #isFailing = false;

  constructor(deps: CallLaneDeps) {
    const { database, beforeBatch, afterBatch } = deps;
    const append = (input: AuditInput) => this.append(input);
    this.#deps = deps;
    this.#writers = deps.chains.map(
      (chain) => new BatchWriter({ database, beforeBatch, afterBatch, append }, chain),
    );
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
      for (const chain of this.#deps.chains) chain.requireWhole();
      const draft = this.#deps.draft(input);
      this.#queue.push({ draft, resolve, reject });
      if (!isPatient(draft)) this.#urgent += 1;
      if (this.#isDue()) this.#lookSoon();
      else this.#timer ??= setTimeout(() => this.#beginLate(), PATIENCE_MS);
    });
  }

  async #appendLater(input: AuditInput): Promise<Appended> {
    while (this.#queue.length >= MAX_QUEUED_EVENTS) {
      await new Promise<void>((resolve) => this.#room.push(resolve));
    }
    return this.append(input);
  }

  /** One event to each chain, and nothing beside it in its batch. */
  async appendToEach(inputOf: (chain: ChainHead) => AuditInput): Promise<void> {
    do await this.drain();
    while (!this.#isQuiet());
    const written = this.#writers.map(
      (writer) =>
        new Promise((resolve, reject) => {
          const draft = this.#deps.draft(inputOf(writer.chain));
          void this.#write(writer, [{ draft, resolve, reject }]);
        }),
    );
    await Promise.all(written);
  }

  /** Returns when everything appended so far has its answer. */
  async drain(): Promise<void> {
    while (this.#queue.length > 0 || !this.#isQuiet()) {
      if (this.#isQuiet()) this.#send();
      await new Promise<void>((resolve) => this.#onEnd.push(resolve));
    }
  }

  /** Whether nothing is on its way. */
  #isQuiet(): boolean {
    return this.#writers.every(({ isBusy }) => !isBusy);
  }

  #isDue(): boolean {
    if (this.#isQuiet()) return this.#urgent > 0 || this.#queue.length >= MAX_PATIENT_EVENTS;
    return this.#urgent >= this.#worthwhile && this.#writers.some(({ isBusy }) => !isBusy);
  }

  /** Whatever is appended in the same turn shares the batch. */
  #lookSoon(): void {
    if (this.#isLooking) return;
    if (!this.#isQuiet()) return this.#lookNextTurn();
    this.#isLooking = true;
    queueMicrotask(() => this.#look());
  }

  #lookNextTurn(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    setImmediate(() => this.#look());
  }

  #look(): void {
    this.#isLooking = false;
    if (this.#isDue()) this.#send();
    else if (this.#isQuiet() && this.#queue.length > 0) {
      this.#timer ??= setTimeout(() => this.#beginLate(), PATIENCE_MS);
    }
  }

  #beginLate(): void {
    this.#timer = undefined;
    if (this.#isQuiet()) this.#send();
  }

  #send(): void {
    const writer = this.#writers.find(({ isBusy }) => !isBusy);
    if (writer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    void this.#write(writer, this.#takeBatch());
  }

  async #write(writer: BatchWriter, batch: readonly Waiter[]): Promise<void> {
    this.#isFailing = !(await writer.write(batch));
    for (const wake of this.#onEnd.splice(0)) wake();
    this.#lookNextTurn();
  }

  #takeBatch(): Waiter[] {
    const batch = this.#queue.splice(0, MAX_BATCH_EVENTS);
    const before = this.#urgent;
    for (const { draft } of batch) if (!isPatient(draft)) this.#urgent -= 1;
    this.#worthwhile = Math.max(MIN_SECOND_EVENTS, before - this.#urgent);
    for (const wake of this.#room.splice(0, batch.length)) wake();
    return batch;
  }
}

/** What tells how a call ended comes after its answer. */
function isPatient({ input: { kind } }: DraftEvent): boolean {
  return kind === 'call.outcome' || kind === 'call.refused';
}
