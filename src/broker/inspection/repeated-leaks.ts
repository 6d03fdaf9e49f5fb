// How often the answers of a grant held an echo of late. Each replica counts for itself.
import type { Id } from '../../core/ids.ts';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../core/time.ts';

const WINDOW_MS = 3_600_000;
const MAX_GRANTS = 10_000;

export class RepeatedLeaks {
  readonly #clock: Clock;
  /** When the latest answers of a grant held an echo. */
  readonly #timesMs = new LRUCache<Id<'grt'>, readonly number[]>({ max: MAX_GRANTS });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether this answer is one of `limit` within an hour. Then counting begins anew. */
  isTooMany(grant: Id<'grt'>, limit: number): boolean {
    const now = this.#clock.monotonicMs();
    const times = [...(this.#timesMs.get(grant) ?? []).filter((time) => now - time < WINDOW_MS), now];
    const isTooMany = times.length >= limit;
    if (isTooMany) this.#timesMs.delete(grant);
    else this.#timesMs.set(grant, times);
    return isTooMany;
  }
}
