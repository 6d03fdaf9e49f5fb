// Row MACs: no column changed, none added, none taken away.
import { randomBytes } from 'node:crypto';
import * as fc from '../support/properties.ts';
import { describe, expect, test } from 'vitest';
import { newId } from '../../src/core/ids.ts';
import { Keyring } from '../../src/vault/keyring.ts';
import { rowMac, rowMacMatches } from '../../src/vault/row-mac.ts';

const randomness = { bytes: (length: number) => randomBytes(length) };
const ids = { clock: { now: () => new Date(), monotonicMs: () => performance.now() }, randomness };

function createKeyring(): Keyring {
  const keyring = new Keyring(newId(ids, 'ins'), randomBytes(32), randomness);
  keyring.loadSystemKey(keyring.createSystemKey(newId(ids, 'key'), 'row-mac'));
  return keyring;
}

const value = fc.oneof(
  fc.string({ unit: 'binary-ascii' }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.array(fc.string({ unit: 'binary-ascii' }), { maxLength: 3 }),
);
const row = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), value, { minKeys: 1, maxKeys: 6 });

describe('row MACs', () => {
  const keyring = createKeyring();

  test('hold whatever the order of the columns', () => {
    fc.assert(
      fc.property(row, (columns) => {
        const turned = Object.fromEntries(Object.entries(columns).toReversed());
        expect(rowMacMatches(keyring, 'agent', turned, rowMac(keyring, 'agent', columns))).toBe(true);
      }),
    );
  });

  test('do not hold when any column is changed, taken away or added', () => {
    fc.assert(
      fc.property(row, row, (columns, other) => {
        const mac = rowMac(keyring, 'agent', columns);
        const same = JSON.stringify(sorted(columns)) === JSON.stringify(sorted(other));
        expect(rowMacMatches(keyring, 'agent', other, mac)).toBe(same);
        expect(rowMacMatches(keyring, 'agent', { ...columns, Extra: 1 }, mac)).toBe(false);
      }),
    );
  });

  test('hold for one table and one installation', () => {
    const columns = { id: 'x', at: new Date(0), hash: Buffer.from('ab', 'hex') };
    const mac = rowMac(keyring, 'agent', columns);
    expect(rowMacMatches(keyring, 'agent', { ...columns, at: new Date(0) }, mac)).toBe(true);
    expect(rowMacMatches(keyring, 'service', columns, mac)).toBe(false);
    expect(rowMacMatches(createKeyring(), 'agent', columns, mac)).toBe(false);
    for (const wrong of [Buffer.alloc(0), Buffer.alloc(32), mac.subarray(1), Buffer.concat([mac, mac])]) {
      expect(rowMacMatches(keyring, 'agent', columns, wrong)).toBe(false);
    }
  });
});

function sorted(columns: Record<string, unknown>): unknown {
  return Object.entries(columns).toSorted(([one], [other]) => (one < other ? -1 : 1));
}
