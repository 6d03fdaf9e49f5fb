// Randomness for tests that must come out the same each time: a stream from a seed, or chunks handed out in order.
import { createHash } from 'node:crypto';
import type { Randomness } from '../../src/core/time.ts';

/** SHA-256 of seed and counter, end to end. */
export function seededRandomness(seed: string): Randomness {
  let counter = 0;
  const block = () => createHash('sha256').update(`${seed}/${counter++}`).digest();
  return {
    bytes(length) {
      const blocks: Buffer[] = [];
      while (blocks.length * 32 < length) blocks.push(block());
      return Buffer.from(Buffer.concat(blocks).subarray(0, length));
    },
  };
}

/** Hands out the chunks; asking for another length, or for more than there is, is the test's mistake. */
export function scriptedRandomness(...chunks: Buffer[]): Randomness {
  const rest = [...chunks];
  return {
    bytes(length) {
      const chunk = rest.shift();
      if (chunk?.length !== length) throw new Error(`no chunk of ${length} bytes is next`);
      return Buffer.from(chunk);
    },
  };
}
