// How fast a worker reads texts, window by window; for the parts whose cases are in MB/s.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { spread } from '../figures.js';

/** @typedef {import('../bench.js').Context} Context */

const PLANS = {
  quick: { windows: 3, windowMs: 100 },
  normal: { windows: 7, windowMs: 200 },
  long: { windows: 15, windowMs: 300 },
};

/** @template T @typedef {T & { speed: ReturnType<typeof spread> }} Measured */

/**
 * The worker's cases, each with the spread of its windows.
 * @param {Context} context @param {string} part @param {URL} module the worker
 * @returns {Promise<any>}
 */
export async function measureReading({ stage, program, progress, options }, part, module) {
  progress.begin(part, 1);
  const worker = stage.startAssistant(module);
  const { windows, windowMs } = PLANS[options.length];
  const answer = await worker.ask({
    core: pathToFileURL(join(program.dist, 'core', '/')).href,
    windows: options.rounds ?? windows,
    windowMs: options.windowSeconds === undefined ? windowMs : options.windowSeconds * 1000,
  });
  await worker.stop();
  const cases = /** @type {{ megabytesPerSecond: number[] }[]} */ (answer.cases);
  return cases.map((one) => ({ ...one, speed: spread(one.megabytesPerSecond) }));
}
