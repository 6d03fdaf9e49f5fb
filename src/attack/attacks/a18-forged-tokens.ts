// A18 to A20: tokens that are forged, meant for another use, or without the members that end them.
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import type { Attack } from '../attack.ts';
import { request } from '../raw-client.ts';
import { describe, type Scene } from '../scene.ts';
import type { LogEntry, Standing } from '../target.ts';

interface Parts {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

const stranger = () => generateKeyPairSync('ed25519');

function partsOf(token: string): Parts {
  const [header = '', claims = ''] = token.split('.');
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Parts['header'];
  return { header: read(header), claims: read(claims) };
}

const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** Signed by a key of the attacker's own; `text` stands for claims that JSON.stringify would not write so. */
function forge(header: unknown, claims: unknown): string {
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${sign(null, Buffer.from(signed), stranger().privateKey).toString('base64url')}`;
}

function signedBySecret(header: unknown, claims: unknown, secret: string | Buffer): string {
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

/** Every token must be answered 401 by every replica, and nothing may leave. */
async function refusesAll(scene: Scene, standing: Standing, tokens: readonly (readonly [string, string])[]) {
  for (const replica of scene.target.addresses.keys()) {
    for (const [what, token] of tokens) {
      const answer = await scene.call(standing, '/x', { token, replica });
      scene.claim('caller', 'each is answered 401', answer.status === 401, `${what}: ${describe(answer)}`);
    }
  }
}

/** Strangers' failures are one event in a while, so that they can not fill the log. */
function countedLater(scene: Scene, mark: string): void {
  const isCount = ({ text }: LogEntry) =>
    text.includes('authentication.failed') && text.includes('invalid-token');
  scene.later(() => scene.logged('failed authentications are counted', mark, isCount));
}

export const a18: Attack = {
  id: 'A18',
  who: ['ST'],
  title:
    'Show tokens with other algorithms, keys of one’s own, key ids that are paths, and addresses of keys',
  mustHold: '401',
  needs: ['signed-tokens'],
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand();
    await scene.callFine(standing, upstream);
    const before = upstream.started;
    const { header, claims } = partsOf(standing.token);
    const keys = await request(scene.address(), { target: '/.well-known/jwks.json' });
    const published = JSON.stringify(keys.json());
    const own = stranger().publicKey.export({ format: 'jwk' });
    const signature = standing.token.split('.')[2] ?? '';
    const evil = await scene.upstream();
    const hs256 = { ...header, alg: 'HS256' };
    const tokens: [string, string][] = [
      ['alg none', `${encode({ ...header, alg: 'none' })}.${encode(claims)}.`],
      ['alg none with a signature', `${encode({ ...header, alg: 'none' })}.${encode(claims)}.${signature}`],
      ['alg None', `${encode({ ...header, alg: 'None' })}.${encode(claims)}.`],
      ['HS256 by the published key', signedBySecret(hs256, claims, published)],
      ['HS256 by nothing', signedBySecret(hs256, claims, '')],
      ['ES256K', forge({ ...header, alg: 'ES256K' }, claims)],
      ['another key', forge(header, claims)],
      ['a key in the token', forge({ ...header, jwk: own }, claims)],
      ['an address of a key', forge({ ...header, jku: `${evil.url}/jwks` }, claims)],
      ['an address of a certificate', forge({ ...header, x5u: `${evil.url}/x5u` }, claims)],
      ['a key id that is a path', forge({ ...header, kid: '../../../../dev/null' }, claims)],
      ['a key id that is SQL', forge({ ...header, kid: "' or '1'='1" }, claims)],
      ['no key id', forge({ alg: 'Ed25519', typ: 'at+jwt' }, claims)],
      ['critical member', forge({ ...header, crit: ['x'], x: 1 }, claims)],
      [
        'other claims under a true signature',
        `${encode(header)}.${encode({ ...claims, scope: 'everything' })}.${signature}`,
      ],
      ['its signature in other letters', `${encode(header)}.${encode(claims)}.${signature}=`],
      ['twice the signature', `${standing.token}.${signature}`],
      ['nothing', '..'],
    ];
    await refusesAll(scene, standing, tokens);
    scene.equal('upstream', 'it saw nothing', upstream.started - before, 0);
    scene.equal('upstream', 'no key was fetched from elsewhere', evil.connections, 0);
    countedLater(scene, mark);
    await scene.nothingSentSince(standing, mark, 1);
  },
};

export const a19: Attack = {
  id: 'A19',
  who: ['ST'],
  title: 'Show tokens of another issuer, audience, vault or type, or for another purpose',
  mustHold: '401',
  needs: ['signed-tokens', 'placeholders', 'admin-api'],
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand();
    const other = await scene.stand();
    const { header, claims } = partsOf(standing.token);
    const placeholder = await scene.target.admin({
      method: 'POST',
      path: '/v1/placeholders',
      body: { agent: other.standing.agent, service: other.standing.service },
    });
    const tokens: [string, string][] = [
      ['another issuer', forge(header, { ...claims, iss: 'https://issuer.example' })],
      ['another audience', forge(header, { ...claims, aud: 'https://audience.example' })],
      ['several audiences', forge(header, { ...claims, aud: [claims['aud'], 'https://audience.example'] })],
      ['another vault', forge(header, { ...claims, vault: 'vlt_01h455vb4pex5vsknk084sn02q' })],
      ['an id token', forge({ ...header, typ: 'id+jwt' }, claims)],
      ['a client assertion', forge({ ...header, typ: 'client-authentication+jwt' }, claims)],
      ['no type', forge({ ...header, typ: 'JWT' }, claims)],
      ['an agent key', standing.agentKey],
      ['a placeholder of another service', String(placeholder.body['placeholder'])],
    ];
    await refusesAll(scene, standing, tokens);
    const asAdmin = await scene.target.admin({ method: 'GET', path: '/v1/secrets', token: standing.token });
    scene.equal('caller', 'a token of an agent administers nothing', asAdmin.status, 401);
    const made = await scene.target.admin({
      method: 'POST',
      path: '/v1/agents',
      body: { name: 'attack-made' },
      token: standing.token,
    });
    scene.equal('caller', 'and makes nothing', made.status, 401);
    scene.equal('upstream', 'neither saw anything', upstream.started + other.upstream.started, 0);
    countedLater(scene, mark);
    await scene.logged(
      'the placeholder at another service raises an alarm',
      mark,
      ({ kind, reason }) => kind === 'alarm' && reason === 'placeholder.elsewhere',
    );
  },
};

export const a20: Attack = {
  id: 'A20',
  who: ['ST'],
  title: 'Show tokens without an end, with ends that read in two ways, from the future, or of 5 KB',
  mustHold: '401',
  needs: ['signed-tokens'],
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand();
    const { header, claims } = partsOf(standing.token);
    const { exp, ...endless } = claims;
    const end = Number(exp);
    const signature = standing.token.split('.')[2] ?? '';
    const twice = JSON.stringify(claims).replace(/}$/, `,"exp":${end + 86_400}}`);
    const both = (what: string, changed: unknown): [string, string][] => [
      [what, forge(header, changed)],
      [`${what}, by the true signature`, `${encode(header)}.${encode(changed)}.${signature}`],
    ];
    const tokens = [
      ...both('no end', endless),
      ...both('an end that is text', { ...claims, exp: String(end) }),
      ...both('an end given twice', twice),
      ...both('an end far away', { ...claims, exp: end + 10 * 365 * 86_400 }),
      ...both('from the future', { ...claims, nbf: end + 3600 }),
      ...both('over', { ...claims, iat: end - 9000, nbf: end - 9000, exp: end - 8000 }),
      ...both('a broken number', { ...claims, exp: end + 0.5 }),
      ...both('no number', { ...claims, exp: null }),
      ...both('5 KB', { ...claims, scope: 'x'.repeat(5000) }),
    ];
    await refusesAll(scene, standing, tokens);
    const whole = await scene.call(standing, '/ok');
    scene.equal('caller', 'while the token itself is good', whole.status, 200);
    scene.equal('upstream', 'it saw that one call alone', upstream.started, 1);
    countedLater(scene, mark);
    await scene.nothingSentSince(standing, mark, 1);
  },
};
