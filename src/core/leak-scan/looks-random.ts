// Tells generated keys from phrases people chose: ten bytes of a phrase stand in ordinary text, ten bytes of a
// generated key do not. A wrong answer costs only the fragment view of that value, or a needless redaction.

const FEWEST_DISTINCT_BYTES = 7;
const WORD_LENGTH = 4;
const VOWELS = Buffer.from('aeiouy');

/** Whether less than half of the bytes belong to pronounceable words, and enough different ones occur. */
export function looksRandom(value: Uint8Array): boolean {
  if (new Set(value).size < FEWEST_DISTINCT_BYTES) return false;
  let wordBytes = 0;
  for (let at = 0; at < value.length; ) {
    const length = wordLength(value, at);
    if (length >= WORD_LENGTH && isPronounceable(value.subarray(at, at + length))) wordBytes += length;
    at += Math.max(1, length);
  }
  return wordBytes * 2 < value.length;
}

/** Length of the word that starts at `at`: capitals, or small letters after at most one capital (camelCase splits). */
function wordLength(value: Uint8Array, at: number): number {
  let end = at;
  while (isCapital(value[end])) end++;
  if (end - at > 1) return end - at;
  while (isSmall(value[end])) end++;
  return end - at;
}

function isPronounceable(word: Uint8Array): boolean {
  let vowels = 0;
  let consonantsInRow = 0;
  for (const letter of word) {
    if (VOWELS.includes(letter | 0x20)) {
      vowels++;
      consonantsInRow = 0;
    } else if (++consonantsInRow > 4) {
      return false;
    }
  }
  return vowels * 4 >= word.length;
}

function isCapital(byte = 0): boolean {
  return byte >= 0x41 && byte <= 0x5a;
}

function isSmall(byte = 0): boolean {
  return byte >= 0x61 && byte <= 0x7a;
}
