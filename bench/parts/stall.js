// The longest time a server's main thread is away from its event loop while calls run on the embedded database, beside
// the same of the bare pass-through, which shows what the machine itself does to such a loop.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { register, startDoorward } from '../installation.js';
import { createProbe } from '../probe.js';
import { callTargets, requestTo } from '../roads/targets.js';

/** @typedef {import('../bench.js').Context} Context */
/**
 * @typedef {{
 *   pid: number, probe: ReturnType<typeof createProbe>, stop: () => Promise<void>,
 *   targets: () => Promise<readonly import('../roads/targets.js').Target[]>,
 * }} Watched
 */

const CONNECTIONS = 32;

/** @param {Context} context @param {{ windows: number, windowMs: number, warmUpMs: number }} plan */
export async function measureStalls(context, { windows, windowMs, warmUpMs }) {
  const { stage } = context;
  const upstream = stage.startAssistant(new URL('../roads/upstream.js', import.meta.url));
  const { port } = await upstream.ask({});
  const generator = stage.startAssistant(new URL('../load/generator.js', import.meta.url));
  const passThrough = await watchPassThrough(context, port);
  const doorward = await watchDoorward(context, port);
  const stalls = { passThrough: /** @type {number[]} */ ([]), doorward: /** @type {number[]} */ ([]) };
  const load = async (/** @type {Watched} */ { targets }, /** @type {number} */ ms) =>
    generator.ask({
      targets: await targets(),
      connections: CONNECTIONS,
      warmUpMs: 0,
      windowMs: ms,
      watched: {},
    });
  for (const watched of [passThrough, doorward]) await load(watched, warmUpMs);
  for (let i = 0; i < windows; i += 1) {
    for (const name of /** @type {const} */ (['passThrough', 'doorward'])) {
      const { pid, probe, ...watched } = name === 'doorward' ? doorward : passThrough;
      await probe.ask(pid); // forgets what was before
      await load({ pid, probe, ...watched }, windowMs);
      stalls[name].push((await probe.ask(pid)).longestMs);
    }
  }
  for (const one of [generator, passThrough, doorward, upstream]) await one.stop();
  return stalls;
}

/** @param {Context} context @param {number} upstreamPort @returns {Promise<Watched>} */
async function watchPassThrough({ stage }, upstreamPort) {
  const probe = createProbe(stage);
  const { pid, ask, stop } = stage.startAssistant(
    new URL('../roads/pass-through.js', import.meta.url),
    probe,
  );
  const { port } = await ask({ upstreamPort });
  const targets = [{ port, request: requestTo(port, '/v1/models') }];
  return { pid, probe, stop, targets: async () => targets };
}

/** @param {Context} context @param {number} upstreamPort @returns {Promise<Watched>} */
async function watchDoorward({ stage, program }, upstreamPort) {
  const probe = createProbe(stage);
  const { nodeArguments, environment: settings } = probe;
  const dataDirectory = join(stage.directory, `stall-${randomBytes(4).toString('hex')}`);
  const doorward = await startDoorward(stage, program, { dataDirectory, nodeArguments, settings });
  const key = await register(doorward, { baseUrl: `http://127.0.0.1:${upstreamPort}` });
  const targets = callTargets([doorward], { agent: 'bench', key, path: '/call/bench/v1/models' });
  return { pid: doorward.pid, probe, stop: doorward.server.stop, targets };
}
