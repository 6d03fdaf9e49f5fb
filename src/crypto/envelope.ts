// The stored record: self-describing, versioned, key-committing, and bound to its row by the AAD. Values are
// padded by their owner (encoding.padTo64), not here.
import { strict as assert } from 'node:assert';
import { createSecretKey, hkdfSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { idBytes, idOfBytes, isId } from '../core/ids.ts';
import type { Id, IdPrefix } from '../core/ids.ts';
import type { Randomness } from '../core/time.ts';
import { AEADS, AEAD_KEY_BYTES, AEAD_TAG_BYTES, isSuite } from './aead.ts';
import type { Suite } from './aead.ts';
import { constantTimeEqual, sha256, u32be, u8 } from './encoding.ts';

//   "DW" | fmt 01 | suite u8 | key ref: kind u8, id 16 bytes, generation u32be | salt 32 | nonce     ← header
//   | commitment 32 | ciphertext and tag
//
//   prk        = HKDF-Extract(SHA-512, salt, key)
//   context    = SHA-256(header | AAD)                                        the AEAD's AAD
//   ek         = HKDF-Expand(prk, "dw1.enc" | suite, 32)                      the AEAD's key
//   commitment = HKDF-Expand(prk, "dw1.com" | suite | context, 32)            compared before anything is decrypted
//
// Text form: "dw1." and base64url without padding.

/** Which key opens a record; its id is that of the row the key is kept in. */
type KeyRefKind = 'root' | 'store' | 'kek' | 'dek' | 'passphrase';

export interface KeyRef {
  readonly kind: KeyRefKind;
  readonly id: Id;
  readonly generation: number;
}

/**
 * Number in the header and prefix of the id, which the header leaves out. The root key is named by the slot it opens,
 * the store key by the installation; a key made from a passphrase by its slot, or by the nil id where there is no row.
 */
const KEY_REF_KINDS: Readonly<Record<KeyRefKind, { readonly number: number; readonly prefix: IdPrefix }>> = {
  root: { number: 1, prefix: 'slt' },
  store: { number: 2, prefix: 'ins' },
  kek: { number: 3, prefix: 'kek' },
  dek: { number: 4, prefix: 'dek' },
  passphrase: { number: 5, prefix: 'slt' },
};
const KEY_REF_KIND_OF_NUMBER = new Map(
  (Object.keys(KEY_REF_KINDS) as KeyRefKind[]).map((kind) => [KEY_REF_KINDS[kind].number, kind]), // keys of the record above
);

const MAGIC_AND_FORMAT = Buffer.from('DW\u0001', 'latin1');
const SUITE_AT = 3;
const KEY_REF_AT = 4;
const SALT_AT = 25;
const NONCE_AT = 57;
const SALT_BYTES = 32;
const COMMITMENT_BYTES = 32;
const TEXT_PREFIX = 'dw1.';

/** The record does not open. One error for every reason, so that it is no oracle; it carries no cause and no detail. */
export class EnvelopeError extends Error {
  override readonly name = 'EnvelopeError';

  constructor() {
    super('The stored record can not be opened');
  }
}

interface SealInput {
  /** 1 (XChaCha20-Poly1305) where nothing else is asked for. */
  readonly suite?: Suite;
  readonly keyRef: KeyRef;
  /** 32 bytes. */
  readonly key: Uint8Array;
  readonly plaintext: Uint8Array;
  readonly aad: Uint8Array;
  readonly randomness: Randomness;
}

/** Encrypts the plaintext into a record; each call takes a salt and a nonce of its own. */
export function sealEnvelope(input: SealInput): Buffer {
  const suite = input.suite ?? 1;
  const header = Buffer.concat([
    MAGIC_AND_FORMAT,
    u8(suite),
    encodeKeyRef(input.keyRef),
    randomBytes(input.randomness, SALT_BYTES),
    randomBytes(input.randomness, AEADS[suite].nonceBytes),
  ]);
  const keys = deriveKeys({ suite, header, key: input.key, aad: input.aad });
  try {
    const aead = { key: keys.encryptionKey, nonce: header.subarray(NONCE_AT), aad: keys.context };
    return Buffer.concat([header, keys.commitment, AEADS[suite].encrypt(aead, input.plaintext)]);
  } finally {
    keys.encryptionKey.fill(0);
  }
}

/**
 * Decrypts a record; the plaintext is the caller's to overwrite. `expected.keyRef` is what the row says: a record that
 * names another key is refused even if the key given would open it. Throws EnvelopeError, whatever the reason.
 */
export function openEnvelope(
  record: Uint8Array,
  key: Uint8Array,
  aad: Uint8Array,
  expected: { readonly keyRef?: KeyRef } = {},
): Buffer {
  try {
    const { suite, header, commitment, ciphertext } = split(record);
    if (expected.keyRef !== undefined) {
      assert(encodeKeyRef(expected.keyRef).equals(header.subarray(KEY_REF_AT, SALT_AT)));
    }
    const keys = deriveKeys({ suite, header, key, aad });
    try {
      assert(constantTimeEqual(keys.commitment, commitment));
      const aead = { key: keys.encryptionKey, nonce: header.subarray(NONCE_AT), aad: keys.context };
      return AEADS[suite].decrypt(aead, ciphertext);
    } finally {
      keys.encryptionKey.fill(0);
    }
  } catch {
    throw new EnvelopeError();
  }
}

/** The key a record names, unproven until the record opens with it. Throws EnvelopeError if this is no record. */
export function readKeyRef(record: Uint8Array): KeyRef {
  try {
    const { header } = split(record);
    const kind = kindOfNumber(header[KEY_REF_AT]);
    const id = idOfBytes(KEY_REF_KINDS[kind].prefix, header.subarray(KEY_REF_AT + 1, SALT_AT - 4));
    return { kind, id, generation: header.readUInt32BE(SALT_AT - 4) };
  } catch {
    throw new EnvelopeError();
  }
}

export function envelopeToText(record: Uint8Array): string {
  return TEXT_PREFIX + Buffer.from(record.buffer, record.byteOffset, record.length).toString('base64url');
}

/** The record in a text form. Throws EnvelopeError on anything that `envelopeToText` would not have written. */
export function envelopeFromText(text: string): Buffer {
  const record = Buffer.from(text.slice(TEXT_PREFIX.length), 'base64url');
  if (envelopeToText(record) !== text) throw new EnvelopeError();
  return record;
}

function split(record: Uint8Array) {
  const bytes = Buffer.from(record.buffer, record.byteOffset, record.length);
  assert(bytes.subarray(0, SUITE_AT).equals(MAGIC_AND_FORMAT));
  const suite = bytes[SUITE_AT];
  assert(isSuite(suite));
  kindOfNumber(bytes[KEY_REF_AT]);
  const headerEnd = NONCE_AT + AEADS[suite].nonceBytes;
  const ciphertextAt = headerEnd + COMMITMENT_BYTES;
  assert(bytes.length >= ciphertextAt + AEAD_TAG_BYTES);
  return {
    suite,
    header: bytes.subarray(0, headerEnd),
    commitment: bytes.subarray(headerEnd, ciphertextAt),
    ciphertext: bytes.subarray(ciphertextAt),
  };
}

function kindOfNumber(number: number | undefined): KeyRefKind {
  const kind = number === undefined ? undefined : KEY_REF_KIND_OF_NUMBER.get(number);
  assert(kind !== undefined);
  return kind;
}

function encodeKeyRef({ kind, id, generation }: KeyRef): Buffer {
  const { number, prefix } = KEY_REF_KINDS[kind];
  assert(isId(prefix, id), `a key of the kind ${kind} has an id of the form ${prefix}_…`);
  return Buffer.concat([u8(number), idBytes(id), u32be(generation)]);
}

interface DerivationInput {
  readonly suite: Suite;
  readonly header: Uint8Array;
  readonly key: Uint8Array;
  readonly aad: Uint8Array;
}

function deriveKeys({ suite, header, key, aad }: DerivationInput) {
  assert(key.length === AEAD_KEY_BYTES, 'a key has 32 bytes');
  const context = sha256(header, aad);
  const salt = header.subarray(SALT_AT, NONCE_AT);
  // One key object for both: importing raw bytes is the dearer half of a derivation on newer Node.
  const keyObject = createSecretKey(key);
  return {
    context,
    encryptionKey: expand(keyObject, salt, Buffer.concat([Buffer.from('dw1.enc'), u8(suite)])),
    commitment: expand(keyObject, salt, Buffer.concat([Buffer.from('dw1.com'), u8(suite), context])),
  };
}

function expand(key: KeyObject, salt: Uint8Array, info: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha512', key, salt, info, AEAD_KEY_BYTES));
}

/** A source that falls short would give a short salt, and with it a header that reads differently than it was written. */
function randomBytes(randomness: Randomness, length: number): Buffer {
  const bytes = randomness.bytes(length);
  assert(bytes.length === length, 'the source of randomness fell short');
  return bytes;
}
