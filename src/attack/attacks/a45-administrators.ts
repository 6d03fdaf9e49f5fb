// A45 and A47: what an administrator can not do, and names that look alike.
import type { Attack } from '../attack.ts';

export const a45: Attack = {
  id: 'A45',
  who: ['IA'],
  title:
    'As its administrator, reveal a value, lead it elsewhere, switch the log off, add a root key, raise the own role',
  mustHold: 'there is no such thing, or it is on record with what was before and after',
  needs: ['admin-api'],
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand();
    const elsewhere = await scene.upstream();
    const { secret, service, value } = standing;
    await scene.callFine(standing, upstream);
    const absent: readonly (readonly [method: string, path: string])[] = [
      ['GET', `/v1/secrets/${secret}/value`],
      ['POST', `/v1/secrets/${secret}/reveal`],
      ['GET', `/v1/secrets/${secret}?reveal=true`],
      ['DELETE', '/v1/audit/events'],
      ['PATCH', '/v1/audit'],
      ['POST', '/v1/audit/disable'],
      ['POST', '/v1/key-slots'],
      ['POST', '/v1/root-keys'],
      ['POST', '/v1/admins'],
      ['PATCH', '/v1/admins/owner'],
      ['POST', '/v1/tokens'],
    ];
    for (const [method, path] of absent) {
      const { status, text } = await scene.target.admin({
        method,
        path,
        ...(method === 'GET' ? {} : { body: {} }),
      });
      const isAbsent = [404, 405, 422].includes(status) || path.includes('?');
      scene.claim('caller', 'there is no such endpoint', isAbsent, `${method} ${path}: ${status}`);
      scene.noValue('caller', 'and no value comes back', text, value);
    }
    const moved = await scene.target.admin({
      method: 'PATCH',
      path: `/v1/services/${service}`,
      body: { baseUrl: elsewhere.url },
    });
    scene.noValue('caller', 'leading a service elsewhere shows no value', moved.text, value);
    await scene.logged(
      'it is on record, with what was before and after',
      mark,
      ({ reason, text }) =>
        reason === 'service.update' &&
        text.includes('"before"') &&
        text.includes(String(elsewhere.port)) &&
        text.includes(String(upstream.port)),
    );
    scene.equal('upstream', 'the first place saw one call', upstream.seen.length, 1);
    scene.equal('upstream', 'the second none by that alone', elsewhere.connections, 0);
    await scene.noValueInLog(standing, mark);
  },
};

/** What a careless reader would take for the same name. */
const spell = (name: string): readonly string[] => [
  name.toUpperCase(),
  ` ${name}`,
  `${name} `,
  `${name}\u0000`,
  `${name}\n`,
  `${name}\u200b`,
  name.replace('a', '\u0430'),
  name.replace('a', '\uff41'),
  `${name}/`,
  `../${name}`,
  '',
  '.',
  'x'.repeat(65),
];

export const a47: Attack = {
  id: 'A47',
  who: ['IA'],
  title: 'Make agents and services whose names differ by case, spaces or look-alike letters',
  mustHold: 'one canonical form, each name once',
  needs: ['admin-api'],
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand();
    await scene.callFine(standing, upstream);
    const { agent, service, secret } = standing;
    for (const name of spell(agent)) {
      const { status } = await scene.target.admin({ method: 'POST', path: '/v1/agents', body: { name } });
      scene.claim(
        'caller',
        'no agent is made under another spelling',
        status === 422,
        `${JSON.stringify(name)}: ${status}`,
      );
    }
    for (const name of spell(service)) {
      const body = { name, baseUrl: upstream.url, auth: { kind: 'bearer' }, secret };
      const { status } = await scene.target.admin({ method: 'POST', path: '/v1/services', body });
      scene.claim('caller', 'nor a service', status === 422, `${JSON.stringify(name)}: ${status}`);
    }
    const again = await scene.target.admin({ method: 'POST', path: '/v1/agents', body: { name: agent } });
    scene.equal('caller', 'the very name is taken', again.status, 409);
    const both = await Promise.all(
      [0, 1].map(() =>
        scene.target.admin({
          method: 'POST',
          path: '/v1/agents',
          body: { name: `${agent}-twin` },
          replica: 0,
        }),
      ),
    );
    scene.equal(
      'caller',
      'of two at once one is made',
      both.map(({ status }) => status).toSorted((a, b) => a - b),
      [201, 409],
    );
    scene.undo(() => scene.target.admin({ method: 'DELETE', path: `/v1/agents/${agent}-twin` }));
    for (const spelling of [
      service.toUpperCase(),
      `${service}%20`,
      `%20${service}`,
      service.replace('a', '%61'),
    ]) {
      const answer = await scene.call({ ...standing, path: `/call/${spelling}` }, '/ok');
      scene.claim(
        'caller',
        'no other spelling is called',
        answer.status >= 400,
        `${spelling}: ${answer.status}`,
      );
    }
    scene.equal('upstream', 'it saw the ordinary call alone', upstream.seen.length, 1);
    const entries = await scene.target.logSince(mark);
    scene.equal(
      'log',
      'one agent is on record as made',
      entries.filter(({ reason }) => reason === 'agent.create').length,
      1,
    );
  },
};
