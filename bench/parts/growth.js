// Part 3: what a call costs as an installation grows. Each size is an installation of its own, a database and a server,
// so that windows on all of them can take turns; ten agents, spread over all of them, call ten services.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { spread } from '../figures.js';
import { startDoorward } from '../installation.js';
import { inTurn, warmUp } from '../load/warm-up.js';
import { startPostgres } from '../postgres.js';
import { figure, spreadText } from '../report.js';
import { callTargets } from '../roads/targets.js';
import { fillAudit, fillObjects } from './fill.js';

/** @typedef {import('../bench.js').Context} Context */
/** @typedef {Awaited<ReturnType<typeof measureGrowth>>} Growth */
/** @typedef {'objects' | 'audit'} Kind */
/** @typedef {{ postgres: import('../postgres.js').PostgresServer, upstreamPort: number, generator: import('../processes.js').Assistant }} Place */
/** @typedef {{ kind: Kind, size: number, round: number, perSecond: number, errors: Record<string, number>, costMicroseconds: number | undefined }} Window */

const PLANS = {
  quick: { objects: [10, 1000], audit: [0, 100_000], rounds: 3, windowMs: 700, warmUpMs: 200, firstMs: 2000 },
  normal: {
    objects: [10, 100, 1000, 10_000],
    audit: [0, 1_000_000],
    rounds: 5,
    windowMs: 1500,
    warmUpMs: 300,
    firstMs: 4000,
  },
  long: {
    objects: [10, 100, 1000, 10_000],
    audit: [0, 1_000_000, 10_000_000],
    rounds: 9,
    windowMs: 2500,
    warmUpMs: 500,
    firstMs: 10_000,
  },
};
const CONNECTIONS = 32;
const AGENTS = 10;
/** A smaller one says too little. */
const FULL = { objects: 10_000, audit: 1_000_000 };
/** Few objects, and few rows but those of the calls themselves. */
const SMALL = 10;

/** @param {Context} context */
export async function measureGrowth(context) {
  const missing = 'Postgres is not installed';
  if (context.postgres === undefined) {
    return {
      sizes: [],
      windows: [],
      measures: ['objects', 'audit'].map((kind) => ({ id: `growth.${kind}`, missing })),
    };
  }
  const { stage, progress, options } = context;
  const plan = planOf(options);
  progress.begin('growth', (plan.objects.length + plan.audit.length) * (plan.rounds + 1));
  const upstream = stage.startAssistant(new URL('../roads/upstream.js', import.meta.url));
  const { port: upstreamPort } = await upstream.ask({});
  const generator = stage.startAssistant(new URL('../load/generator.js', import.meta.url));
  const postgres = await startPostgres(stage, context.postgres);
  const place = { postgres, upstreamPort, generator };
  /** @type {Window[]} */
  const windows = [];
  const filled = [];
  for (const kind of /** @type {const} */ (['objects', 'audit'])) {
    const measured = await measureKind(context, place, kind);
    windows.push(...measured.windows);
    filled.push(...measured.filled);
  }
  const sizes = filled.map((one) => ({ ...one, ...summarize(one, windows) }));
  return { sizes, windows, measures: measuresOf(sizes) };
}

/** @param {import('../arguments.js').Arguments} options */
function planOf({ length, sizes, rounds, windowSeconds }) {
  const plan = PLANS[length];
  return {
    ...plan,
    objects: sizes ?? plan.objects,
    audit: sizes === undefined ? plan.audit : [0, Math.max(...sizes) * 100],
    rounds: rounds ?? plan.rounds,
    windowMs: windowSeconds === undefined ? plan.windowMs : windowSeconds * 1000,
  };
}

/** @param {Context} context @param {Place} place @param {Kind} kind */
async function measureKind(context, place, kind) {
  const plan = planOf(context.options);
  /** @type {Awaited<ReturnType<typeof openSize>>[]} */
  const all = [];
  await commitDurably(place.postgres, false);
  for (const size of plan[kind]) all.push(await openSize(context, place, { kind, size }));
  await commitDurably(place.postgres, true);
  for (const one of all) await warmUp(place.generator, { ...(await one.order()), windowMs: plan.firstMs });
  for (const one of all) await one.afterWarmUp();
  /** @type {Window[]} */
  const windows = [];
  for (let round = 1; round <= plan.rounds; round += 1) {
    for (const one of inTurn(all, round)) {
      context.progress.step(`${title(kind, one.size)}, round ${round} of ${plan.rounds}`);
      const { warmUpMs, windowMs } = plan;
      const measured = await place.generator.ask({ ...(await one.order()), warmUpMs, windowMs });
      windows.push({ kind, size: one.size, round, ...costOf(measured) });
    }
  }
  for (const { close } of all) await close();
  return { windows, filled: all.map(({ size, fillSeconds }) => ({ kind, size, fillSeconds })) };
}

/** Filling need not wait for the disk; calls must. @param {Place['postgres']} postgres @param {boolean} isDurable */
async function commitDurably(postgres, isDurable) {
  await postgres.run(`alter system set synchronous_commit = ${isDurable ? 'on' : 'off'}`);
  await postgres.run('select pg_reload_conf()');
}

/** CPU of the broker and the database together: other work on the machine changes it least. @param {any} measured */
function costOf(measured) {
  const { road, database } = measured.cpuMicroseconds;
  const isKnown = typeof road === 'number' && typeof database === 'number';
  return { ...measured, costMicroseconds: isKnown ? road + database : 1e6 / measured.perSecond };
}

/** @param {Context} context @param {Place} place @param {{ kind: Kind, size: number }} what */
async function openSize({ stage, program, progress }, { postgres, upstreamPort }, { kind, size }) {
  progress.step(`filling: ${title(kind, size)}`);
  const databaseUrl = await postgres.createDatabase();
  const dataDirectory = join(stage.directory, `growth-${randomBytes(4).toString('hex')}`);
  const doorward = await startDoorward(stage, program, { dataDirectory, databaseUrl });
  const baseUrl = `http://127.0.0.1:${upstreamPort}`;
  const startedMs = performance.now();
  const say = (/** @type {number} */ done) =>
    progress.say(`filling: ${title(kind, size)}, ${figure(done)} done`);
  const count = kind === 'objects' ? size : SMALL;
  const keys = await fillObjects(doorward, { count, kept: AGENTS, baseUrl, onStep: say });
  const callers = keys.map(({ agent, key }) =>
    callTargets([doorward], { agent, key, path: `/call/${agent}/v1/models` }),
  );
  const one = {
    size,
    fillSeconds: (performance.now() - startedMs) / 1000,
    order: async () => ({
      targets: (await Promise.all(callers.map((targets) => targets()))).flat(),
      connections: CONNECTIONS,
      warmUpMs: 0,
      windowMs: 0,
      watched: { road: { pids: [doorward.pid] }, database: { pids: [postgres.pid], withChildren: true } },
    }),
    /** There are real rows by then, to copy the text of. */
    afterWarmUp: async () => {
      if (kind === 'objects' || size === 0) return;
      const fromMs = performance.now();
      await fillAudit(postgres, { url: databaseUrl, rows: size, onStep: say });
      one.fillSeconds += (performance.now() - fromMs) / 1000;
    },
    close: () => doorward.server.stop(),
  };
  return one;
}

/** @param {{ kind: Kind, size: number }} what @param {readonly Window[]} windows */
function summarize({ kind, size }, windows) {
  const alike = windows.filter((window) => window.kind === kind);
  const smallest = Math.min(...alike.map((window) => window.size));
  const own = alike.filter((window) => window.size === size);
  const ratios = own.map(({ round, costMicroseconds = 0 }) => {
    const base = alike.find((window) => window.size === smallest && window.round === round)?.costMicroseconds;
    return base === undefined ? undefined : costMicroseconds / base;
  });
  return {
    perSecond: spread(own.map(({ perSecond }) => perSecond)),
    cost: spread(own.map(({ costMicroseconds }) => costMicroseconds)),
    ofSmallest: spread(ratios),
    errors: own.flatMap(({ errors }) => Object.entries(errors)).map(([what, count]) => `${what}: ${count}`),
  };
}

/** @param {readonly ({ kind: Kind, size: number } & ReturnType<typeof summarize>)[]} sizes */
function measuresOf(sizes) {
  return /** @type {const} */ (['objects', 'audit']).map((kind) => {
    const own = sizes.filter((size) => size.kind === kind);
    const [least, most] = [own[0], own.at(-1)];
    const [measured, baseline] = [most?.cost?.median, least?.cost?.median];
    if (most === undefined || most.size < FULL[kind]) {
      const seen = `${figure(most?.ofSmallest?.median)} at ${figure(most?.size)}`;
      return { id: `growth.${kind}`, missing: `${seen}; judged at ${figure(FULL[kind])}` };
    }
    return { id: `growth.${kind}`, measured, baseline, ratio: most.ofSmallest?.median };
  });
}

/** @param {Kind} kind @param {number} size */
function title(kind, size) {
  const number = size.toLocaleString('en-US');
  return kind === 'objects'
    ? `${number} secrets, services, agents, grants`
    : `${number} audit rows and those of the calls`;
}

/** @param {Growth} growth @returns {import('../report.js').Sheet[]} */
export function growthSheets({ sizes }) {
  const rows = sizes.map((one) => [
    title(one.kind, one.size),
    figure(one.fillSeconds),
    spreadText(one.perSecond),
    spreadText(one.cost),
    spreadText(one.ofSmallest, (value) => value.toFixed(3)),
    one.errors.length === 0 ? '0' : one.errors.join(', '),
  ]);
  const head = [
    'installation',
    'filled in s',
    'req/s',
    'CPU µs a call, with Postgres',
    '/ smallest',
    'errors',
  ];
  return [{ title: `Growth, ${CONNECTIONS} connections`, head, rows }];
}
