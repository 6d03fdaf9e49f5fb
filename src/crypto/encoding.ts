// Fixed-width integers, padding and the hashes that every stored record, AAD and token of this room is built from.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

const PADDING_BLOCK_BYTES = 64;
const PADDING_MARK = 0x80;

/** One byte. Throws on anything but an integer from 0 to 255. */
export function u8(n: number): Buffer {
  const bytes = Buffer.alloc(1);
  bytes.writeUInt8(requireInteger(n));
  return bytes;
}

/** Four bytes, most significant first. Throws on anything but an integer from 0 to 2^32 − 1. */
export function u32be(n: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(requireInteger(n));
  return bytes;
}

/** Node writes 1.5 as 1 and NaN as 0: two different numbers must never become the same bytes. */
function requireInteger(n: number): number {
  if (!Number.isInteger(n)) throw new RangeError('an integer is needed');
  return n;
}

/**
 * ISO/IEC 7816-4 padding to a multiple of 64 bytes, always at least one byte, so that a record's length says little
 * about its value's. The result is a copy that its owner must overwrite.
 */
export function padTo64(bytes: Uint8Array): Buffer {
  const blocks = Math.floor(bytes.length / PADDING_BLOCK_BYTES) + 1;
  const padded = Buffer.alloc(blocks * PADDING_BLOCK_BYTES);
  padded.set(bytes);
  padded[bytes.length] = PADDING_MARK;
  return padded;
}

/** The bytes before the padding, as a view of the same memory (no second copy). Throws where `padTo64` made no such bytes. */
export function unpad(bytes: Uint8Array): Buffer {
  let end = bytes.length - 1;
  while (end >= 0 && bytes[end] === 0) end -= 1;
  const isWhole = bytes.length > 0 && bytes.length % PADDING_BLOCK_BYTES === 0;
  const isMarked = bytes[end] === PADDING_MARK && bytes.length - end <= PADDING_BLOCK_BYTES;
  if (!isWhole || !isMarked) throw new RangeError('the padding is not valid');
  return Buffer.from(bytes.buffer, bytes.byteOffset, end);
}

/** SHA-256 over the parts one after another; parts of varying length need their lengths among them. */
export function sha256(...parts: Uint8Array[]): Buffer {
  const state = createHash('sha256');
  for (const part of parts) state.update(part);
  return state.digest();
}

/** HMAC-SHA256 over the parts one after another; parts of varying length need their lengths among them. */
export function hmacSha256(key: Uint8Array | KeyObject, ...parts: Uint8Array[]): Buffer {
  const mac = createHmac('sha256', key);
  for (const part of parts) mac.update(part);
  return mac.digest();
}

/** Whether both hold the same bytes; the time taken tells at most that their lengths differ. */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
