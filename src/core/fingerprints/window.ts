// The keyed hashes that a search looks at before anything costly: over words of four bytes and pairs of them, mixed with keys
// that only this installation has. They say where to look, never what is there.
import { strict as assert } from 'node:assert';

/** Bytes of key that the hashes are made with. */
export const WINDOW_KEY_BYTES = 16;

export interface Windows {
  readonly first: number;
  readonly second: number;
  readonly single: number;
  readonly last: number;
}

export function createWindows(key: Buffer): Windows {
  assert(key.length === WINDOW_KEY_BYTES, 'four words of key');
  // Odd, so that no bit of a word is lost.
  const [first = 1, second = 1, single = 1, last = 1] = [0, 4, 8, 12].map((at) => key.readInt32LE(at) | 1);
  return { first, second, single, last };
}

/** Of eight bytes, as two words. */
export function pairHash(windows: Windows, before: number, word: number): number {
  const mixed = Math.imul(before, windows.first) ^ Math.imul(word ^ (word >>> 15), windows.second);
  return Math.imul(mixed ^ (mixed >>> 13), windows.last);
}

/** Of four bytes, as one word. */
export function wordHash(windows: Windows, word: number): number {
  const mixed = Math.imul(word ^ (word >>> 15), windows.single);
  return Math.imul(mixed ^ (mixed >>> 13), windows.last);
}

/** Of the eight bytes from `at` on. */
export function pairAt(windows: Windows, bytes: Buffer, at: number): number {
  return pairHash(windows, bytes.readInt32LE(at), bytes.readInt32LE(at + 4));
}

/** Of the four bytes from `at` on. */
export function wordAt(windows: Windows, bytes: Buffer, at: number): number {
  return wordHash(windows, bytes.readInt32LE(at));
}

/** Of one, two or three bytes: so few bits of it that nobody reads them from it. */
export function shortHash(windows: Windows, bytes: Buffer, at: number, length: number): number {
  return wordHash(windows, bytes.readUIntLE(at, length) | (length << 24)) >>> 16;
}
