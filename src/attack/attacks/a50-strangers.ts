// A50, A52 and A55: strangers at every endpoint, ids of other things, and keys of JSON that change more than themselves.
import type { Attack } from '../attack.ts';
import { endpoints } from '../endpoints.ts';
import { request } from '../raw-client.ts';

export const a50: Attack = {
  id: 'A50',
  who: ['DoS', 'any'],
  title: 'Call every endpoint without a credential',
  mustHold: 'nothing changes its state without one',
  needs: ['admin-api'],
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand();
    const all = await endpoints(scene);
    scene.claim('caller', 'there are endpoints to try', all.length > 30, all.length);
    for (const [method, path] of all) {
      if (method === 'GET') continue;
      for (const headers of [
        [],
        ['authorization: Bearer x'],
        ['cookie: session=1'],
        ['x-forwarded-user: owner'],
      ]) {
        const answer = await request(scene.address(), {
          method,
          target: path,
          headers: [...headers, 'content-type: application/json'],
          body: '{}',
        });
        scene.claim(
          'caller',
          'each refuses',
          answer.status >= 400 && answer.status < 500,
          `${method} ${path}: ${answer.status}`,
        );
      }
    }
    const paths = [
      '/v1/runs/cancel',
      '/v1/restore/cancel',
      '/v1/init',
      '/v1/unseal',
      '/v1/rekey',
      '/reset',
      '/shutdown',
    ];
    for (const target of paths) {
      const answer = await request(scene.address(), { method: 'POST', target, body: '{}' });
      scene.claim(
        'caller',
        'and there is nothing that could be cancelled or begun again',
        answer.status >= 400 && answer.status < 500,
        `${target}: ${answer.status}`,
      );
    }
    scene.equal('upstream', 'nothing was sent', upstream.started, 0);
    const entries = await scene.target.logSince(mark);
    const done = entries.filter(
      ({ kind, text }) => kind === 'other' && !/"kind":"(audit\.|token\.)/.test(text),
    );
    scene.claim('log', 'no act is on record', done.length === 0, done.map(({ text }) => text).join(' '));
    await scene.callFine(standing, upstream);
  },
};

export const a52: Attack = {
  id: 'A52',
  who: ['any'],
  title: 'Put ids and names of other things into every parameter',
  mustHold: '404, and no side effect',
  needs: ['admin-api', 'placeholders'],
  run: async (scene) => {
    const { upstream, standing } = await scene.stand();
    const other = await scene.stand();
    await scene.callFine(standing, upstream);
    const made = await scene.target.admin({
      method: 'POST',
      path: '/v1/placeholders',
      body: { agent: standing.agent, service: standing.service },
    });
    const suffix = String(made.body['id']).slice(4);
    const mark = await scene.target.mark();
    const tries: readonly (readonly [method: string, path: string])[] = [
      ['POST', `/v1/placeholders/run_${suffix}/revoke`],
      ['POST', '/v1/placeholders/plh_01h455vb4pex5vsknk084sn02q/revoke'],
      ['POST', `/v1/placeholders/${standing.agent}/revoke`],
      ['POST', `/v1/runs/run_${suffix}/end`],
      ['POST', `/v1/runs/plh_${suffix}/end`],
      ['POST', `/v1/agents/agt_${suffix}/freeze`],
      ['POST', `/v1/agents/${standing.agent}%2F..%2F${other.standing.agent}/freeze`],
      ['GET', `/v1/agents/${standing.agent}/grants/${other.standing.service}`],
      ['DELETE', `/v1/agents/${standing.agent}/grants/${other.standing.service}`],
      ['DELETE', `/v1/secrets/sec_${suffix}`],
      ['GET', `/v1/services/svc_${suffix}`],
      ['POST', `/v1/access-requests/arq_${suffix}/grant`],
      ['GET', '/v1/audit/events?run=run_01h455vb4pex5vsknk084sn02q'],
    ];
    for (const [method, path] of tries) {
      const { status, body } = await scene.target.admin({
        method,
        path,
        ...(method === 'POST' ? { body: {} } : {}),
      });
      const items = body['items'];
      const isNothing = [404, 422, 400].includes(status) || (Array.isArray(items) && items.length === 0);
      scene.claim('caller', 'each finds nothing', isNothing, `${method} ${path}: ${status}`);
    }
    for (const one of [standing, other.standing]) {
      scene.equal('caller', 'both agents call as before', (await scene.call(one, '/ok')).status, 200);
    }
    scene.equal(
      'upstream',
      'each service got its own agent’s calls',
      [upstream.seen.length, other.upstream.seen.length],
      [2, 1],
    );
    const entries = await scene.target.logSince(mark);
    const done = entries.filter(
      ({ kind, text }) => kind === 'other' && !/"kind":"(audit\.|token\.|run\.)/.test(text),
    );
    scene.claim('log', 'no act is on record', done.length === 0, done.map(({ text }) => text).join(' '));
  },
};

const POLLUTION = ['__proto__', 'constructor', 'prototype', '__defineGetter__', 'toString', 'hasOwnProperty'];

export const a55: Attack = {
  id: 'A55',
  who: ['any'],
  title: 'Put keys that change every object into each JSON body',
  mustHold: 'refused, and nothing has changed',
  needs: ['admin-api'],
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand({ allow: ['GET /ok'] });
    const posts = (await endpoints(scene)).filter(
      ([method, path]) => method !== 'GET' && method !== 'DELETE' && path.startsWith('/v1/'),
    );
    scene.claim('caller', 'there are bodies to try', posts.length > 10, posts.length);
    for (const [method, path] of posts) {
      for (const key of POLLUTION) {
        const body = `{"${key}":{"isAdmin":true,"allow":null,"status":200}}`;
        const { status } = await scene.target.admin({ method, path, body });
        scene.claim(
          'caller',
          'each is refused',
          status >= 400 && status < 500,
          `${method} ${path} ${key}: ${status}`,
        );
      }
    }
    const service = `/v1/services/${standing.service}`;
    for (const key of POLLUTION) {
      const { status } = await scene.target.admin({
        method: 'PATCH',
        path: service,
        body: `{"headers":{"${key}":"x"},"${key}":{}}`,
      });
      scene.claim('caller', 'within a record, too', status >= 400 && status < 500, `${key}: ${status}`);
    }
    scene.equal('caller', 'what was forbidden still is', (await scene.call(standing, '/admin')).status, 403);
    const stranger = await scene.target.admin({ method: 'GET', path: '/v1/secrets', token: 'x' });
    scene.equal('caller', 'and strangers are strangers', stranger.status, 401);
    scene.equal('upstream', 'nothing was sent', upstream.started, 0);
    await scene.callFine(standing, upstream);
    const entries = await scene.target.logSince(mark);
    scene.claim('log', 'no such key is on record', !entries.some(({ text }) => text.includes('isAdmin')));
  },
};
