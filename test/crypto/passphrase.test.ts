// Keys from passphrases, and lines of text sealed with one.
import { describe, expect, it } from 'vitest';
import { EnvelopeError } from '../../src/crypto/envelope.ts';
import {
  deriveKey,
  newPassphraseParameters,
  openWithPassphrase,
  sealWithPassphrase,
} from '../../src/crypto/passphrase.ts';
import type { PassphraseParameters } from '../../src/crypto/passphrase.ts';
import { seededRandomness } from './fixed-randomness.ts';
import { readVectors } from './read-vectors.ts';

interface PassphraseCase {
  readonly name: string;
  readonly passphrase: string;
  readonly params: PassphraseParameters;
  readonly key: string;
}

const SALT = Buffer.alloc(16, 1).toString('base64url');
const SOUND: PassphraseParameters = { salt: SALT, N: 2 ** 14, r: 8, p: 1 };

describe('a key from a passphrase', () => {
  it.each(readVectors<PassphraseCase>('passphrase').cases)('is that of its vector: $name', async (vector) => {
    expect((await deriveKey(vector.passphrase, vector.params)).toString('hex')).toBe(vector.key);
    expect((await deriveKey(vector.passphrase.normalize('NFD'), vector.params)).toString('hex')).toBe(
      vector.key,
    );
  });

  it('is made with a fresh salt and 128 MiB', () => {
    const randomness = seededRandomness('passphrase');
    const [one, two] = [newPassphraseParameters(randomness), newPassphraseParameters(randomness)];
    expect(one).toMatchObject({ N: 2 ** 17, r: 8, p: 1 });
    expect(one.salt).not.toBe(two.salt);
  });

  it.each<[string, object]>([
    ['a cost that is no power of two', { N: 2 ** 14 + 1 }],
    ['a cost too low', { N: 2 ** 13 }],
    ['a cost that would exhaust memory', { N: 2 ** 30 }],
    ['a table over 1 GiB', { N: 2 ** 20, r: 16 }],
    ['a large block size', { r: 1024 }],
    ['a small block size', { r: 1 }],
    ['a large parallelism', { p: 2 ** 20 }],
    ['a fractional parallelism', { p: 1.5 }],
    ['a cost as text', { N: '16384' }],
    ['a short salt', { salt: Buffer.alloc(15).toString('base64url') }],
    ['a long salt', { salt: Buffer.alloc(65).toString('base64url') }],
    ['a padded salt', { salt: `${SALT}==` }],
    ['a further field', { dkLen: 64 }],
  ])('is refused for %s', async (_form, change) => {
    await expect(deriveKey('passphrase', { ...SOUND, ...change })).rejects.toThrow(RangeError);
  });

  it('is refused for an empty passphrase', async () => {
    await expect(deriveKey('', SOUND)).rejects.toThrow(RangeError);
  });
});

describe('text sealed with a passphrase', () => {
  const TEXT = 'dw_owner_… and "more"\n';
  const sealing = sealWithPassphrase(TEXT, 'correct horse', seededRandomness('box'));

  it('is one line, does not show the text, and opens with the passphrase', async () => {
    const sealed = await sealing;
    expect(sealed).toMatch(/^[A-Za-z0-9_-]+\.dw1\.[A-Za-z0-9_-]+$/);
    expect(sealed).not.toContain('owner');
    expect(await openWithPassphrase(sealed, 'correct horse')).toBe(TEXT);
  });

  it('opens with no other passphrase', async () => {
    await expect(openWithPassphrase(await sealing, 'correct horsf')).rejects.toThrow(EnvelopeError);
  });

  it('does not open with other parameters beside it, not even another spelling of the same ones', async () => {
    const [paramsText = '', ...rest] = (await sealing).split('.');
    const params = JSON.parse(Buffer.from(paramsText, 'base64url').toString()) as PassphraseParameters;
    const respelled = [
      { ...params, N: 2 ** 14 },
      { p: params.p, r: params.r, N: params.N, salt: params.salt },
    ];
    for (const other of respelled) {
      const edited = [Buffer.from(JSON.stringify(other)).toString('base64url'), ...rest].join('.');
      await expect(openWithPassphrase(edited, 'correct horse')).rejects.toThrow(EnvelopeError);
    }
  });

  it.each([
    ['nothing', () => ''],
    ['no parameters', (sealed: string) => sealed.slice(sealed.indexOf('.') + 1)],
    [
      'parameters out of bounds',
      (sealed: string) => `${paramsText(2 ** 30)}${sealed.slice(sealed.indexOf('.'))}`,
    ],
    ['parameters that are no JSON', (sealed: string) => `e30x${sealed.slice(sealed.indexOf('.'))}`],
    ['no record', (sealed: string) => sealed.slice(0, sealed.indexOf('.') + 1)],
    ['a newline behind', (sealed: string) => `${sealed}\n`],
  ])('does not open with %s', async (_form, edit) => {
    await expect(openWithPassphrase(edit(await sealing), 'correct horse')).rejects.toThrow(EnvelopeError);
  });
});

function paramsText(N: number): string {
  return Buffer.from(JSON.stringify({ ...SOUND, N })).toString('base64url');
}
