// Part 4 in a process of its own: builds scan tables and drives text through them as a brokered answer's body is driven.
import { createHash } from 'node:crypto';
import { scanCases } from './scan-cases.js';

/** @typedef {{ scanner: string, windows: number, windowMs: number, most: number }} Order */
/** @typedef {typeof import('../../src/core/leak-scan/scanner.ts')} Scanner */

const CHUNK_BYTES = 64 * 1024;
/** As many different chunks are scanned in turn: one alone would lie in the processor's cache. */
const CHUNKS = 16;

/** Bytes that are the same in every run. @param {string} seed @param {number} length */
function seededBytes(seed, length) {
  const blocks = [];
  for (let i = 0; i * 32 < length; i += 1) blocks.push(createHash('sha256').update(`${seed}/${i}`).digest());
  return Buffer.concat(blocks).subarray(0, length);
}

/** @param {number} count @param {boolean} fragments */
function targetsOf(count, fragments) {
  return Array.from({ length: count }, (_, i) => ({
    id: `secret-${i}`,
    value: Buffer.from(`sk-${seededBytes(`secret ${i}`, 30).toString('base64url')}`),
    fragments,
  }));
}

const WORDS =
  'the model answers with a list of items and each of them has a name an id some text and a count of what it used'.split(
    ' ',
  );

/** JSON as APIs answer it: prose, ids, numbers, a digest now and then. @param {number} part */
function jsonText(part) {
  const items = [];
  let length = 0;
  for (let i = 0; length < CHUNK_BYTES; i += 1) {
    const bytes = seededBytes(`item ${part} ${i}`, 64);
    const content = Array.from(bytes, (byte) => WORDS[byte % WORDS.length]).join(' ');
    const digest = bytes.subarray(0, 24).toString('base64');
    const item = {
      id: `item_${bytes.toString('hex', 0, 12)}`,
      created: bytes.readUInt32BE(8),
      content,
      digest,
    };
    items.push(item);
    length += JSON.stringify(item).length + 1;
  }
  return Buffer.from(JSON.stringify({ object: 'list', data: items })).subarray(0, CHUNK_BYTES);
}

/**
 * Text that comes as near to the secrets as it can without being redacted: each without its last byte, or a fragment of
 * nine bytes where ten are one too many.
 * @param {number} part @param {import('./scan-cases.js').ScanCase} one
 */
function nearMissText(part, { secrets, fragments }) {
  const near = targetsOf(Math.min(secrets, 1024), false).map(({ value }) =>
    fragments ? value.subarray(7, 16) : value.subarray(0, -1),
  );
  const pieces = [];
  let length = 0;
  for (let i = part * 61; length < CHUNK_BYTES; i += 1) {
    const piece = Buffer.concat([near[i % near.length] ?? Buffer.alloc(0), Buffer.from(' ')]);
    pieces.push(piece);
    length += piece.length;
  }
  return Buffer.concat(pieces).subarray(0, CHUNK_BYTES);
}

/** @param {Scanner} scanner @param {import('./scan-cases.js').ScanCase} one */
function prepare({ buildScanTable, createLeakScan }, one) {
  const { secrets, fragments, text } = one;
  const targets = targetsOf(secrets, fragments);
  const startedMs = performance.now();
  const table = buildScanTable(targets);
  const buildMs = performance.now() - startedMs;
  const chunks = Array.from({ length: CHUNKS }, (_, part) =>
    text === 'json' ? jsonText(part) : nearMissText(part, one),
  );
  /** Gigabytes a second over one window. @param {number} windowMs */
  const scan = (windowMs) => {
    const fromMs = performance.now();
    let bytes = 0;
    while (performance.now() - fromMs < windowMs) {
      const stream = createLeakScan(table, () => undefined);
      for (const chunk of chunks) {
        stream.push(chunk);
        bytes += chunk.length;
      }
      stream.end();
    }
    return bytes / 1e6 / (performance.now() - fromMs);
  };
  return { patterns: table.size, buildMs, scan };
}

const SIZES = { '1 KiB': 1024, '64 KiB': 64 * 1024, '16 MiB': 16 * 1024 * 1024 };
const STREAMS = 5000;

/** Pages and lines, in which the bytes are frequent that encodings begin with. @param {number} part */
function pageText(part) {
  const lines = [];
  let length = 0;
  for (let i = 0; length < CHUNK_BYTES; i += 1) {
    const bytes = seededBytes(`line ${part} ${i}`, 24);
    const text = Array.from(bytes, (byte) => WORDS[byte % WORDS.length]).join(' ');
    const line = `<p class="item" id="i${bytes.toString('hex', 0, 4)}">${text} &amp; more, 100%</p>\n`;
    lines.push(line);
    length += line.length;
  }
  return Buffer.from(lines.join('')).subarray(0, CHUNK_BYTES);
}

/**
 * Whole bodies of each size, in pieces as they come from a socket.
 * @param {Scanner} scanner @param {{ windows: number, windowMs: number }} plan
 */
function scanSizes({ buildScanTable, createLeakScan }, { windows, windowMs }) {
  const found = [];
  for (const [text, make] of /** @type {const} */ ([
    ['json', jsonText],
    ['pages', pageText],
  ])) {
    const chunks = Array.from({ length: CHUNKS }, (_, part) => make(part));
    for (const secrets of [1, 8, 64]) {
      const table = buildScanTable(targetsOf(secrets, false));
      for (const [size, bytes] of Object.entries(SIZES)) {
        const body = Array.from({ length: Math.ceil(bytes / CHUNK_BYTES) }, (_, at) =>
          (chunks[at % CHUNKS] ?? Buffer.alloc(0)).subarray(0, bytes),
        );
        const gigabytesPerSecond = Array.from({ length: windows + 1 }, () => {
          const fromMs = performance.now();
          let scanned = 0;
          do {
            const stream = createLeakScan(table, () => undefined);
            for (const chunk of body) stream.push(chunk);
            stream.end();
            scanned += bytes;
          } while (performance.now() - fromMs < windowMs / 2);
          return scanned / 1e6 / (performance.now() - fromMs);
        }).slice(1);
        found.push({ text, secrets, size, gigabytesPerSecond });
      }
    }
  }
  return found;
}

/** Milliseconds that an event of a stream waits for the scan, one figure for each of many. @param {Scanner} scanner */
function eventDelays({ buildScanTable, createLeakScan }) {
  const stream = createLeakScan(buildScanTable(targetsOf(8, true)), () => undefined);
  const delays = [];
  for (let i = 0; i < 20_000; i += 1) {
    const content = seededBytes(`event ${i}`, 60).toString('base64url');
    const event = Buffer.from(
      `data: ${JSON.stringify({ choices: [{ delta: { content } }], created: i })}\n\n`,
    );
    const fromMs = performance.now();
    const sent = stream.push(event);
    if (sent.length > 0) delays.push(performance.now() - fromMs);
  }
  return delays.slice(1000);
}

/** Memory of one stream between two events. @param {Scanner} scanner */
function bytesOfStream({ buildScanTable, createLeakScan }) {
  const table = buildScanTable(targetsOf(64, true));
  const event = Buffer.from(`data: ${'x'.repeat(200)}\n\n`);
  const used = () => {
    globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = used();
  const streams = Array.from({ length: STREAMS }, () => createLeakScan(table, () => undefined));
  for (const stream of streams) for (let i = 0; i < 10; i += 1) stream.push(event);
  return (used() - before) / streams.length;
}

/** @typedef {{ sizes: ReturnType<typeof scanSizes>, event: number[], streamBytes: number }} Found */

/** @param {Order} order */
async function run({ scanner, windows, windowMs, most }) {
  const module = /** @type {Scanner} */ (await import(scanner));
  const prepared = scanCases(most).map((one) => ({ ...one, ...prepare(module, one) }));
  for (const { scan } of prepared) scan(windowMs);
  /** @type {Map<string, number[]>} */
  const figures = new Map(prepared.map(({ id }) => [id, []]));
  for (let i = 0; i < windows; i += 1)
    for (const { id, scan } of prepared) figures.get(id)?.push(scan(windowMs));
  const cases = prepared.map(({ id, title, secrets, fragments, text, patterns, buildMs }) => {
    const gigabytesPerSecond = figures.get(id) ?? [];
    return { id, title, secrets, fragments, text, patterns, buildMs, gigabytesPerSecond };
  });
  const sizes = scanSizes(module, { windows, windowMs });
  return { cases, sizes, event: eventDelays(module), streamBytes: bytesOfStream(module) };
}

process.on('disconnect', () => process.exit());
process.on('message', (order) => {
  run(/** @type {Order} */ (order)).then(
    (result) => process.send?.(result),
    (error) => process.send?.({ failed: String(error?.stack ?? error) }),
  );
});
