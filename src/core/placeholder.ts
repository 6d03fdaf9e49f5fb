// Placeholders with the look of a vendor's key: programs that check a key's prefix, length or letters before they send
// find nothing to complain of. The text means nothing by itself; what it stands for is known by its keyed hash.
import { strict as assert } from 'node:assert';
import { z } from 'zod';
import type { Randomness } from './time.ts';

/** Letters that may stand at random. */
const ALPHABETS = {
  hex: '0123456789abcdef',
  alphanumeric: '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
  'upper-alphanumeric': '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  base64url: '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_',
} as const;
type Alphabet = keyof typeof ALPHABETS;

/** No shape may be easier to guess than this. */
const MIN_RANDOM_BITS = 96;

/** What the keys of a service look like. */
export const PlaceholderShape = z
  .strictObject({
    prefix: z.string().max(64),
    alphabet: z.enum(['hex', 'alphanumeric', 'upper-alphanumeric', 'base64url']),
    /** How many letters stand at random, breaks not counted. */
    length: z.number().int().min(1).max(400),
    /** Fixed text after so many random letters, such as the hyphens of a UUID; in rising order. */
    breaks: z.array(z.strictObject({ at: z.number().int().min(1), text: z.string().min(1) })).optional(),
    suffix: z.string().max(64).optional(),
  })
  .refine(
    ({ alphabet, length }) => randomBits(alphabet, length) >= MIN_RANDOM_BITS,
    `has less than ${MIN_RANDOM_BITS} random bits`,
  );
export type PlaceholderShape = Readonly<z.output<typeof PlaceholderShape>>;

/** A fresh placeholder of the shape. It is shown once and only its hash is kept. */
export function createPlaceholder(shape: PlaceholderShape, randomness: Randomness): string {
  const { prefix, alphabet, length, breaks = [], suffix = '' } = shape;
  assert(randomBits(alphabet, length) >= MIN_RANDOM_BITS, 'a placeholder that could be guessed');
  const letters = randomLetters(shape, randomness);
  let text = prefix;
  let from = 0;
  for (const { at, text: fixed } of breaks) {
    text += letters.slice(from, at) + fixed;
    from = at;
  }
  return text + letters.slice(from) + suffix;
}

function randomBits(alphabet: Alphabet, length: number): number {
  return Math.floor(length * Math.log2(ALPHABETS[alphabet].length));
}

/** Each letter as likely as any other: bytes beyond the last whole round of the alphabet are drawn again. */
function randomLetters({ alphabet, length }: PlaceholderShape, randomness: Randomness): string {
  const letters = ALPHABETS[alphabet];
  const fair = 256 - (256 % letters.length);
  let text = '';
  while (text.length < length) {
    for (const byte of randomness.bytes(length - text.length)) {
      if (byte < fair) text += letters.charAt(byte % letters.length);
    }
  }
  return text;
}
