// The database's clock against this machine's: tokens, leases and grants are judged by both.
import { type Check, fail, pass, warn } from './check.ts';
import { onPostgres } from './database-answer.ts';

/** Beyond this a server is not ready: see http/readiness. */
const LIMIT_MS = 5000;
const NOTICEABLE_MS = 1000;
const FIX = 'Set both clocks by NTP: timedatectl set-ntp true';

export const databaseClock: Check = {
  name: 'database-clock',
  area: 'database',
  run: onPostgres(({ clockDifferenceMs }) => {
    const text = `The database's clock is ${Math.round(clockDifferenceMs)} ms from this machine's`;
    if (Math.abs(clockDifferenceMs) > LIMIT_MS) return [fail(text, FIX)];
    return [Math.abs(clockDifferenceMs) > NOTICEABLE_MS ? warn(text, FIX) : pass(text)];
  }),
};
