// The part on requests, in a process of its own: bodies looked through for all values of vaults of several sizes.
import { createHash, createHmac } from 'node:crypto';

/** @typedef {{ core: string, windows: number, windowMs: number }} Order */
/** @typedef {typeof import('../../src/core/fingerprints/forms.ts')} Forms */
/** @typedef {typeof import('../../src/core/fingerprints/print.ts')} Prints */
/** @typedef {typeof import('../../src/core/fingerprints/window.ts')} Windows */
/** @typedef {typeof import('../../src/core/fingerprints/table.ts')} Tables */
/** @typedef {typeof import('../../src/core/fingerprints/lookup.ts')} Lookups */

const TEXT_BYTES = 1024 * 1024;
const SIZES = [100, 10_000];
const CHUNKS = [1024, 65_536];
const WORDS =
  'the model answers with a list of items and each of them has a name an id some text and a count of what it used'.split(
    ' ',
  );

/** Bytes that are the same in every run. @param {string} seed */
function seeded(seed) {
  return createHash('sha512').update(seed).digest();
}

function jsonText() {
  const items = [];
  for (let i = 0, length = 0; length < TEXT_BYTES; i += 1) {
    const bytes = seeded(`item ${i}`);
    const item = {
      id: `item_${bytes.toString('hex', 0, 12)}`,
      content: Array.from(bytes, (byte) => WORDS[byte % WORDS.length]).join(' '),
      digest: bytes.toString('base64', 0, 24),
    };
    items.push(item);
    length += JSON.stringify(item).length;
  }
  return JSON.stringify(items);
}

/** @param {string} core @param {number} secrets */
async function prepare(core, secrets) {
  /** @param {string} name */
  const from = async (name) => await import(`${core}fingerprints/${name}.js`);
  const { formsOf } = /** @type {Forms} */ (await from('forms'));
  const { packPrints, printOf } = /** @type {Prints} */ (await from('print'));
  const { createWindows, WINDOW_KEY_BYTES } = /** @type {Windows} */ (await from('window'));
  const { FingerprintTable } = /** @type {Tables} */ (await from('table'));
  const { Lookup } = /** @type {Lookups} */ (await from('lookup'));
  const windows = createWindows(seeded('windows').subarray(0, WINDOW_KEY_BYTES));
  /** @param {Buffer} bytes */
  const formMac = (bytes) => createHmac('sha256', 'forms').update(bytes).digest();
  const table = new FingerprintTable(windows, formMac);
  for (let i = 0; i < secrets; i += 1) {
    const value = Buffer.from(`sk-proj-${seeded(`secret ${i}`).toString('base64url', 0, 30)}`);
    const prints = formsOf(value).map((form) => printOf(windows, formMac, form));
    table.set({ versionId: `ver_${i}`, secretId: `sec_${i}`, isDecoy: false }, packPrints(prints));
  }
  return () => new Lookup({ table, needles: [] });
}

/** Megabytes a second over one window. @param {() => InstanceType<Lookups['Lookup']>} open @param {Buffer} bytes @param {{ chunkBytes: number, windowMs: number }} how */
function look(open, bytes, { chunkBytes, windowMs }) {
  const fromMs = performance.now();
  let looked = 0;
  while (performance.now() - fromMs < windowMs) {
    const lookup = open();
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      const passed = lookup.push(bytes.subarray(at, at + chunkBytes));
      if (!Buffer.isBuffer(passed)) throw new Error('a harmless body was taken for another');
    }
    lookup.end();
    looked += bytes.length;
  }
  return looked / 1000 / (performance.now() - fromMs);
}

/** @param {Order} order */
async function run({ core, windows, windowMs }) {
  const json = jsonText();
  const texts = { JSON: json, 'JSON with escapes': json.replaceAll(' and ', '\\nand \\u00e9') };
  const cases = [];
  for (const secrets of SIZES) {
    const open = await prepare(core, secrets);
    for (const [text, value] of Object.entries(texts)) {
      for (const chunkBytes of CHUNKS)
        cases.push({ secrets, text, chunkBytes, open, bytes: Buffer.from(value) });
    }
  }
  const measured = cases.map(({ open, bytes, ...one }) => {
    look(open, bytes, { ...one, windowMs });
    const megabytesPerSecond = Array.from({ length: windows }, () => look(open, bytes, { ...one, windowMs }));
    return { ...one, megabytesPerSecond };
  });
  return measured;
}

process.on('disconnect', () => process.exit());
process.on('message', (order) => {
  run(/** @type {Order} */ (order)).then(
    (result) => process.send?.({ cases: result }),
    (error) => process.send?.({ failed: String(error?.stack ?? error) }),
  );
});
