// What the calls of one connection share. A client sends much the same head with each of them: what follows from that head, the
// service and the stored values alone is found out once, and again when one of those is another. Nothing that decides is
// kept: whether a token, a right or a limit still holds is asked for every call. Nothing is shared between connections: how
// long an answer takes would tell one caller what another one sent.
import { type HeaderPairs, pairsFromRaw } from '../core/headers.ts';
import { RecentAddresses } from '../core/recent-addresses.ts';
import type { Presented } from './caller.ts';

/** The last result, for as long as everything it follows from stays what it is. */
export class Remembered<T> {
  #last: { readonly from: readonly unknown[]; readonly result: T } | undefined;

  /** `from`: all that `make` looks at, compared one by one. What throws is not kept. */
  of(from: readonly unknown[], make: () => T): T {
    if (this.#last !== undefined && isSame(this.#last.from, from)) return this.#last.result;
    const result = make();
    this.#last = { from, result };
    return result;
  }
}

export class ConnectionMemory {
  readonly addresses = new RecentAddresses();
  readonly presented = new Remembered<readonly Presented[]>();
  /** Of the last access token, as tokens are remembered by. */
  readonly digest = new Remembered<string>();
  /** Whether nothing that is stored stood in the head. */
  readonly isHarmless = new Remembered<boolean>();
  readonly passedOn = new Remembered<HeaderPairs>();
  #raw: readonly string[] = [];
  #pairs: HeaderPairs = [];

  /** The pairs of a head, the very same ones for the very same head. */
  headers(raw: readonly string[]): HeaderPairs {
    if (raw.length > 0 && isSame(this.#raw, raw)) return this.#pairs;
    this.#raw = raw;
    this.#pairs = pairsFromRaw(raw);
    return this.#pairs;
  }
}

function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false;
  return true;
}
