// The figures as tables: drawn on a terminal, tab-separated elsewhere.
import Table from 'cli-table3';

/** @typedef {import('./targets.js').Judged} Judged */
/** @typedef {{ title: string, head: readonly string[], rows: readonly (readonly string[])[] }} Sheet */

/** @param {import('./figures.js').Spread | undefined} spread @param {(value: number) => string} [format] */
export function spreadText(spread, format = figure) {
  if (spread === undefined) return '';
  const quartiles = spread.count > 1 ? ` (${format(spread.low)}–${format(spread.high)})` : '';
  return `${format(spread.median)}${quartiles}`;
}

/** Three digits that mean something; thousands apart. @param {number | undefined} value */
export function figure(value) {
  if (value === undefined) return '';
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString('en-US');
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  return value.toFixed(size >= 1 || size === 0 ? 2 : 3);
}

/** @param {readonly Judged[]} judged @returns {Sheet} */
export function targetSheet(judged) {
  return {
    title: 'Targets',
    head: ['what', 'measured', 'baseline', 'ratio', 'must', 'aim', 'verdict'],
    rows: judged.map((target) => {
      const sign = target.better === 'more' ? '≥' : '≤';
      const unit = target.unit === '' ? '' : ` ${target.unit}`;
      const ofTarget = (/** @type {number | undefined} */ value) =>
        value === undefined ? '' : `${sign} ${target.by === 'ratio' ? value : `${value}${unit}`}`;
      const withUnit = (/** @type {number | undefined} */ value) =>
        value === undefined ? '' : `${figure(value)}${unit}`;
      return [
        target.what,
        target.verdict === 'not measured' ? (target.missing ?? '') : withUnit(target.measured),
        withUnit(target.baseline),
        target.ratio === undefined ? '' : target.ratio.toFixed(3),
        ofTarget(target.must),
        ofTarget(target.aim),
        target.verdict,
      ];
    }),
  };
}

/** @param {NodeJS.WriteStream} stream @param {Sheet} sheet */
export function printSheet(stream, { title, head, rows }) {
  if (!stream.isTTY) {
    stream.write(`\n# ${title}\n${[head, ...rows].map((row) => row.join('\t')).join('\n')}\n`);
    return;
  }
  const table = new Table({ head: [...head], style: { head: ['bold'], border: ['gray'], compact: true } });
  for (const row of rows) table.push(row.map((cell) => colored(cell)));
  stream.write(`\n${title}\n${table.toString()}\n`);
}

const COLORS = new Map([
  ['aim met', 32],
  ['must met', 33],
  ['missed', 31],
  ['not measured', 90],
]);

/** @param {string} cell */
function colored(cell) {
  const color = process.env['NO_COLOR'] === undefined ? COLORS.get(cell) : undefined;
  return color === undefined ? cell : `\u001b[${color}m${cell}\u001b[39m`;
}
