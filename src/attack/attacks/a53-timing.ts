// A53: what an answer's time tells about a name or a key.
import type { Attack } from '../attack.ts';
import { request } from '../raw-client.ts';
import { pause } from '../scene.ts';

const SAMPLES = 60;
/** Beyond it a difference is no chance (Welch's t), and below the other it helps nobody. */
const SIGNIFICANT_T = 4.5;
const USELESS_MS = 0.3;
const ROUNDS = 3;
/** So many wrong keys at once would be refused for their number. */
const BETWEEN_ROUNDS_MS = 10_500;

interface Statistics {
  readonly mean: number;
  readonly variance: number;
  readonly median: number;
}

/** Of the faster three quarters: what the machine did beside it is no part of the answer. */
function statistics(times: readonly number[]): Statistics {
  const kept = times.toSorted((a, b) => a - b).slice(0, Math.ceil(times.length * 0.75));
  const mean = kept.reduce((total, ms) => total + ms, 0) / kept.length;
  const variance = kept.reduce((total, ms) => total + (ms - mean) ** 2, 0) / (kept.length - 1) / kept.length;
  return { mean, variance, median: kept[Math.floor(kept.length / 2)] ?? 0 };
}

async function compare(one: () => Promise<number>, two: () => Promise<number>) {
  const times: [number[], number[]] = [[], []];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    // In turns, and in either order, so that what the machine does meets both alike.
    if (sample % 2 === 0) times[0].push(await one());
    times[1].push(await two());
    if (sample % 2 === 1) times[0].push(await one());
  }
  const [a, b] = [statistics(times[0]), statistics(times[1])];
  const t = Math.abs(a.mean - b.mean) / Math.sqrt(a.variance + b.variance);
  return {
    isAlike: t < SIGNIFICANT_T || Math.abs(a.median - b.median) < USELESS_MS,
    told: `t = ${t.toFixed(1)}, medians ${a.median.toFixed(2)} and ${b.median.toFixed(2)} ms`,
  };
}

export const a53: Attack = {
  id: 'A53',
  who: ['any'],
  title: 'Tell known from unknown clients, and right from wrong beginnings of a key, by time',
  mustHold: 'no significant difference (t-test)',
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand();
    const { agent, agentKey } = standing;
    const ask = async (name: string, key: string) => {
      const basic = Buffer.from(`${name}:${key}`).toString('base64');
      const answer = await request(scene.address(), {
        method: 'POST',
        target: '/oauth/token',
        headers: [`authorization: Basic ${basic}`, 'content-type: application/x-www-form-urlencoded'],
        body: 'grant_type=client_credentials',
      });
      scene.equal(
        'caller',
        'each is refused in the same words',
        [answer.status, answer.json()['error']],
        [401, 'invalid_client'],
      );
      return answer.ms;
    };
    const wrongEnd = `${agentKey.slice(0, -1)}${agentKey.endsWith('a') ? 'b' : 'a'}`;
    const wrongStart = `${agentKey.slice(0, 12)}${Array.from(agentKey.slice(12)).toReversed().join('')}`;
    const unknown = `${agent.slice(0, -1)}${agent.endsWith('0') ? '1' : '0'}`;
    for (const [what, one, two] of [
      ['a known name and an unknown one', () => ask(agent, wrongEnd), () => ask(unknown, wrongEnd)],
      ['a right beginning and a wrong one', () => ask(agent, wrongEnd), () => ask(agent, wrongStart)],
    ] as const) {
      let measured = await compare(one, two);
      // What tells the two apart does so each time; what a machine does beside it does not.
      for (let again = 0; again < ROUNDS - 1 && !measured.isAlike; again += 1) {
        await pause(BETWEEN_ROUNDS_MS);
        measured = await compare(one, two);
      }
      scene.claim('caller', `${what} take the same time`, measured.isAlike, measured.told);
    }
    scene.equal('upstream', 'nothing was sent', upstream.started, 0);
    scene.later(() =>
      scene.logged(
        'the failures are counted',
        mark,
        ({ text }) => text.includes('authentication.failed') && text.includes('invalid-client'),
      ),
    );
  },
};
