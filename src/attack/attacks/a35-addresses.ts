// A35 and A36: services whose address leads where no call may go, and upstreams that are not who they say.
import type { TlsOptions } from 'node:tls';
import type { Attack } from '../attack.ts';
import { describe, type Scene } from '../scene.ts';
import type { Names } from '../target.ts';

/** Each is the metadata address, this machine or a private network, in a form that a careless check lets through. */
const PLACES = [
  'http://169.254.169.254',
  'http://169.254.170.2',
  'http://[fd00:ec2::254]',
  'http://100.100.100.200',
  'http://168.63.129.16',
  'http://[::ffff:169.254.169.254]',
  'http://[::ffff:a9fe:a9fe]',
  'http://[64:ff9b::a9fe:a9fe]',
  'http://[64:ff9b:1::a9fe:a9fe]',
  'http://[2002:a9fe:a9fe::]',
  'http://[2002:7f00:1::]',
  'http://[::]',
  'http://0.0.0.0',
  'http://10.0.0.1',
  'http://192.168.0.1',
  'http://172.16.0.1',
  'http://100.64.0.1',
  'http://[fe80::1]',
  'http://[fc00::1]',
  'http://224.0.0.1',
  'http://255.255.255.255',
];

export const a35: Attack = {
  id: 'A35',
  who: ['MU'],
  title:
    'Lead calls to metadata addresses, private networks and Doorward itself, in every form of an address, also by names whose addresses change',
  mustHold: 'no connection is made',
  needs: ['admin-api'],
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand();
    await scene.callFine(standing, upstream);
    const own = scene.address().replace('localhost', '127.0.0.1');
    for (const baseUrl of [...PLACES, own]) {
      const path = '/v1/services';
      const name = `${standing.service}-away`;
      const body = { name, baseUrl, auth: { kind: 'bearer' }, secret: standing.secret };
      const made = await scene.target.admin({ method: 'POST', path, body });
      if (made.status !== 201) {
        scene.claim(
          'caller',
          'no service is made of it',
          made.status === 422,
          `${baseUrl}: ${made.text.slice(0, 300)}`,
        );
        continue;
      }
      await scene.target.admin({
        method: 'POST',
        path: '/v1/grants',
        body: { agent: standing.agent, service: name },
      });
      const answer = await scene.call({ ...standing, path: `/call/${name}` }, '/latest', { untilMs: 12_000 });
      const isBlocked = answer.status === 502 && answer.refusal === 'address-blocked';
      scene.claim(
        'caller',
        'or its calls are refused because of it',
        isBlocked,
        `${baseUrl}: ${describe(answer)}`,
      );
      await scene.target.admin({ method: 'DELETE', path: `${path}/${name}` });
    }
    scene.equal('upstream', 'nothing reached a place that was listening', upstream.seen.length, 1);
    if (scene.target.names !== undefined) await rebinding(scene, scene.target.names);
    await scene.logged(
      'the refusals are on record',
      mark,
      ({ kind, text }) => kind === 'ended' && text.includes('address-blocked'),
    );
  },
};

/** Answers of a name server that a service may not be led by, alone or beside a good one. */
const RESOLVED = [
  ['169.254.169.254'],
  ['10.0.0.1'],
  ['::ffff:169.254.169.254'],
  ['64:ff9b::a9fe:a9fe'],
  ['2002:a9fe:a9fe::'],
  ['GOOD', '10.0.0.1'],
  ['10.0.0.1', 'GOOD'],
  ['GOOD', '::ffff:10.0.0.1'],
] as const;

/** The hostile upstream's address stands for a public one: it may be called. */
async function rebinding(scene: Scene, names: Names): Promise<void> {
  const good = '127.0.0.1';
  const mark = await scene.target.mark();
  const upstream = await scene.upstream();
  const stand = async (name: string, ...answers: readonly (readonly string[])[]) => {
    const host = `${name}.attack.test`;
    names.tell(host, answers);
    const standing = await scene.target.setUp({ upstream: `http://${host}:${upstream.port}` });
    return { host, standing };
  };
  const changing = await stand('changing', [good], ['169.254.169.254']);
  for (let count = 0; count < 5; count += 1) {
    const answer = await scene.call(changing.standing, '/again');
    scene.claim(
      'caller',
      'a name is dialled where it was when it was checked',
      answer.status === 200,
      describe(answer),
    );
  }
  const asked = names.asked().filter((name) => name === changing.host);
  scene.equal('upstream', 'it was looked up once for that', asked.length, 1);
  const reached = upstream.seen.length;
  if (scene.target.addresses.length > 1) {
    names.tell(changing.host, [['10.0.0.1']]);
    const moved = await scene.call(changing.standing, '/moved', { replica: 1, untilMs: 12_000 });
    const isBlocked = moved.status === 502 && moved.refusal === 'address-blocked';
    scene.claim(
      'caller',
      'once it leads inside, whoever looks it up anew refuses',
      isBlocked,
      describe(moved),
    );
  }
  for (const [at, addresses] of RESOLVED.entries()) {
    const told = addresses.map((address) => (address === 'GOOD' ? good : address));
    const { standing } = await stand(`leads-inside-${at}`, told);
    const answer = await scene.call(standing, '/inside', { untilMs: 12_000 });
    const isBlocked = answer.status === 502 && answer.refusal === 'address-blocked';
    scene.claim('caller', `a name with ${told.join(' and ')} is refused`, isBlocked, describe(answer));
  }
  const own = new URL(scene.address());
  names.tell('own.attack.test', [[good]]);
  const itself = await scene.target.setUp({ upstream: `http://own.attack.test:${own.port}` });
  const answer = await scene.call(itself, '/v1/status', { untilMs: 12_000 });
  const isBlocked = answer.status === 502 && answer.refusal === 'address-blocked';
  scene.claim('caller', 'a name that leads to Doorward itself is refused', isBlocked, describe(answer));
  scene.equal('upstream', 'nothing but the first calls arrived', upstream.seen.length, reached);
  let refused = 0;
  const isRecorded = await scene.until(async () => {
    const entries = await scene.target.logSince(mark);
    refused = entries.filter(({ kind, text }) => kind === 'ended' && text.includes('address-blocked')).length;
    return refused > RESOLVED.length ? true : undefined;
  });
  scene.claim('log', 'the refusals are on record', isRecorded === true, refused);
}

export const a36: Attack = {
  id: 'A36',
  who: ['MU'],
  title: 'Answer with a certificate of another name, an expired or self-signed one, or by TLS 1.0 and 1.1',
  mustHold: 'refused before a byte of the request is written',
  needs: ['certificates'],
  run: async (scene) => {
    const { certificates } = scene.target;
    if (certificates === undefined) throw new Error('the target believes no authority of ours');
    const { right, wrongName, expired, selfSigned } = certificates;
    const old = { ciphers: 'DEFAULT:@SECLEVEL=0' } as const;
    const upstreams: readonly (readonly [what: string, options: TlsOptions])[] = [
      ['a certificate of another name', wrongName],
      ['an expired certificate', expired],
      ['a self-signed certificate', selfSigned],
      ['TLS 1.0', { ...right, ...old, minVersion: 'TLSv1', maxVersion: 'TLSv1' }],
      ['TLS 1.1', { ...right, ...old, minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }],
    ];
    const good = await scene.upstream(undefined, right);
    const standing = await scene.target.setUp({ upstream: good.url });
    const mark = await scene.target.mark();
    await scene.callFine(standing, good);
    for (const [what, options] of upstreams) {
      const upstream = await scene.upstream(undefined, options);
      const other = await scene.target.setUp({ upstream: upstream.url });
      const answer = await scene.call(other, '/ok');
      scene.claim('caller', `${what} is refused`, answer.status === 502, describe(answer));
      scene.equal('upstream', `${what} gets no byte of the request`, upstream.heard().length, 0);
    }
    await scene.logged(
      'the failures are on record',
      mark,
      ({ kind, reason }) => kind === 'ended' && reason === 'upstream-unreachable',
    );
  },
};
