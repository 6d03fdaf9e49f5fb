// Agent keys, owner credentials and run tokens as text: shape, checksum, keyed hash.
import * as fc from '../support/properties.ts';
import { describe, expect, it } from 'vitest';
import { createOpaqueToken, hashOpaqueToken, parseOpaqueToken } from '../../src/crypto/opaque-token.ts';
import type { OpaqueTokenKind } from '../../src/crypto/opaque-token.ts';
import { scriptedRandomness, seededRandomness } from './fixed-randomness.ts';
import { fromHex, readVectors } from './read-vectors.ts';

interface OpaqueTokenCase {
  readonly kind: OpaqueTokenKind;
  readonly random: string;
  readonly token: string;
  readonly pepper: string;
  readonly hash: string;
}

describe('an opaque token', () => {
  it.each(readVectors<OpaqueTokenCase>('opaque-token').cases)(
    'of kind $kind is that of its vector',
    (vector) => {
      const token = createOpaqueToken(vector.kind, scriptedRandomness(fromHex(vector.random)));
      expect(token).toBe(vector.token);
      expect(parseOpaqueToken(token)).toEqual({ kind: vector.kind });
      expect(hashOpaqueToken(fromHex(vector.pepper), token).toString('hex')).toBe(vector.hash);
    },
  );

  it('is known again by its shape and checksum, whatever its random bits', () => {
    const kinds = fc.constantFrom<OpaqueTokenKind>('agent', 'owner', 'run');
    fc.assert(
      fc.property(kinds, fc.uint8Array({ minLength: 32, maxLength: 32 }), (kind, random) => {
        const token = createOpaqueToken(kind, scriptedRandomness(Buffer.from(random)));
        expect(token).toMatch(new RegExp(`^dw_${kind}_[0-9A-Za-z]{49}$`));
        expect(parseOpaqueToken(token)).toEqual({ kind });
      }),
    );
  });

  it('is not known again with any one character changed', () => {
    const token = createOpaqueToken('agent', seededRandomness('token'));
    for (let at = 0; at < token.length; at += 1) {
      for (const other of ['0', 'z', '_', ' ']) {
        if (token[at] === other) continue;
        expect(parseOpaqueToken(token.slice(0, at) + other + token.slice(at + 1))).toBeUndefined();
      }
    }
  });

  it.each([
    ['nothing', () => ''],
    ['white space around it', (token: string) => ` ${token}`],
    ['a newline behind it', (token: string) => `${token}\n`],
    ['another kind', (token: string) => token.replace('dw_agent_', 'dw_owner_')],
    ['a kind there is not', (token: string) => token.replace('dw_agent_', 'dw_admin_')],
    ['a character less', (token: string) => token.slice(0, -1)],
    // 43 characters can write a little more than 256 bits; its checksum is right.
    ['a number over 256 bits', () => `dw_run_${'z'.repeat(43)}1HE2MQ`],
  ])('is not known in %s', (_form, edit) => {
    expect(parseOpaqueToken(edit(createOpaqueToken('agent', seededRandomness('token'))))).toBeUndefined();
  });

  it('hashes differently under another pepper', () => {
    const token = createOpaqueToken('agent', seededRandomness('token'));
    expect(
      hashOpaqueToken(Buffer.alloc(32, 1), token).equals(hashOpaqueToken(Buffer.alloc(32, 2), token)),
    ).toBe(false);
  });

  it('is not made from randomness that falls short', () => {
    expect(() => createOpaqueToken('run', { bytes: () => Buffer.alloc(31) })).toThrow('short');
  });
});
