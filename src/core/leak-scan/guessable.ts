// Values that are ordinary words or numbers, such as a password `admin`: they stand in ordinary text, so that they are told
// from it only where nothing of a longer word stands beside them.
import { looksRandom } from './looks-random.ts';

/** Below it anybody who tries finds the value. */
const FLOOR_BITS = 40;
/** Longer values that read like words are phrases, which stand in no text by chance. */
const WORD_LENGTH = 12;

/** Whether a value has too little in it to be told from the text around it. */
export function isGuessable(value: Uint8Array): boolean {
  if (estimatedBits(value) < FLOOR_BITS) return true;
  return value.length < WORD_LENGTH && !looksRandom(value);
}

/** As if each byte were chosen from the kinds of characters that occur, but never more than the different ones allow. */
function estimatedBits(value: Uint8Array): number {
  let letters = 0;
  const kinds: readonly [number, (byte: number) => boolean][] = [
    [10, (byte) => byte >= 0x30 && byte <= 0x39],
    [26, (byte) => byte >= 0x61 && byte <= 0x7a],
    [26, (byte) => byte >= 0x41 && byte <= 0x5a],
  ];
  for (const [size, isOfKind] of kinds) if (value.some(isOfKind)) letters += size;
  if (value.some((byte) => !kinds.some(([, isOfKind]) => isOfKind(byte)))) letters += 33;
  const different = new Set(value).size;
  return Math.min(value.length, different * 2) * Math.log2(Math.max(2, letters));
}

/** Whether a byte is part of a word: of any script, a digit, a hyphen or an underscore. */
export function isOfWord(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return byte >= 0x80 || byte === 0x2d || byte === 0x5f || isLetterOrDigit(byte);
}

function isLetterOrDigit(byte: number): boolean {
  const letter = byte | 0x20;
  return (byte >= 0x30 && byte <= 0x39) || (letter >= 0x61 && letter <= 0x7a);
}
