// Part 4: how fast answers are searched for echoes of secrets.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { spread } from '../figures.js';
import { figure, spreadText } from '../report.js';

/** @typedef {import('../bench.js').Context} Context */
/** @typedef {import('./scan-cases.js').ScanCase & { patterns: number, buildMs: number, gigabytesPerSecond: number[] }} Scanned */
/** @typedef {Awaited<ReturnType<typeof measureScan>>} Scan */

const PLANS = {
  quick: { windows: 3, windowMs: 100, most: 10_000 },
  normal: { windows: 7, windowMs: 200, most: 10_000 },
  long: { windows: 15, windowMs: 300, most: 10_000 },
};

/** @param {Context} context */
export async function measureScan({ stage, program, progress, options }) {
  progress.begin('scan', 1);
  const worker = stage.startAssistant(new URL('scan-worker.js', import.meta.url), {
    nodeArguments: ['--expose-gc'],
  });
  const scanner = pathToFileURL(join(program.dist, 'core', 'leak-scan', 'scanner.js')).href;
  const answer = await worker.ask({ scanner, ...planOf(options) });
  await worker.stop();
  const cases = /** @type {Scanned[]} */ (answer.cases).map((one) => ({
    ...one,
    speed: spread(one.gigabytesPerSecond),
  }));
  const speedOf = (/** @type {string} */ title) =>
    cases.find((one) => one.title === title && one.text === 'json' && !one.fragments)?.speed?.median;
  const { sizes, event, streamBytes } = /** @type {import('./scan-worker.js').Found} */ (answer);
  return {
    cases,
    sizes: sizes.map((one) => ({ ...one, speed: spread(one.gigabytesPerSecond) })),
    event: spread(event),
    streamBytes,
    measures: [
      { id: 'scan.sse-event', measured: spread(event)?.median },
      { id: 'scan.stream-memory', measured: streamBytes / 1024 },
      { id: 'scan.64-patterns', measured: speedOf('64 patterns') },
      { id: 'scan.10000-secrets', measured: speedOf('10,000 secrets') },
    ],
  };
}

/** @param {import('../arguments.js').Arguments} options */
function planOf({ length, rounds, windowSeconds }) {
  const { windows, windowMs, most } = PLANS[length];
  return {
    windows: rounds ?? windows,
    windowMs: windowSeconds === undefined ? windowMs : windowSeconds * 1000,
    most,
  };
}

/** @param {Scan} scan @returns {import('../report.js').Sheet[]} */
export function scanSheets({ cases, sizes, event, streamBytes }) {
  return [
    {
      title: 'Leak scan of a whole body, in all encodings',
      head: ['body', 'secrets', 'text', 'GB/s'],
      rows: sizes.map((one) => [one.size, String(one.secrets), one.text, spreadText(one.speed)]),
    },
    {
      title: 'Leak scan of a stream',
      head: ['what', 'figure'],
      rows: [
        ['added to an event of 200 bytes by the scan, 8 secrets, ms', spreadText(event)],
        ['memory of a stream that is scanned, bytes', String(Math.round(streamBytes))],
      ],
    },
    {
      title: 'Leak scan of 64 KiB chunks',
      head: ['table', 'fragments', 'text', 'patterns', 'built in ms', 'GB/s'],
      rows: cases.map((one) => [
        one.title,
        one.fragments ? 'on' : 'off',
        one.text,
        String(one.patterns),
        figure(one.buildMs),
        spreadText(one.speed),
      ]),
    },
  ];
}
