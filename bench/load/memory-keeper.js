// Takes memory of the machine, a piece at a time, and gives most of it back for others to use. A little of each piece stays
// taken until the process ends: free memory that lies in one piece is what a virtual machine hands back to its host.
import { setTimeout as delay } from 'node:timers/promises';

/** @typedef {{ take: number } | 'release'} Order bytes to take, or an end of it */
/** @typedef {{ pageMicroseconds: number }} Taken */

const PIECE_BYTES = 2 * 1024 * 1024;
const STAYING_BYTES = 8 * 1024;
const PAGE_BYTES = 4096;
/** More than this process needs for itself. */
const OWN_BYTES = 256 * 1024 * 1024;

/** @type {Buffer[]} */
let passing = [];
/** @type {Buffer[]} */
const staying = [];

/** @param {number} bytes @returns {Taken} */
function take(bytes) {
  const startedMs = performance.now();
  let taken = 0;
  for (; taken < bytes; taken += PIECE_BYTES) {
    passing.push(Buffer.allocUnsafeSlow(PIECE_BYTES - STAYING_BYTES).fill(1));
    staying.push(Buffer.allocUnsafeSlow(STAYING_BYTES).fill(1));
  }
  return { pageMicroseconds: ((performance.now() - startedMs) * 1000 * PAGE_BYTES) / taken };
}

/** Node frees the memory of buffers in a thread of its own, some time after a collection. @returns {Promise<object>} */
async function release() {
  passing = [];
  const limitBytes = staying.length * STAYING_BYTES + OWN_BYTES;
  for (let i = 0; i < 100 && (i === 0 || process.memoryUsage.rss() > limitBytes); i += 1) {
    globalThis.gc?.();
    await delay(20);
  }
  return {};
}

process.on('disconnect', () => process.exit());
process.on('message', async (message) => {
  const order = /** @type {Order} */ (message);
  process.send?.(order === 'release' ? await release() : take(order.take));
});
