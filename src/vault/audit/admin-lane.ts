// The admin lane: an administrative change and its events are one database transaction, one at a time, so that the
// chain's head can be put back when the transaction is.
import type { AuditInput } from '../../core/audit-event.ts';
import type { Id } from '../../core/ids.ts';
import { Problem } from '../../core/problem.ts';
import { findChainEnd, insertAuditRow } from '../../store/audit-events.ts';
import type { Database } from '../../store/database.ts';
import type { Transaction } from '../../store/transaction.ts';
import { headOf, isSameHead } from './chain.ts';
import type { DraftEvent, Head } from './chain.ts';
import type { ChainHead, Settlement } from './chain-head.ts';
import { readPatiently } from './database-trouble.ts';

/** Writes an event in the transaction at hand. Throws `already-exists` for an intent's second outcome. */
export type Append = (event: AuditInput) => Promise<Id<'evt'>>;
export type Work<T> = (tx: Transaction, append: Append) => Promise<T>;

interface AdminLaneDeps {
  readonly database: Database;
  readonly chain: ChainHead;
  readonly draft: (input: AuditInput) => DraftEvent;
  /** Before a transaction: throws where the audit log can't be kept whole. */
  readonly before: () => Promise<void>;
  /** Right after each commit, in their order. */
  readonly committed: () => void;
  /** Before the caller gets its answer; the next transaction does not wait for it, so that several share what it does. */
  readonly after: () => Promise<void>;
}

export class AdminLane {
  readonly #deps: AdminLaneDeps;
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: AdminLaneDeps) {
    this.#deps = deps;
  }

  async transaction<T>(work: Work<T>): Promise<T> {
    const result = this.#last.then(() => this.#transact(work));
    this.#last = result.catch(() => undefined); // the caller gets the failure; the next one only its turn
    const value = await result;
    await this.#deps.after();
    return value;
  }

  async #transact<T>(work: Work<T>): Promise<T> {
    const { chain, database, before, committed } = this.#deps;
    chain.requireWhole();
    await before();
    if (chain.needsReading) await this.#settle();
    const writer = new TransactionWriter(chain, this.#deps.draft);
    const results: T[] = []; // filled when only COMMIT is left
    try {
      await database.admin.transaction(async (tx) => {
        const result = await work(tx, (event) => writer.append(tx, event));
        await writer.end();
        results.push(result);
      });
    } catch (error) {
      if (results.length === 0) throw error; // COMMIT was never sent: the head in memory hasn't moved
      await this.#recover(writer, error);
    }
    chain.commit(writer.head);
    committed();
    return results[0] as T; // the transaction didn't throw, so there is one
  }

  /** COMMIT was sent and no answer came: the chain's newest row tells whether it was done. */
  async #recover(writer: TransactionWriter, error: unknown): Promise<void> {
    const { chain } = this.#deps;
    const isSilent = isSameHead(writer.head, chain.head); // no event, so nothing to tell by
    if (!isSilent) {
      chain.doubt(writer.head, writer.drafts);
      const settlement = await this.#settle();
      if (settlement.found === 'rows' && isSameHead(settlement.head, writer.head)) return;
    }
    throw new Problem('database-unavailable', {
      detail: 'The database did not confirm the change; look whether it was made before trying again.',
      cause: error,
    });
  }

  async #settle(): Promise<Settlement> {
    const { chain, database } = this.#deps;
    return chain.settle(await readPatiently(() => findChainEnd(database.adminSql, chain.chain)));
  }
}

/** The events of one transaction, one after another. */
class TransactionWriter {
  readonly #chain: ChainHead;
  readonly #draft: (input: AuditInput) => DraftEvent;
  readonly drafts: DraftEvent[] = [];
  head: Head;
  #last: Promise<unknown> = Promise.resolve();
  #hasEnded = false;

  constructor(chain: ChainHead, draft: (input: AuditInput) => DraftEvent) {
    this.#chain = chain;
    this.#draft = draft;
    this.head = chain.head;
  }

  append(tx: Transaction, input: AuditInput): Promise<Id<'evt'>> {
    if (this.#hasEnded)
      throw new Problem('internal', { internal: 'the transaction of this event has ended' });
    const written = this.#last.then(() => this.#write(tx, this.#draft(input)));
    this.#last = written.catch(() => undefined); // the caller of this append gets the failure
    return written;
  }

  async end(): Promise<void> {
    await this.#last;
    this.#hasEnded = true;
  }

  async #write(tx: Transaction, draft: DraftEvent): Promise<Id<'evt'>> {
    const row = this.#chain.seal(draft, this.head);
    if (!(await insertAuditRow(tx, row))) {
      throw new Problem('already-exists', { internal: `intent ${row.intent} has its outcome` });
    }
    this.head = headOf(row);
    this.drafts.push(draft);
    return row.id;
  }
}
