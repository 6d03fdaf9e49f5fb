// Which placeholders at another service than their own have been told of lately: whoever holds one can not fill the log.
import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/time.ts';

const MAX_TOLD = 10_000;
const TOLD_AGAIN_MS = 60_000;

export class Canary {
  readonly #told = new LRUCache<string, number>({ max: MAX_TOLD });
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether this is to be told now. */
  isNews(placeholder: string, at: string): boolean {
    const key = `${placeholder} ${at}`;
    const now = this.#clock.monotonicMs();
    const last = this.#told.get(key);
    if (last !== undefined && now - last < TOLD_AGAIN_MS) return false;
    this.#told.set(key, now);
    return true;
  }
}
