// A12: asking for a wider scope than the agent was granted, or for one that reads in two ways.
import type { Attack } from '../attack.ts';
import { request } from '../raw-client.ts';

export const a12: Attack = {
  id: 'A12',
  who: ['PI'],
  title: 'Ask for a scope wider than the grants, or in another spelling, or with unknown details',
  mustHold: 'invalid_scope',
  needs: ['signed-tokens'],
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand();
    const other = await scene.stand();
    const { agent, agentKey, service } = standing;
    const basic = Buffer.from(`${agent}:${agentKey}`).toString('base64');
    const ask = async (form: string) =>
      await request(scene.address(), {
        method: 'POST',
        target: '/oauth/token',
        headers: [`authorization: Basic ${basic}`, 'content-type: application/x-www-form-urlencoded'],
        body: `grant_type=client_credentials&${form}`,
      });
    const scopes = [
      other.standing.service,
      `${service} ${other.standing.service}`,
      service.toUpperCase(),
      `${service}:admin`,
      `${service}:*`,
      '*',
      `${service}  ${service}:read`,
      ` ${service}`,
      `${service}\t`,
      `${service}\u00a0`,
      service.replace('a', '\u0430'),
      `${service}\u0000`,
      'admin',
      'secret:write',
    ];
    for (const scope of scopes) {
      const answer = await ask(`scope=${encodeURIComponent(scope)}`);
      const error = answer.json()['error'];
      scene.claim(
        'caller',
        'each is answered invalid_scope',
        answer.status === 400 && error === 'invalid_scope',
        `${JSON.stringify(scope)}: ${answer.status} ${String(error)}`,
      );
    }
    const twice = await ask(`scope=${service}&scope=${other.standing.service}`);
    scene.equal('caller', 'a parameter given twice is refused', twice.status, 400);
    const details = await ask(
      `scope=${service}&authorization_details=${encodeURIComponent('[{"type":"all"}]')}`,
    );
    scene.claim(
      'caller',
      'unknown details give nothing more',
      details.status === 400 || !tokenOf(details.json()).includes('all'),
      details.status,
    );
    const read = await scene.target.token(agent, agentKey, `${service}:read`);
    const write = await scene.call(standing, '/x', { method: 'POST', token: read, body: 'x' });
    scene.equal('caller', 'a token to read does not write', write.status, 403);
    const elsewhere = await scene.call(other.standing, '/x', { token: standing.token });
    scene.equal('caller', 'nor is one good for another service', elsewhere.status, 403);
    scene.equal('upstream', 'neither upstream saw anything', upstream.started + other.upstream.started, 0);
    await scene.logged(
      'the refusal by scope is on record',
      mark,
      ({ kind, text }) => kind === 'refused' && text.includes('scope'),
    );
  },
};

function tokenOf({ access_token: token }: Readonly<Record<string, unknown>>): string {
  return typeof token === 'string' ? Buffer.from(token.split('.')[1] ?? '', 'base64url').toString() : '';
}
