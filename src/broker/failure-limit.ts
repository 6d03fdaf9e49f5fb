// Bounds what a flood of bad tokens costs: each peer may have only so many verified and found wrong in a window.
import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/time.ts';

const MAX_PEERS = 10_000;
const WINDOW_MS = 10_000;
const MAX_FAILURES = 500;

interface Failures {
  windowStartMs: number;
  count: number;
}

export class FailureLimit {
  readonly #clock: Clock;
  readonly #peers = new LRUCache<string, Failures>({ max: MAX_PEERS });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(peer: string): void {
    const now = this.#clock.monotonicMs();
    const failures = this.#peers.get(peer);
    if (failures === undefined || now - failures.windowStartMs >= WINDOW_MS) {
      this.#peers.set(peer, { windowStartMs: now, count: 1 });
    } else {
      failures.count += 1;
    }
  }

  /** Seconds until the peer may have a token verified again; undefined when it may now. */
  retryAfterSeconds(peer: string): number | undefined {
    const failures = this.#peers.get(peer);
    if (failures === undefined || failures.count < MAX_FAILURES) return undefined;
    const remainingMs = failures.windowStartMs + WINDOW_MS - this.#clock.monotonicMs();
    return remainingMs > 0 ? Math.ceil(remainingMs / 1000) : undefined;
  }
}
