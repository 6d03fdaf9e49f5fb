// The head of a chain this process writes, and what to make of a commit whose answer never came.
import { Problem } from '../../core/problem.ts';
import type { Id } from '../../core/ids.ts';
import { MacKey } from '../../crypto/mac-key.ts';
import { genesisMac, isSameHead, sealEvent } from './chain.ts';
import type { DraftEvent, Head, Lane } from './chain.ts';
import type { AuditRow, ChainEnd } from '../../store/audit-events.ts';

/** Something in the database is not as this process left it. */
export interface Alarm {
  readonly table: string;
  readonly row: string;
  readonly reason: string;
}

/** Rows that may or may not have been committed. */
interface Doubt {
  readonly head: Head;
  readonly drafts: readonly DraftEvent[];
}

/** What the database had: no more than before, or the rows of a doubt. */
export type Settlement =
  | { readonly found: 'nothing' }
  | { readonly found: 'rows'; readonly head: Head; readonly drafts: readonly DraftEvent[] };

export class ChainHead {
  readonly chain: Id<'chn'>;
  readonly lane: Lane;
  readonly #macKey: MacKey;
  readonly #onAlarm: (alarm: Alarm) => void;
  #head: Head;
  #doubts: Doubt[] = [];
  #needsReading = false;
  #isBroken = false;

  constructor(chain: Id<'chn'>, lane: Lane, macKey: Uint8Array, onAlarm: (alarm: Alarm) => void) {
    this.chain = chain;
    this.lane = lane;
    this.#macKey = new MacKey(macKey);
    this.#onAlarm = onAlarm;
    this.#head = { seq: 0, mac: genesisMac(this.#macKey, chain) };
  }

  /** The newest row known to be committed. */
  get head(): Head {
    return this.#head;
  }

  /** Whether `settle` must read the database before the next row. */
  get needsReading(): boolean {
    return this.#needsReading;
  }

  requireWhole(): void {
    if (this.#isBroken) {
      throw new Problem('audit-unavailable', { internal: `audit chain ${this.chain} is not as it was left` });
    }
  }

  /** The row that continues `head`; the chain's own head doesn't move before `commit`. */
  seal(draft: DraftEvent, head: Head): AuditRow {
    return sealEvent(this.#macKey, this.chain, head, draft);
  }

  /** The rows up to `head` are durable. Rows in doubt can't come any more: theirs were the same numbers. */
  commit(head: Head): void {
    this.#head = head;
    this.#doubts = [];
    this.#needsReading = false;
  }

  /** The rows up to `head` were sent and the answer is not known. */
  doubt(head: Head, drafts: readonly DraftEvent[]): void {
    this.#doubts.push({ head, drafts });
    this.#needsReading = true;
  }

  /**
   * Compares with the chain's newest row in the database. A statement may outlive its connection and commit after
   * this reading, so doubts stay until something else is committed in their place. Any other head is an alarm, and
   * the chain is not continued.
   */
  settle(end: ChainEnd | undefined): Settlement {
    const newest = end ?? { seq: 0, mac: genesisMac(this.#macKey, this.chain) };
    if (isSameHead(newest, this.#head)) {
      this.#needsReading = false;
      return { found: 'nothing' };
    }
    const doubt = this.#doubts.find((candidate) => isSameHead(newest, candidate.head));
    if (doubt !== undefined) {
      this.commit(doubt.head);
      return { found: 'rows', ...doubt };
    }
    this.#isBroken = true;
    this.#onAlarm({
      table: 'audit_event',
      row: `${this.chain}:${newest.seq}`,
      reason: `the newest event should be ${this.#head.seq}; this chain is not continued`,
    });
    throw new Problem('audit-unavailable', { internal: `audit chain ${this.chain} is not as it was left` });
  }
}
