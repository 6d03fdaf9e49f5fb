// The part on whole bodies, in a process of its own: each shape under the rules on text, and under content rules for e-mail
// and cards, as the stages of a call have it.
import { bodies } from './body-shapes.js';

/** @typedef {{ core: string, windows: number, windowMs: number }} Order */
/** @typedef {import('./body-shapes.js').Body} Body */
/** @typedef {import('../../src/core/inspection/stage.ts').Stage} Stage */
/** @typedef {typeof import('../../src/core/model-text/engine.ts')} Engine */
/** @typedef {typeof import('../../src/core/model-text/watch.ts')} Watches */
/** @typedef {typeof import('../../src/core/model-text/request-stage.ts')} Requests */
/** @typedef {typeof import('../../src/core/model-text/answer-stages.ts')} Answers */
/** @typedef {typeof import('../../src/core/content/content-table.ts')} Table */
/** @typedef {typeof import('../../src/core/content/content-scan.ts')} Scan */
/** @typedef {typeof import('../../src/core/content/escapes.ts')} Escapes */
/** @typedef {typeof import('../../src/core/content/event-words.ts')} Events */
/** @typedef {typeof import('../../src/core/content/joined-words.ts')} Words */

/** @param {string} core @returns {Promise<(body: Body) => Stage>} */
async function textGuard(core) {
  const { ModelText } = /** @type {Engine} */ (await import(`${core}model-text/engine.js`));
  const { Watch } = /** @type {Watches} */ (await import(`${core}model-text/watch.js`));
  const { RequestTextStage } = /** @type {Requests} */ (await import(`${core}model-text/request-stage.js`));
  const { answerTextStage } = /** @type {Answers} */ (await import(`${core}model-text/answer-stages.js`));
  const texts = new ModelText();
  while (texts.prepare());
  const nothing = () => undefined;
  return ({ direction, contentType }) => {
    const watch = new Watch({ texts, sides: new Set(['reads', 'writes']), onRule: nothing });
    const unchanged = { canary: undefined, wrap: undefined, onWrapped: nothing };
    if (direction === 'request') return new RequestTextStage({ watch, isHeld: false, ...unchanged });
    const options = { watch, mayCut: false, hidden: /** @type {const} */ ('flag'), onHidden: nothing };
    const stage = answerTextStage(contentType, options);
    if (stage === undefined) throw new Error(`${contentType} is not read`);
    return stage;
  };
}

/** @param {string} core @returns {Promise<(body: Body) => Stage>} */
async function contentGuard(core) {
  /** @param {string} name */
  const from = async (name) => await import(`${core}content/${name}.js`);
  const { buildContentTable } = /** @type {Table} */ (await from('content-table'));
  const { ContentScan } = /** @type {Scan} */ (await from('content-scan'));
  const { writingOf } = /** @type {Escapes} */ (await from('escapes'));
  const { EventWords, hasEvents } = /** @type {Events} */ (await from('event-words'));
  const { JoinedWords } = /** @type {Words} */ (await from('joined-words'));
  const classes = new Map(
    /** @type {const} */ ([
      ['email', 'mask'],
      ['card', 'mask'],
    ]),
  );
  const unused = () => {
    throw new Error('neither numbers nor credentials are looked for');
  };
  const table = buildContentTable({ classes, patterns: [] }, { isPhone: unused, shapes: unused });
  if (table === undefined) throw new Error('nothing is looked for');
  const nothing = () => undefined;
  return ({ contentType }) => {
    const scan = new ContentScan(table, writingOf(contentType), nothing);
    if (!hasEvents(contentType))
      return { changesLength: false, push: (chunk) => scan.push(chunk), end: () => scan.end() };
    const events = new EventWords(new JoinedWords(table, nothing), { isHeld: true });
    return {
      changesLength: true,
      push: (chunk) => events.push(scan.push(chunk)),
      end: () => Buffer.concat([events.push(scan.end()), events.end()]),
    };
  };
}

/** Megabytes a second of CPU time over one window. @param {(body: Body) => Stage} open @param {Body} body @param {number} milliseconds */
function pass(open, body, milliseconds) {
  const before = process.cpuUsage();
  const startMs = performance.now();
  let bytes = 0;
  while (performance.now() - startMs < milliseconds) {
    const stage = open(body);
    for (const piece of body.pieces) {
      stage.push(piece);
      bytes += piece.length;
    }
    stage.end();
  }
  const { user, system } = process.cpuUsage(before);
  return bytes / (user + system);
}

/** @param {Order} order */
async function run({ core, windows, windowMs }) {
  const guards = { text: await textGuard(core), content: await contentGuard(core) };
  const prepared = Object.entries(guards).flatMap(([guard, open]) =>
    bodies().map((body) => ({
      guard,
      shape: `${body.direction}: ${body.shape}`,
      read: (/** @type {number} */ milliseconds) => pass(open, body, milliseconds),
    })),
  );
  for (const { read } of prepared) read(windowMs);
  return prepared.map(({ guard, shape, read }) => ({
    guard,
    shape,
    megabytesPerSecond: Array.from({ length: windows }, () => read(windowMs)),
  }));
}

process.on('disconnect', () => process.exit());
process.on('message', (order) => {
  run(/** @type {Order} */ (order)).then(
    (cases) => process.send?.({ cases }),
    (error) => process.send?.({ failed: String(error?.stack ?? error) }),
  );
});
