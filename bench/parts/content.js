// How fast bodies are searched for personal data and own patterns, where a service asks for it.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { spread } from '../figures.js';
import { spreadText } from '../report.js';

/** @typedef {import('../bench.js').Context} Context */
/** @typedef {{ id: string, title: string, text: string, megabytesPerSecond: number[] }} Searched */
/** @typedef {Awaited<ReturnType<typeof measureContent>>} Content */

const PLANS = {
  quick: { windows: 3, windowMs: 100 },
  normal: { windows: 7, windowMs: 200 },
  long: { windows: 15, windowMs: 300 },
};

/** @param {Context} context */
export async function measureContent({ stage, program, progress, options }) {
  progress.begin('content', 1);
  const worker = stage.startAssistant(new URL('content-worker.js', import.meta.url));
  const { windows, windowMs } = PLANS[options.length];
  const answer = await worker.ask({
    core: pathToFileURL(join(program.dist, 'core', '/')).href,
    windows: options.rounds ?? windows,
    windowMs: options.windowSeconds === undefined ? windowMs : options.windowSeconds * 1000,
  });
  await worker.stop();
  const cases = /** @type {Searched[]} */ (answer.cases).map((one) => ({
    ...one,
    speed: spread(one.megabytesPerSecond),
  }));
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
