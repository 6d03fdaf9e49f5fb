// Every target of the bench as data: what must hold, and what is aimed at.

/** @typedef {import('./arguments.js').Part} Part */
/** @typedef {{ id: string, measured?: number | undefined, baseline?: number | undefined, ratio?: number | undefined, missing?: string | undefined }} Measure */
/** @typedef {{ better: 'more' | 'less', must: number, aim?: number }} Limits */
/**
 * `by` says what is compared with `must` and `aim`: the measured figure, or its ratio to the baseline of the same run.
 * @typedef {{ id: string, part: string, what: string, unit: string, by: 'measured' | 'ratio' } & Limits} Target
 */
/** @typedef {'aim met' | 'must met' | 'missed' | 'not measured'} Verdict */
/** @typedef {Target & Measure & { verdict: Verdict }} Judged */

/** @type {readonly Target[]} */
export const TARGETS = [
  ratio(
    'calls.of-pass-through',
    'full call, durable, on Postgres / pass-through',
    'req/s',
    atLeast(0.27, 0.4),
  ),
  ratio('calls.of-nginx', 'full call, durable, on Postgres / nginx', 'req/s', atLeast(0.13, 0.2)),
  figure('calls.added-p50', 'added at one connection, median', 'ms', atMost(1.2, 0.7)),
  figure('calls.added-p99', 'added at one connection, 99th percentile', 'ms', atMost(8, 4)),
  figure('calls.cpu', 'CPU of the broker for a call', 'µs', atMost(200, 140)),
  figure('calls.embedded', 'full calls on the embedded database', 'req/s', atLeast(300, 600)),
  figure('streams.first-byte', 'added to the first byte of a stream, median', 'ms', atMost(1.3, 0.9)),
  figure('streams.later-event', 'added to later events, median', 'ms', atMost(0.3)),
  figure('streams.memory', 'memory for each open stream', 'KiB', atMost(40, 24)),
  figure('streams.open', 'streams open in one process', '', atLeast(9000)),
  figure('streams.disconnects', '256 callers cut at once, eight times: left over', '', atMost(0)),
  ratio('growth.objects', 'cost of a call, most secrets, agents, grants / 10', 'µs', atMost(1.15, 1.05)),
  ratio('growth.audit', 'cost of a call, most audit rows / fewest', 'µs', atMost(1.15, 1.05)),
  figure('scan.64-patterns', 'scan of 64 KiB of JSON, 64 patterns', 'GB/s', atLeast(1.5, 3)),
  figure('scan.10000-secrets', 'scan of 64 KiB of JSON, 10,000 secrets', 'GB/s', atLeast(0.8, 2)),
  figure('request-lookup.json', '10,000 values looked for in JSON', 'MB/s', atLeast(150, 400)),
  figure(
    'request-lookup.escapes',
    '10,000 values looked for in JSON with many escapes',
    'MB/s',
    atLeast(50, 150),
  ),
  figure(
    'content.email-card',
    'content rules for e-mail and cards, 64 KiB of JSON',
    'MB/s',
    atLeast(50, 150),
  ),
  figure('text.plain', 'rules on text of models, plain English', 'MB/s', atLeast(50)),
  figure('content.every-class', 'content rules of every class, 64 KiB of JSON', 'MB/s', atLeast(50, 100)),
  figure('bodies.text', 'whole bodies under the rules on text, the slowest shape', 'MB/s', atLeast(50)),
  figure(
    'bodies.content',
    'whole bodies under content rules for e-mail and cards, the slowest shape',
    'MB/s',
    atLeast(50),
  ),
  figure('scan.sse-event', 'scan of an event of a stream, median', 'ms', atMost(1)),
  figure('scan.stream-memory', 'memory of a stream that is scanned', 'KiB', atMost(64)),
  figure('kinds.added-p50', 'added by the slowest kind of credential to bearer, median', 'ms', atMost(0.2)),
  figure('start.later', 'start to ready', 'ms', atMost(1500, 600)),
  figure('start.first', 'first start to ready', 'ms', atMost(3000, 2000)),
  figure('start.postgres', 'start to ready on Postgres', 'ms', atMost(1500, 600)),
  figure('start.help', '`doorward --help`', 'ms', atMost(150, 80)),
  figure('start.memory-postgres', 'idle memory on Postgres', 'MiB', atMost(130, 90)),
  figure('start.memory-embedded', 'idle memory on the embedded database', 'MiB', atMost(480, 400)),
  figure('start.stall', 'longest stall of the main thread, embedded database', 'ms', atMost(30)),
];

/** @param {string} id its part, a dot and its name @param {string} what @param {string} unit @param {Limits} limits @returns {Target} */
function figure(id, what, unit, limits) {
  return { id, part: id.split('.')[0] ?? '', what, unit, by: 'measured', ...limits };
}

/** @param {string} id @param {string} what @param {string} unit of both @param {Limits} limits of their ratio @returns {Target} */
function ratio(id, what, unit, limits) {
  return { ...figure(id, what, unit, limits), by: 'ratio' };
}

/** @param {number} must @param {number} [aim] @returns {Limits} */
function atLeast(must, aim) {
  return { better: 'more', must, ...(aim === undefined ? {} : { aim }) };
}

/** @param {number} must @param {number} [aim] @returns {Limits} */
function atMost(must, aim) {
  return { ...atLeast(must, aim), better: 'less' };
}

/**
 * Each target of the given parts with what was measured.
 * @param {readonly Measure[]} measures @param {readonly Part[]} parts @returns {Judged[]}
 */
export function judge(measures, parts) {
  return TARGETS.filter((target) => parts.some((part) => part === target.part)).map((target) => {
    const measure = measures.find(({ id }) => id === target.id);
    const value = target.by === 'ratio' ? measure?.ratio : measure?.measured;
    return { ...target, ...measure, verdict: verdictOf(target, value) };
  });
}

/** @param {Limits} limits @param {number | undefined} value @returns {Verdict} */
function verdictOf({ better, must, aim }, value) {
  if (value === undefined || Number.isNaN(value)) return 'not measured';
  const reaches = (/** @type {number} */ limit) => (better === 'more' ? value >= limit : value <= limit);
  if (aim !== undefined && reaches(aim)) return 'aim met';
  return reaches(must) ? 'must met' : 'missed';
}
