// How fast bodies are searched for personal data and own patterns, where a service asks for it.
import { spreadText } from '../report.js';
import { measureReading } from './read-speed.js';

/** @typedef {import('../bench.js').Context} Context */
/** @typedef {{ id: string, title: string, text: string, megabytesPerSecond: number[] }} Searched */
/** @typedef {Awaited<ReturnType<typeof measureContent>>} Content */

/** @param {Context} context */
export async function measureContent(context) {
  const worker = new URL('content-worker.js', import.meta.url);
  /** @type {import('./read-speed.js').Measured<Searched>[]} */
  const cases = await measureReading(context, 'content', worker);
  const speedOf = (/** @type {string} */ id) =>
    cases.find((one) => one.id === id && one.text === 'JSON')?.speed?.median;
  return {
    cases,
    measures: [
      { id: 'content.email-card', measured: speedOf('email-card') },
      { id: 'content.every-class', measured: speedOf('every-class') },
    ],
  };
}

/** @param {Content} content @returns {import('../report.js').Sheet[]} */
export function contentSheets({ cases }) {
  return [
    {
      title: 'Content rules over 64 KiB chunks',
      head: ['looked for', 'text', 'MB/s'],
      rows: cases.map((one) => [one.title, one.text, spreadText(one.speed)]),
    },
  ];
}
