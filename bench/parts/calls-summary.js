// From the windows of part 1 to its figures: each road compared with the baseline window of the same round.
import { median, spread } from '../figures.js';

/** @typedef {import('./calls-roads.js').Road} Road */
/** @typedef {import('./calls.js').Window} Window */
/** @typedef {ReturnType<typeof summarizeRoad>} RoadSummary */
/** @typedef {import('../targets.js').Measure} Measure */

/** Where requests per second are compared; with fewer connections chosen, the most there are. */
const USUAL_CONNECTIONS = 32;

/**
 * @param {{ roads: readonly Road[], windows: readonly Window[], absent: readonly import('./calls-roads.js').Absent[], connections: readonly number[] }} given
 */
export function summarize({ roads, windows, absent, connections }) {
  const summaries = roads.flatMap((road) =>
    road.connections.map((count) => summarizeRoad(road, count, windows)),
  );
  const usual = connections.includes(USUAL_CONNECTIONS) ? USUAL_CONNECTIONS : Math.max(...connections);
  return { roads: summaries, absent, measures: measuresOf(summaries, windows, { usual, absent }) };
}

/** @param {Road} road @param {number} connections @param {readonly Window[]} windows */
function summarizeRoad({ name, title }, connections, windows) {
  const own = windows.filter((window) => window.road === name && window.connections === connections);
  const beside = (/** @type {Window} */ { round }, /** @type {string} */ road) =>
    windows.find(
      (other) => other.road === road && other.connections === connections && other.round === round,
    );
  /** @type {Record<string, number>} */
  const errors = {};
  for (const window of own)
    for (const [what, count] of Object.entries(window.errors)) errors[what] = (errors[what] ?? 0) + count;
  return {
    road: name,
    title,
    connections,
    perSecond: spread(own.map(({ perSecond }) => perSecond)),
    ofPassThrough: spread(own.map((window) => quotient(window, beside(window, 'pass-through')))),
    ofPassThroughAlike: name.endsWith('-2')
      ? spread(own.map((window) => quotient(window, beside(window, 'pass-through-2'))))
      : undefined,
    ofNginx: spread(own.map((window) => quotient(window, beside(window, 'nginx')))),
    p50Ms: spread(own.map(({ p50Ms }) => p50Ms)),
    p99Ms: spread(own.map(({ p99Ms }) => p99Ms)),
    addedP50Ms: spread(own.map((window) => difference(window.p50Ms, beside(window, 'direct')?.p50Ms))),
    addedP99Ms: spread(own.map((window) => difference(window.p99Ms, beside(window, 'direct')?.p99Ms))),
    addedToPassThroughP50Ms: spread(
      own.map((window) => difference(window.p50Ms, beside(window, 'pass-through')?.p50Ms)),
    ),
    addedToPassThroughP99Ms: spread(
      own.map((window) => difference(window.p99Ms, beside(window, 'pass-through')?.p99Ms)),
    ),
    cpuMicroseconds: spread(own.map(({ cpuMicroseconds }) => cpuMicroseconds['road'])),
    databaseCpuMicroseconds: spread(own.map(({ cpuMicroseconds }) => cpuMicroseconds['database'])),
    errors,
  };
}

/** @param {Window} window @param {Window | undefined} baseline */
function quotient(window, baseline) {
  return baseline === undefined || baseline.perSecond === 0
    ? undefined
    : window.perSecond / baseline.perSecond;
}

/** @param {number | null} value @param {number | null | undefined} baseline */
function difference(value, baseline) {
  return value === null || baseline === null || baseline === undefined ? undefined : value - baseline;
}

/**
 * @param {readonly RoadSummary[]} summaries @param {readonly Window[]} windows
 * @param {{ usual: number, absent: readonly import('./calls-roads.js').Absent[] }} options
 * @returns {Measure[]}
 */
function measuresOf(summaries, windows, { usual, absent }) {
  const find = (/** @type {string} */ road, /** @type {number} */ connections) =>
    summaries.find((one) => one.road === road && one.connections === connections);
  const why = (/** @type {string} */ road) => absent.find(({ name }) => name === road)?.reason;
  const full = find('postgres', usual);
  const single = find('postgres', 1);
  const missing = why('postgres') === undefined ? undefined : `Postgres is ${why('postgres')}`;
  const embedded = windows.filter(({ road, connections }) => road === 'embedded' && connections === usual);
  return [
    {
      id: 'calls.of-pass-through',
      measured: full?.perSecond?.median,
      baseline: find('pass-through', usual)?.perSecond?.median,
      ratio: full?.ofPassThrough?.median,
      missing,
    },
    {
      id: 'calls.of-nginx',
      measured: full?.perSecond?.median,
      baseline: find('nginx', usual)?.perSecond?.median,
      ratio: full?.ofNginx?.median,
      missing: missing ?? (why('nginx') === undefined ? undefined : `nginx is ${why('nginx')}`),
    },
    ...['p50', 'p99'].map((which) => ({
      id: `calls.added-${which}`,
      measured: (which === 'p50' ? single?.addedP50Ms : single?.addedP99Ms)?.median,
      baseline: (which === 'p50' ? find('direct', 1)?.p50Ms : find('direct', 1)?.p99Ms)?.median,
      missing,
    })),
    {
      id: 'calls.cpu',
      measured: full?.cpuMicroseconds?.median,
      baseline: find('pass-through', usual)?.cpuMicroseconds?.median,
      missing,
    },
    { id: 'calls.embedded', measured: median(embedded.map(({ perSecond }) => perSecond)) },
  ];
}
