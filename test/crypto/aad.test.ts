// Every AAD against its vector, and what no AAD may be built from.
import { describe, expect, it } from 'vitest';
import { newId } from '../../src/core/ids.ts';
import { dekAad, kekAad, passphraseBoxAad, slotAad, systemKeyAad, valueAad } from '../../src/crypto/aad.ts';
import { seededRandomness } from './fixed-randomness.ts';
import { fromHex, readVectors } from './read-vectors.ts';

const BUILDERS = { valueAad, dekAad, kekAad, slotAad, systemKeyAad, passphraseBoxAad };

interface AadCase {
  readonly builder: keyof typeof BUILDERS;
  readonly context: Record<string, unknown>;
  readonly aad: string;
}

const source = {
  clock: { now: () => new Date(0), monotonicMs: () => 0 },
  randomness: seededRandomness('aad'),
};
const context = {
  installation: newId(source, 'ins'),
  vault: newId(source, 'vlt'),
  secret: newId(source, 'sec'),
  dek: newId(source, 'dek'),
  kek: newId(source, 'kek'),
  versionNumber: 1,
  kekGeneration: 1,
  generation: 1,
  credentialKind: 'bearer',
  binding: Buffer.alloc(32, 7),
  slot: newId(source, 'slt'),
  provider: 'file',
  providerKeyId: 'a',
  purpose: 'audit',
  key: newId(source, 'key'),
};

describe('AAD', () => {
  it.each(readVectors<AadCase>('aad').cases)('$builder gives the bytes of its vector', (vector) => {
    const { binding } = vector.context;
    const given =
      typeof binding === 'string' ? { ...vector.context, binding: fromHex(binding) } : vector.context;
    expect(BUILDERS[vector.builder](given as never).toString('hex')).toBe(vector.aad);
  });

  it('is another one as soon as any one field is', () => {
    const changed: Partial<typeof context>[] = [
      { installation: newId(source, 'ins') },
      { vault: newId(source, 'vlt') },
      { secret: newId(source, 'sec') },
      { dek: newId(source, 'dek') },
      { kek: newId(source, 'kek') },
      { versionNumber: 2 },
      { kekGeneration: 2 },
      { credentialKind: 'basic' },
      { binding: Buffer.alloc(32, 8) },
    ];
    const all = [context, ...changed.map((change) => ({ ...context, ...change }))];
    expect(new Set(all.map((each) => dekAad(each).toString('hex'))).size).toBe(all.length);
  });

  it('of a value does not change with binding or credential kind, so a new destination leaves values alone', () => {
    const moved = { ...context, credentialKind: 'basic', binding: Buffer.alloc(32, 8) };
    expect(valueAad(moved).equals(valueAad(context))).toBe(true);
  });

  it('can not be had for another kind of thing', () => {
    const builders = [valueAad, dekAad, kekAad, slotAad, systemKeyAad];
    expect(new Set(builders.map((build) => build(context).toString('hex'))).size).toBe(builders.length);
  });

  it('has tags in ascending order, lengths that fill it exactly, and nothing behind', () => {
    for (const vector of readVectors<AadCase>('aad').cases) {
      const bytes = fromHex(vector.aad);
      const tags: number[] = [];
      let at = 7;
      for (; at < bytes.length; at += 5 + bytes.readUInt32BE(at + 1)) tags.push(bytes.readUInt8(at));
      expect(at).toBe(bytes.length);
      expect(tags).toEqual([...new Set(tags)].sort((a, b) => a - b));
    }
  });

  it.each([
    ['an id of another kind', { secret: context.vault as never }],
    ['something that is no id', { secret: 'sec_../../x' as never }],
    ['a version number that is no u32', { versionNumber: 2 ** 32 }],
    ['a fractional version number', { versionNumber: 1.5 }],
    ['a short binding hash', { binding: Buffer.alloc(31) }],
    ['a credential kind beyond ASCII', { credentialKind: 'bêarer' }],
    ['an empty credential kind', { credentialKind: '' }],
    ['a provider name of broken UTF-16', { provider: 'file\ud800' }],
    ['an empty purpose', { purpose: '' }],
  ])('is refused for %s', (_form, change) => {
    const broken = { ...context, ...change };
    expect(() => [dekAad(broken), slotAad(broken), systemKeyAad(broken)]).toThrow();
  });
});
