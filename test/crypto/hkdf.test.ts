// The key derivation under the envelope is Node's; these vectors hold it to its specification on every Node we run on.
import { hkdfSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fromHex, readVectors } from './read-vectors.ts';
import { describeWycheproof } from './wycheproof.ts';

interface HkdfCase {
  readonly name: string;
  readonly key: string;
  readonly salt: string;
  readonly info: string;
  readonly okm: string;
}

describe('HKDF with SHA-256', () => {
  it.each(readVectors<HkdfCase>('hkdf-sha256').cases)(
    'derives RFC 5869 $name',
    ({ key, salt, info, okm }) => {
      const derived = hkdfSync('sha256', fromHex(key), fromHex(salt), fromHex(info), okm.length / 2);
      expect(Buffer.from(derived).toString('hex')).toBe(okm);
    },
  );
});

describeWycheproof('hkdf_sha512_test.json', (groups) => {
  it.each(groups.flatMap((group) => group.tests))('tcId $tcId $result: $comment', (test) => {
    const derive = () =>
      hkdfSync('sha512', fromHex(test.ikm), fromHex(test.salt), fromHex(test.info), test.size);
    if (test.result === 'valid') expect(Buffer.from(derive()).toString('hex')).toBe(test.okm);
    else expect(derive).toThrow();
  });
});
