// Ids as text and as bytes.
import { randomBytes } from 'node:crypto';
import * as fc from '../support/properties.ts';
import { TypeID } from 'typeid-js';
import { expect, test } from 'vitest';
import { idBytes, idOfBytes, isId, newId } from '../../src/core/ids.ts';
import { systemRandomness } from '../../src/crypto/randomness.ts';

const uuid = fc.uuid({ version: 7 }).map((text) => Buffer.from(text.replaceAll('-', ''), 'hex'));

test('an id is written as TypeID writes it, and gives its bytes back', () => {
  fc.assert(
    fc.property(uuid, (bytes) => {
      const id = idOfBytes('req', bytes);
      expect(id).toBe(TypeID.fromUUIDBytes('req', bytes).toString());
      expect(isId('req', id)).toBe(true);
      expect(idBytes(id)).toEqual(bytes);
    }),
  );
});

test('a fresh id is a UUIDv7 of its time', () => {
  const at = new Date('2026-05-17T09:30:00.123Z');
  const clock = { now: () => at, monotonicMs: () => 0 };
  const bytes = idBytes(newId({ clock, randomness: { bytes: (length) => randomBytes(length) } }, 'evt'));
  expect(bytes.readUIntBE(0, 6)).toBe(at.getTime());
  expect((bytes[6] ?? 0) >> 4).toBe(7);
  expect((bytes[8] ?? 0) >> 6).toBe(2);
});

test('the bytes of a shared block are handed out once', () => {
  const randomness = systemRandomness();
  const seen = new Set<string>();
  for (let i = 0; i < 5000; i += 1) seen.add(randomness.bytes(16).toString('hex'));
  expect(seen.size).toBe(5000);
  const key = randomness.bytes(32);
  expect(key.buffer.byteLength).toBe(32); // memory of its own, which its owner may wipe
});
