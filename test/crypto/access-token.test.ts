// Access tokens: our own vectors, every way of forging one we know of, and jose as the oracle in both directions.
import { createHmac, createSecretKey, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import * as fc from '../support/properties.ts';
import { SignJWT, calculateJwkThumbprint, importJWK, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { newId } from '../../src/core/ids.ts';
import { Problem } from '../../src/core/problem.ts';
import { createSigningKeyPair, signAccessToken, verifyAccessToken } from '../../src/crypto/access-token.ts';
import type { AccessTokenClaims } from '../../src/crypto/access-token.ts';
import { seededRandomness } from './fixed-randomness.ts';
import { fromHex, readVectors } from './read-vectors.ts';

interface AccessTokenVectors {
  readonly seed: string;
  readonly kid: string;
  readonly cases: readonly {
    readonly name: string;
    readonly claims: AccessTokenClaims;
    readonly token: string;
  }[];
}

const ISSUER = 'https://doorward.example';
const NOW_SECONDS = 1_750_000_000;
const source = {
  clock: { now: () => new Date(0), monotonicMs: () => 0 },
  randomness: seededRandomness('tokens'),
};
const PAIR = createSigningKeyPair(source.randomness.bytes(32));
const AGENT = newId(source, 'agt');
const CLAIMS: AccessTokenClaims = {
  iss: ISSUER,
  aud: ISSUER,
  sub: AGENT,
  client_id: AGENT,
  jti: newId(source, 'tok'),
  iat: NOW_SECONDS,
  nbf: NOW_SECONDS,
  exp: NOW_SECONDS + 600,
  scope: 'openai github:read',
  vault: newId(source, 'vlt'),
  gen: 3,
};
const HEADER = { alg: 'Ed25519', typ: 'at+jwt', kid: PAIR.kid };
const TOKEN = signAccessToken(PAIR, CLAIMS);

function verifyAt(token: string, seconds = NOW_SECONDS, keys = new Map([[PAIR.kid, PAIR.publicKey]])) {
  return verifyAccessToken(token, { keys, issuer: ISSUER, audience: ISSUER, now: new Date(seconds * 1000) });
}

/** Any header and payload text under a true signature: what a careless verifier would take. */
function forge(header: string | object, claims: string | object, key: KeyObject = PAIR.privateKey): string {
  const part = (value: string | object) =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  const signed = `${part(header)}.${part(claims)}`;
  return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`;
}

describe('an access token', () => {
  const vectors = readVectors('access-token') as unknown as AccessTokenVectors;

  it.each(vectors.cases)('is that of its vector: $name', ({ claims, token }) => {
    const pair = createSigningKeyPair(fromHex(vectors.seed));
    expect(pair.kid).toBe(vectors.kid);
    expect(signAccessToken(pair, claims)).toBe(token);
    expect(verifyAt(token, claims.iat, new Map([[pair.kid, pair.publicKey]]))).toEqual(claims);
  });

  it('gives its claims back until its end, give or take the tolerance', () => {
    expect(verifyAt(TOKEN)).toEqual(CLAIMS);
    expect(verifyAt(TOKEN, CLAIMS.exp + 4.9)).toEqual(CLAIMS);
    expect(verifyAt(TOKEN, CLAIMS.exp + 5)).toBeUndefined();
    expect(verifyAt(TOKEN, NOW_SECONDS - 5)).toEqual(CLAIMS);
    expect(verifyAt(TOKEN, NOW_SECONDS - 6)).toBeUndefined();
  });

  it('holds to the tolerance it is given', () => {
    const expected = { keys: new Map([[PAIR.kid, PAIR.publicKey]]), issuer: ISSUER, audience: ISSUER };
    const at = { ...expected, now: new Date((CLAIMS.exp + 1) * 1000) };
    expect(verifyAccessToken(TOKEN, { ...at, toleranceSeconds: 0 })).toBeUndefined();
    expect(verifyAccessToken(TOKEN, { ...at, toleranceSeconds: 2 })).toEqual(CLAIMS);
  });

  it('does without a scope', () => {
    const { scope: _, ...claims } = CLAIMS;
    expect(verifyAt(signAccessToken(PAIR, claims))).toEqual(claims);
  });

  it('is refused with any one character changed', () => {
    for (let at = 0; at < TOKEN.length; at += 1) {
      const other = TOKEN[at] === 'A' ? 'B' : 'A';
      expect(verifyAt(TOKEN.slice(0, at) + other + TOKEN.slice(at + 1)), `character ${at}`).toBeUndefined();
    }
  });

  it('survives signing and verifying for all claims there may be', () => {
    const claims = fc.record({
      iat: fc.integer({ min: 1, max: 2 ** 40 }),
      lifetime: fc.integer({ min: 1, max: 900 }),
      gen: fc.integer({ min: 0 }),
      client_id: fc.string({ minLength: 1, unit: 'grapheme' }),
    });
    fc.assert(
      fc.property(claims, ({ iat, lifetime, gen, client_id }) => {
        const given = { ...CLAIMS, iat, nbf: iat, exp: iat + lifetime, gen, client_id };
        expect(verifyAt(signAccessToken(PAIR, given), iat)).toEqual(given);
      }),
    );
  });

  it('never makes the verifier throw, whatever the text', () => {
    const parts = fc.oneof(
      fc.string(),
      fc.base64String(),
      fc.json().map((text) => Buffer.from(text).toString('base64url')),
    );
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 5 }), (texts) => {
        expect(verifyAt(texts.join('.'))).toBeUndefined();
        expect(verifyAt(forge(HEADER, texts.join('')))).toBeUndefined();
      }),
    );
  });
});

describe('an access token is refused', () => {
  const { exp: _exp, ...withoutExp } = CLAIMS;
  const text = JSON.stringify(CLAIMS);
  const hs256 = () => {
    const [header, claims] = [{ ...HEADER, alg: 'HS256' }, CLAIMS].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    );
    const secret = PAIR.publicKey.export({ format: 'der', type: 'spki' });
    const mac = createHmac('sha256', secret).update(`${header}.${claims}`).digest('base64url');
    return `${header}.${claims}.${mac}`;
  };
  const [headerPart = '', claimsPart = '', signaturePart = ''] = TOKEN.split('.');

  it.each([
    ['alg none without a signature', forge({ ...HEADER, alg: 'none' }, CLAIMS).replace(/[^.]*$/, '')],
    ['alg none', forge({ ...HEADER, alg: 'none' }, CLAIMS)],
    ['alg HS256 keyed with the public key', hs256()],
    ['alg ES256K', forge({ ...HEADER, alg: 'ES256K' }, CLAIMS)],
    ['alg EdDSA, the older name', forge({ ...HEADER, alg: 'EdDSA' }, CLAIMS)],
    ['no alg', forge({ typ: 'at+jwt', kid: PAIR.kid }, CLAIMS)],
    ['typ JWT', forge({ ...HEADER, typ: 'JWT' }, CLAIMS)],
    ['typ of a client assertion', forge({ ...HEADER, typ: 'client-authentication+jwt' }, CLAIMS)],
    ['typ spelled otherwise', forge({ ...HEADER, typ: 'AT+JWT' }, CLAIMS)],
    ['no typ', forge({ alg: 'Ed25519', kid: PAIR.kid }, CLAIMS)],
    ['no kid', forge({ alg: 'Ed25519', typ: 'at+jwt' }, CLAIMS)],
    ['kid that walks a path', forge({ ...HEADER, kid: '../../../../dev/null' }, CLAIMS)],
    ['kid that is a member of every object', forge({ ...HEADER, kid: '__proto__' }, CLAIMS)],
    ['kid not known', forge({ ...HEADER, kid: 'A'.repeat(43) }, CLAIMS)],
    ['jku', forge({ ...HEADER, jku: 'https://thief.example/jwks.json' }, CLAIMS)],
    ['x5u', forge({ ...HEADER, x5u: 'https://thief.example/cert' }, CLAIMS)],
    ['x5c', forge({ ...HEADER, x5c: ['MIIB'] }, CLAIMS)],
    ['jwk', forge({ ...HEADER, jwk: PAIR.publicJwk }, CLAIMS)],
    ['crit', forge({ ...HEADER, crit: ['exp'] }, CLAIMS)],
    ['b64', forge({ ...HEADER, b64: false }, CLAIMS)],
    ['a header member given twice', forge(JSON.stringify(HEADER).replace('{', '{"alg":"none",'), CLAIMS)],
    ['a header that is no object', forge('[]', CLAIMS)],
    [
      'another key of the same shape',
      forge(HEADER, CLAIMS, createSigningKeyPair(Buffer.alloc(32, 9)).privateKey),
    ],
    ['no exp', forge(HEADER, withoutExp)],
    ['exp as text', forge(HEADER, { ...CLAIMS, exp: String(CLAIMS.exp) })],
    ['exp null', forge(HEADER, { ...CLAIMS, exp: null })],
    ['exp with a fraction', forge(HEADER, { ...CLAIMS, exp: CLAIMS.exp + 0.5 })],
    ['exp beyond all numbers', forge(HEADER, text.replace(String(CLAIMS.exp), '1e999'))],
    ['exp given twice', forge(HEADER, text.replace('{', `{"exp":${CLAIMS.exp + 1},`))],
    ['exp given twice, escaped', forge(HEADER, text.replace('{', `{"\\u0065xp":${CLAIMS.exp + 1},`))],
    ['exp before iat', forge(HEADER, { ...CLAIMS, exp: CLAIMS.iat - 1 })],
    ['nbf in the future', forge(HEADER, { ...CLAIMS, nbf: NOW_SECONDS + 60 })],
    ['iat in the future', forge(HEADER, { ...CLAIMS, iat: NOW_SECONDS + 60 })],
    ['a life of more than fifteen minutes', forge(HEADER, { ...CLAIMS, exp: CLAIMS.iat + 901 })],
    ['a life made long by nbf', forge(HEADER, { ...CLAIMS, nbf: CLAIMS.nbf - 900 })],
    ['another issuer', forge(HEADER, { ...CLAIMS, iss: 'https://other.example' })],
    ['another audience', forge(HEADER, { ...CLAIMS, aud: 'https://other.example' })],
    ['a list of audiences', forge(HEADER, { ...CLAIMS, aud: [ISSUER] })],
    ['a subject that is neither agent nor admin', forge(HEADER, { ...CLAIMS, sub: CLAIMS.vault })],
    ['a jti that is no token id', forge(HEADER, { ...CLAIMS, jti: 'x' })],
    ['a scope of another shape', forge(HEADER, { ...CLAIMS, scope: 'openai  *' })],
    ['an unknown claim', forge(HEADER, { ...CLAIMS, act: { sub: AGENT } })],
    ['a claim named __proto__', forge(HEADER, text.replace('{', '{"__proto__":{"x":1},'))],
    ['a negative generation', forge(HEADER, { ...CLAIMS, gen: -1 })],
    ['white space in its JSON', forge(HEADER, JSON.stringify(CLAIMS, null, 1))],
    ['a byte order mark', forge(HEADER, `\uFEFF${text}`)],
    ['something behind its JSON', forge(HEADER, `${text}{}`)],
    ['claims that are no JSON', forge(HEADER, 'claims')],
    ['claims that are null', forge(HEADER, 'null')],
    ['padding', `${TOKEN}=`],
    ['a newline behind it', `${TOKEN}\n`],
    ['white space before it', ` ${TOKEN}`],
    ['a fourth part', `${TOKEN}.`],
    ['two parts', `${headerPart}.${claimsPart}`],
    ['an empty signature', `${headerPart}.${claimsPart}.`],
    ['a signature cut short', `${headerPart}.${claimsPart}.${signaturePart.slice(0, 84)}`],
    ['nothing in it', ''],
    ['three empty parts', '..'],
    ['5 KiB', forge(HEADER, { ...CLAIMS, scope: 'a'.repeat(64).concat(' ').repeat(77).trimEnd() })],
    ['5 KiB of dots', '.'.repeat(5 * 1024)],
  ])('with %s', (_form, token) => {
    expect(verifyAt(token)).toBeUndefined();
  });

  it('on a clock that gives no time', () => {
    expect(verifyAt(TOKEN, Number.NaN)).toBeUndefined();
  });

  it.each([
    ['a private key', PAIR.privateKey],
    ['a shared secret', createSecretKey(Buffer.alloc(32))],
    ['a P-256 key', generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey],
    ['an X25519 key', generateKeyPairSync('x25519').publicKey],
  ])('when its kid leads to %s', (_form, key) => {
    expect(verifyAt(TOKEN, NOW_SECONDS, new Map([[PAIR.kid, key]]))).toBeUndefined();
  });
});

describe('signing', () => {
  it.each<[string, object]>([
    ['a life of more than fifteen minutes', { exp: CLAIMS.iat + 901 }],
    ['an end before the beginning', { exp: CLAIMS.iat }],
    ['an unknown claim', { act: {} }],
    ['a fractional time', { iat: CLAIMS.iat + 0.5 }],
  ])('refuses %s', (_form, change) => {
    expect(() => signAccessToken(PAIR, { ...CLAIMS, ...change })).toThrow();
  });

  it('refuses a scope too long for one token, as the caller’s fault', () => {
    const scope = Array.from({ length: 60 }, (_, n) => `${'s'.repeat(62)}${n}`).join(' ');
    expect(() => signAccessToken(PAIR, { ...CLAIMS, scope })).toThrow(Problem);
  });

  it('refuses a key that is not Ed25519', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(() => signAccessToken({ kid: PAIR.kid, privateKey }, CLAIMS)).toThrow('Ed25519');
  });
});

describe('jose', () => {
  it('verifies what we sign', async () => {
    const { payload, protectedHeader } = await jwtVerify(TOKEN, await importJWK(PAIR.publicJwk), {
      algorithms: ['Ed25519'],
      typ: 'at+jwt',
      issuer: ISSUER,
      audience: ISSUER,
      currentDate: new Date(NOW_SECONDS * 1000),
      requiredClaims: ['exp', 'nbf', 'iat', 'jti', 'sub'],
    });
    expect(payload).toEqual(CLAIMS);
    expect(protectedHeader).toEqual(HEADER);
  });

  it('signs what we verify', async () => {
    const key = await importJWK(
      { ...PAIR.publicJwk, d: PAIR.privateKey.export({ format: 'jwk' }).d },
      'Ed25519',
    );
    const token = await new SignJWT({ ...CLAIMS }).setProtectedHeader(HEADER).sign(key);
    expect(verifyAt(token)).toEqual(CLAIMS);
    const otherType = await new SignJWT({ ...CLAIMS })
      .setProtectedHeader({ ...HEADER, typ: 'JWT' })
      .sign(key);
    expect(verifyAt(otherType)).toBeUndefined();
  });

  it('finds the same thumbprint', async () => {
    expect(await calculateJwkThumbprint(PAIR.publicJwk)).toBe(PAIR.kid);
    const { thumbprint, cases } = readVectors<{ readonly seed: string }>('ed25519') as unknown as {
      readonly thumbprint: string;
      readonly cases: readonly { readonly seed: string }[];
    };
    expect(createSigningKeyPair(fromHex(cases[0]?.seed ?? '')).kid).toBe(thumbprint);
  });
});
