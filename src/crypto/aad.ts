// The context every AEAD call is bound to, as a strict TLV: a record that is moved to another row, version, vault or
// installation no longer opens. Whoever reads a record builds its AAD from the row it was found in, never from the record.
import { strict as assert } from 'node:assert';
import { idBytes, isId } from '../core/ids.ts';
import type { Id, IdPrefix } from '../core/ids.ts';
import { u32be, u8 } from './encoding.ts';

// Normative; vectors in test/crypto/vectors/aad.json. A number, once given, never changes its meaning.
//
//   AAD   = "DWAAD" | 01 | kind u8 | field…
//   field = tag u8 | length u32be | value         tags ascending, all of the kind's present, none extra
//
//   kind  what is encrypted            fields
//   01    a secret version's value     01 02 05 06 07
//   02    a DEK, under a KEK           01 02 03 04 05 06 07 08 09
//   03    a KEK, under the store key   01 02 03 04
//   04    the store key, in a slot     01 0a 0b 0c
//   05    a system key                 01 0d 0e 0f
//   06    (kept for exports)           01 11 12
//   07    text under a passphrase      10
//
//   tag  value                                    tag  value
//   01   installation, 16 UUID bytes              0a   slot, 16 UUID bytes
//   02   vault, 16 UUID bytes                     0b   root key provider, UTF-8
//   03   KEK, 16 UUID bytes                       0c   the provider's name of its key, UTF-8, may be empty
//   04   generation of the KEK, u32be             0d   purpose of the system key, ASCII
//   05   secret, 16 UUID bytes                    0e   system key, 16 UUID bytes
//   06   number of the version, u32be             0f   generation of the system key, u32be
//   07   DEK, 16 UUID bytes                       10   passphrase parameters, ASCII, as they stand beside the record
//   08   credential kind, ASCII                   11   (kept: export)
//   09   binding hash, 32 bytes                   12   (kept: recipient)
//
// Binding and credential kind stand in the DEK's AAD only: adding a destination rewraps DEKs and leaves values alone.
const OPENING = Buffer.from('DWAAD\u0001', 'latin1');
const BINDING_BYTES = 32;

type Field = readonly [tag: number, value: Uint8Array];

interface ValueContext {
  readonly installation: Id<'ins'>;
  readonly vault: Id<'vlt'>;
  readonly secret: Id<'sec'>;
  readonly versionNumber: number;
  readonly dek: Id<'dek'>;
}

/** Binds an encrypted value to its secret version and DEK. */
export function valueAad(context: ValueContext): Buffer {
  return encode(0x01, [
    [0x01, id('ins', context.installation)],
    [0x02, id('vlt', context.vault)],
    [0x05, id('sec', context.secret)],
    [0x06, u32be(context.versionNumber)],
    [0x07, id('dek', context.dek)],
  ]);
}

interface DekContext extends ValueContext {
  readonly kek: Id<'kek'>;
  readonly kekGeneration: number;
  readonly credentialKind: string;
  /** SHA-256 of the canonical list of destinations. */
  readonly binding: Buffer;
}

/** Binds a wrapped DEK to its secret version, its KEK, and to where and how the value may be sent. */
export function dekAad(context: DekContext): Buffer {
  assert(context.binding.length === BINDING_BYTES, 'a binding hash has 32 bytes');
  return encode(0x02, [
    [0x01, id('ins', context.installation)],
    [0x02, id('vlt', context.vault)],
    [0x03, id('kek', context.kek)],
    [0x04, u32be(context.kekGeneration)],
    [0x05, id('sec', context.secret)],
    [0x06, u32be(context.versionNumber)],
    [0x07, id('dek', context.dek)],
    [0x08, ascii(context.credentialKind)],
    [0x09, context.binding],
  ]);
}

interface KekContext {
  readonly installation: Id<'ins'>;
  readonly vault: Id<'vlt'>;
  readonly kek: Id<'kek'>;
  readonly generation: number;
}

/** Binds a wrapped KEK to its vault and generation. */
export function kekAad(context: KekContext): Buffer {
  return encode(0x03, [
    [0x01, id('ins', context.installation)],
    [0x02, id('vlt', context.vault)],
    [0x03, id('kek', context.kek)],
    [0x04, u32be(context.generation)],
  ]);
}

interface SlotContext {
  readonly installation: Id<'ins'>;
  readonly slot: Id<'slt'>;
  readonly provider: string;
  readonly providerKeyId: string;
}

/** Binds the store key wrapped in a slot to that slot and to the provider's key. */
export function slotAad(context: SlotContext): Buffer {
  return encode(0x04, [
    [0x01, id('ins', context.installation)],
    [0x0a, id('slt', context.slot)],
    [0x0b, utf8(context.provider)],
    [0x0c, utf8(context.providerKeyId)],
  ]);
}

interface SystemKeyContext {
  readonly installation: Id<'ins'>;
  readonly purpose: string;
  readonly key: Id<'key'>;
  readonly generation: number;
}

/** Binds a wrapped system key to what it is for: an audit key never opens as a token-signing key. */
export function systemKeyAad(context: SystemKeyContext): Buffer {
  return encode(0x05, [
    [0x01, id('ins', context.installation)],
    [0x0d, ascii(context.purpose)],
    [0x0e, id('key', context.key)],
    [0x0f, u32be(context.generation)],
  ]);
}

/** Binds text encrypted under a passphrase to the parameters written beside it. */
export function passphraseBoxAad(parameters: string): Buffer {
  return encode(0x07, [[0x10, ascii(parameters)]]);
}

function encode(kind: number, fields: readonly Field[]): Buffer {
  const parts: Uint8Array[] = [OPENING, u8(kind)];
  let lastTag = 0;
  for (const [tag, value] of fields) {
    assert(tag > lastTag, 'tags ascend');
    lastTag = tag;
    parts.push(u8(tag), u32be(value.length), value);
  }
  return Buffer.concat(parts);
}

/** The prefix is no part of the bytes, so it is checked here: a vault's id must not pass for a secret's. */
function id<P extends IdPrefix>(prefix: P, text: Id<P>): Buffer {
  assert(isId(prefix, text), `an id of the form ${prefix}_… is needed`);
  return idBytes(text);
}

function ascii(text: string): Buffer {
  assert(/^[\x21-\x7e]+$/.test(text), 'visible ASCII is needed');
  return Buffer.from(text, 'latin1');
}

/** Lone surrogates all encode as the same replacement character; two names must never give the same bytes. */
function utf8(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  assert(bytes.toString('utf8') === text, 'well-formed text is needed');
  return bytes;
}
