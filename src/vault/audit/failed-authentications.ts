// Failures before authentication, counted per peer prefix and reason: strangers can neither fill the log nor stall
// calls, since they get one event per window and share a table of fixed size.
import type { AuditInput } from '../../core/audit-event.ts';
import { peerPrefix } from '../../core/ip-range.ts';
import type { Clock } from '../../core/time.ts';

const WINDOW_MS = 10_000;
const MAX_ENTRIES = 256;
const MAX_REASON_LENGTH = 128;
const OTHER = 'other';

interface FailedAuthenticationsDeps {
  readonly clock: Clock;
  readonly append: (event: AuditInput) => Promise<unknown>;
}

interface Tally {
  readonly peer: string;
  readonly reason: string;
  from: Date;
  to: Date;
  count: number;
}

export class FailedAuthentications {
  readonly #deps: FailedAuthenticationsDeps;
  #tallies = new Map<string, Tally>();
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> = Promise.resolve();

  constructor(deps: FailedAuthenticationsDeps) {
    this.#deps = deps;
  }

  note(peer: string, reason: string): void {
    const now = this.#deps.clock.now();
    const tally = this.#find(peerPrefix(peer), reason.slice(0, MAX_REASON_LENGTH), now);
    tally.count += 1;
    tally.to = now;
    this.#timer ??= setTimeout(() => {
      this.flush().catch(() => {
        // The tallies are back in the table and go with the next window.
      });
    }, WINDOW_MS).unref();
  }

  /** When the table is full, everything else is counted as one. */
  #find(peer: string, reason: string, now: Date): Tally {
    const key = `${peer} ${reason}`;
    const existing = this.#tallies.get(key);
    if (existing !== undefined) return existing;
    if (this.#tallies.size >= MAX_ENTRIES && peer !== OTHER) return this.#find(OTHER, OTHER, now);
    const tally = { peer, reason, from: now, to: now, count: 0 };
    this.#tallies.set(key, tally);
    return tally;
  }

  /** Writes what was counted, one event after another, so that calls never wait behind more than one of them. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushing = this.#flushing.catch(() => undefined).then(() => this.#writeAll());
    return this.#flushing;
  }

  async #writeAll(): Promise<void> {
    const tallies = this.#tallies;
    this.#tallies = new Map();
    for (const [key, { peer, reason, count, from, to }] of tallies) {
      try {
        await this.#deps.append({
          kind: 'authentication.failed',
          vault: null,
          principal: { type: 'stranger' },
          peer,
          reason,
          count,
          from: from.toISOString(),
          to: to.toISOString(),
        });
        tallies.delete(key);
      } catch (error) {
        this.#putBack(tallies);
        throw error;
      }
    }
  }

  #putBack(tallies: ReadonlyMap<string, Tally>): void {
    for (const old of tallies.values()) {
      const tally = this.#find(old.peer, old.reason, old.from);
      tally.count += old.count;
      if (old.from < tally.from) tally.from = old.from;
    }
  }
}
