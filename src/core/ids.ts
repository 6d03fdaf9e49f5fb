// Identifiers: `prefix_` and a UUIDv7 in 26 Crockford base32 characters (TypeID), sortable by birth and greppable.
import { TypeID } from 'typeid-js';
import { z } from 'zod';
import type { Clock, Randomness } from './time.ts';

const ID_PREFIXES = [
  'ins', // installation
  'vlt', // vault
  'sec', // secret
  'ver', // secret version
  'dek', // data encryption key
  'kek', // key encryption key
  'key', // system key
  'slt', // root key slot
  'svc', // service
  'agt', // agent
  'adm', // admin
  'grt', // grant
  'run', // run
  'plh', // placeholder
  'arq', // access request
  'apr', // approval
  'tok', // access token
  'evt', // audit event
  'chn', // audit chain
  'rep', // replica
  'req', // request
  'rot', // rotation
] as const;
export type IdPrefix = (typeof ID_PREFIXES)[number];
export type Id<P extends IdPrefix = IdPrefix> = `${P}_${string}`;

const SUFFIX_LENGTH = 26;
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const SUFFIX = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;

export function isId<P extends IdPrefix>(prefix: P, text: string): text is Id<P> {
  return text.startsWith(`${prefix}_`) && SUFFIX.test(text.slice(prefix.length + 1));
}

/** Zod schema of one prefix's ids. */
export function idSchema<P extends IdPrefix>(prefix: P) {
  const error = `an id of the form ${prefix}_… is needed`;
  return z
    .templateLiteral([`${prefix}_`, z.string().regex(SUFFIX)], { error })
    .meta({ examples: [`${prefix}_01jd8m4q6ve3rr1vh5x2ykt9c7`] });
}

/** What an id is written into before it is text. */
const suffix = Buffer.alloc(SUFFIX_LENGTH);

export interface IdSource {
  readonly clock: Clock;
  readonly randomness: Randomness;
}

/** A fresh id: UUIDv7 (RFC 9562 §5.7) from the source's clock and randomness. */
export function newId<P extends IdPrefix>(source: IdSource, prefix: P): Id<P> {
  const bytes = source.randomness.bytes(16);
  bytes.writeUIntBE(source.clock.now().getTime(), 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return idOfBytes(prefix, bytes);
}

/** The 16 UUID bytes inside an id, as they stand in AADs and envelope headers. */
export function idBytes(id: Id): Buffer {
  return Buffer.from(TypeID.fromString(id).toUUID().replaceAll('-', ''), 'hex');
}

/** The id with these 16 UUID bytes, as an envelope header holds them. */
export function idOfBytes<P extends IdPrefix>(prefix: P, bytes: Uint8Array): Id<P> {
  // Every call makes several ids: written in one go, as typeid-js, which `idBytes` reads them with, would in many.
  for (let at = 0; at < SUFFIX_LENGTH; at += 1) {
    const bit = at * 5 - 2; // 128 bits in 26 characters: two zero bits stand before the first
    const byte = bit >> 3;
    const pair = ((bytes[byte] ?? 0) << 8) | (bytes[byte + 1] ?? 0);
    suffix[at] = ALPHABET.charCodeAt((pair >> (11 - (bit & 7))) & 31);
  }
  return `${prefix}_${suffix.toString('latin1')}`;
}

/** What administrators call things: secrets, services, agents, vaults. */
export const Name = z
  .string()
  .regex(/^[a-z0-9_-]{1,64}$/, 'a name is 1 to 64 of a-z, 0-9, - and _')
  .meta({ id: 'Name', description: 'What administrators call it.', examples: ['openai'] });
export type Name = z.output<typeof Name>;
