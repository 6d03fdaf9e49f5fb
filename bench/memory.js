// Memory that the machine has ready. A virtual machine often gets a page from its host when it first touches it, which can
// take ten times longer than a later touch. A database that grows touches new memory with every call, a pass-through does
// not: what is measured would be the host. So memory is touched before the windows, and held where the guest has it.
import { figure } from './report.js';

/** @typedef {{ gibibytes: number, firstMicroseconds: number, againMicroseconds: number }} Ready of a page of 4 KiB */

const GIBIBYTE = 2 ** 30;
const STEP_BYTES = 2 ** 28;
/** More than the parts need that write most. */
const MOST = { quick: 2, normal: 6, long: 10 };
/** The rest is for what is measured. */
const SHARE = 1 / 3;

/**
 * Undefined where none is wanted, or the machine has none to spare.
 * @param {Pick<import('./bench.js').Context, 'options' | 'stage' | 'progress'>} context @returns {Promise<Ready | undefined>}
 */
export async function makeMemoryReady({ options, stage, progress }) {
  const wanted = (options.memoryGibibytes ?? MOST[options.length]) * GIBIBYTE;
  const steps = Math.floor(Math.min(wanted, process.availableMemory() * SHARE) / STEP_BYTES);
  if (steps < 1) return undefined;
  const keeper = stage.startAssistant(new URL('load/memory-keeper.js', import.meta.url), {
    nodeArguments: ['--expose-gc'],
    isForRun: true,
  });
  progress.begin('memory', steps + 1);
  let sum = 0;
  for (let i = 0; i < steps; i += 1) {
    sum += (await keeper.ask({ take: STEP_BYTES })).pageMicroseconds;
    progress.step();
  }
  await keeper.ask('release');
  const { pageMicroseconds } = await keeper.ask({ take: STEP_BYTES });
  await keeper.ask('release');
  progress.end();
  return {
    gibibytes: (steps * STEP_BYTES) / GIBIBYTE,
    firstMicroseconds: sum / steps,
    againMicroseconds: pageMicroseconds,
  };
}

/** @param {Ready} ready */
export function tellMemory({ gibibytes, firstMicroseconds, againMicroseconds }) {
  const [first, again] = [figure(firstMicroseconds), figure(againMicroseconds)];
  return `${figure(gibibytes)} GiB of memory made ready: a page of 4 KiB took ${first} µs, and ${again} µs again.\n`;
}
