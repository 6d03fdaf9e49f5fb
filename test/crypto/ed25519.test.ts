// Our keys from seeds, and Node's signatures under them, against the RFC; Node's verification against forgeries.
import { createPublicKey, sign, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSigningKeyPair } from '../../src/crypto/access-token.ts';
import { fromHex, readVectors } from './read-vectors.ts';
import { describeWycheproof } from './wycheproof.ts';

interface Ed25519Case {
  readonly name: string;
  readonly seed: string;
  readonly publicKey: string;
  readonly message: string;
  readonly signature: string;
}

describe('a signing key made from its seed', () => {
  it.each(readVectors<Ed25519Case>('ed25519').cases)('is that of RFC 8032 $name', (vector) => {
    const pair = createSigningKeyPair(fromHex(vector.seed));
    const message = fromHex(vector.message);
    expect(Buffer.from(pair.publicJwk.x, 'base64url').toString('hex')).toBe(vector.publicKey);
    expect(sign(null, message, pair.privateKey).toString('hex')).toBe(vector.signature);
    expect(verify(null, message, pair.publicKey, fromHex(vector.signature))).toBe(true);
  });

  it('is refused from a seed of another length', () => {
    expect(() => createSigningKeyPair(Buffer.alloc(31))).toThrow('32 bytes');
  });
});

describeWycheproof('ed25519_test.json', (groups) => {
  const tests = groups.flatMap(({ publicKeyJwk, tests }) => tests.map((test) => ({ ...test, publicKeyJwk })));
  it.each(tests)('tcId $tcId $result: $comment', (test) => {
    const key = createPublicKey({ key: test.publicKeyJwk, format: 'jwk' });
    expect(verify(null, fromHex(test.msg), key, fromHex(test.sig))).toBe(test.result === 'valid');
  });
});
