// Part 1: one small JSON call on every road, in windows that take turns, so that a slow minute of the machine falls on
// all of them. What is compared is compared within one round.
import { inTurn, warmUp } from '../load/warm-up.js';
import { openRoads } from './calls-roads.js';
import { summarize } from './calls-summary.js';

/** @typedef {import('../bench.js').Context} Context */
/** @typedef {import('./calls-roads.js').Road} Road */
/**
 * @typedef {{
 *   road: string, connections: number, round: number, seconds: number, requests: number, perSecond: number,
 *   p50Ms: number | null, p99Ms: number | null, errors: Record<string, number>,
 *   cpuMicroseconds: Record<string, number | null>,
 * }} Window
 */

const PLANS = {
  quick: { rounds: 3, windowMs: 500, warmUpMs: 150, firstWarmUpMs: 3000, connections: [1, 32, 256] },
  normal: { rounds: 3, windowMs: 2000, warmUpMs: 300, firstWarmUpMs: 6000, connections: [1, 32, 256] },
  long: { rounds: 5, windowMs: 3000, warmUpMs: 500, firstWarmUpMs: 15_000, connections: [1, 32, 256] },
};
/** A run of very short windows is no measurement; it need not be warmed up for one. */
const MOST_WARM_UP_WINDOWS = 10;
const WARM_UP_CONNECTIONS = 32;

/** @param {Context} context */
export async function measureCalls(context) {
  const plan = planOf(context);
  context.progress.begin('calls', 1);
  const { roads, absent } = await openRoads(context, plan.connections);
  const generator = context.stage.startAssistant(new URL('../load/generator.js', import.meta.url));
  const turns = plan.connections.flatMap((connections) =>
    roads.filter((road) => road.connections.includes(connections)).map((road) => ({ road, connections })),
  );
  context.progress.begin('calls', turns.length * plan.rounds + roads.length);
  for (const road of roads) {
    context.progress.step(`${road.title}, warming up`);
    const most = Math.min(WARM_UP_CONNECTIONS, Math.max(...road.connections));
    await warmUp(generator, await orderOf(road, most, { ...plan, windowMs: plan.firstWarmUpMs }));
  }
  /** @type {Window[]} */
  const windows = [];
  for (let round = 1; round <= plan.rounds; round += 1) {
    for (const { road, connections } of inTurn(turns, round)) {
      context.progress.step(`${road.title}, ${connections} connections, round ${round} of ${plan.rounds}`);
      const measured = await generator.ask(await orderOf(road, connections, plan));
      windows.push({ road: road.name, connections, round, ...measured });
    }
  }
  return { ...summarize({ roads, windows, absent, connections: plan.connections }), windows };
}

/** @typedef {(typeof PLANS)['normal']} Plan */

/** @param {Context} context @returns {Plan} */
function planOf({ options }) {
  const plan = PLANS[options.length];
  const windowMs = options.windowSeconds === undefined ? plan.windowMs : options.windowSeconds * 1000;
  return {
    ...plan,
    windowMs,
    rounds: options.rounds ?? plan.rounds,
    firstWarmUpMs: Math.min(plan.firstWarmUpMs, windowMs * MOST_WARM_UP_WINDOWS),
    connections: options.connections ?? plan.connections,
  };
}

/** @param {Road} road @param {number} connections @param {Plan} plan */
async function orderOf(road, connections, { warmUpMs, windowMs }) {
  return { targets: await road.targets(), connections, warmUpMs, windowMs, watched: road.watched };
}
