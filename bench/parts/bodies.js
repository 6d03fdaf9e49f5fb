// How fast whole bodies pass the guards of text and of content, in the shapes that calls have.
import { spreadText } from '../report.js';
import { measureReading } from './read-speed.js';

/** @typedef {import('../bench.js').Context} Context */
/** @typedef {{ guard: 'text' | 'content', shape: string, megabytesPerSecond: number[] }} Passed */
/** @typedef {Awaited<ReturnType<typeof measureBodies>>} Bodies */

/** @param {Context} context */
export async function measureBodies(context) {
  const worker = new URL('bodies-worker.js', import.meta.url);
  /** @type {import('./read-speed.js').Measured<Passed>[]} */
  const cases = await measureReading(context, 'bodies', worker);
  /** @param {Passed['guard']} guard */
  const slowest = (guard) => {
    const medians = cases.flatMap((one) => (one.guard === guard ? (one.speed?.median ?? []) : []));
    return medians.length === 0 ? undefined : Math.min(...medians);
  };
  return {
    cases,
    measures: [
      { id: 'bodies.text', measured: slowest('text') },
      { id: 'bodies.content', measured: slowest('content') },
    ],
  };
}

/** @param {Bodies} bodies @returns {import('../report.js').Sheet[]} */
export function bodySheets({ cases }) {
  const ofText = cases.filter(({ guard }) => guard === 'text');
  const ofContent = new Map(cases.filter(({ guard }) => guard === 'content').map((one) => [one.shape, one]));
  return [
    {
      title: 'Whole bodies, of CPU time',
      head: ['body', 'rules on text, MB/s', 'e-mail and cards, MB/s'],
      rows: ofText.map(({ shape, speed }) => [
        shape,
        spreadText(speed),
        spreadText(ofContent.get(shape)?.speed),
      ]),
    },
  ];
}
