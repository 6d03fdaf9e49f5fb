// The part on content, in a process of its own: content rules over text as APIs answer it, with numbers and ids that come near to a match.

/** @typedef {{ core: string, windows: number, windowMs: number }} Order */
/** @typedef {import('../../src/core/content/classes.ts').ContentClass} ContentClass */
/** @typedef {{ id: string, title: string, classes?: readonly ContentClass[], patterns?: readonly string[] }} Case */
/** @typedef {typeof import('../../src/core/content/content-table.ts')} Table */
/** @typedef {typeof import('../../src/core/content/content-scan.ts')} Scan */
/** @typedef {typeof import('../../src/core/content/classes.ts')} Classes */
/** @typedef {typeof import('../../src/core/content/escapes.ts')} Escapes */
/** @typedef {typeof import('../../src/core/content/phone.ts')} Phones */
/** @typedef {typeof import('../../src/core/credential-shapes/shape-table.ts')} Shapes */

const CHUNK_BYTES = 64 * 1024;
const TEXT_BYTES = 1024 * 1024;
const WORDS =
  'the model answers with a list of items and each of them has a name an id some text and a count of 12345 of what it used'.split(
    ' ',
  );

/** Prose, ids, times, a digest now and then. */
function jsonText() {
  let text = '[';
  for (let i = 0; text.length < TEXT_BYTES; i += 1) {
    const item = {
      id: `item_${(i * 7919).toString(16)}`,
      created: 1_700_000_000 + i,
      reference: `550e8400-e29b-41d4-a716-4466554400${10 + (i % 90)}`,
      content: Array.from({ length: 40 }, (_, at) => WORDS[(at * 7 + i) % WORDS.length]).join(' '),
      digest: Buffer.from(`digest ${i * 977} of nothing`).toString('base64'),
    };
    text += `${JSON.stringify(item)},`;
  }
  return text;
}

/** @type {readonly Case[]} */
const CASES = [
  { id: 'email-card', title: 'e-mail and cards', classes: ['email', 'card'] },
  { id: 'every-class', title: 'every class' },
  { id: 'pattern', title: 'one own pattern', classes: [], patterns: ['\\bACME-[0-9]{4}\\b'] },
];

/** @param {readonly ContentClass[]} every @param {Case} one */
function rulesOf(every, { classes = every, patterns = [] }) {
  const action = /** @type {const} */ ('mask');
  return {
    classes: new Map(classes.map((name) => [name, action])),
    patterns: patterns.map((pattern, at) => ({ name: `own-${at}`, pattern, action })),
  };
}

function texts() {
  const json = jsonText();
  return {
    JSON: json,
    'JSON with escapes': json.replaceAll(' and ', '\\nand \\u00e9'),
    'JSON in Cyrillic': json.replaceAll('model answers', 'модель отвечает'),
  };
}

/** @param {string} core */
async function load(core) {
  /** @param {string} path */
  const from = async (path) => await import(`${core}${path}`);
  const { buildContentTable } = /** @type {Table} */ (await from('content/content-table.js'));
  const { ContentScan } = /** @type {Scan} */ (await from('content/content-scan.js'));
  const { CONTENT_CLASSES } = /** @type {Classes} */ (await from('content/classes.js'));
  const { writingOf } = /** @type {Escapes} */ (await from('content/escapes.js'));
  const { loadPhones } = /** @type {Phones} */ (await from('content/phone.js'));
  const { shapeTable } = /** @type {Shapes} */ (await from('credential-shapes/shape-table.js'));
  const shapes = shapeTable([]);
  const sources = { isPhone: await loadPhones(), shapes: () => shapes };
  /** @param {Case} one */
  const tableOf = (one) => {
    const table = buildContentTable(rulesOf(CONTENT_CLASSES, one), sources);
    if (table === undefined) throw new Error(`${one.id} looks for nothing`);
    return table;
  };
  /** @param {ReturnType<typeof tableOf>} table */
  const open = (table) => new ContentScan(table, writingOf('application/json'), () => undefined);
  return { tableOf, open };
}

/** @param {Order} order */
async function run({ core, windows, windowMs }) {
  const { tableOf, open } = await load(core);
  const prepared = CASES.flatMap((one) => {
    const table = tableOf(one);
    return Object.entries(texts()).map(([text, value]) => {
      const bytes = Buffer.from(value);
      /** Megabytes a second over one window. @param {number} milliseconds */
      const search = (milliseconds) => {
        const fromMs = performance.now();
        let searched = 0;
        while (performance.now() - fromMs < milliseconds) {
          const scan = open(table);
          for (let at = 0; at < bytes.length; at += CHUNK_BYTES)
            scan.push(bytes.subarray(at, at + CHUNK_BYTES));
          scan.end();
          searched += bytes.length;
        }
        return searched / 1e3 / (performance.now() - fromMs);
      };
      return { id: one.id, title: one.title, text, search };
    });
  });
  for (const { search } of prepared) search(windowMs);
  return prepared.map(({ search, ...one }) => ({
    ...one,
    megabytesPerSecond: Array.from({ length: windows }, () => search(windowMs)),
  }));
}

process.on('disconnect', () => process.exit());
process.on('message', (order) => {
  run(/** @type {Order} */ (order)).then(
    (result) => process.send?.({ cases: result }),
    (error) => process.send?.({ failed: String(error?.stack ?? error) }),
  );
});
