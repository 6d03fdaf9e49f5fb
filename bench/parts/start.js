// Part 5: how long until a server answers and a command is printed, and what an idle server keeps in memory.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { median, spread } from '../figures.js';
import { plainEnvironment, startDoorward } from '../installation.js';
import { startPostgres } from '../postgres.js';
import { residentBytes } from '../process-figures.js';
import { spreadText } from '../report.js';
import { measureStalls } from './stall.js';

/** @typedef {import('../bench.js').Context} Context */
/** @typedef {{ id: string, title: string, unit: string, values: readonly (number | undefined)[] }} Row */
/** @typedef {Awaited<ReturnType<typeof measureStart>>} Start */

const PLANS = {
  quick: { times: 3, idleMs: 5000, stall: { windows: 3, windowMs: 1000, warmUpMs: 3000 } },
  normal: { times: 5, idleMs: 5000, stall: { windows: 5, windowMs: 2000, warmUpMs: 6000 } },
  long: { times: 9, idleMs: 5000, stall: { windows: 9, windowMs: 3000, warmUpMs: 15_000 } },
};
const MEBIBYTE = 2 ** 20;

/** @param {Context} context */
export async function measureStart(context) {
  const plan = PLANS[context.options.length];
  context.progress.begin('start', plan.times * (context.postgres === undefined ? 2 : 3) + 2);
  const commands = measureCommands(context, plan.times);
  const embedded = await measureServers(context, plan, undefined);
  const onPostgres = await measureOnPostgres(context, plan);
  context.progress.step('the main thread under load');
  const stalls = await measureStalls(context, plan.stall);
  /** @type {Row[]} */
  const rows = [
    { id: 'node', title: '`node -e 0`, what Node itself takes', unit: 'ms', values: commands.node },
    { id: 'help', title: '`doorward --help`', unit: 'ms', values: commands.help },
    { id: 'first', title: 'first start, embedded database', unit: 'ms', values: embedded.first },
    { id: 'later', title: 'later start, embedded database', unit: 'ms', values: embedded.later },
    { id: 'memory-embedded', title: 'idle memory, embedded database', unit: 'MiB', values: embedded.memory },
    { id: 'first-postgres', title: 'first start, Postgres', unit: 'ms', values: onPostgres.first },
    { id: 'later-postgres', title: 'later start, Postgres', unit: 'ms', values: onPostgres.later },
    { id: 'memory-postgres', title: 'idle memory, Postgres', unit: 'MiB', values: onPostgres.memory },
    {
      id: 'stall',
      title: 'longest stall under load, embedded database',
      unit: 'ms',
      values: stalls.doorward,
    },
    {
      id: 'stall-pass-through',
      title: 'the same of the pass-through',
      unit: 'ms',
      values: stalls.passThrough,
    },
  ];
  return { rows, measures: measuresOf(rows, context.postgres === undefined) };
}

/** @param {readonly Row[]} rows @param {boolean} hasNoPostgres */
function measuresOf(rows, hasNoPostgres) {
  const of = (/** @type {string} */ id) => median(rows.find((row) => row.id === id)?.values ?? []);
  const missing = hasNoPostgres ? 'Postgres is not installed' : undefined;
  return [
    { id: 'start.later', measured: of('later') },
    { id: 'start.first', measured: of('first') },
    { id: 'start.postgres', measured: of('later-postgres'), missing },
    { id: 'start.help', measured: of('help'), baseline: of('node') },
    { id: 'start.memory-postgres', measured: of('memory-postgres'), missing },
    { id: 'start.memory-embedded', measured: of('memory-embedded') },
    { id: 'start.stall', measured: of('stall'), baseline: of('stall-pass-through') },
  ];
}

/** @param {Context} context @param {number} times */
function measureCommands({ program, progress }, times) {
  const node = [];
  const help = [];
  for (let i = 0; i <= times; i += 1) {
    progress.step('--help');
    const [bare, printed] = [runTime(['-e', '0']), runTime([program.launcher, '--help'])];
    if (i === 0) continue; // the first one reads the files from the disk
    node.push(bare);
    help.push(printed);
  }
  return { node, help };
}

/** @param {readonly string[]} argv */
function runTime(argv) {
  const startedMs = performance.now();
  const { status, stderr } = spawnSync(process.execPath, argv, { env: plainEnvironment(), encoding: 'utf8' });
  if (status !== 0) throw new Error(`node ${argv.at(-1)} ended with ${status}: ${stderr}`);
  return performance.now() - startedMs;
}

/** @param {Context} context @param {(typeof PLANS)['normal']} plan */
async function measureOnPostgres(context, plan) {
  if (context.postgres === undefined) return { first: [], later: [], memory: [] };
  const postgres = await startPostgres(context.stage, context.postgres);
  const measured = await measureServers(context, plan, postgres);
  await postgres.stop();
  return measured;
}

/**
 * One installation: its first start, then later ones; the last is left idle. Another first start for each further one.
 * @param {Context} context @param {(typeof PLANS)['normal']} plan
 * @param {import('../postgres.js').PostgresServer | undefined} postgres
 */
async function measureServers({ stage, program, progress }, { times, idleMs }, postgres) {
  const first = [];
  const later = [];
  const memory = [];
  for (let i = 0; i < times; i += 1) {
    progress.step(postgres === undefined ? 'starts on the embedded database' : 'starts on Postgres');
    const databaseUrl = await postgres?.createDatabase();
    const dataDirectory = join(stage.directory, `start-${randomBytes(4).toString('hex')}`);
    const where = { dataDirectory, ...(databaseUrl === undefined ? {} : { databaseUrl }) };
    const fresh = await startDoorward(stage, program, where);
    first.push(fresh.readyMs);
    await fresh.server.stop();
    const again = await startDoorward(stage, program, where);
    later.push(again.readyMs);
    if (i === 0) {
      await delay(idleMs);
      const bytes = residentBytes(again.pid);
      memory.push(bytes === undefined ? undefined : bytes / MEBIBYTE);
    }
    await again.server.stop();
  }
  return { first, later, memory };
}

/** @param {Start} start @returns {import('../report.js').Sheet[]} */
export function startSheets({ rows }) {
  return [
    {
      title: 'Start and idle',
      head: ['what', 'median (quartiles)', 'unit', 'worst'],
      rows: rows.map(({ title, unit, values }) => [
        title,
        spreadText(spread(values)),
        unit,
        spreadText(spread([Math.max(...values.map((value) => value ?? 0))])),
      ]),
    },
  ];
}
