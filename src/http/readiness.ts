// Whether calls may be sent here. Asked by anybody, so that concurrent questions share one look at the database.
import type { Clock } from '../core/time.ts';
import type { Readiness } from './health.ts';

export interface ReadinessDeps {
  readonly clock: Clock;
  readonly lease: { isValid(): boolean };
  readonly isDraining: () => boolean;
  readonly databaseTime: () => Promise<Date>;
}

const DATABASE_LIMIT_MS = 2000;
const MAX_CLOCK_DIFFERENCE_MS = 5000;

export function createReadiness(deps: ReadinessDeps): () => Promise<Readiness> {
  let checking: Promise<Readiness> | undefined;
  return () => {
    checking ??= check(deps).finally(() => {
      checking = undefined;
    });
    return checking;
  };
}

async function check({ clock, lease, isDraining, databaseTime }: ReadinessDeps): Promise<Readiness> {
  const time = await inTime(databaseTime());
  const differenceMs = time === undefined ? 0 : Math.abs(time.getTime() - clock.now().getTime());
  const checks = {
    draining: isDraining() ? 'shutting down' : 'ok',
    database: time === undefined ? 'does not answer' : 'ok',
    rights: lease.isValid() ? 'ok' : 'the lease has lapsed',
    clock: differenceMs > MAX_CLOCK_DIFFERENCE_MS ? `${differenceMs} ms from the database` : 'ok',
  };
  return { isReady: Object.values(checks).every((found) => found === 'ok'), checks };
}

/** Undefined: it failed, or took too long to count as an answer. */
async function inTime(time: Promise<Date>): Promise<Date | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), DATABASE_LIMIT_MS);
  });
  try {
    return await Promise.race([time, late]).catch(() => undefined);
  } finally {
    clearTimeout(timer);
  }
}
