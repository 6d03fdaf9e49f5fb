// The load generator, a process of its own and the same for every road: raw keep-alive sockets, request bytes made
// beforehand, the least parser that can tell a whole answer. Each connection sends its next request when the answer
// to the last one is complete. Told by messages; ends with the bench.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { AnswerReader } from './answer-reader.js';

/** @typedef {{ port: number, request: string }} Target */
/**
 * @typedef {{
 *   targets: readonly Target[], connections: number, warmUpMs: number, windowMs: number,
 *   watched: Record<string, { pids: readonly number[], withChildren?: boolean }>,
 * }} Order
 */

const READ_BUFFER_BYTES = 8192;
const MAX_SAMPLES = 2_000_000;
const END_TIMEOUT_MS = 5000;
const TICK_MICROSECONDS = 10_000; // Linux gives CPU time in hundredths of a second

/** Latencies of the window in milliseconds; made once, so that no window pays for it. */
const samples = new Float64Array(MAX_SAMPLES);

class Window {
  /** @type {Record<string, number>} */
  errors = {};
  requests = 0;
  isCounting = false;
  isOver = false;
  open = 0;
  /** @param {() => void} onAllClosed */
  constructor(onAllClosed) {
    this.onAllClosed = onAllClosed;
  }

  /** @param {string} what */
  fail(what) {
    if (!this.isOver) this.errors[what] = (this.errors[what] ?? 0) + 1;
  }
}

/** @param {Window} window @param {Target} target */
function openConnection(window, { port, request }) {
  const bytes = Buffer.from(request, 'latin1');
  const reader = new AnswerReader();
  let sentMs = 0;
  const send = () => {
    sentMs = performance.now();
    socket.write(bytes);
  };
  const answered = () => {
    if (window.isCounting) {
      if (reader.status === 200) samples[window.requests++ % MAX_SAMPLES] = performance.now() - sentMs;
      else window.fail(`status ${reader.status}`);
    } else if (reader.status !== 200) window.fail(`status ${reader.status} before the window`);
    if (window.isOver || reader.isLast) socket.end();
    else send();
  };
  const socket = connect({
    port,
    host: '127.0.0.1',
    noDelay: true,
    onread: {
      buffer: Buffer.allocUnsafeSlow(READ_BUFFER_BYTES),
      callback: (length, buffer) => {
        if (reader.push(/** @type {Buffer} */ (buffer), length)) answered();
        return true;
      },
    },
  });
  window.open += 1;
  socket.once('connect', send);
  socket.on('error', (error) => window.fail('code' in error ? String(error.code) : error.message));
  socket.once('close', () => {
    window.open -= 1;
    if (window.isOver) {
      if (window.open === 0) window.onAllClosed();
      return;
    }
    window.fail('connection closed');
    setTimeout(() => {
      if (!window.isOver) openConnection(window, { port, request });
    }, 100);
  });
}

/** @param {Order} order */
async function run({ targets, connections, warmUpMs, windowMs, watched }) {
  /** @type {() => void} */
  let allClosed = () => undefined;
  /** @type {Promise<void>} */
  const closed = new Promise((resolve) => (allClosed = resolve));
  const window = new Window(() => allClosed());
  for (let i = 0; i < connections; i += 1) {
    const target = targets[i % targets.length];
    if (target !== undefined) openConnection(window, target);
  }
  await sleep(warmUpMs);
  const before = readClocks(watched);
  window.isCounting = true;
  const startedMs = performance.now();
  await sleep(windowMs);
  const seconds = (performance.now() - startedMs) / 1000;
  window.isCounting = false;
  const after = readClocks(watched);
  window.isOver = true;
  // Answers still under way are waited for: a cut call costs the server more than an answered one.
  await Promise.race([closed, sleep(END_TIMEOUT_MS)]);
  return {
    seconds,
    requests: window.requests,
    errors: window.errors,
    perSecond: window.requests / seconds,
    ...quantiles(window.requests),
    cpuMicroseconds: perRequest(before, after, window.requests),
  };
}

/** @param {number} count */
function quantiles(count) {
  const sorted = samples.subarray(0, Math.min(count, MAX_SAMPLES)).slice().sort();
  const at = (/** @type {number} */ part) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
  return { p50Ms: at(0.5) ?? null, p99Ms: at(0.99) ?? null };
}

/** CPU time of each watched group so far, in microseconds. @param {Order['watched']} watched */
function readClocks(watched) {
  const { user, system } = process.cpuUsage();
  /** @type {Record<string, number | null>} */
  const clocks = { generator: user + system };
  for (const [name, { pids, withChildren }] of Object.entries(watched)) {
    const all = withChildren === true ? pids.flatMap((pid) => [pid, ...childrenOf(pid)]) : pids;
    clocks[name] = all.reduce((/** @type {number | null} */ sum, pid) => {
      const used = cpuTime(pid);
      return used === null || sum === null ? null : sum + used;
    }, 0);
  }
  return clocks;
}

/** Null where there is no /proc. @param {number} pid */
function cpuTime(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_MICROSECONDS;
  } catch {
    return null;
  }
}

/** @param {number} pid @returns {number[]} */
function childrenOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1')
      .trim()
      .split(' ')
      .filter(Boolean)
      .map(Number);
  } catch {
    return [];
  }
}

/** @param {Record<string, number | null>} before @param {Record<string, number | null>} after @param {number} requests */
function perRequest(before, after, requests) {
  /** @type {Record<string, number | null>} */
  const spent = {};
  for (const [name, end] of Object.entries(after)) {
    const start = before[name] ?? null;
    spent[name] = start === null || end === null || requests === 0 ? null : (end - start) / requests;
  }
  return spent;
}

/** @param {number} ms @returns {Promise<void>} */
function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

process.on('disconnect', () => process.exit());
process.on('message', (order) => {
  run(/** @type {Order} */ (order)).then(
    (result) => process.send?.(result),
    (error) => process.send?.({ failed: String(error) }),
  );
});
