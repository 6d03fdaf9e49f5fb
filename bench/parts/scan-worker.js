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

/** @param {Order} order */
async function run({ scanner, windows, windowMs, most }) {
  const module = /** @type {Scanner} */ (await import(scanner));
  const prepared = scanCases(most).map((one) => ({ ...one, ...prepare(module, one) }));
  for (const { scan } of prepared) scan(windowMs);
  /** @type {Map<string, number[]>} */
  const figures = new Map(prepared.map(({ id }) => [id, []]));
  for (let i = 0; i < windows; i += 1)
    for (const { id, scan } of prepared) figures.get(id)?.push(scan(windowMs));
  return prepared.map(({ id, title, secrets, fragments, text, patterns, buildMs }) => {
    const gigabytesPerSecond = figures.get(id) ?? [];
    return { id, title, secrets, fragments, text, patterns, buildMs, gigabytesPerSecond };
  });
}

process.on('disconnect', () => process.exit());
process.on('message', (order) => {
  run(/** @type {Order} */ (order)).then(
    (result) => process.send?.({ cases: result }),
    (error) => process.send?.({ failed: String(error?.stack ?? error) }),
  );
});
