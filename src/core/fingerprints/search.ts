// Finds stored values in bytes: a look at every fourth place, and a keyed hash only where the end of a form may be.
import { isOfWord } from '../leak-scan/guessable.ts';
import { STRIDE } from './print.ts';
import { type FingerprintTable, type Owner, parseShape } from './table.ts';
import { pairAt, pairHash, shortHash, wordAt, wordHash } from './window.ts';

export interface Searched {
  readonly bytes: Buffer;
  /** The byte before the first one, where there was one. */
  readonly before: number | undefined;
  /** Nothing comes after the last one. */
  readonly isLast: boolean;
}

/** Whose value stands in the bytes, about the first of them. */
export function findOwner(table: FingerprintTable, searched: Searched): Owner | undefined {
  if (table.size === 0) return undefined;
  return findByPairs(table, searched) ?? findByWords(table, searched);
}

/** The hot loop: two words at a time. */
function findByPairs(table: FingerprintTable, searched: Searched): Owner | undefined {
  const words = wordsOf(searched.bytes);
  const { windows, indexes } = table;
  const { bits, shift, size } = indexes.ends;
  if (size === 0) return undefined;
  let before = words[0] ?? 0;
  for (let at = 1; at < words.length; at += 1) {
    const word = words[at] ?? 0;
    const hash = pairHash(windows, before, word);
    before = word;
    const bit = hash >>> shift;
    if (((bits[bit >>> 5] ?? 0) & (1 << (bit & 31))) === 0) continue;
    for (const packed of indexes.ends.valuesOf(hash)) {
      const owner = ownerEnding(table, searched, (at + 1) * STRIDE, packed);
      if (owner !== undefined) return owner;
    }
  }
  return undefined;
}

/** For forms that are too short for that. */
function findByWords(table: FingerprintTable, searched: Searched): Owner | undefined {
  const { windows, indexes } = table;
  const { shortEnds } = indexes;
  if (shortEnds.size === 0) return undefined;
  const words = wordsOf(searched.bytes);
  for (let at = 0; at < words.length; at += 1) {
    const hash = wordHash(windows, words[at] ?? 0);
    if (!shortEnds.mayHave(hash)) continue;
    for (const packed of shortEnds.valuesOf(hash)) {
      const owner = ownerEnding(table, searched, (at + 1) * STRIDE, packed);
      if (owner !== undefined) return owner;
    }
  }
  return undefined;
}

function ownerEnding(
  table: FingerprintTable,
  { bytes, before, isLast }: Searched,
  near: number,
  packed: number,
): Owner | undefined {
  const { length, isBounded, skew } = parseShape(packed);
  const end = near + skew;
  const start = end - length;
  if (start < 0 || end > bytes.length) return undefined;
  if (isBounded) {
    const after = bytes[end];
    if (after === undefined ? !isLast : isOfWord(after)) return undefined;
    if (isOfWord(start === 0 ? before : bytes[start - 1])) return undefined;
  }
  return table.ownerOf(bytes.subarray(start, end));
}

/** Whole words of four bytes; a copy only where they do not lie as a processor wants them. */
function wordsOf(bytes: Buffer): Int32Array {
  const length = bytes.length >> 2;
  if (bytes.byteOffset % STRIDE === 0) return new Int32Array(bytes.buffer, bytes.byteOffset, length);
  const copy = new Uint8Array(length * STRIDE);
  copy.set(bytes.subarray(0, length * STRIDE));
  return new Int32Array(copy.buffer);
}

/** From where on the bytes may be the beginning of a form that has not come whole; their length where nothing may. */
export function undecidedFrom(table: FingerprintTable, bytes: Buffer): number {
  if (table.size === 0) return bytes.length;
  const { windows, indexes } = table;
  const { starts8, starts4, starts2, firsts, maxLength } = indexes;
  const end = bytes.length;
  const first = Math.max(0, end - maxLength + 1);
  for (let at = first; at + 8 <= end; at += 1) {
    if (firsts[bytes[at] ?? 0] === 0) continue;
    const hash = pairAt(windows, bytes, at);
    if (!starts8.mayHave(hash)) continue;
    for (const needed of starts8.valuesOf(hash)) if (needed > end - at) return at;
  }
  for (let at = Math.max(first, end - 7); at < end; at += 1) {
    const left = end - at;
    if (firsts[bytes[at] ?? 0] === 0) continue;
    if (left >= 2 && starts2[shortHash(windows, bytes, at, 2)] !== 1) continue;
    if (left >= 4 && !starts4.mayHave(wordAt(windows, bytes, at))) continue;
    return at;
  }
  return end;
}
