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
  'tok', // access token
  'evt', // audit event
  'chn', // audit chain
  'rep', // replica
  'req', // request
  'rot', // rotation
] as const;
export type IdPrefix = (typeof ID_PREFIXES)[number];
export type Id<P extends IdPrefix = IdPrefix> = `${P}_${string}`;

const SUFFIX = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;

export function isId<P extends IdPrefix>(prefix: P, text: string): text is Id<P> {
  return text.startsWith(`${prefix}_`) && SUFFIX.test(text.slice(prefix.length + 1));
}

/** Zod schema of one prefix's ids. */
export function idSchema<P extends IdPrefix>(prefix: P) {
  return z.custom<Id<P>>((value) => typeof value === 'string' && isId(prefix, value), {
    error: `an id of the form ${prefix}_… is needed`,
  });
}

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
  const uuid = bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return TypeID.fromUUID(prefix, uuid).toString() as Id<P>; // typeid-js types the text as plain string
}

/** The 16 UUID bytes inside an id, as they stand in AADs and envelope headers. */
export function idBytes(id: Id): Buffer {
  return Buffer.from(TypeID.fromString(id).toUUID().replaceAll('-', ''), 'hex');
}

/** The id with these 16 UUID bytes, as an envelope header holds them. */
export function idOfBytes<P extends IdPrefix>(prefix: P, bytes: Uint8Array): Id<P> {
  return TypeID.fromUUIDBytes(prefix, bytes).toString() as Id<P>; // as in newId
}

/** What administrators call things: secrets, services, agents, vaults. */
export const Name = z.string().regex(/^[a-z0-9_-]{1,64}$/, 'a name is 1 to 64 of a-z, 0-9, - and _');
export type Name = z.output<typeof Name>;
