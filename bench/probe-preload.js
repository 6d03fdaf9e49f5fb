// Loaded into a server before it starts (`node --import`), to be asked from outside: each SIGUSR2 writes, to the file
// named in BENCH_PROBE_FILE, how long the main thread was away from its event loop at most since the signal before,
// what the heap holds after a collection (with --expose-gc) and how many sockets are open.
import { renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const file = process.env['BENCH_PROBE_FILE'];

if (isMainThread && file !== undefined) {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  let count = 0;
  process.on('SIGUSR2', () => {
    count += 1;
    const longestMs = delays.max / 1e6;
    for (let i = 0; i < 2; i += 1) globalThis.gc?.();
    const { rss: residentBytes, heapUsed: heapBytes, external, arrayBuffers } = process.memoryUsage();
    const sockets = process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
    const memory = { residentBytes, heapBytes, outsideBytes: external + arrayBuffers };
    writeFileSync(`${file}.part`, JSON.stringify({ count, longestMs, sockets, ...memory }));
    renameSync(`${file}.part`, file);
    delays.reset();
  });
}
