// Access tokens: JWTs of the RFC 9068 profile, signed with Ed25519 (RFC 8037, `alg` as of RFC 9864). Only what
// `signAccessToken` writes is accepted, down to the byte: one algorithm, one type, three header members, no member
// unknown or given twice, no key or address of a key inside the token (RFC 8725).
import { strict as assert } from 'node:assert';
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { idSchema } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { sha256 } from './encoding.ts';

const MAX_TOKEN_BYTES = 4096;
const MAX_LIFETIME_SECONDS = 15 * 60;
const DEFAULT_TOLERANCE_SECONDS = 5;
const SIGNATURE_BYTES = 64;
const SEED_BYTES = 32;
/** PKCS #8 around the seed of an Ed25519 key (RFC 8410 §7). */
const PKCS8_OPENING = Buffer.from('302e020100300506032b657004220420', 'hex');

const KeyId = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const Header = z.strictObject({ alg: z.literal('Ed25519'), typ: z.literal('at+jwt'), kid: KeyId });
const WholeNumber = z.int().min(0);
const ScopeText = z
  .string()
  .regex(/^[a-z0-9_-]{1,64}(?::[a-z0-9_-]{1,64})?(?: [a-z0-9_-]{1,64}(?::[a-z0-9_-]{1,64})?)*$/);

/** Every claim there is; an unknown one denies. Times are whole seconds since 1970. */
export const AccessTokenClaims = z
  .strictObject({
    iss: z.string().min(1),
    aud: z.string().min(1),
    sub: z.union([idSchema('agt'), idSchema('adm')]),
    client_id: z.string().min(1),
    jti: idSchema('tok'),
    iat: WholeNumber,
    nbf: WholeNumber,
    exp: WholeNumber,
    /** Absent: all that the agent's live grants allow. */
    scope: ScopeText.optional(),
    vault: idSchema('vlt'),
    /** Generation of the subject: raised, it ends every token of that subject. */
    gen: WholeNumber,
  })
  .refine(({ iat, nbf, exp }) => {
    const lifetime = exp - Math.min(iat, nbf);
    return lifetime > 0 && lifetime <= MAX_LIFETIME_SECONDS && nbf < exp;
  }, 'a token lives up to fifteen minutes');
export type AccessTokenClaims = z.output<typeof AccessTokenClaims>;

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
}

interface VerificationKey {
  readonly kid: string;
  readonly publicKey: KeyObject;
}

/** A member of the published key set (RFC 7517). */
export interface PublicJwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly kid: string;
  readonly alg: 'Ed25519';
  readonly use: 'sig';
}

export interface SigningKeyPair extends SigningKey, VerificationKey {
  readonly publicJwk: PublicJwk;
}

/** The key pair of a 32-byte random seed, always the same one: the seed is what is stored wrapped. */
export function createSigningKeyPair(randomSeed: Buffer): SigningKeyPair {
  assert(randomSeed.length === SEED_BYTES, 'a seed has 32 bytes');
  const der = Buffer.concat([PKCS8_OPENING, randomSeed]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  der.fill(0);
  const publicKey = createPublicKey(privateKey);
  const { x } = publicKey.export({ format: 'jwk' });
  assert(x !== undefined, 'a public Ed25519 key has a coordinate x');
  const kid = thumbprint(x);
  return {
    kid,
    privateKey,
    publicKey,
    publicJwk: { kty: 'OKP', crv: 'Ed25519', x, kid, alg: 'Ed25519', use: 'sig' },
  };
}

/** RFC 7638: SHA-256 over the required members in the order of their names. */
function thumbprint(x: string): string {
  return sha256(Buffer.from(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }))).toString('base64url');
}

/** The signed token. Throws for claims the schema refuses, and a Problem where the scope makes it longer than 4 KiB. */
export function signAccessToken(key: SigningKey, claims: AccessTokenClaims): string {
  const header: z.output<typeof Header> = { alg: 'Ed25519', typ: 'at+jwt', kid: key.kid };
  const signed = `${encodeJson(Header.parse(header))}.${encodeJson(AccessTokenClaims.parse(claims))}`;
  assert(key.privateKey.asymmetricKeyType === 'ed25519', 'access tokens are signed with Ed25519');
  const token = `${signed}.${sign(null, Buffer.from(signed), key.privateKey).toString('base64url')}`;
  if (token.length > MAX_TOKEN_BYTES) {
    throw new Problem('invalid-request', {
      detail: 'The scope is too long for one access token: ask for less.',
    });
  }
  return token;
}

interface Verification {
  /** The live public keys by `kid`. */
  readonly keys: ReadonlyMap<string, KeyObject>;
  readonly issuer: string;
  readonly audience: string;
  readonly now: Date;
  /** How far the clocks of two replicas may differ; 5 where nothing is given. */
  readonly toleranceSeconds?: number;
}

/**
 * The claims of a token that is well-formed, signed by one of the keys and within its time; undefined for every other
 * text, without a reason. Revocation, generation and vault are the caller's to check.
 */
export function verifyAccessToken(token: string, expected: Verification): AccessTokenClaims | undefined {
  if (token.length > MAX_TOKEN_BYTES) return undefined;
  const parts = token.split('.');
  const [headerText, claimsText, signatureText] = parts;
  if (parts.length !== 3 || headerText === undefined || claimsText === undefined) return undefined;
  const header = Header.safeParse(decodeJson(headerText));
  const signature = decodeBase64Url(signatureText);
  if (!header.success || signature?.length !== SIGNATURE_BYTES) return undefined;
  const key = expected.keys.get(header.data.kid);
  if (key?.asymmetricKeyType !== 'ed25519' || key.type !== 'public') return undefined;
  if (!verify(null, Buffer.from(`${headerText}.${claimsText}`), key, signature)) return undefined;
  const claims = AccessTokenClaims.safeParse(decodeJson(claimsText));
  return claims.success && isMeantForNow(claims.data, expected) ? claims.data : undefined;
}

/** Each comparison is written so that a clock that gives no number denies. */
function isMeantForNow(claims: AccessTokenClaims, expected: Verification): boolean {
  const nowSeconds = expected.now.getTime() / 1000;
  const tolerance = expected.toleranceSeconds ?? DEFAULT_TOLERANCE_SECONDS;
  return (
    claims.iss === expected.issuer &&
    claims.aud === expected.audience &&
    claims.nbf <= nowSeconds + tolerance &&
    claims.iat <= nowSeconds + tolerance &&
    nowSeconds < claims.exp + tolerance
  );
}

function encodeJson(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/**
 * The value of a part, if writing it again gives the same bytes. That refuses in one comparison what two parsers could
 * read differently: members given twice, white space, needless escapes, other spellings of a number, broken UTF-8.
 */
function decodeJson(part: string): unknown {
  const bytes = decodeBase64Url(part);
  if (bytes === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return bytes.equals(Buffer.from(JSON.stringify(value))) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The bytes, if this is their only spelling: no padding, no other alphabet, no stray bits at the end. */
function decodeBase64Url(part: string | undefined): Buffer | undefined {
  const bytes = Buffer.from(part ?? '', 'base64url');
  return bytes.length > 0 && bytes.toString('base64url') === part ? bytes : undefined;
}
