// A04 and A05: headers by which an upstream would take another method, path or caller than Doorward decided on.
import type { Attack } from '../attack.ts';
import { describe } from '../scene.ts';

const OVERRIDES = [
  'x-http-method-override: DELETE',
  'x-http-method: DELETE',
  'x-method-override: DELETE',
  'X_HTTP_Method_Override: DELETE',
  'x-original-url: /admin',
  'x-original-method: DELETE',
  'x-rewrite-url: /admin',
  'x-override-url: /admin',
  'x-forwarded-host: evil.example',
  'x-forwarded-for: 127.0.0.1',
  'x-forwarded-prefix: /admin',
  'forwarded: for=127.0.0.1;host=evil.example',
  'x-real-ip: 127.0.0.1',
  'true-client-ip: 127.0.0.1',
  'x-envoy-original-path: /admin',
];

const FORMS = [
  ['application/x-www-form-urlencoded', 'a=1&_method=DELETE'],
  ['application/x-www-form-urlencoded', 'a=1&%5fmethod=DELETE'],
  [
    'multipart/form-data; boundary=b0',
    '--b0\r\nContent-Disposition: form-data; name="_method"\r\n\r\nDELETE\r\n--b0--\r\n',
  ],
  [
    'multipart/form-data; boundary=b0',
    '--b0\nContent-Disposition: form-data; name=_method\n\nDELETE\n--b0--\n',
  ],
  [
    'multipart/form-data; boundary=b1; boundary=b0',
    '--b0\r\nContent-Disposition: form-data; name="_method"\r\n\r\nDELETE\r\n--b0--\r\n',
  ],
] as const;

export const a04: Attack = {
  id: 'A04',
  who: ['PI'],
  title: 'Ask for another method or path by a header, or by a field of a form',
  mustHold: 'the header does not arrive, nor does the form',
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand({ allow: ['GET /ok', 'POST /ok'] });
    await scene.callFine(standing, upstream);
    upstream.forget();
    for (const line of OVERRIDES) {
      const answer = await scene.call(standing, '/ok', { headers: [line] });
      scene.claim(
        'caller',
        'the call is made without it, or refused',
        answer.status === 200 || answer.status >= 400,
        describe(answer),
      );
    }
    const names = new Set(
      OVERRIDES.map((line) => (line.split(':')[0] ?? '').toLowerCase().replaceAll('_', '-')),
    );
    const arrived = upstream.seen.flatMap(({ headers }) =>
      headers.map(([name]) => name.replaceAll('_', '-')).filter((name) => names.has(name)),
    );
    scene.equal('upstream', 'no such header arrived', arrived, []);
    const others = upstream.seen.filter(({ method, target }) => method !== 'GET' || target !== '/ok');
    scene.equal('upstream', 'method and path are those that were decided on', others.length, 0);
    for (const [type, body] of FORMS) {
      const headers = [`content-type: ${type}`];
      const answer = await scene.call(standing, '/ok', { method: 'POST', headers, body });
      scene.claim(
        'caller',
        'a form with another method in it is refused',
        answer.status >= 400,
        describe(answer),
      );
    }
    const forms = upstream.seen.filter(({ body }) => body.includes('_method'));
    scene.equal('upstream', 'no such form arrived whole', forms.length, 0);
    const denied = await scene.call(standing, '/ok', { method: 'DELETE' });
    scene.equal('caller', 'the method itself is refused', denied.status, 403);
    await scene.logged(
      'the refusal is on record',
      mark,
      ({ kind, reason }) => kind === 'refused' && reason === 'not-allowed',
    );
  },
};

export const a05: Attack = {
  id: 'A05',
  who: ['PI'],
  title: 'Send an own credential beside the injected one, or have the injected one taken out',
  mustHold: 'the injected value arrives once and alone, or the call is refused',
  run: async (scene) => {
    const auth = { kind: 'header', name: 'x-api-key' };
    const { upstream, standing, mark } = await scene.stand({ auth });
    await scene.callFine(standing, upstream);
    upstream.forget();
    const tries = [
      ['x-api-key: own-key'],
      ['x-api-key: own-key', 'x-api-key: another'],
      ['X_API_KEY: own-key'],
      ['connection: x-api-key'],
      ['connection: close, x-api-key, authorization'],
      ['proxy-authorization: Basic b3duOmtleQ=='],
      ['authorization: Bearer own-key'],
      ['cookie: session=own-key'],
      ['api-key: own-key', 'x-goog-api-key: own-key'],
    ];
    for (const headers of tries) {
      const answer = await scene.call(standing, '/ok', { headers });
      const isFine = answer.status === 200 || answer.status === 400 || answer.status === 401;
      scene.claim(
        'caller',
        'it goes through without the own credential, or is refused',
        isFine,
        `${headers.join(' ')}: ${describe(answer)}`,
      );
    }
    const wrong = upstream.seen.filter(
      (request) => JSON.stringify(request.all('x-api-key')) !== JSON.stringify([standing.value]),
    );
    scene.equal('upstream', 'the injected value arrived once in each request', wrong.length, 0);
    scene.claim('upstream', 'some were sent', upstream.seen.length > 0);
    scene.claim(
      'upstream',
      'nothing of the own credentials arrived',
      !/own-key|another|b3duOmtleQ/.test(upstream.heard().toString()),
    );
    scene.claim('upstream', 'nor the token of the agent', !upstream.heard().includes(standing.token));
    await scene.logged(
      'each call has its intent',
      mark,
      ({ kind, service }) => kind === 'sent' && service === standing.service,
    );
  },
};
