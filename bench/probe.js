// Asks a server that was started with the probe what it has inside.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** @typedef {{ count: number, longestMs: number, sockets: number, residentBytes: number, heapBytes: number, outsideBytes: number }} Probed */

const PRELOAD = new URL('probe-preload.js', import.meta.url);
const ANSWER_TIMEOUT_MS = 30_000;

/** What a server needs to be asked. @param {{ directory: string }} stage @param {{ collects?: boolean }} [options] */
export function createProbe({ directory }, { collects = false } = {}) {
  const file = join(directory, `probe-${randomBytes(4).toString('hex')}.json`);
  const read = () =>
    existsSync(file) ? /** @type {Probed} */ (JSON.parse(readFileSync(file, 'utf8'))) : undefined;
  return {
    nodeArguments: [...(collects ? ['--expose-gc'] : []), '--import', PRELOAD.href],
    environment: { BENCH_PROBE_FILE: file },
    /** @param {number} pid @returns {Promise<Probed>} */
    ask: async (pid) => {
      const before = read()?.count ?? 0;
      process.kill(pid, 'SIGUSR2');
      const deadlineMs = performance.now() + ANSWER_TIMEOUT_MS;
      while (performance.now() < deadlineMs) {
        await delay(5);
        const probed = read();
        if (probed !== undefined && probed.count > before) return probed;
      }
      throw new Error('a server did not answer the probe');
    },
  };
}
