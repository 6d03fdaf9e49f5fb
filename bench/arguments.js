// The command line: which parts, how long, what to print.
import { parseArgs } from 'node:util';

const PARTS = /** @type {const} */ ([
  'calls',
  'streams',
  'growth',
  'scan',
  'request-lookup',
  'content',
  'text',
  'bodies',
  'start',
  'kinds',
]);
/** @typedef {(typeof PARTS)[number]} Part */
/** @typedef {'quick' | 'normal' | 'long'} Length */
/** @typedef {ReturnType<typeof parseArguments>} Arguments */

export const HELP = `Usage: npm run bench -- [PARTS] [options]

  --only PARTS         of ${PARTS.join(',')}; all of them unless given
  --quick | --long     shorter and fewer windows | more of them, more rows, more streams
  --json               print the results as JSON instead of tables
  --check              exit with 8 when a "must" is missed
  --checkout DIR       measure the program of another checkout
  --results DIR        where latest.json and latest.svg go; bench/results unless given
  --no-save            write neither
  --memory GIB         to make ready before the windows, 0 for none; at most a third of what is free
For work on the call road:
  --against DIR        calls of another checkout's program on Postgres too, by turns
  --roads NAMES        such as pass-through,postgres; the baseline is always measured
  --connections LIST   such as 1,32
  --sizes LIST         of growth, such as 10,1000; with a hundred times as many audit rows
  --rounds N           windows for each road and number of connections
  --window SECONDS     length of a window
`;

/** Throws with a message for the user. @param {readonly string[]} argv */
export function parseArguments(argv) {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      long: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      checkout: { type: 'string' },
      'no-save': { type: 'boolean', default: false },
      against: { type: 'string' },
      results: { type: 'string' },
      roads: { type: 'string' },
      connections: { type: 'string' },
      sizes: { type: 'string' },
      rounds: { type: 'string' },
      window: { type: 'string' },
      memory: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.quick && values.long) throw new Error('either --quick or --long');
  const named = [...(list(values.only) ?? []), ...positionals];
  const parts = named.length === 0 ? [...PARTS] : named;
  for (const part of parts) {
    if (!PARTS.some((known) => known === part)) throw new Error(`"${part}" is none of ${PARTS.join(', ')}`);
  }
  return {
    parts: PARTS.filter((part) => parts.includes(part)),
    length: lengthOf(values),
    isJson: values.json,
    isCheck: values.check,
    checkout: values.checkout,
    against: values.against,
    results: values.results,
    isSaved: !values['no-save'],
    isHelp: values.help,
    roads: list(values.roads),
    connections: list(values.connections)?.map((text) => positive('--connections', text)),
    sizes: list(values.sizes)?.map((text) => positive('--sizes', text)),
    rounds: values.rounds === undefined ? undefined : positive('--rounds', values.rounds),
    memoryGibibytes: values.memory === undefined ? undefined : notNegative('--memory', values.memory),
    windowSeconds: values.window === undefined ? undefined : positive('--window', values.window),
  };
}

/** @param {{ quick: boolean, long: boolean }} values @returns {Length} */
function lengthOf({ quick, long }) {
  if (quick) return 'quick';
  return long ? 'long' : 'normal';
}

/** @param {string | undefined} text */
function list(text) {
  return text?.split(',').filter((part) => part !== '');
}

/** @param {string} name @param {string} text */
function notNegative(name, text) {
  return Number(text) === 0 ? 0 : positive(name, text);
}

/** @param {string} name @param {string} text */
function positive(name, text) {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${name}: "${text}" is not a positive number`);
  return value;
}
