// A48: hosts and senders that are made up, and requests that two readers would split differently.
import type { Attack } from '../attack.ts';
import { request, requestText, speak, toAnswer } from '../raw-client.ts';
import { describe, type Scene } from '../scene.ts';
import type { Standing } from '../target.ts';

const SHAPES: readonly (readonly [what: string, lines: readonly string[], body: string])[] = [
  [
    'both lengths',
    ['content-length: 4', 'transfer-encoding: chunked'],
    '0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n',
  ],
  ['two lengths', ['content-length: 4', 'content-length: 40'], 'bodyGET /smuggled HTTP/1.1\r\n\r\n'],
  ['two lengths in one', ['content-length: 4, 40'], 'bodyGET /smuggled HTTP/1.1\r\n\r\n'],
  ['a length with a sign', ['content-length: +4'], 'body'],
  ['an almost chunked coding', ['transfer-encoding: xchunked'], '0\r\n\r\n'],
  ['two codings', ['transfer-encoding: chunked', 'transfer-encoding: identity'], '0\r\n\r\n'],
  ['two hosts', ['host: evil.example'], ''],
  ['a chunk that is longer than it says', ['transfer-encoding: chunked'], '1\r\nbodyGET /smuggled\r\n'],
];

async function spoof(scene: Scene, standing: Standing): Promise<void> {
  const address = scene.address();
  for (const host of [
    'evil.example',
    'localhost.evil.example',
    '169.254.169.254',
    '',
    'a b',
    '127.0.0.1.nip.io',
  ]) {
    const answer = await request(address, { target: '/v1/secrets', host });
    scene.claim(
      'caller',
      'a host of another name is refused',
      answer.status === 421 || answer.status === 400,
      `${host}: ${answer.status}`,
    );
  }
  const spoofed = [
    'x-forwarded-host: evil.example',
    'x-forwarded-proto: https',
    'forwarded: host=evil.example',
    'x-forwarded-for: 203.0.113.9',
    'x-real-ip: 203.0.113.9',
  ];
  const metadata = await request(address, {
    target: '/.well-known/oauth-authorization-server',
    headers: spoofed,
  });
  scene.claim(
    'caller',
    'no address of its own comes from a header',
    !metadata.bytes.includes('evil.example'),
    describe(metadata),
  );
  const origin = await scene.call(standing, '/ok', {
    headers: [...spoofed, 'origin: https://evil.example'],
  });
  scene.equal(
    'caller',
    'no web page of elsewhere may read answers',
    origin.header('access-control-allow-origin'),
    undefined,
  );
}

async function smuggle(scene: Scene, standing: Standing): Promise<void> {
  const address = scene.address();
  const own = `authorization: Bearer ${standing.token}`;
  for (const [what, lines, body] of SHAPES) {
    const head = requestText(address, {
      method: 'POST',
      target: `${standing.path}/smuggle`,
      headers: [own, ...lines],
    });
    const answer = toAnswer(await speak(address, Buffer.concat([head, Buffer.from(body)]), 4000), 'POST', 0);
    scene.claim(
      'caller',
      'each smuggling shape is refused',
      answer.status === 0 || (answer.status >= 400 && answer.status < 500),
      `${what}: ${describe(answer)}`,
    );
  }
}

export const a48: Attack = {
  id: 'A48',
  who: ['NW'],
  title: 'Spoof the host, the forwarding headers and the sender, and send smuggling shapes',
  mustHold: 'refused or ignored',
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand();
    await scene.callFine(standing, upstream);
    await spoof(scene, standing);
    await smuggle(scene, standing);
    const targets = upstream.seen.map(({ target }) => target);
    scene.claim(
      'upstream',
      'no smuggled request arrived',
      !targets.some((target) => target.includes('smuggled')),
      targets,
    );
    scene.claim(
      'upstream',
      'nor the sender that was made up',
      !/203\.0\.113\.9|x-forwarded|x-real-ip|host=evil/.test(upstream.heard().toString()),
    );
    const entry = await scene.logged(
      'the call is on record',
      mark,
      ({ kind, service }) => kind === 'sent' && service === standing.service,
    );
    scene.claim(
      'log',
      'with the sender it really had',
      entry?.text.includes('203.0.113.9') === false,
      entry?.text,
    );
  },
};
