// Compares a stretch of a buffer with a stretch of a pattern: a loop while it is short, native code when it is long.

const SHORT = 24;

/** Whether `length` bytes of `data` from `at` equal those of `bytes` from `from`; both stretches must exist. */
export function sameBytes(
  data: Buffer,
  at: number,
  bytes: Buffer,
  stretch: { from: number; length: number },
): boolean {
  const { from, length } = stretch;
  const near = Math.min(length, SHORT);
  for (let index = 0; index < near; index++) if (data[at + index] !== bytes[from + index]) return false;
  return length <= SHORT || data.compare(bytes, from, from + length, at, at + length) === 0;
}
