// The MACs of the audit log's chains: those of RFC 4231, and Node's own for keys and messages of every length.
import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MacKey } from '../../src/crypto/mac-key.ts';

const RFC_4231 = [
  {
    section: '4.2',
    key: Buffer.alloc(20, 0x0b),
    data: Buffer.from('Hi There'),
    mac: 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  },
  {
    section: '4.3',
    key: Buffer.from('Jefe'),
    data: Buffer.from('what do ya want for nothing?'),
    mac: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  },
  {
    section: '4.4',
    key: Buffer.alloc(20, 0xaa),
    data: Buffer.alloc(50, 0xdd),
    mac: '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
  },
];

describe('a MAC key', () => {
  it.each(RFC_4231)('gives the MAC of RFC 4231 §$section', ({ key, data, mac }) => {
    expect(new MacKey(key).hex(data)).toBe(mac);
  });

  it('gives what Node gives, whatever the lengths, one message after another', () => {
    for (const keyBytes of [1, 31, 32, 63, 64]) {
      const bytes = randomBytes(keyBytes);
      const key = new MacKey(bytes);
      for (const length of [102, 102, 0, 1, 102, 55, 56, 63, 64, 65, 1000, 999, 102]) {
        const message = randomBytes(length);
        expect(key.hex(message)).toBe(createHmac('sha256', bytes).update(message).digest('hex'));
      }
    }
  });

  it('keeps nothing of the bytes it was made of, and takes no key that would have to be hashed first', () => {
    const bytes = randomBytes(32);
    const key = new MacKey(bytes);
    const before = key.hex(Buffer.from('message'));
    bytes.fill(0);
    expect(key.hex(Buffer.from('message'))).toBe(before);
    expect(() => new MacKey(Buffer.alloc(65))).toThrow(RangeError);
    expect(() => new MacKey(Buffer.alloc(0))).toThrow(RangeError);
  });
});
