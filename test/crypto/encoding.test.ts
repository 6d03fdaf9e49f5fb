// Integers, padding and hashes that stored records are made of.
import { createHash, createHmac, createSecretKey } from 'node:crypto';
import * as fc from '../support/properties.ts';
import { describe, expect, it } from 'vitest';
import {
  constantTimeEqual,
  hmacSha256,
  padTo64,
  sha256,
  u32be,
  u8,
  unpad,
} from '../../src/crypto/encoding.ts';

describe('integers', () => {
  it('are fixed in width, most significant byte first', () => {
    expect(u8(255).toString('hex')).toBe('ff');
    expect(u32be(0x01020304).toString('hex')).toBe('01020304');
    expect(u32be(2 ** 32 - 1).toString('hex')).toBe('ffffffff');
  });

  it.each([-1, 2 ** 32, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuse %d', (n) => {
    expect(() => u32be(n)).toThrow(RangeError);
    expect(() => u8(n)).toThrow(RangeError);
  });
});

describe('padding', () => {
  it('gives multiples of 64 with at least one byte of padding, and comes off again', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const padded = padTo64(bytes);
        expect(padded.length % 64).toBe(0);
        expect(padded.length - bytes.length).toBeGreaterThanOrEqual(1);
        expect(padded.length - bytes.length).toBeLessThanOrEqual(64);
        expect(unpad(padded).equals(bytes)).toBe(true);
      }),
    );
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['zeros only', Buffer.alloc(64)],
    ['a length that is no multiple', Buffer.concat([padTo64(Buffer.from('a')), Buffer.from([0])])],
    ['no mark', Buffer.alloc(64, 1)],
    ['a mark further back than one block', Buffer.concat([Buffer.from([0x80]), Buffer.alloc(127)])],
  ])('is refused for %s', (_form, bytes) => {
    expect(() => unpad(bytes)).toThrow(RangeError);
  });

  it('comes off without a second copy of the value', () => {
    const padded = padTo64(Buffer.from('value'));
    unpad(padded).fill(0);
    expect(padded.subarray(0, 5).every((byte) => byte === 0)).toBe(true);
  });
});

describe('hashes', () => {
  it('run over their parts end to end', () => {
    const expected = createHash('sha256').update('abc').digest();
    expect(sha256(Buffer.from('a'), Buffer.from('bc')).equals(expected)).toBe(true);
    const key = Buffer.from('key');
    const mac = createHmac('sha256', key).update('abc').digest();
    expect(hmacSha256(key, Buffer.from('ab'), Buffer.from('c')).equals(mac)).toBe(true);
    expect(hmacSha256(createSecretKey(key), Buffer.from('abc')).equals(mac)).toBe(true);
  });

  it('compare equal only when every byte is', () => {
    expect(constantTimeEqual(Buffer.from('same'), Buffer.from('same'))).toBe(true);
    expect(constantTimeEqual(Buffer.from('same'), Buffer.from('sama'))).toBe(false);
    expect(constantTimeEqual(Buffer.from('same'), Buffer.from('sam'))).toBe(false);
  });
});
