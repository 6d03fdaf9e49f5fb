// Both suites against the documents they come from and against Project Wycheproof.
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { describe, expect, it } from 'vitest';
import { AEADS, isSuite } from '../../src/crypto/aead.ts';
import type { Suite } from '../../src/crypto/aead.ts';
import { fromHex, readVectors } from './read-vectors.ts';
import { describeWycheproof } from './wycheproof.ts';
import type { AeadGroup } from './wycheproof.ts';

interface AeadCase {
  readonly name: string;
  readonly key: string;
  readonly nonce: string;
  readonly aad: string;
  readonly plaintext: string;
  readonly ciphertext: string;
  readonly tag: string;
}

function inputOf(vector: AeadCase) {
  return { key: fromHex(vector.key), nonce: fromHex(vector.nonce), aad: fromHex(vector.aad) };
}

describe('the construction under suite 1', () => {
  it.each(readVectors<AeadCase>('chacha20-poly1305').cases)('encrypts RFC 8439 $name', (vector) => {
    const { key, nonce, aad } = inputOf(vector);
    const encrypted = chacha20poly1305(key, nonce, aad).encrypt(fromHex(vector.plaintext));
    expect(Buffer.from(encrypted).toString('hex')).toBe(vector.ciphertext + vector.tag);
  });
});

describe.each([
  [1, 'xchacha20-poly1305'],
  [2, 'aes-256-gcm'],
] as const)('suite %d', (suite, file) => {
  it.each(readVectors<AeadCase>(file).cases)(`encrypts and decrypts ${file} $name`, (vector) => {
    const encrypted = AEADS[suite].encrypt(inputOf(vector), fromHex(vector.plaintext));
    expect(encrypted.toString('hex')).toBe(vector.ciphertext + vector.tag);
    expect(AEADS[suite].decrypt(inputOf(vector), encrypted).toString('hex')).toBe(vector.plaintext);
  });

  it.each([0, 8, 12, 16, 24, 32])('takes a nonce of %d bytes only if that is its length', (length) => {
    const input = { key: Buffer.alloc(32), nonce: Buffer.alloc(length), aad: Buffer.alloc(0) };
    const encrypt = () => AEADS[suite].encrypt(input, Buffer.from('x'));
    if (length === AEADS[suite].nonceBytes) expect(encrypt().length).toBe(17);
    else expect(encrypt).toThrow();
  });

  it.each([0, 1, 15])('refuses %d bytes, shorter than a tag', (length) => {
    const input = {
      key: Buffer.alloc(32),
      nonce: Buffer.alloc(AEADS[suite].nonceBytes),
      aad: Buffer.alloc(0),
    };
    expect(() => AEADS[suite].decrypt(input, Buffer.alloc(length))).toThrow();
  });
});

it('no other byte is a suite', () => {
  const suites = Array.from({ length: 256 }, (_, byte) => byte).filter(isSuite);
  expect([...suites, ...[undefined].filter(isSuite)]).toEqual([1, 2]);
});

describeWycheproof('xchacha20_poly1305_test.json', (groups) => runGroups(1, groups));
describeWycheproof('aes_gcm_test.json', (groups) =>
  runGroups(
    2,
    groups.filter((group) => group.keySize === 256),
  ),
);

function runGroups(suite: Suite, groups: readonly AeadGroup[]): void {
  it.each(groups.flatMap(({ ivSize, tests }) => tests.map((test) => ({ ...test, ivSize }))))(
    'tcId $tcId $result, nonce of $ivSize bits: $comment',
    (test) => {
      const input = { key: fromHex(test.key), nonce: fromHex(test.iv), aad: fromHex(test.aad) };
      const decrypt = () => AEADS[suite].decrypt(input, fromHex(test.ct + test.tag));
      // Valid for GCM in general, but a suite has one nonce length and no other.
      const isOurs = test.result === 'valid' && test.ivSize === AEADS[suite].nonceBytes * 8;
      if (!isOurs) {
        expect(decrypt).toThrow();
        return;
      }
      expect(decrypt().toString('hex')).toBe(test.msg);
      expect(AEADS[suite].encrypt(input, fromHex(test.msg)).toString('hex')).toBe(test.ct + test.tag);
    },
  );

  it('ran a hundred cases or more, valid and invalid', () => {
    const results = groups.flatMap((group) => group.tests.map((test) => test.result));
    expect(results.length).toBeGreaterThanOrEqual(100);
    expect(new Set(results)).toEqual(new Set(['valid', 'invalid']));
  });
}
