// Keyed hashes of what must not be stored or shown itself: nobody without the key can try values against them.
import { canonicalJson, type JsonValue } from '../core/canonical-json.ts';
import { constantTimeEqual, hmacSha256 } from '../crypto/encoding.ts';
import type { Keyring } from './keyring.ts';

/** Keeps these apart from the fields of the audit log, which are hashed with the same key and hold no NUL. */
const DOMAIN = Buffer.from([0]);

/** What is hashed; the first part names what for. */
export type HashedParts = readonly [purpose: string, ...JsonValue[]];

/** HMAC-SHA256 over `parts`. */
export function keyedHash(keyring: Keyring, parts: HashedParts): Buffer {
  const text = Buffer.concat([DOMAIN, Buffer.from(canonicalJson(parts))]);
  try {
    return keyring.systemKey('field-hash').use((key) => hmacSha256(key, text));
  } finally {
    text.fill(0); // an input may hold a value
  }
}

/** Of a field of the audit log that must not stand there itself. */
export function fieldHash(keyring: Keyring, field: string | Buffer): string {
  return keyring
    .systemKey('field-hash')
    .use((key) =>
      hmacSha256(key, typeof field === 'string' ? Buffer.from(field) : field).toString('base64url'),
    );
}

/** At least so much of a hash that is shown must be sent back. */
const MIN_SHOWN_BYTES = 12;

/** Whether `given` is the beginning of the keyed hash over `parts`. */
export function beginsKeyedHash(keyring: Keyring, parts: HashedParts, given: Buffer): boolean {
  const expected = keyedHash(keyring, parts).subarray(0, given.length);
  return given.length >= MIN_SHOWN_BYTES && constantTimeEqual(expected, given);
}
