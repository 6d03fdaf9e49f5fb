// How often the answers of a grant held an echo of late. Where there may be several replicas the alarms that all of them wrote
// are counted, which nobody does but a replica that has just seen an echo.
import type { Id } from '../../core/ids.ts';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../core/time.ts';
import type { Database } from '../../store/database.ts';
import { countLeakAlarms } from '../../store/leak-alarms.ts';
import { lowestIdAt } from '../../vault/audit/read.ts';

const WINDOW_MS = 3_600_000;
const MAX_GRANTS = 10_000;

type LeakDatabase = Pick<Database, 'kind' | 'calls'>;

export class RepeatedLeaks {
  readonly #clock: Clock;
  readonly #database: LeakDatabase;
  /** When the latest answers of a grant held an echo. */
  readonly #timesMs = new LRUCache<Id<'grt'>, readonly number[]>({ max: MAX_GRANTS });

  constructor(clock: Clock, database: LeakDatabase) {
    this.#clock = clock;
    this.#database = database;
  }

  /** Whether other replicas may see echoes of the same grant. */
  get isShared(): boolean {
    return this.#database.kind === 'postgres';
  }

  /** The same as all replicas together have told it, after a grant was last frozen for that. */
  async isTooManyInAll(
    pair: { readonly agent: Id<'agt'>; readonly service: Id<'svc'> },
    limit: number,
  ): Promise<boolean> {
    const from = lowestIdAt(new Date(this.#clock.now().getTime() - WINDOW_MS));
    return (await countLeakAlarms(this.#database.calls, { ...pair, from })) >= limit;
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
