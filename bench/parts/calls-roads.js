// The roads of part 1: what stands on each of them, and where a call begins.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { copyProgram, register, startDoorward } from '../installation.js';
import { startPostgres } from '../postgres.js';
import { findNginx, startNginx } from '../roads/nginx.js';
import { callTargets, requestTo } from '../roads/targets.js';

/** @typedef {import('../bench.js').Context} Context */
/**
 * @typedef {{
 *   name: string, title: string, connections: readonly number[],
 *   targets: () => Promise<readonly import('../roads/targets.js').Target[]>,
 *   watched: Record<string, { pids: readonly number[], withChildren?: boolean }>,
 * }} Road
 */
/** @typedef {{ name: string, title: string, reason: string }} Absent */
/** @typedef {{ context: Context, upstreamPort: number, connections: readonly number[], several: readonly number[] }} Place */

/** Measured in every run: without it there is nothing to compare with. */
const BASELINE = 'pass-through';
const PATH = '/v1/chat/completions?stream=false';

/**
 * Those the user wants. One connection can not be split over two processes.
 * @param {Context} context @param {readonly number[]} connections
 * @returns {Promise<{ roads: Road[], absent: Absent[] }>}
 */
export async function openRoads(context, connections) {
  const { stage, options } = context;
  const upstream = stage.startAssistant(new URL('../roads/upstream.js', import.meta.url));
  const { port: upstreamPort } = await upstream.ask({});
  const several = connections.filter((count) => count > 1);
  const place = { context, upstreamPort, connections, several };
  const isWanted = (/** @type {{ name: string }} */ { name }) =>
    name === BASELINE || name === 'against' || (options.roads?.includes(name) ?? true);
  const all = [
    [roadTo('direct', 'direct', { connections, ports: [upstreamPort], pids: [upstream.pid] })],
    await openPassThroughs(place),
    isWanted({ name: 'nginx' }) ? await openNginx(place) : [],
    ['postgres', 'postgres-2'].some((name) => isWanted({ name })) ? await openOnPostgres(place) : [],
    options.against === undefined ? [] : await openAgainst(place, options.against),
    isWanted({ name: 'embedded' }) ? await openEmbedded(place) : [],
  ].flat();
  const wanted = all.filter(isWanted);
  return {
    roads: wanted.filter((road) => 'targets' in road).filter((road) => road.connections.length > 0),
    absent: wanted.filter((road) => 'reason' in road),
  };
}

/** @param {string} name @param {string} title @param {{ connections: readonly number[], ports: readonly number[], pids: readonly number[] }} options @returns {Road} */
function roadTo(name, title, { connections, ports, pids }) {
  const targets = ports.map((port) => ({ port, request: requestTo(port, PATH) }));
  return { name, title, connections, targets: async () => targets, watched: { road: { pids } } };
}

/** @param {Place} place */
async function openPassThroughs({ context, upstreamPort, connections, several }) {
  const ports = [];
  const pids = [];
  for (let i = 0; i < 2; i += 1) {
    const one = context.stage.startAssistant(new URL('../roads/pass-through.js', import.meta.url));
    ports.push((await one.ask({ upstreamPort })).port);
    pids.push(one.pid);
  }
  return [
    roadTo(BASELINE, 'bare pass-through', { connections, ports: ports.slice(0, 1), pids: pids.slice(0, 1) }),
    roadTo(`${BASELINE}-2`, 'bare pass-through, 2 processes', { connections: several, ports, pids }),
  ];
}

/** @param {Place} place @returns {Promise<(Road | Absent)[]>} */
async function openNginx({ context, upstreamPort, connections }) {
  const [name, title] = ['nginx', 'nginx, 1 worker'];
  const nginx = findNginx();
  if (nginx === undefined) return [{ name, title, reason: 'not installed' }];
  const { port, pid } = await startNginx(context.stage, nginx.path, upstreamPort);
  const watched = { road: { pids: [pid], withChildren: true } };
  return [{ ...roadTo(name, title, { connections, ports: [port], pids: [] }), watched }];
}

/** Two replicas on one Postgres: one of them alone, then the load split over both. @param {Place} place */
async function openOnPostgres(place) {
  const { program } = place.context;
  const titles = ['Doorward on Postgres', 'Doorward on Postgres, 2 processes'];
  const replicas = await openReplicas(place, program, 2);
  if (replicas === undefined)
    return titles.map((title, i) => ({
      name: i === 0 ? 'postgres' : 'postgres-2',
      title,
      reason: 'not installed',
    }));
  const [one = '', two = ''] = titles;
  return [
    { ...replicas.road('postgres', one, 1), connections: place.connections },
    { ...replicas.road('postgres-2', two, 2), connections: place.several },
  ];
}

/** The program of another checkout, by turns with this one. @param {Place} place @param {string} checkout */
async function openAgainst(place, checkout) {
  const program = copyProgram(place.context.stage.directory, checkout);
  const [name, title] = ['against', 'Doorward on Postgres, the other checkout'];
  const replicas = await openReplicas(place, program, 1);
  if (replicas === undefined) return [{ name, title, reason: 'not installed' }];
  return [{ ...replicas.road(name, title, 1), connections: place.connections }];
}

/** @param {Place} place @param {import('../installation.js').Program} program @param {number} count */
async function openReplicas({ context, upstreamPort }, program, count) {
  const { stage, postgres: binaries } = context;
  if (binaries === undefined) return undefined;
  context.progress.say('starting Postgres and Doorward');
  const postgres = await startPostgres(stage, binaries);
  const folder = join(stage.directory, `calls-${randomBytes(4).toString('hex')}`);
  const installation = { shared: join(folder, 'shared'), databaseUrl: postgres.url };
  /** @type {import('../installation.js').Doorward[]} */
  const replicas = [];
  for (let i = 0; i < count; i += 1) {
    const where = {
      ...installation,
      dataDirectory: join(folder, `${i}`),
      publicUrl: 'http://doorward.bench',
    };
    replicas.push(await startDoorward(stage, program, where));
  }
  const [first] = replicas;
  if (first === undefined) throw new Error('no replica was asked for');
  const key = await register(first, { baseUrl: `http://127.0.0.1:${upstreamPort}` });
  const database = { pids: [postgres.pid], withChildren: true };
  return {
    road: (/** @type {string} */ name, /** @type {string} */ title, /** @type {number} */ used) => ({
      name,
      title,
      targets: callTargets(replicas.slice(0, used), { agent: 'bench', key, path: `/call/bench${PATH}` }),
      watched: { road: { pids: replicas.slice(0, used).map(({ pid }) => pid) }, database },
    }),
  };
}

/** @param {Place} place */
async function openEmbedded({ context, upstreamPort, connections }) {
  const { stage, program } = context;
  context.progress.say('starting Doorward on the embedded database');
  const dataDirectory = join(stage.directory, `embedded-${randomBytes(4).toString('hex')}`);
  const doorward = await startDoorward(stage, program, { dataDirectory });
  const key = await register(doorward, { baseUrl: `http://127.0.0.1:${upstreamPort}` });
  const targets = callTargets([doorward], { agent: 'bench', key, path: `/call/bench${PATH}` });
  const watched = { road: { pids: [doorward.pid] } };
  return [{ name: 'embedded', title: 'Doorward, embedded database', connections, targets, watched }];
}
