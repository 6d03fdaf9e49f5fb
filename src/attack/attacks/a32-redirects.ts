// A32: redirects that would take the key elsewhere.
import type { Attack } from '../attack.ts';
import { answerText } from '../http-text.ts';
import { describe } from '../scene.ts';

export const a32: Attack = {
  id: 'A32',
  who: ['MU'],
  title: 'Redirect to another host, to the metadata address, with the body, and in a circle',
  mustHold: 'not followed; no credential is sent',
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand();
    const evil = await scene.upstream();
    await scene.callFine(standing, upstream);
    const redirects: readonly (readonly [status: number, location: string])[] = [
      [302, `${evil.url}/steal`],
      [301, `//127.0.0.1:${evil.port}/steal`],
      [303, `${evil.url}/steal`],
      [307, `${evil.url}/steal`],
      [308, `${evil.url}/steal`],
      [302, 'http://169.254.169.254/latest/meta-data/'],
      [302, `${upstream.url}/again`],
      [300, `${evil.url}/steal`],
    ];
    for (const [status, location] of redirects) {
      upstream.respond = (_request, socket) =>
        void socket.write(answerText(status, [`location: ${location}`]));
      const answer = await scene.call(standing, '/start', { method: 'POST', body: 'body' });
      const isTold = answer.status === status || answer.status === 502;
      scene.claim('caller', 'the redirect is handed over, or the answer refused', isTold, describe(answer));
    }
    upstream.respond = (_request, socket) =>
      void socket.write(answerText(200, [`refresh: 0; url=${evil.url}/steal`]));
    const refresh = await scene.call(standing, '/start');
    scene.equal('caller', 'a refresh header is taken out', refresh.header('refresh'), undefined);
    scene.equal('upstream', 'the other host saw no connection', evil.connections, 0);
    scene.equal('upstream', 'each request was sent once', upstream.seen.length, redirects.length + 2);
    await scene.logged(
      'each call has its end',
      mark,
      ({ kind, text }) => kind === 'ended' && text.includes('"status":302'),
    );
  },
};
