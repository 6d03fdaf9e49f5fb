// JSON Web Tokens signed with RSASSA-PKCS1-v1_5 and SHA-256 (RFC 7518 §3.3), as vendors want them from an app that proves who
// it is. Doorward's own tokens are never of this kind.
import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { Problem } from '../core/problem.ts';

const MIN_MODULUS_BITS = 2048;

/** Throws `invalid-input` for what is no RSA key of at least 2048 bits. */
export function parseRsaPrivateKey(pem: string): KeyObject {
  const key = tryKey(pem);
  const bits = key?.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key?.asymmetricKeyType === 'rsa' && bits >= MIN_MODULUS_BITS) return key;
  throw new Problem('invalid-input', {
    detail: `private_key: an RSA private key of at least ${MIN_MODULUS_BITS} bits is needed, as PEM and without a passphrase.`,
  });
}

function tryKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey({ key: pem, format: 'pem' });
  } catch {
    return undefined;
  }
}

export function signRs256(key: KeyObject, claims: Readonly<Record<string, string | number>>): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), key).toString('base64url')}`;
}
