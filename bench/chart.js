// The picture for the README: requests per second on every road, a panel for each number of connections, with the lines
// of must and aim where the target is set. Readable on light and dark pages, and told in words to who can not see it.
import { figure } from './report.js';

/** @typedef {import('./parts/calls-summary.js').RoadSummary} RoadSummary */
/** @typedef {{ label: string, value: number }} Line */

const WIDTH = 860;
const LABEL_WIDTH = 262;
const BAR_WIDTH = 478;
const ROW_HEIGHT = 24;
const BAR_HEIGHT = 15;
const PANEL_HEAD = 42;
const TOP = 64;
const BOTTOM = 34;
/** Longer bars are cut, or the others would be too short to be seen. */
const CUT_ROAD = 'direct';

const STYLE = `
text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328; }
.heading { font-size: 17px; font-weight: 600; } .panel { font-weight: 600; } .note, .value { fill: #59636e; }
.other { fill: #9aa4af; } .ours { fill: #0969da; } .line { stroke: #1a7f37; stroke-width: 1.5; stroke-dasharray: 4 3; }
.limit { font-size: 11px; fill: #1a7f37; } .cut { stroke: #ffffff; stroke-width: 3; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .note, .value { fill: #9198a1; } .other { fill: #656c76; } .ours { fill: #4493f8; }
  .line { stroke: #3fb950; } .limit { fill: #3fb950; } .cut { stroke: #0d1117; }
}`;

/**
 * @param {{ roads: readonly RoadSummary[], machine: { cpu: string, cores: number, node: string } }} given
 * @param {{ connections: number, lines: readonly Line[] }} limits where the target is set
 */
export function drawCalls({ roads, machine }, limits) {
  const counts = [...new Set(roads.map(({ connections }) => connections))].sort((a, b) => a - b);
  let top = TOP;
  const panels = counts.map((connections) => {
    const own = roads.filter((road) => road.connections === connections && road.perSecond !== undefined);
    const lines = connections === limits.connections ? limits.lines : [];
    const panel = drawPanel(own, { top, connections, lines });
    top += PANEL_HEAD + own.length * ROW_HEIGHT;
    return panel;
  });
  const height = top + BOTTOM;
  const note = `${machine.cores} cores of ${machine.cpu}, shared by everything shown; Node ${machine.node}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title desc">
<title id="title">Requests per second on every road</title>
<desc id="desc">${escape(inWords(roads, limits))}</desc>
<style>${STYLE}
</style>
<text class="heading" x="16" y="28">One small JSON call: requests per second</text>
<text class="note" x="16" y="48">Medians of windows that took turns. Doorward writes an intent and an outcome durably for each call.</text>
${panels.join('\n')}
<text class="note" x="16" y="${height - 12}">${escape(note)}</text>
</svg>
`;
}

/** @param {readonly RoadSummary[]} roads @param {{ top: number, connections: number, lines: readonly Line[] }} place */
function drawPanel(roads, { top, connections, lines }) {
  const uncut = roads.filter(({ road }) => road !== CUT_ROAD).map(({ perSecond }) => perSecond?.median ?? 0);
  const most = Math.max(1, ...uncut, ...lines.map(({ value }) => value));
  const toX = (/** @type {number} */ value) => LABEL_WIDTH + (BAR_WIDTH * Math.min(value, most)) / most;
  const barsTop = top + PANEL_HEAD - 8;
  const bars = roads.map((road, i) => drawBar(road, { y: barsTop + i * ROW_HEIGHT, toX, most }));
  const limits = lines.map(({ label, value }) => {
    const x = toX(value).toFixed(1);
    const bottom = barsTop + roads.length * ROW_HEIGHT - 4;
    return `<line class="line" x1="${x}" x2="${x}" y1="${barsTop - 4}" y2="${bottom}"/>
<text class="limit" x="${x}" y="${barsTop - 8}" text-anchor="middle">${escape(label)}</text>`;
  });
  const name = connections === 1 ? 'one connection' : `${connections} connections`;
  return [`<text class="panel" x="16" y="${top + 20}">${name}</text>`, ...bars, ...limits].join('\n');
}

/** @param {RoadSummary} road @param {{ y: number, toX: (value: number) => number, most: number }} place */
function drawBar({ road, title, perSecond }, { y, toX, most }) {
  const value = perSecond?.median ?? 0;
  const end = toX(value);
  const isOurs = /^(postgres|embedded)/.test(road);
  const cut =
    value > most
      ? `<line class="cut" x1="${end - 26}" x2="${end - 18}" y1="${y + BAR_HEIGHT + 1}" y2="${y - 1}"/>`
      : '';
  return `<text x="${LABEL_WIDTH - 10}" y="${y + 12}" text-anchor="end">${escape(title)}</text>
<rect class="${isOurs ? 'ours' : 'other'}" x="${LABEL_WIDTH}" y="${y}" width="${(end - LABEL_WIDTH).toFixed(1)}" height="${BAR_HEIGHT}" rx="2"/>${cut}
<text class="value" x="${(end + 8).toFixed(1)}" y="${y + 12}">${figure(Math.round(value))}</text>`;
}

/** @param {readonly RoadSummary[]} roads @param {{ connections: number, lines: readonly Line[] }} limits */
function inWords(roads, { connections, lines }) {
  const told = roads.map(
    (road) =>
      `${road.title}, ${road.connections} connections: ${figure(Math.round(road.perSecond?.median ?? 0))}`,
  );
  const targets = lines.map(
    ({ label, value }) => `${label} at ${connections} connections: ${figure(Math.round(value))}`,
  );
  return `${[...told, ...targets].join('; ')}.`;
}

/** @param {string} text */
function escape(text) {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
