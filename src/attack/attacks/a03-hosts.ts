// A03: another host by spelling, in the address of a call and in the address of a service.
import type { Attack } from '../attack.ts';
import { request } from '../raw-client.ts';
import { describe } from '../scene.ts';

/** What stands where the service's name does. */
const TARGETS = [
  '@127.0.0.1:PORT/x',
  ':80@127.0.0.1:PORT/x',
  '%2e127.0.0.1:PORT/x',
  '.evil.example/x',
  '%00/x',
  '\t/x',
  '%E3%80%82/x',
];

/** Base URLs that name a host in another way than its own. */
const BASE_URLS = [
  'http://user@127.0.0.1:PORT',
  'http://user:word@127.0.0.1:PORT',
  'http://127.0.0.1%2e:PORT',
  'http://127.0.\t0.1:PORT',
  'http://127\u30020\u30020\u30021:PORT',
  'http://api.examp\u0435.com',
  'http://localhost.:PORT',
  'http://127.0.0.1:0PORT',
  'http://2130706433:PORT',
  'http://0x7f000001:PORT',
  'http://0177.0.0.1:PORT',
  'http://127.1:PORT',
  'http://[::ffff:127.0.0.1]:PORT',
  'http:\\\\127.0.0.1:PORT',
  'HTTP://127.0.0.1:PORT',
  'http://127.0.0.1:PORT/a/../b',
  'http://127.0.0.1:PORT?x=1',
  'http://127.0.0.1:PORT#x',
  'file:///etc/passwd',
  'gopher://127.0.0.1:PORT',
];

export const a03: Attack = {
  id: 'A03',
  who: ['PI'],
  title:
    'Name another host by userinfo, escapes, tabs, look-alike letters, dots, ports and forms of addresses',
  mustHold: 'rejected before any name is looked up',
  needs: ['admin-api'],
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand();
    await scene.callFine(standing, upstream);
    const other = await scene.upstream();
    const at = (text: string) => text.replace('PORT', String(other.port));
    const own = `authorization: Bearer ${standing.token}`;
    for (const trick of TARGETS) {
      const answer = await request(scene.address(), {
        target: `${standing.path}${at(trick)}`,
        headers: [own],
      });
      scene.claim(
        'caller',
        'no other host is reached by the address of a call',
        answer.status >= 400,
        `${trick}: ${describe(answer)}`,
      );
    }
    const absolute = await request(scene.address(), {
      target: `${other.url}${standing.path}/x`,
      headers: [own],
    });
    scene.claim(
      'caller',
      'an absolute address of another host is refused',
      absolute.status >= 400,
      describe(absolute),
    );
    const answer = await scene.call(standing, '/ok', {
      headers: [`x-forwarded-host: 127.0.0.1:${other.port}`, `forwarded: host=127.0.0.1:${other.port}`],
    });
    scene.equal('caller', 'headers that name another host change nothing', answer.status, 200);
    for (const [at_, baseUrl] of BASE_URLS.entries()) {
      const name = `${standing.service}-${at_}`;
      const body = { name, baseUrl: at(baseUrl), auth: { kind: 'bearer' }, secret: standing.secret };
      const { status, text } = await scene.target.admin({ method: 'POST', path: '/v1/services', body });
      const isRefused = status === 422 || status === 400;
      scene.claim(
        'caller',
        'no service is made of another form of an address',
        isRefused,
        `${baseUrl}: ${text.slice(0, 200)}`,
      );
      if (status === 201) await scene.target.admin({ method: 'DELETE', path: `/v1/services/${name}` });
    }
    scene.equal('upstream', 'the other host saw no connection', other.connections, 0);
    scene.equal(
      'upstream',
      'the service’s own host saw the ordinary calls alone',
      upstream.seen.map(({ target }) => target),
      ['/ok', '/ok'],
    );
    const entries = await scene.target.logSince(mark);
    const made = entries.filter(({ reason }) => reason === 'service.create');
    scene.equal('log', 'no service is on record as made', made.length, 0);
  },
};
