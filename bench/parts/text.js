// How fast text is read under the rules on text of models, where a service asks for it.
import { spreadText } from '../report.js';
import { measureReading } from './read-speed.js';

/** @typedef {import('../bench.js').Context} Context */
/** @typedef {{ text: string, megabytesPerSecond: number[] }} Read */
/** @typedef {Awaited<ReturnType<typeof measureText>>} Text */

/** @param {Context} context */
export async function measureText(context) {
  const worker = new URL('text-worker.js', import.meta.url);
  /** @type {import('./read-speed.js').Measured<Read>[]} */
  const cases = await measureReading(context, 'text', worker);
  const plain = cases.find(({ text }) => text === 'English')?.speed?.median;
  return { cases, measures: [{ id: 'text.plain', measured: plain }] };
}

/** @param {Text} text @returns {import('../report.js').Sheet[]} */
export function textSheets({ cases }) {
  return [
    {
      title: 'Rules on text of models, 16 KiB pieces',
      head: ['text', 'MB/s'],
      rows: cases.map(({ text, speed }) => [text, spreadText(speed)]),
    },
  ];
}
