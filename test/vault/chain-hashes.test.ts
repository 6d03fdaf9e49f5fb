// What is hashed of an event is put together in memory that is used over and over: texts of every length, one after another,
// have the hashes that the comment of chain.ts says, also where they are longer than that memory.
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/core/canonical-json.ts';
import { MacKey } from '../../src/crypto/mac-key.ts';
import { bodyHash, chainMac, leafHash } from '../../src/vault/audit/chain.ts';

const TEXTS = [
  '',
  'a',
  'é',
  '𝄞',
  'x'.repeat(2725),
  'x'.repeat(2726),
  'é'.repeat(4088),
  'x'.repeat(20_000),
  'z',
];
const SEQS = [1, 2, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER];

describe('the hashes of an event', () => {
  it.each([16, 0, 40])('are those of a salt of %i bytes and the text', (saltBytes) => {
    const salt = randomBytes(saltBytes);
    for (const text of TEXTS) {
      expect(bodyHash(salt, text)).toBe(createHash('sha256').update(salt).update(text).digest('hex'));
    }
  });

  it('are those of the columns, however long', () => {
    const body = randomBytes(32).toString('hex');
    for (const text of TEXTS) {
      const columns = { at: text, chain: text, id: text, intent: null, kind: 'k', seq: 7, vault: text };
      const expected = createHash('sha256').update('\0').update(canonicalJson(columns)).update(body, 'hex');
      expect(leafHash(columns, body)).toBe(expected.digest('hex'));
    }
  });

  it('are chained under every number, as eight bytes', () => {
    const key = randomBytes(32);
    const [previous, leaf] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')];
    for (const seq of SEQS) {
      for (const chain of TEXTS) {
        const number = Buffer.alloc(8);
        number.writeBigUInt64BE(BigInt(seq));
        const expected = createHmac('sha256', key).update(previous, 'hex').update(chain).update(number);
        const mac = chainMac(new MacKey(key), previous, { chain, seq }, leaf);
        expect(mac).toBe(expected.update(leaf, 'hex').digest('hex'));
      }
    }
  });
});
