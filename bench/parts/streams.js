// Part 2: server-sent events. What an open stream keeps in memory, how much later its first byte and its events come,
// and what is left when 256 callers are gone at once.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { median, spread } from '../figures.js';
import { register, startDoorward } from '../installation.js';
import { startPostgres } from '../postgres.js';
import { createProbe } from '../probe.js';
import { descriptorLimit } from '../process-figures.js';
import { callTargets, requestTo } from '../roads/targets.js';

/** @typedef {import('../bench.js').Context} Context */
/** @typedef {Awaited<ReturnType<typeof measureStreams>>} Streams */
/** @typedef {Awaited<ReturnType<typeof openPlace>>} Place */

const PLANS = {
  quick: { warmUps: 8, open: 1000, firstBytes: 100, eventRounds: 1, cuts: 8 },
  normal: { warmUps: 64, open: 2000, firstBytes: 300, eventRounds: 3, cuts: 8 },
  long: { warmUps: 64, open: 9000, firstBytes: 1000, eventRounds: 5, cuts: 8 },
};
/** What the target is about. */
const MOST_STREAMS = 9000;
const CUT_STREAMS = 256;
/** As many as calls before their first window. */
const WARM_UP = { streams: 64, count: 8, everyMs: 1 };
const EVENTS = { streams: 16, count: 60, everyMs: 20 };
/** Descriptors a server needs beside its streams' two sockets each. */
const OTHER_DESCRIPTORS = 200;
const LEFT_OVER_TIMEOUT_MS = 15_000;

/** @param {Context} context */
export async function measureStreams(context) {
  const plan = PLANS[context.options.length];
  context.progress.begin('streams', 6 + plan.cuts);
  context.progress.step('starting');
  const place = await openPlace(context);
  context.progress.step('warming up');
  await warmUp(place, plan.warmUps);
  context.progress.step('first bytes');
  const firstMs = await measureFirstBytes(place, plan.firstBytes);
  context.progress.step('later events');
  const laterMs = await measureEvents(place, plan.eventRounds);
  context.progress.step('memory of open streams');
  const memory = await measureMemory(place, plan.open);
  const disconnects = await measureDisconnects(context, place, plan.cuts);
  await place.close();
  return {
    firstMs,
    laterMs,
    memory,
    disconnects,
    measures: measuresOf({ firstMs, laterMs, memory, disconnects }),
  };
}

/**
 * @param {{
 *   firstMs: Awaited<ReturnType<typeof measureFirstBytes>>, laterMs: Awaited<ReturnType<typeof measureEvents>>,
 *   memory: Awaited<ReturnType<typeof measureMemory>>, disconnects: Awaited<ReturnType<typeof measureDisconnects>>,
 * }} figures
 */
function measuresOf({ firstMs, laterMs, memory, disconnects }) {
  const { asked, open, kibibytesEach } = memory;
  const left = Math.max(...disconnects.map(({ sockets, upstream }) => sockets + upstream));
  return [
    { id: 'streams.first-byte', measured: firstMs.added, baseline: firstMs.direct?.median },
    { id: 'streams.later-event', measured: laterMs.added, baseline: laterMs.direct?.median },
    { id: 'streams.memory', measured: kibibytesEach },
    asked < MOST_STREAMS && open === asked
      ? { id: 'streams.open', missing: `${open} of ${asked} opened; ${MOST_STREAMS} with --long` }
      : { id: 'streams.open', measured: open },
    { id: 'streams.disconnects', measured: left },
  ];
}

/** @param {Context} context */
async function openPlace({ stage, program, postgres: binaries }) {
  const upstream = stage.startAssistant(new URL('../roads/stream-upstream.js', import.meta.url));
  const { port } = await upstream.ask({ question: 'listen' });
  const client = stage.startAssistant(new URL('../load/stream-client.js', import.meta.url));
  const probe = createProbe(stage, { collects: true });
  const postgres = binaries === undefined ? undefined : await startPostgres(stage, binaries);
  const { nodeArguments, environment: settings } = probe;
  const dataDirectory = join(stage.directory, `streams-${randomBytes(4).toString('hex')}`);
  const where = { dataDirectory, nodeArguments, settings };
  const doorward = await startDoorward(stage, program, {
    ...where,
    ...(postgres === undefined ? {} : { databaseUrl: postgres.url }),
  });
  const key = await register(doorward, { baseUrl: `http://127.0.0.1:${port}` });
  const through = async (/** @type {string} */ query) =>
    (await callTargets([doorward], { agent: 'bench', key, path: `/call/bench/v1/stream?${query}` })())[0];
  const direct = (/** @type {string} */ query) => ({ port, request: requestTo(port, `/v1/stream?${query}`) });
  const { pid, server } = doorward;
  const close = async () => {
    for (const one of [client, server, upstream, ...(postgres === undefined ? [] : [postgres])])
      await one.stop();
  };
  return { upstream, client, server, pid, through, direct, close, probe: () => probe.ask(pid) };
}

/** A server is measured once its code is compiled. @param {Place} place @param {number} times */
async function warmUp({ client, through }, times) {
  const { streams, count, everyMs } = WARM_UP;
  const target = await through(`count=${count}&every=${everyMs}`);
  for (let i = 0; i < times; i += 1) await client.ask({ do: 'events', target, streams, count });
}

/** One stream after the other, by turns; the upstream ends each after its first event. @param {Place} place @param {number} count */
async function measureFirstBytes({ client, through, direct }, count) {
  const targets = { direct: direct('count=1'), through: await through('count=1') };
  await client.ask({ do: 'first', targets, count: Math.ceil(count / 2) });
  const { times } = await client.ask({ do: 'first', targets, count });
  return compared(times.direct, times.through);
}

/** @param {Place} place @param {number} rounds */
async function measureEvents({ client, through, direct }, rounds) {
  const { streams, count, everyMs } = EVENTS;
  const query = `count=${count}&every=${everyMs}`;
  /** @type {{ direct: number[], through: number[] }} */
  const late = { direct: [], through: [] };
  const target = { direct: direct(query), through: await through(query) };
  for (let i = 0; i < rounds; i += 1) {
    for (const name of /** @type {const} */ (['direct', 'through'])) {
      const { lateMs } = await client.ask({ do: 'events', target: target[name], streams, count });
      late[name].push(...lateMs);
    }
  }
  return compared(late.direct, late.through);
}

/** @param {readonly number[]} direct @param {readonly number[]} through */
function compared(direct, through) {
  const [without, withIt] = [median(direct), median(through)];
  const added = without === undefined || withIt === undefined ? undefined : withIt - without;
  return { added, direct: spread(direct), through: spread(through) };
}

/** @param {Place} place @param {number} wanted */
async function measureMemory({ client, through, pid, probe }, wanted) {
  const limit = descriptorLimit(pid) ?? Number.POSITIVE_INFINITY;
  const asked = Math.min(wanted, Math.floor((limit - OTHER_DESCRIPTORS) / 2));
  const target = await through('count=0');
  // The first streams make what is kept for good: code, pools, buffers.
  await client.ask({ do: 'open', target, count: Math.min(CUT_STREAMS, asked) });
  await client.ask({ do: 'cut' });
  const before = await settled(probe);
  const startedMs = performance.now();
  const { open, errors } = await client.ask({ do: 'open', target, count: asked });
  const openSeconds = (performance.now() - startedMs) / 1000;
  const after = await settled(probe);
  await client.ask({ do: 'cut' });
  const kibibytesEach = (after.residentBytes - before.residentBytes) / 1024 / open;
  return { asked, wanted, open, errors, openSeconds, kibibytesEach, before, after };
}

/** After a collection, and once nothing is on its way any more. @param {() => Promise<import('../probe.js').Probed>} probe */
async function settled(probe) {
  await delay(1000);
  await probe();
  await delay(500);
  return probe();
}

/** @param {Context} context @param {Place} place @param {number} times */
async function measureDisconnects({ progress }, { client, upstream, through, server, probe }, times) {
  const target = await through('count=0&every=5');
  const { sockets: idle } = await settled(probe);
  const rounds = [];
  for (let i = 0; i < times; i += 1) {
    progress.step(`cutting ${CUT_STREAMS} callers, ${i + 1} of ${times}`);
    const { errors } = await client.ask({ do: 'open', target, count: CUT_STREAMS });
    await client.ask({ do: 'cut' });
    const deadlineMs = performance.now() + LEFT_OVER_TIMEOUT_MS;
    let left = { sockets: Number.POSITIVE_INFINITY, upstream: 0 };
    while ((left.sockets > 0 || left.upstream > 0) && performance.now() < deadlineMs && !server.hasEnded()) {
      await delay(100);
      const { sockets } = await probe();
      left = {
        sockets: Math.max(0, sockets - idle),
        upstream: (await upstream.ask({ question: 'streams' })).streams,
      };
    }
    if (server.hasEnded()) throw new Error(`the server ended when callers were cut:\n${server.log()}`);
    rounds.push({ ...left, errors });
  }
  return rounds;
}
