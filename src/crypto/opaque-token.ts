// Bearer strings that are not ids: agent keys, the owner credential, and what stands in for a key.
// `dw_<kind>_`, 256 random bits in 43 base62 characters, CRC-32 of everything before in six more: scanners, and our own
// leak guard, tell them from other text without asking anybody. Only their keyed hash is ever stored.
import { strict as assert } from 'node:assert';
import type { Randomness } from '../core/time.ts';
import { hmacSha256 } from './encoding.ts';

export type OpaqueTokenKind = 'agent' | 'owner' | 'run' | 'placeholder';

const KINDS: readonly OpaqueTokenKind[] = ['agent', 'owner', 'run', 'placeholder'];
const SHAPE = /^(?<signed>dw_(?<kind>[a-z]+)_(?<random>[0-9A-Za-z]{43}))(?<check>[0-9A-Za-z]{6})$/;
/** In the order of their ASCII codes, so that strings of one length compare as the numbers they write. */
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_BYTES = 32;
const RANDOM_CHARACTERS = 43;
const CHECK_CHARACTERS = 6;
const HIGHEST_RANDOM = toBase62(2n ** 256n - 1n, RANDOM_CHARACTERS);
/** Keeps these hashes apart from every other use of the same pepper; the closing NUL ends it. */
const HASH_DOMAIN = Buffer.from('doorward opaque token 1\0', 'latin1');

/** A fresh token. It is shown once and only its hash is kept. */
export function createOpaqueToken(kind: OpaqueTokenKind, randomness: Randomness): string {
  const random = randomness.bytes(RANDOM_BYTES);
  assert(random.length === RANDOM_BYTES, 'the source of randomness fell short');
  const signed = `dw_${kind}_${toBase62(BigInt(`0x${random.toString('hex')}`), RANDOM_CHARACTERS)}`;
  return signed + checkOf(signed);
}

/** Whether the text has the shape and the checksum of a token, and of which kind; says nothing about its being known. */
export function parseOpaqueToken(text: string): { readonly kind: OpaqueTokenKind } | undefined {
  const { kind: name, signed = '', random = '', check } = SHAPE.exec(text)?.groups ?? {};
  const kind = KINDS.find((known) => known === name);
  if (kind === undefined) return undefined;
  return random <= HIGHEST_RANDOM && checkOf(signed) === check ? { kind } : undefined;
}

/** What is stored instead of a token: useless to who reads the database without the pepper. 32 bytes. */
export function hashOpaqueToken(pepper: Uint8Array, text: string): Buffer {
  return hmacSha256(pepper, HASH_DOMAIN, Buffer.from(text));
}

function checkOf(text: string): string {
  return toBase62(BigInt(crc32(Buffer.from(text, 'latin1'))), CHECK_CHARACTERS);
}

/** CRC-32 of ISO 3309, as in zip and PNG (Node brings its own from version 22). */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function toBase62(value: bigint, characters: number): string {
  let text = '';
  for (let rest = value; text.length < characters; rest /= 62n)
    text = BASE62.charAt(Number(rest % 62n)) + text;
  return text;
}
