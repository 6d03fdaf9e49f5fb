// Values at rest are bound to their row, their keys and their destinations.
import { randomBytes } from 'node:crypto';
import * as fc from '../support/properties.ts';
import { describe, expect, test } from 'vitest';
import { newId } from '../../src/core/ids.ts';
import { SecretBytes } from '../../src/crypto/secret-bytes.ts';
import { bindingHash } from '../../src/vault/binding.ts';
import { Keyring } from '../../src/vault/keyring.ts';
import { openValue, rebindValue, sealValue, type SealedVersion } from '../../src/vault/secret-values.ts';

const randomness = { bytes: (length: number) => randomBytes(length) };
const ids = { clock: { now: () => new Date(), monotonicMs: () => performance.now() }, randomness };
const vaultId = newId(ids, 'vlt');

function createKeyring(): Keyring {
  const keyring = new Keyring(newId(ids, 'ins'), randomBytes(32), randomness);
  keyring.loadKek(keyring.createKek(newId(ids, 'kek'), vaultId));
  return keyring;
}

describe('values at rest', () => {
  const keyring = createKeyring();
  const deps = { keyring, ids };
  const service = (host: string) => ({
    origin: { scheme: 'https' as const, host, port: 443 },
    basePath: '',
    auth: { kind: 'bearer' as const },
  });
  const context = {
    vaultId,
    secretId: newId(ids, 'sec'),
    number: 1,
    credentialKind: 'static',
    binding: bindingHash([service('api.test')]),
  };
  const read = (sealed: SealedVersion, as = context, keys = keyring) =>
    openValue(keys, sealed, as).use((bytes) => bytes.toString('latin1'));
  const seal = (text: string) => sealValue(deps, context, SecretBytes.copyOf(Buffer.from(text, 'latin1')));

  test('open to what was sealed, whatever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
        const text = Buffer.from(bytes).toString('latin1');
        expect(read(seal(text))).toBe(text);
      }),
      { numRuns: 50 },
    );
  });

  test('tell their length in steps of sixty-four only', () => {
    const lengths = new Set(
      Array.from({ length: 60 }, (_, at) => seal('x'.repeat(at + 1)).valueRecord.length),
    );
    expect(lengths.size).toBe(1);
  });

  test('are sealed differently each time', () => {
    const [one, other] = [seal('the same'), seal('the same')];
    expect(one.valueRecord.equals(other.valueRecord)).toBe(false);
    expect(one.dekId).not.toBe(other.dekId);
  });

  test('open under nothing but their own row, kind, destinations and keys', () => {
    const sealed = seal('sk-test-value');
    const wrong: [string, () => unknown][] = [
      ['another vault', () => read(sealed, { ...context, vaultId: newId(ids, 'vlt') })],
      ['another secret', () => read(sealed, { ...context, secretId: newId(ids, 'sec') })],
      ['another number', () => read(sealed, { ...context, number: 2 })],
      ['another kind', () => read(sealed, { ...context, credentialKind: 'other' })],
      [
        'another destination',
        () => read(sealed, { ...context, binding: bindingHash([service('evil.test')]) }),
      ],
      [
        'one more destination',
        () => read(sealed, { ...context, binding: bindingHash([service('api.test'), service('evil.test')]) }),
      ],
      ['no destination', () => read(sealed, { ...context, binding: bindingHash([]) })],
      ['another DEK id', () => read({ ...sealed, dekId: newId(ids, 'dek') })],
      ['another KEK', () => read({ ...sealed, kekId: newId(ids, 'kek') })],
      ['another generation', () => read({ ...sealed, kekGeneration: 2 })],
      ['another installation', () => read(sealed, context, createKeyring())],
      ["another value's key", () => read({ ...sealed, dekRecord: seal('other').dekRecord })],
      ["another value's record", () => read({ ...sealed, valueRecord: seal('other').valueRecord })],
    ];
    const messages = new Set<unknown>();
    for (const [what, attempt] of wrong) {
      let found: unknown;
      try {
        attempt();
      } catch (error) {
        found = error;
      }
      expect([what, found]).toMatchObject([what, { code: 'secret-unavailable' }]);
      messages.add((found as Error).message);
    }
    expect(messages.size).toBe(1);
  });

  test('with any byte changed do not open', () => {
    const sealed = seal('sk-test-value');
    for (const field of ['valueRecord', 'dekRecord'] as const) {
      for (let at = 0; at < sealed[field].length; at += 1) {
        const changed = Buffer.from(sealed[field]);
        changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
        expect(() => read({ ...sealed, [field]: changed })).toThrow();
      }
    }
  });

  test('bound anew open under the new destinations only, the value untouched', () => {
    const sealed = seal('sk-test-value');
    const to = { ...context, binding: bindingHash([service('api.test'), service('second.test')]) };
    const rebound = { ...sealed, ...rebindValue(deps, sealed, { from: context, to }) };
    expect(rebound.valueRecord).toBe(sealed.valueRecord);
    expect(read(rebound, to)).toBe('sk-test-value');
    expect(() => read(rebound)).toThrow();
    expect(() => rebindValue(deps, rebound, { from: context, to })).toThrow();
  });

  test('the order of destinations does not matter, everything else about them does', () => {
    const [a, b] = [service('a.test'), service('b.test')];
    const hash = (...services: (typeof a)[]) => bindingHash(services).toString('hex');
    expect(hash(a, b)).toBe(hash(b, a));
    const others = [
      { ...a, basePath: '/v1' },
      { ...a, auth: { kind: 'header' as const, name: 'x' } },
      { ...a, auth: { kind: 'query' as const, name: 'x' } },
      { ...a, origin: { ...a.origin, port: 444 } },
      { ...a, origin: { ...a.origin, scheme: 'http' as const } },
    ];
    const hashes = [a, ...others].map((one) => bindingHash([one]).toString('hex'));
    expect(new Set(hashes).size).toBe(6);
  });
});
