// How often the answers of a grant held an echo of late. Where there may be several replicas the alarms that all of them wrote
// are counted, which nobody does but a replica that has just seen an echo.
import type { Id } from '../../core/ids.ts';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../core/time.ts';
import type { Database } from '../../store/database.ts';
import { countLeakAlarms } from '../../store/leak-alarms.ts';
import { lowestIdAt } from '../../vault/audit/read.ts';

const MINUTE_MS = 60_000;
const WINDOW_MINUTES = 60;
const MAX_GRANTS = 10_000;
/** More alarms than these nobody reads: of a higher limit each replica counts what it sees itself. */
const MAX_TOLD = 1000;

type LeakDatabase = Pick<Database, 'kind' | 'calls'>;

export class RepeatedLeaks {
  readonly #clock: Clock;
  readonly #database: LeakDatabase;
  /** How many answers of a grant held an echo, by the minute. */
  readonly #minutes = new LRUCache<Id<'grt'>, Map<number, number>>({ max: MAX_GRANTS });

  constructor(clock: Clock, database: LeakDatabase) {
    this.#clock = clock;
    this.#database = database;
  }

  /** Whether those at other replicas count too, and so each is told. */
  isShared(limit: number): boolean {
    return this.#database.kind === 'postgres' && limit > 0 && limit <= MAX_TOLD;
  }

  /** As many as all replicas together have told within an hour, after a grant was last frozen for that. */
  async countInAll(pair: { readonly agent: Id<'agt'>; readonly service: Id<'svc'> }): Promise<number> {
    const fromMs = this.#clock.now().getTime() - WINDOW_MINUTES * MINUTE_MS;
    return await countLeakAlarms(this.#database.calls, { ...pair, from: lowestIdAt(new Date(fromMs)) });
  }

  /** Notes that an answer held an echo; how many did here within an hour, this one included. */
  note(grant: Id<'grt'>): number {
    const now = Math.floor(this.#clock.monotonicMs() / MINUTE_MS);
    const minutes = this.#minutes.get(grant) ?? new Map<number, number>();
    this.#minutes.set(grant, minutes);
    minutes.set(now, (minutes.get(now) ?? 0) + 1);
    let count = 0;
    for (const [minute, echoes] of minutes) {
      if (now - minute > WINDOW_MINUTES) minutes.delete(minute);
      else count += echoes;
    }
    return count;
  }

  /** Counting begins anew. */
  forget(grant: Id<'grt'>): void {
    this.#minutes.delete(grant);
  }
}
