// What a request asks besides its input: that the record be as it was seen (If-Match, RFC 9110 §13.1.1), and that what it
// makes be made once (Idempotency-Key).
import { Problem } from '../core/problem.ts';
import type { Contract } from './contract.ts';

export interface Conditions {
  /** Tags of which one must be the record's; `*`: that there is one. */
  readonly ifMatch?: '*' | readonly string[];
  readonly idempotencyKey?: string;
}

/** The tag of a record, as `ETag` and `If-Match` carry it between quotes: what changes the record raises its revision. */
export function tagOf(revision: number): string {
  return String(revision);
}

/** The precondition of one change. Whoever changes a record asks it once the record is read, inside the transaction. */
export class Precondition {
  readonly #ifMatch: Conditions['ifMatch'];
  #wasAsked = false;

  constructor({ ifMatch }: Conditions) {
    this.#ifMatch = ifMatch;
  }

  /** Throws `precondition-failed` when the record is not as the caller saw it. */
  require({ revision }: { readonly revision: number }): void {
    this.#wasAsked = true;
    const wanted = this.#ifMatch;
    if (wanted === undefined || wanted === '*' || wanted.includes(tagOf(revision))) return;
    throw new Problem('precondition-failed', {
      detail: `The record is at revision ${revision} now; nothing was done. Read it again and send If-Match: "${tagOf(revision)}" if the change is still meant.`,
      extensions: { revision },
    });
  }

  /** A condition that nobody looked at must not pass for one that held. */
  requireAsked(contract: Contract): void {
    if (this.#ifMatch === undefined || this.#wasAsked) return;
    throw new Problem('invalid-request', {
      detail: `${contract.name} changes no record that has a tag: leave out If-Match.`,
    });
  }
}
