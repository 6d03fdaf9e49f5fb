// A02: paths that one reader takes for an allowed one and another for a forbidden one.
import type { Attack } from '../attack.ts';
import { describe } from '../scene.ts';

const TRICKS = [
  '/allowed/../admin',
  '/allowed/%2e%2e/admin',
  '/allowed/..%2fadmin',
  '/allowed/%252e%252e/admin',
  '/allowed/..;/admin',
  '/allowed/\\..\\admin',
  '/allowed/..%5cadmin',
  '//admin',
  '/allowed//admin',
  '/allowed/./../admin',
  '/./admin',
  '/allowed/%2E%2E%2Fadmin',
  '/allowed/%c0%ae%c0%ae/admin',
  '/allowed/..%00/admin',
  '/allowed/%2e%2e;x=1/admin',
  '/allowed/.%2e/admin',
  '/allowed/...;/admin',
  '/allowed/..%20/admin',
  '/ADMIN',
  '/admin',
  '/%61dmin',
  '/admin/',
];

export const a02: Attack = {
  id: 'A02',
  who: ['PI'],
  title: 'Ask for a forbidden path in spellings of an allowed one',
  mustHold: 'refused, and the upstream sees no request',
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand({ allow: ['* /allowed/**', '* /ok'] });
    await scene.callFine(standing, upstream, '/allowed/x');
    const before = upstream.started;
    for (const replica of scene.target.addresses.keys()) {
      for (const path of TRICKS) {
        const answer = await scene.call(standing, path, { replica });
        const isRefused = answer.status === 400 || answer.status === 403;
        scene.claim('caller', 'every spelling is refused', isRefused, `${path}: ${describe(answer)}`);
      }
    }
    scene.equal('upstream', 'it saw no request', upstream.started - before, 0);
    await scene.logged(
      'the refusals are on record',
      mark,
      ({ kind, reason }) => kind === 'refused' && reason === 'not-allowed',
    );
    const raw = await scene.logged('what could not be read is kept as length and hash', mark, ({ text }) =>
      text.includes('rawPath'),
    );
    scene.claim('log', 'and not as it came', raw?.text.includes('..') !== true, raw?.text);
  },
};
