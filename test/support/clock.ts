// The clock of servers in a test's own process. While the process stands still, as one does on a machine with much else to
// do, so does this clock: nobody could have renewed a lease meanwhile. Afterwards it catches up at double speed.
import type { Clock } from '../../src/core/time.ts';

/** A turn of the event loop that takes longer was none of ours. */
const STANDSTILL_MS = 500;
const LOOK_EVERY_MS = 50;

// Kept, since a test in the same process may put others in their place.
const machineMs = performance.now.bind(performance);
const wallMs = Date.now.bind(Date);

let lastMs = machineMs();
let behindMs = 0;

/** How far the clock is behind the machine's. */
function look(): number {
  const nowMs = machineMs();
  const sinceMs = nowMs - lastMs;
  lastMs = nowMs;
  behindMs = sinceMs > STANDSTILL_MS ? behindMs + sinceMs : Math.max(0, behindMs - sinceMs);
  return behindMs;
}

setInterval(look, LOOK_EVERY_MS).unref();

/** `offsetMs`: how far the test has shifted it. */
export function testClock(offsetMs: () => number = () => 0): Clock {
  look();
  behindMs = 0; // what stood still before was no server's
  return {
    now: () => new Date(-look() + wallMs() + offsetMs()),
    monotonicMs: () => -look() + lastMs + offsetMs(), // as it was looked at: it never steps back
  };
}
