// Whether calls may be sent here. Asked by anybody, so that concurrent questions share one look at the database.
import type { Clock } from '../core/time.ts';
import type { Readiness } from './health.ts';

export interface ReadinessDeps {
  readonly clock: Clock;
  readonly lease: { isValid(): boolean };
  readonly keyring: { readonly isOpen: boolean };
  readonly audit: { requireWritable(): Promise<void> };
  /** Room left for the data directory. */
  readonly freeBytes: () => Promise<number>;
  readonly isDraining: () => boolean;
  readonly databaseTime: () => Promise<Date>;
}

const DATABASE_LIMIT_MS = 2000;
const MAX_CLOCK_DIFFERENCE_MS = 5000;
/** With less, rows and the head file may not find room any more. */
const MIN_FREE_BYTES = 1024 * 1024;

export function createReadiness(deps: ReadinessDeps): () => Promise<Readiness> {
  let checking: Promise<Readiness> | undefined;
  return () => {
    checking ??= check(deps).finally(() => {
      checking = undefined;
    });
    return checking;
  };
}

async function check(deps: ReadinessDeps): Promise<Readiness> {
  const { clock, lease, keyring, audit, freeBytes, isDraining, databaseTime } = deps;
  const time = await inTime(databaseTime());
  const isWritable = await inTime(audit.requireWritable().then(() => true));
  const free = await inTime(freeBytes());
  const differenceMs = time === undefined ? 0 : Math.abs(time.getTime() - clock.now().getTime());
  const checks = {
    draining: isDraining() ? 'shutting down' : 'ok',
    database: time === undefined ? 'does not answer' : 'ok',
    rootKey: keyring.isOpen ? 'ok' : 'sealed',
    rights: lease.isValid() ? 'ok' : 'the lease has lapsed',
    audit: isWritable === true ? 'ok' : 'nothing can be recorded',
    disk: free === undefined ? 'the data directory is gone' : free < MIN_FREE_BYTES ? 'full' : 'ok',
    clock: differenceMs > MAX_CLOCK_DIFFERENCE_MS ? `${differenceMs} ms from the database` : 'ok',
  };
  return { isReady: Object.values(checks).every((found) => found === 'ok'), checks };
}

/** Undefined: it failed, or took too long to count as an answer. One that came while the process itself stood still counts. */
export async function inTime<T>(time: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => setImmediate(() => resolve(undefined)), DATABASE_LIMIT_MS);
  });
  try {
    return await Promise.race([time, late]).catch(() => undefined);
  } finally {
    clearTimeout(timer);
  }
}
