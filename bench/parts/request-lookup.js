// How fast requests are looked through for every value of a vault.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { spread } from '../figures.js';
import { figure, spreadText } from '../report.js';

/** @typedef {import('../bench.js').Context} Context */
/** @typedef {{ secrets: number, text: string, chunkBytes: number, megabytesPerSecond: number[] }} LookedThrough */
/** @typedef {Awaited<ReturnType<typeof measureRequestLookup>>} RequestLookup */

const PLANS = {
  quick: { windows: 3, windowMs: 100 },
  normal: { windows: 7, windowMs: 200 },
  long: { windows: 15, windowMs: 300 },
};

/** @param {Context} context */
export async function measureRequestLookup({ stage, program, progress, options }) {
  progress.begin('request-lookup', 1);
  const worker = stage.startAssistant(new URL('request-lookup-worker.js', import.meta.url));
  const { windows, windowMs } = PLANS[options.length];
  const answer = await worker.ask({
    core: pathToFileURL(join(program.dist, 'core', '/')).href,
    windows: options.rounds ?? windows,
    windowMs: options.windowSeconds === undefined ? windowMs : options.windowSeconds * 1000,
  });
  await worker.stop();
  const cases = /** @type {LookedThrough[]} */ (answer.cases).map((one) => ({
    ...one,
    speed: spread(one.megabytesPerSecond),
  }));
  const speedOf = (/** @type {string} */ text) =>
    cases.find((one) => one.secrets === 10_000 && one.text === text && one.chunkBytes === 65_536)?.speed
      ?.median;
  return {
    cases,
    measures: [
      { id: 'request-lookup.json', measured: speedOf('JSON') },
      { id: 'request-lookup.escapes', measured: speedOf('JSON with escapes') },
    ],
  };
}

/** @param {RequestLookup} lookup @returns {import('../report.js').Sheet[]} */
export function requestLookupSheets({ cases }) {
  return [
    {
      title: 'Look-up of stored values in requests',
      head: ['values', 'text', 'KiB at once', 'MB/s'],
      rows: cases.map((one) => [
        String(one.secrets),
        one.text,
        figure(one.chunkBytes / 1024),
        spreadText(one.speed),
      ]),
    },
  ];
}
