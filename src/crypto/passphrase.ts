// Keys made from a passphrase by scrypt (RFC 7914), off the main thread, and one line of text encrypted under one.
// The parameters lie beside what they protect, where an attacker may edit them: bounds keep an edited file from
// exhausting memory, and a weakened one from being used for anything new.
import { scrypt } from 'node:crypto';
import { z } from 'zod';
import type { Id } from '../core/ids.ts';
import type { Randomness } from '../core/time.ts';
import { passphraseBoxAad } from './aad.ts';
import { EnvelopeError, envelopeFromText, envelopeToText, openEnvelope, sealEnvelope } from './envelope.ts';
import type { KeyRef } from './envelope.ts';

const SALT_BYTES = { fresh: 32, min: 16, max: 64 } as const;
const COST = { fresh: 2 ** 17, min: 2 ** 14, max: 2 ** 20 } as const;
const BLOCK_SIZE = { fresh: 8, min: 8, max: 16 } as const;
const PARALLELISM = { fresh: 1, min: 1, max: 4 } as const;
const MAX_MEMORY_BYTES = 1024 ** 3;
const KEY_BYTES = 32;

/** Salt (base64url) and cost of one scrypt derivation. */
export const PassphraseParameters = z
  .strictObject({
    salt: z.string().refine(isSalt, 'a salt of 16 to 64 bytes as base64url is needed'),
    N: z
      .int()
      .min(COST.min)
      .max(COST.max)
      .refine((n) => Number.isInteger(Math.log2(n)), 'a power of two is needed'),
    r: z.int().min(BLOCK_SIZE.min).max(BLOCK_SIZE.max),
    p: z.int().min(PARALLELISM.min).max(PARALLELISM.max),
  })
  .refine(
    ({ N, r }) => scryptBytes(N, r) <= MAX_MEMORY_BYTES,
    'the derivation would take over 1 GiB of memory',
  );
export type PassphraseParameters = z.output<typeof PassphraseParameters>;

/** A fresh salt with today's cost: 128 MiB and some tenths of a second per guess. */
export function newPassphraseParameters(randomness: Randomness): PassphraseParameters {
  const salt = randomness.bytes(SALT_BYTES.fresh).toString('base64url');
  return { salt, N: COST.fresh, r: BLOCK_SIZE.fresh, p: PARALLELISM.fresh };
}

/**
 * The 32-byte key of a passphrase, the caller's to overwrite. Throws RangeError for an empty passphrase and for
 * parameters out of bounds. The passphrase is taken in Unicode form C: keyboards differ in how they compose "é".
 */
export async function deriveKey(passphrase: string, params: PassphraseParameters): Promise<Buffer> {
  if (passphrase === '') throw new RangeError('a passphrase is needed');
  if (!PassphraseParameters.safeParse(params).success)
    throw new RangeError('passphrase parameters out of bounds');
  const { salt, N, r, p } = params;
  // Twice the table: OpenSSL counts the blocks of p and its working memory too, and Node's default allows 32 MiB.
  const options = { N, r, p, maxmem: 2 * scryptBytes(N, r) };
  return new Promise((resolve, reject) => {
    const whenDone = (error: Error | null, key: Buffer) => (error === null ? resolve(key) : reject(error));
    scrypt(passphrase.normalize('NFC'), Buffer.from(salt, 'base64url'), KEY_BYTES, options, whenDone);
  });
}

/** One line of text: the parameters (JSON as base64url), a dot, and an envelope bound to them. */
export async function sealWithPassphrase(
  text: string,
  passphrase: string,
  randomness: Randomness,
): Promise<string> {
  const params = newPassphraseParameters(randomness);
  const paramsText = Buffer.from(JSON.stringify(params)).toString('base64url');
  const key = await deriveKey(passphrase, params);
  const plaintext = Buffer.from(text);
  try {
    const aad = passphraseBoxAad(paramsText);
    return `${paramsText}.${envelopeToText(sealEnvelope({ keyRef: BOX_KEY, key, plaintext, aad, randomness }))}`;
  } finally {
    key.fill(0);
    plaintext.fill(0);
  }
}

/** The text back. Throws EnvelopeError for a wrong passphrase and for any line that was not sealed with it, alike. */
export async function openWithPassphrase(sealed: string, passphrase: string): Promise<string> {
  const dot = sealed.indexOf('.');
  const paramsText = sealed.slice(0, Math.max(dot, 0));
  const record = envelopeFromText(sealed.slice(dot + 1));
  const key = await deriveKey(passphrase, parseParameters(paramsText));
  try {
    const plaintext = openEnvelope(record, key, passphraseBoxAad(paramsText), { keyRef: BOX_KEY });
    const text = plaintext.toString();
    plaintext.fill(0);
    return text;
  } finally {
    key.fill(0);
  }
}

/** No row holds the parameters of a line of text, so its key is named by the nil id. */
const BOX_KEY: KeyRef = {
  kind: 'passphrase',
  id: 'slt_00000000000000000000000000' satisfies Id<'slt'>,
  generation: 0,
};

function parseParameters(text: string): PassphraseParameters {
  try {
    return PassphraseParameters.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch {
    throw new EnvelopeError();
  }
}

function isSalt(text: string): boolean {
  const bytes = Buffer.from(text, 'base64url');
  const isCanonical = bytes.toString('base64url') === text;
  return isCanonical && bytes.length >= SALT_BYTES.min && bytes.length <= SALT_BYTES.max;
}

/** RFC 7914 §2: the memory of n blocks. */
function scryptBytes(n: number, r: number): number {
  return 128 * n * r;
}
