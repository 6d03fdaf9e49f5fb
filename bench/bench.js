// `npm run bench`: what Doorward costs, beside what it is measured against, in one run on this machine.
// See docs/speed.md for the method and how to read the figures.
import { cpus, loadavg } from 'node:os';
import { HELP, parseArguments } from './arguments.js';
import { copyProgram } from './installation.js';
import { describeMachine } from './machine.js';
import { makeMemoryReady, tellMemory } from './memory.js';
import { bodySheets, measureBodies } from './parts/bodies.js';
import { measureCalls } from './parts/calls.js';
import { callSheets } from './parts/calls-sheet.js';
import { contentSheets, measureContent } from './parts/content.js';
import { growthSheets, measureGrowth } from './parts/growth.js';
import { kindSheets, measureKinds } from './parts/kinds.js';
import { measureRequestLookup, requestLookupSheets } from './parts/request-lookup.js';
import { measureScan, scanSheets } from './parts/scan.js';
import { measureStart, startSheets } from './parts/start.js';
import { measureStreams } from './parts/streams.js';
import { streamSheets } from './parts/streams-sheet.js';
import { measureText, textSheets } from './parts/text.js';
import { findPostgres } from './postgres.js';
import { openStage } from './processes.js';
import { createProgress } from './progress.js';
import { printSheet, targetSheet } from './report.js';
import { saveResults } from './results.js';
import { findNginx } from './roads/nginx.js';
import { judge } from './targets.js';

/**
 * @typedef {{
 *   options: import('./arguments.js').Arguments, stage: import('./processes.js').Stage,
 *   program: import('./installation.js').Program, progress: import('./progress.js').Progress,
 *   postgres: import('./postgres.js').PostgresBinaries | undefined,
 * }} Context
 */
/** @typedef {import('./targets.js').Measure} Measure */
/** @typedef {{ measuredAt: string, length: string, seconds: number, loadBefore: number, memory?: import('./memory.js').Ready | undefined, measures: readonly Measure[] }} Measured */
/** @typedef {{ measured: { measures: readonly Measure[] }, sheets: import('./report.js').Sheet[] }} Found */

/** @type {Record<import('./arguments.js').Part, (context: Context) => Promise<Found>>} */
const PARTS = {
  calls: part(measureCalls, callSheets),
  streams: part(measureStreams, streamSheets),
  growth: part(measureGrowth, growthSheets),
  start: part(measureStart, startSheets),
  scan: part(measureScan, scanSheets),
  'request-lookup': part(measureRequestLookup, requestLookupSheets),
  content: part(measureContent, contentSheets),
  text: part(measureText, textSheets),
  bodies: part(measureBodies, bodySheets),
  kinds: part(measureKinds, kindSheets),
};
/** Parts that only compute touch no new memory. */
const GROWING = new Set(['calls', 'streams', 'growth', 'start', 'kinds']);
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const EXIT_MISSED = 8;
const EXIT_INTERRUPTED = 130;

/**
 * A part's figures, and the tables they make.
 * @template {{ measures: readonly Measure[] }} T
 * @param {(context: Context) => Promise<T>} measure
 * @param {(measured: T) => import('./report.js').Sheet[]} sheetsOf
 * @returns {(context: Context) => Promise<Found>}
 */
function part(measure, sheetsOf) {
  return async (context) => {
    const measured = await measure(context);
    return { measured, sheets: sheetsOf(measured) };
  };
}

/** @param {import('./arguments.js').Arguments} options */
async function run(options) {
  const stage = openStage();
  let isInterrupted = false;
  /** @type {Promise<never>} */
  const closing = new Promise(() => undefined); // the process ends when everything is closed
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.once(signal, () => {
      isInterrupted = true;
      void stage.close().finally(() => process.exit(EXIT_INTERRUPTED));
    });
  }
  try {
    return await measure(options, stage);
  } catch (error) {
    if (!isInterrupted) throw error;
    return await closing;
  } finally {
    if (!isInterrupted) await stage.close();
  }
}

/** @param {import('./arguments.js').Arguments} options @param {import('./processes.js').Stage} stage */
async function measure(options, stage) {
  const progress = createProgress(process.stderr);
  const loadBefore = loadavg()[0] ?? 0;
  if (loadBefore > cpus().length / 2) warnOfLoad(loadBefore);
  const postgres = findPostgres();
  /** @type {Context} */
  const context = {
    options,
    stage,
    program: copyProgram(stage.directory, options.checkout),
    progress,
    postgres,
  };
  const memory = options.parts.some((name) => GROWING.has(name)) ? await makeMemoryReady(context) : undefined;
  if (memory !== undefined) process.stderr.write(tellMemory(memory));
  /** @type {Record<string, Measured>} */
  const parts = {};
  /** @type {import('./report.js').Sheet[]} */
  const sheets = [];
  for (const name of options.parts) {
    const startedMs = performance.now();
    const found = await PARTS[name](context);
    progress.end();
    await stage.stopAll();
    const seconds = Math.round((performance.now() - startedMs) / 1000);
    const measuredAt = new Date().toISOString();
    const kept = GROWING.has(name) ? { memory } : {};
    parts[name] = { measuredAt, length: options.length, seconds, loadBefore, ...kept, ...found.measured };
    sheets.push(...found.sheets);
  }
  const judged = judge(
    Object.values(parts).flatMap(({ measures }) => measures),
    options.parts,
  );
  /** @type {import('./results.js').Results} */
  const results = {
    format: 1,
    machine: describeMachine({ postgres: postgres?.version, nginx: findNginx()?.version }),
    targets: judged,
    parts,
  };
  return { results, sheets: [...sheets, targetSheet(judged)] };
}

/** @param {number} load */
function warnOfLoad(load) {
  const whose = `load ${load.toFixed(1)} on ${cpus().length} cores`;
  process.stderr.write(
    `This machine has other work (${whose}): trust ratios only, and those of CPU time most.\n`,
  );
}

async function main() {
  let options;
  try {
    options = parseArguments(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return EXIT_USAGE;
  }
  if (options.isHelp) {
    process.stdout.write(HELP);
    return 0;
  }
  const { results, sheets } = await run(options);
  if (options.isJson) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
  else for (const sheet of sheets) printSheet(process.stdout, sheet);
  if (options.isSaved) saveResults(results, options.results);
  return options.isCheck && results.targets.some(({ verdict }) => verdict === 'missed') ? EXIT_MISSED : 0;
}

process.exitCode = await main().catch((error) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  return EXIT_FAILED;
});
