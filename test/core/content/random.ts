// Numbers from 0 to 1 that are the same in every run, by xorshift.

export function random(seed: string): () => number {
  let state = [...Buffer.from(seed)].reduce((sum, byte) => (Math.imul(sum, 31) + byte) | 0, 0x9e3779b9) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
