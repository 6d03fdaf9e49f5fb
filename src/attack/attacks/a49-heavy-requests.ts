// A49: requests that cost more than they weigh.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Attack } from '../attack.ts';
import { request, type RawRequest } from '../raw-client.ts';
import { describe, pause, type Scene } from '../scene.ts';
import type { Standing } from '../target.ts';

const LIMIT_MS = 50;
/** Of a machine with much else to do the best of many is what the request itself costs. */
const TRIES = 20;
const REST_MS = 100;
const MOST_GROWTH_BYTES = 96 * 1024 * 1024;

/** Resident memory of the servers. */
function memory(scene: Scene): number | undefined {
  const pids = scene.target.processes?.pids();
  try {
    return pids?.reduce((total, pid) => {
      const [, kilobytes = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
      return total + Number(kilobytes) * 1024;
    }, 0);
  } catch {
    return undefined; // no such files on this system
  }
}

function baitsFor(standing: Standing): readonly RawRequest[] {
  const basic = `authorization: Basic ${Buffer.from(`${standing.agent}:${standing.agentKey}`).toString('base64')}`;
  const form = 'content-type: application/x-www-form-urlencoded';
  const json = 'content-type: application/json';
  const deep = '['.repeat(5000) + ']'.repeat(5000);
  const token = (body: string) => ({
    method: 'POST',
    target: '/oauth/token',
    headers: [basic, form],
    body,
  });
  const admin = (body: string | Buffer, headers: readonly string[] = []) => ({
    method: 'POST',
    target: '/v1/secrets',
    headers: [json, ...headers],
    body,
  });
  return [
    token(`grant_type=client_credentials&scope=${'a '.repeat(7000)}`),
    token(`grant_type=client_credentials&scope=${'a:'.repeat(7000)}`),
    token('a=1&'.repeat(4000)),
    admin(deep),
    admin(`{"a":${deep}}`),
    admin(`{${Array.from({ length: 3000 }, (_, at) => `"k${at}":1`).join(',')}}`),
    admin(`"${'\\u0041'.repeat(8000)}"`),
    admin(gzipSync(Buffer.alloc(8 * 1024 * 1024)), ['content-encoding: gzip']),
    { method: 'GET', target: `${standing.path}/${'a/'.repeat(3000)}`, headers: [] },
    { method: 'GET', target: `${standing.path}/x?${'a=b&'.repeat(3000)}`, headers: [] },
    { method: 'GET', target: `${standing.path}/${'%2e'.repeat(3000)}`, headers: [] },
    { method: 'GET', target: '/healthz', headers: Array.from({ length: 300 }, (_, at) => `x-${at}: y`) },
    { method: 'GET', target: '/healthz', headers: [`cookie: ${'a'.repeat(60_000)}`] },
    {
      method: 'GET',
      target: `${standing.path}/x`,
      headers: [`authorization: Bearer ${'a.'.repeat(8000)}`],
    },
    { method: 'GET', target: '/v1/secrets', headers: [`authorization: Basic ${'='.repeat(8000)}`] },
  ];
}

export const a49: Attack = {
  id: 'A49',
  who: ['DoS'],
  title:
    'Send deep and huge JSON, a hundred thousand scopes, bait for patterns, and packed bodies and headers',
  mustHold: `refused within ${LIMIT_MS} ms, with memory flat`,
  needs: ['admin-api'],
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand();
    const baits = baitsFor(standing);
    const before = memory(scene);
    for (const [at, bait] of baits.entries()) {
      let best = Number.POSITIVE_INFINITY;
      for (let turn = 0; turn < TRIES && best >= LIMIT_MS; turn += 1) {
        const answer = await request(scene.address(), bait);
        best = Math.min(best, answer.ms);
        if (best >= LIMIT_MS) await pause(REST_MS);
        const isRefused = (answer.status >= 400 && answer.status < 500) || answer.bytes.length === 0;
        scene.claim('caller', 'each is refused', isRefused, `${at}: ${describe(answer)}`);
      }
      scene.claim(
        'caller',
        `within ${LIMIT_MS} ms, the best of ${TRIES}`,
        best < LIMIT_MS,
        `${at}: ${best.toFixed(0)} ms`,
      );
    }
    const after = memory(scene);
    if (before !== undefined && after !== undefined) {
      scene.claim('beside', 'memory stays flat', after - before < MOST_GROWTH_BYTES, after - before);
    }
    scene.equal('upstream', 'nothing was sent', upstream.started, 0);
    await scene.callFine(standing, upstream);
    const entries = await scene.target.logSince(mark);
    scene.claim('log', 'it is not filled by them', entries.length < baits.length * TRIES, entries.length);
  },
};
