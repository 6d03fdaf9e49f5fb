// Part 1 as tables.
import { figure, spreadText } from '../report.js';

/** @typedef {Awaited<ReturnType<typeof import('./calls.js').measureCalls>>} Calls */

/** @param {Calls} calls @returns {import('../report.js').Sheet[]} */
export function callSheets({ roads, absent }) {
  const ratio = (/** @type {number} */ value) => value.toFixed(3);
  const rows = roads.map((road) => [
    road.title,
    String(road.connections),
    spreadText(road.perSecond),
    spreadText(road.ofPassThrough, ratio),
    spreadText(road.ofPassThroughAlike, ratio),
    figure(road.p50Ms?.median),
    figure(road.p99Ms?.median),
    figure(road.cpuMicroseconds?.median),
    figure(road.databaseCpuMicroseconds?.median),
    errorText(road.errors),
  ]);
  const none = absent.map(({ title, reason }) => [title, '', reason, '', '', '', '', '', '', '']);
  const added = roads.filter(({ connections, road }) => connections === 1 && road !== 'direct');
  return [
    {
      title: 'One small JSON call, keep-alive; medians of windows that took turns (quartiles)',
      head: 'road|connections|req/s|/ pass-through|/ pass-through, 2 processes|p50 ms|p99 ms|CPU µs a call|Postgres CPU µs|errors'.split(
        '|',
      ),
      rows: [...rows, ...none],
    },
    {
      title: 'Added at one connection, ms',
      head: ['road', 'to direct, p50', 'p99', 'to pass-through, p50', 'p99'],
      rows: added.map((road) => [
        road.title,
        spreadText(road.addedP50Ms),
        spreadText(road.addedP99Ms),
        spreadText(road.addedToPassThroughP50Ms),
        spreadText(road.addedToPassThroughP99Ms),
      ]),
    },
  ];
}

/** @param {Record<string, number>} errors */
function errorText(errors) {
  const all = Object.entries(errors).map(([what, count]) => `${what}: ${count}`);
  return all.length === 0 ? '0' : all.join(', ');
}
