// A51: a secret in a field that is not for secrets, which errors and logs like to repeat.
import type { Attack } from '../attack.ts';
import { type RawAnswer, request } from '../raw-client.ts';
import { newValue, type Scene } from '../scene.ts';
import type { Standing } from '../target.ts';

/** The value as name, member, kind, list, broken JSON, part of a URL and part of a path. */
function bodiesWith(
  value: string,
  standing: Standing,
): readonly (readonly [path: string, body: object | string])[] {
  return [
    ['/v1/secrets', { name: value, value: 'x' }],
    ['/v1/secrets', { name: 'attack-x', [value]: 'x' }],
    ['/v1/secrets', { name: 'attack-x', kind: value, value: 'x' }],
    ['/v1/secrets', { name: ['attack-x', value] }],
    ['/v1/secrets', { name: 'attack-x', valueBase64: `!${value}` }],
    ['/v1/secrets', { name: 'attack-x', value: { token: value } }],
    ['/v1/secrets', `{"name":"attack-x","value":"${value}"`],
    ['/v1/secrets', value],
    ['/v1/secrets', `{"name":"a","name":"${value}"}`],
    [
      '/v1/services',
      {
        name: 'attack-x',
        baseUrl: `https://user:${value}@api.example.com`,
        auth: { kind: 'bearer' },
        secret: 'x',
      },
    ],
    [
      '/v1/services',
      { name: 'attack-x', baseUrl: 'https://api.example.com', auth: { kind: value }, secret: 'x' },
    ],
    [
      '/v1/services',
      { name: 'attack-x', baseUrl: 'https://api.example.com', auth: { kind: 'bearer' }, secret: value },
    ],
    ['/v1/agents', { name: value }],
    ['/v1/grants', { agent: value, service: value }],
    ['/v1/grants', { agent: standing.agent, service: standing.service, allow: [value] }],
    [`/v1/secrets/${standing.secret}/rotate`, { valeu: value }],
    [`/v1/agents/${value}/freeze`, {}],
    [`/v1/${value}`, {}],
  ];
}

/** The same on the call road, at the token endpoint and in a host. */
async function callsWith(value: string, scene: Scene, standing: Standing): Promise<readonly RawAnswer[]> {
  return [
    await scene.call({ ...standing, path: `/call/${value}` }, '/x'),
    await scene.call(standing, '/x', { method: value.toUpperCase().replaceAll(/[^A-Z]/g, '') }),
    await scene.call(standing, '/x', { token: value }),
    await request(scene.address(), { target: '/v1/secrets', headers: [`authorization: Basic ${value}`] }),
    await request(scene.address(), {
      target: '/oauth/token',
      method: 'POST',
      headers: ['content-type: application/x-www-form-urlencoded'],
      body: `grant_type=${value}&client_secret=${value}`,
    }),
    await request(scene.address(), { target: `/${value}` }),
    await request(scene.address(), { target: '/healthz', host: `${value}.example` }),
  ];
}

export const a51: Attack = {
  id: 'A51',
  who: ['any'],
  title: 'Send a secret in the wrong field of every kind of request',
  mustHold: 'no error and no log repeats what came in',
  needs: ['admin-api'],
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand();
    const value = newValue();
    const answers: string[] = [];
    for (const [path, body] of bodiesWith(value, standing)) {
      const answer = await scene.target.admin({ method: 'POST', path, body });
      scene.claim('caller', 'each is refused', answer.status >= 400, `${path}: ${answer.status}`);
      answers.push(answer.text);
    }
    const calls = await callsWith(value, scene, standing);
    answers.push(...calls.map(({ bytes }) => bytes.toString('latin1')));
    scene.noValue('caller', 'no answer repeats it', answers.join('\n'), value);
    const { processes } = scene.target;
    if (processes !== undefined)
      scene.noValue('beside', 'nor does the server’s own log', processes.output(), value);
    scene.equal('upstream', 'nothing was sent', upstream.started, 0);
    const entries = await scene.target.logSince(mark);
    const texts = entries.map(({ text }) => text).join('\n');
    scene.noValue('log', 'nor does the audit log', texts, value);
    await scene.logged(
      'the call to a service of no known name is there',
      mark,
      ({ kind }) => kind === 'refused',
    );
  },
};
