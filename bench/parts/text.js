// How fast text is read under the rules on text of models, where a service asks for it.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { spread } from '../figures.js';
import { spreadText } from '../report.js';

/** @typedef {import('../bench.js').Context} Context */
/** @typedef {{ text: string, megabytesPerSecond: number[] }} Read */
/** @typedef {Awaited<ReturnType<typeof measureText>>} Text */

const PLANS = {
  quick: { windows: 3, windowMs: 100 },
  normal: { windows: 7, windowMs: 200 },
  long: { windows: 15, windowMs: 300 },
};

/** @param {Context} context */
export async function measureText({ stage, program, progress, options }) {
  progress.begin('text', 1);
  const worker = stage.startAssistant(new URL('text-worker.js', import.meta.url));
  const { windows, windowMs } = PLANS[options.length];
  const answer = await worker.ask({
    core: pathToFileURL(join(program.dist, 'core', '/')).href,
    windows: options.rounds ?? windows,
    windowMs: options.windowSeconds === undefined ? windowMs : options.windowSeconds * 1000,
  });
  await worker.stop();
  const cases = /** @type {Read[]} */ (answer.cases).map((one) => ({
    ...one,
    speed: spread(one.megabytesPerSecond),
  }));
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
