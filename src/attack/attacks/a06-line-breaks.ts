// A06: line breaks, NUL and folded lines wherever text of the caller stands in a request.
import type { Attack } from '../attack.ts';
import { requestText, speak, toAnswer } from '../raw-client.ts';
import { describe } from '../scene.ts';

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n';

export const a06: Attack = {
  id: 'A06',
  who: ['PI'],
  title: 'Put CR, LF, NUL and folded lines into header, path, query and service name',
  mustHold: '400, and no second request upstream',
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand();
    await scene.callFine(standing, upstream);
    upstream.forget();
    const own = `authorization: Bearer ${standing.token}`;
    const { path } = standing;
    const requests: readonly (readonly [what: string, target: string, headers: readonly string[]])[] = [
      ['escaped line break in the path', `${path}/a%0d%0a${encodeURIComponent(SMUGGLED)}`, [own]],
      ['escaped NUL in the path', `${path}/a%00b`, [own]],
      ['escaped line break in the query', `${path}/ok?x=%0d%0aSet-Cookie:%20a=b`, [own]],
      ['NUL in the path', `${path}/a\0b`, [own]],
      ['bare CR in the path', `${path}/a\rb`, [own]],
      ['bare LF in a header', `${path}/ok`, [own, 'x-note: a\nx-evil: b']],
      ['bare CR in a header', `${path}/ok`, [own, 'x-note: a\rx-evil: b']],
      ['NUL in a header', `${path}/ok`, [own, 'x-note: a\0b']],
      ['folded line', `${path}/ok`, [own, 'x-note: a\r\n x-evil: b']],
      ['folded line with a tab', `${path}/ok`, [own, 'x-note: a\r\n\tx-evil: b']],
      ['space before the colon', `${path}/ok`, [own, 'x-note : a']],
      ['line break in the service', `/call/a%0d%0ab/ok`, [own]],
      ['no name', `${path}/ok`, [own, ': a']],
    ];
    for (const [what, target, headers] of requests) {
      const bytes = await speak(scene.address(), requestText(scene.address(), { target, headers }), 3000);
      const answer = toAnswer(bytes, 'GET', 0);
      const isRefused = answer.status >= 400 && answer.status < 500;
      scene.claim(
        'caller',
        'each is refused',
        isRefused || bytes.length === 0,
        `${what}: ${describe(answer)}`,
      );
    }
    scene.equal('upstream', 'it saw nothing', upstream.heard().toString('latin1'), '');
    await scene.nothingSentSince(standing, mark, 1);
    await scene.logged(
      'what came by the call road is on record as refused',
      mark,
      ({ kind, reason }) => kind === 'refused' && reason === 'invalid-address',
    );
  },
};
