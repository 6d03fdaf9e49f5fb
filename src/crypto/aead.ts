// The two AEADs a stored record may use. A suite is one entry here; its number is part of the record and never reused.
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';

export type Suite = 1 | 2;

/** What one call is keyed with: a 32-byte key, a nonce that was never used with it, and the bound context. */
interface AeadInput {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly aad: Uint8Array;
}

interface Aead {
  readonly nonceBytes: number;
  /** Ciphertext with its 16-byte tag behind it. */
  encrypt(input: AeadInput, plaintext: Uint8Array): Buffer;
  /** Throws when key, nonce, context, ciphertext and tag do not belong together; no plaintext leaves it then. */
  decrypt(input: AeadInput, ciphertext: Uint8Array): Buffer;
}

export const AEAD_KEY_BYTES = 32;
export const AEAD_TAG_BYTES = 16;

const GCM = { name: 'aes-256-gcm', nonceBytes: 12 } as const;
const XCHACHA_NONCE_BYTES = 24;

export const AEADS: Readonly<Record<Suite, Aead>> = {
  // XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03): constant-time in plain JavaScript, nonces may be random for ever.
  1: {
    nonceBytes: XCHACHA_NONCE_BYTES,
    encrypt: ({ key, nonce, aad }, plaintext) =>
      asBuffer(xchacha20poly1305(key, nonce, aad).encrypt(plaintext)),
    decrypt: ({ key, nonce, aad }, ciphertext) =>
      asBuffer(xchacha20poly1305(key, nonce, aad).decrypt(ciphertext)),
  },
  // AES-256-GCM (NIST SP 800-38D), for FIPS-minded installations: Node's OpenSSL only, never table look-ups in JavaScript.
  2: { nonceBytes: GCM.nonceBytes, encrypt: gcmEncrypt, decrypt: gcmDecrypt },
};

/** Whether the byte is a known suite; there is no "try the others". */
export function isSuite(value: number | undefined): value is Suite {
  return value === 1 || value === 2;
}

function gcmEncrypt({ key, nonce, aad }: AeadInput, plaintext: Uint8Array): Buffer {
  requireGcmNonce(nonce);
  const cipher = createCipheriv(GCM.name, key, nonce, { authTagLength: AEAD_TAG_BYTES });
  cipher.setAAD(aad);
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function gcmDecrypt({ key, nonce, aad }: AeadInput, ciphertext: Uint8Array): Buffer {
  requireGcmNonce(nonce);
  const tagStart = ciphertext.length - AEAD_TAG_BYTES;
  if (tagStart < 0) throw new RangeError('shorter than the tag');
  const decipher = createDecipheriv(GCM.name, key, nonce, { authTagLength: AEAD_TAG_BYTES });
  decipher.setAAD(aad);
  decipher.setAuthTag(ciphertext.subarray(tagStart));
  const plaintext = decipher.update(ciphertext.subarray(0, tagStart));
  try {
    decipher.final();
  } catch (error) {
    plaintext.fill(0); // decrypted, but of nobody we know
    throw error;
  }
  return plaintext;
}

/** OpenSSL hashes nonces of other lengths down to 12 bytes, which collide far sooner. */
function requireGcmNonce(nonce: Uint8Array): void {
  if (nonce.length !== GCM.nonceBytes) throw new RangeError('a nonce of 12 bytes is needed');
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
