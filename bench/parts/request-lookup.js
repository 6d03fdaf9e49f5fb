// How fast requests are looked through for every value of a vault.
import { figure, spreadText } from '../report.js';
import { measureReading } from './read-speed.js';

/** @typedef {import('../bench.js').Context} Context */
/** @typedef {{ secrets: number, text: string, chunkBytes: number, megabytesPerSecond: number[] }} LookedThrough */
/** @typedef {Awaited<ReturnType<typeof measureRequestLookup>>} RequestLookup */

/** @param {Context} context */
export async function measureRequestLookup(context) {
  const worker = new URL('request-lookup-worker.js', import.meta.url);
  /** @type {import('./read-speed.js').Measured<LookedThrough>[]} */
  const cases = await measureReading(context, 'request-lookup', worker);
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
