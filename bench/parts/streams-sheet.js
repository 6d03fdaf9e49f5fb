// Part 2 as tables.
import { figure, spreadText } from '../report.js';

/** @param {import('./streams.js').Streams} streams @returns {import('../report.js').Sheet[]} */
export function streamSheets({ firstMs, laterMs, memory, disconnects }) {
  const { asked, open, errors, openSeconds, before, after } = memory;
  const mebibytes = (/** @type {number} */ bytes) => `${figure(bytes / 2 ** 20)} MiB`;
  const added = (/** @type {number | undefined} */ ms) => figure(ms);
  return [
    {
      title: 'Streams, ms',
      head: ['what', 'direct', 'through Doorward', 'added, median'],
      rows: [
        ['first byte', spreadText(firstMs.direct), spreadText(firstMs.through), added(firstMs.added)],
        ['later events', spreadText(laterMs.direct), spreadText(laterMs.through), added(laterMs.added)],
      ],
    },
    {
      title: 'Open streams',
      head: ['asked for', 'open', 'errors', 'opened in s', 'memory before', 'memory with them', 'for each'],
      rows: [
        [
          String(asked),
          String(open),
          JSON.stringify(errors),
          figure(openSeconds),
          mebibytes(before.residentBytes),
          mebibytes(after.residentBytes),
          `${figure(memory.kibibytesEach)} KiB`,
        ],
      ],
    },
    {
      title: '256 callers cut at once',
      head: ['round', 'sockets left', 'streams left at the upstream', 'errors'],
      rows: disconnects.map(({ sockets, upstream, errors: failed }, i) => [
        String(i + 1),
        String(sockets),
        String(upstream),
        JSON.stringify(failed),
      ]),
    },
  ];
}
