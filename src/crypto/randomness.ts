// The system's randomness. Ids and salts are short and many, and each draw costs more than its bytes: they come out of a
// block. Keys and nonces are longer, and have a draw and memory of their own.
import { randomBytes } from 'node:crypto';
import type { Randomness } from '../core/time.ts';

const BLOCK_BYTES = 4096;
const MAX_SHARED_BYTES = 16;

export function systemRandomness(): Randomness {
  let block: Buffer = Buffer.alloc(0);
  let taken = 0;
  return {
    bytes: (length) => {
      if (length > MAX_SHARED_BYTES) return randomBytes(length);
      if (block.length - taken < length) {
        block = randomBytes(BLOCK_BYTES);
        taken = 0;
      }
      taken += length;
      return block.subarray(taken - length, taken);
    },
  };
}
