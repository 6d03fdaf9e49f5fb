// HMAC-SHA256 (RFC 2104) of many short messages under one key. Node's own is a stream with a native handle for each message,
// and costs three times what the hashes do.
import { hash } from 'node:crypto';

const BLOCK_BYTES = 64;
const HASH_BYTES = 32;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;

export class MacKey {
  readonly #innerPad: Buffer;
  /** The padded key and room for the inner hash. */
  readonly #outer: Buffer;
  /** The padded key and room for a message as long as the last one. */
  #inner: Buffer;

  /** A key of 1 to 64 bytes; longer ones would have to be hashed first, and are refused. */
  constructor(key: Uint8Array) {
    if (key.length === 0 || key.length > BLOCK_BYTES) throw new RangeError('a key has 1 to 64 bytes');
    this.#innerPad = padded(key, INNER_PAD, 0);
    this.#inner = this.#innerPad;
    this.#outer = padded(key, OUTER_PAD, HASH_BYTES);
  }

  /** The MAC as 64 hexadecimal digits. */
  hex(message: Uint8Array): string {
    const length = BLOCK_BYTES + message.length;
    if (this.#inner.length !== length) this.#inner = Buffer.concat([this.#innerPad, message], length);
    else this.#inner.set(message, BLOCK_BYTES);
    this.#outer.write(hash('sha256', this.#inner, 'hex'), BLOCK_BYTES, 'hex');
    return hash('sha256', this.#outer, 'hex');
  }
}

function padded(key: Uint8Array, pad: number, room: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES + room);
  block.set(key);
  for (let at = 0; at < BLOCK_BYTES; at += 1) block[at] = (block[at] ?? 0) ^ pad;
  return block;
}
