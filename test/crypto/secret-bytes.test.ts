// The ways bytes get out of an object by accident, one by one.
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { SecretBytes } from '../../src/crypto/secret-bytes.ts';

const VALUE = 'sk-live-0123456789';

describe('secret bytes', () => {
  it('lend a copy of the value, and leave the source of copyOf alone', () => {
    const source = Buffer.from(VALUE);
    const secret = SecretBytes.copyOf(source);
    source[0] = 0;
    expect(secret.use((bytes) => bytes.toString())).toBe(VALUE);
    expect(secret.length).toBe(VALUE.length);
    expect(source.subarray(1).toString()).toBe(VALUE.slice(1));
  });

  it('overwrite the source of take', () => {
    const source = Buffer.from(VALUE);
    const secret = SecretBytes.take(source);
    expect(source.every((byte) => byte === 0)).toBe(true);
    expect(secret.use((bytes) => bytes.toString())).toBe(VALUE);
  });

  it('lie in a buffer of their own, not in a shared slab', () => {
    const secret = SecretBytes.copyOf(Buffer.from(VALUE));
    expect(secret.use((bytes) => bytes.buffer.byteLength)).toBe(VALUE.length);
  });

  it.each([
    ['string', (secret: SecretBytes) => String(secret)],
    ['JSON', (secret: SecretBytes) => JSON.stringify({ secret })],
    ['inspect', (secret: SecretBytes) => inspect({ secret }, { depth: 9, showHidden: true })],
    [
      'inspect without custom',
      (secret: SecretBytes) => inspect(secret, { customInspect: false, showHidden: true }),
    ],
    ['clone', (secret: SecretBytes) => inspect(structuredClone(secret), { depth: 9, showHidden: true })],
    ['entries', (secret: SecretBytes) => inspect(Object.entries(secret))],
  ])('never show in %s', (_form, show) => {
    const shown = show(SecretBytes.copyOf(Buffer.from(VALUE)));
    const hexPairs = Buffer.from(VALUE).toString('hex').slice(0, 8).match(/../g) ?? [];
    expect(shown).not.toContain(VALUE);
    expect(shown).not.toContain(hexPairs.join(' '));
    expect(shown).not.toContain(hexPairs.join(''));
    expect(shown).not.toContain([...Buffer.from(VALUE)].slice(0, 3).join(', '));
  });

  it('say [secret] as a string and in JSON', () => {
    const secret = SecretBytes.copyOf(Buffer.from(VALUE));
    expect(String(secret)).toBe('[secret]');
    expect(JSON.stringify(secret)).toBe('"[secret]"');
  });

  it('are zeros after dispose, and can not be used again', () => {
    const secret = SecretBytes.copyOf(Buffer.from(VALUE));
    let lent: Buffer | undefined;
    secret.use((bytes) => {
      lent = bytes;
    });
    secret.dispose();
    secret.dispose();
    expect(lent?.every((byte) => byte === 0)).toBe(true);
    expect(() => secret.use((bytes) => bytes.length)).toThrow('disposed');
  });

  it.each([
    ['a promise', () => Promise.resolve()],
    // oxlint-disable-next-line unicorn/no-thenable -- being one is what is refused
    ['a thenable', () => ({ then: () => undefined })],
    ['the bytes themselves', (bytes: Buffer) => bytes],
    ['a view of them', (bytes: Buffer) => bytes.subarray(1)],
    ['their memory', (bytes: Buffer) => bytes.buffer],
  ])('do not leave the function they are lent to as %s', (_form, fn: (bytes: Buffer) => unknown) => {
    expect(() => SecretBytes.copyOf(Buffer.from(VALUE)).use(fn)).toThrow('secret bytes');
  });
});
