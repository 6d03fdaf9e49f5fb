// A01: every place that answers is asked for the value, by the agent and by its administrator.
import type { Attack } from '../attack.ts';
import { request } from '../raw-client.ts';
import type { Scene } from '../scene.ts';
import type { Standing } from '../target.ts';

const PUBLIC_PLACES = [
  '/',
  '/openapi.json',
  '/healthz',
  '/readyz',
  '/metrics',
  '/problems/',
  '/problems/no-grant',
  '/.well-known/oauth-authorization-server',
  '/.well-known/jwks.json',
  '/debug',
  '/env',
  '/v1/secrets',
  '/v1/export',
];

/** Every address of the administrative API that has to do with it, and some that might have been. */
function adminPlaces({ secret, service, agent }: Standing): readonly string[] {
  return [
    '/v1/secrets',
    `/v1/secrets/${secret}`,
    `/v1/secrets/${secret}/value`,
    `/v1/secrets/${secret}/reveal`,
    `/v1/secrets/${secret}/versions`,
    `/v1/secrets/${secret}/versions/1`,
    `/v1/services/${service}`,
    `/v1/agents/${agent}`,
    `/v1/agents/${agent}/services`,
    `/v1/agents/${agent}/grants/${service}`,
    '/v1/grants',
    '/v1/placeholders',
    '/v1/audit/events?limit=500',
    '/v1/status',
    '/v1/backups',
    '/v1/calls/explain',
  ];
}

export const a01: Attack = {
  id: 'A01',
  who: ['PI'],
  title: 'Ask every endpoint for the value of a secret',
  mustHold: 'the value stands in no byte that is returned',
  needs: ['admin-api'],
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand();
    const { value, token } = standing;
    await scene.callFine(standing, upstream);
    const answers: Buffer[] = [];
    for (const place of [...PUBLIC_PLACES, ...adminPlaces(standing)]) {
      for (const method of ['GET', 'POST']) {
        for (const shown of [token, undefined]) {
          const headers = shown === undefined ? [] : [`authorization: Bearer ${shown}`];
          answers.push((await request(scene.address(), { method, target: place, headers })).bytes);
        }
      }
    }
    for (const place of adminPlaces(standing)) {
      answers.push(Buffer.from((await scene.target.admin({ method: 'GET', path: place })).text));
    }
    scene.noValue(
      'caller',
      'no endpoint returns it, to agent or administrator',
      Buffer.concat(answers),
      value,
    );
    await askMcp(scene, standing);
    await askInErrors(scene, standing);
    if (scene.target.capabilities.has('command-line')) await askCommands(scene, standing);
    scene.equal('upstream', 'it saw one call and no more', upstream.seen.length, 1);
    await scene.logged(
      'the call is on record',
      mark,
      ({ kind, service }) => kind === 'sent' && service === standing.service,
    );
    await scene.noValueInLog(standing, mark);
  },
};

async function askMcp(scene: Scene, { token, value, service }: Standing): Promise<void> {
  const say = async (message: object) =>
    await request(scene.address(), {
      method: 'POST',
      target: '/mcp',
      headers: [
        `authorization: Bearer ${token}`,
        'content-type: application/json',
        'accept: application/json, text/event-stream',
      ],
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }),
    });
  const protocolVersion = '2025-06-18';
  const clientInfo = { name: 'attack', version: '1' };
  const heard = [
    await say({ method: 'initialize', params: { protocolVersion, capabilities: {}, clientInfo } }),
    await say({ method: 'tools/list', params: {} }),
    await say({ method: 'resources/list', params: {} }),
    await say({ method: 'tools/call', params: { name: 'reveal_secret', arguments: { name: service } } }),
    await say({ method: 'tools/call', params: { name: 'list_services', arguments: {} } }),
  ];
  scene.noValue('caller', 'no tool returns it', Buffer.concat(heard.map(({ bytes }) => bytes)), value);
}

/** Every way to go wrong on the call road. */
async function askInErrors(scene: Scene, standing: Standing): Promise<void> {
  const answers = [
    await scene.call(standing, '/..', {}),
    await scene.call(standing, '/x', { method: 'BREW' }),
    await scene.call(standing, '/x', { token: null }),
    await scene.call(standing, '/x', { token: 'x.y.z' }),
    await scene.call({ ...standing, path: '/call/none' }, '/x'),
    await scene.call({ ...standing, path: '/call/' }, ''),
  ];
  scene.noValue(
    'caller',
    'no error holds it',
    Buffer.concat(answers.map(({ bytes }) => bytes)),
    standing.value,
  );
}

async function askCommands(scene: Scene, { secret, value, service, agent }: Standing): Promise<void> {
  const commands = [
    ['secret', 'show', secret, '--json'],
    ['secret', 'versions', secret, '--json'],
    ['service', 'show', service, '--json'],
    ['env', agent, '--print', 'API_KEY'],
    ['audit', 'list', '--json'],
    ['status', '--json'],
  ];
  const said: string[] = [];
  for (const words of commands) {
    const { stdout, stderr } = await scene.commandLine.run(words);
    said.push(stdout, stderr);
  }
  scene.noValue('caller', 'no command prints it', said.join('\n'), value);
}
