// Where the figures are kept: one file for machines, one picture for the README. A run of some parts leaves the others'
// figures as they were only if they were measured on the same machine by the same format; each part says when it was.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { drawCalls } from './chart.js';
import { TARGETS } from './targets.js';

/** @typedef {import('./targets.js').Judged} Judged */
/** @typedef {{ measuredAt: string, length: string, seconds: number, measures: readonly object[] }} MeasuredPart */
/**
 * @typedef {{
 *   format: 1, machine: ReturnType<typeof import('./machine.js').describeMachine>,
 *   targets: readonly Judged[], parts: Record<string, any>,
 * }} Results
 */

const FOLDER = fileURLToPath(new URL('results', import.meta.url));
/** Where the share of the pass-through is a target. */
const USUAL_CONNECTIONS = 32;

/** @param {Results} results @param {string} [folder] */
export function saveResults(results, folder = FOLDER) {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'latest.json');
  writeFileSync(file, `${JSON.stringify(withEarlier(results, file), rounded, 1)}\n`);
  const { calls } = results.parts;
  if (calls === undefined) return;
  const picture = drawCalls({ roads: calls.roads, machine: results.machine }, limitsOf(calls.roads));
  writeFileSync(join(folder, 'latest.svg'), picture);
}

/** @param {Results} results @param {string} file @returns {Results} */
function withEarlier(results, file) {
  if (!existsSync(file)) return results;
  const earlier = /** @type {Results} */ (JSON.parse(readFileSync(file, 'utf8')));
  const isAlike =
    earlier.format === results.format && JSON.stringify(earlier.machine) === JSON.stringify(results.machine);
  if (!isAlike) return results;
  const kept = earlier.targets.filter(({ part }) => !(part in results.parts));
  const all = [...kept, ...results.targets];
  const targets = TARGETS.flatMap(({ id }) => all.filter((target) => target.id === id));
  return { ...results, targets, parts: { ...earlier.parts, ...results.parts } };
}

/** @param {readonly import('./parts/calls-summary.js').RoadSummary[]} roads */
function limitsOf(roads) {
  const target = TARGETS.find(({ id }) => id === 'calls.of-pass-through');
  const base = roads.find(
    ({ road, connections }) => road === 'pass-through' && connections === USUAL_CONNECTIONS,
  );
  const whole = base?.perSecond?.median;
  const lines = [
    { label: 'must', value: (target?.must ?? 0) * (whole ?? 0) },
    { label: 'aim', value: (target?.aim ?? 0) * (whole ?? 0) },
  ];
  return { connections: USUAL_CONNECTIONS, lines: whole === undefined ? [] : lines };
}

/** Six digits are more than any of these figures means. @param {string} _ @param {unknown} value */
function rounded(_, value) {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
}
