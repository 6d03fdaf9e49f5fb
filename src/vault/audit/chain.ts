// A chain of audit events; each leaf (RFC 9162 §2.1.1) commits to a salted body, which may be deleted later. Normative:
//   body_hash = SHA-256(salt ‖ event JSON)
//   leaf_hash = SHA-256(00 ‖ canonical JSON of {at, chain, id, intent, kind, seq, vault} ‖ body_hash)
//   mac       = HMAC-SHA256(audit key, prev_mac ‖ chain id ‖ seq as u64be ‖ leaf_hash)
//   prev_mac of seq 1 = HMAC-SHA256(audit key, "doorward audit chain v1" ‖ 00 ‖ chain id)
import { hash } from 'node:crypto';
import type { AuditInput } from '../../core/audit-event.ts';
import type { AuditStamp } from '../../core/audit-text.ts';
import { canonicalString as string, canonicalNumber as number } from '../../core/canonical-json.ts';
import type { Id } from '../../core/ids.ts';
import type { MacKey } from '../../crypto/mac-key.ts';
import type { AuditRow } from '../../store/audit-events.ts';

export type Lane = 'call' | 'admin';

/** Where a chain stands: its newest event's number and MAC; seq 0 before the first. */
export interface Head {
  readonly seq: number;
  readonly mac: string;
}

/** The columns of a row that its leaf commits to beside the body. */
export interface LeafColumns {
  readonly id: string;
  readonly kind: string;
  /** The intent that an outcome ends. */
  readonly intent: string | null;
  readonly vault: string | null;
  readonly chain: string;
  readonly seq: number;
  readonly at: string;
}

// Hashes and MACs are hexadecimal text: so they go to the database, and buffers of their own would cost more.
// Their places follow from their lengths: one from a database may be longer or shorter than it ought to be.
const SEQ_BYTES = 8;
const LEAF_PREFIX_BYTES = 1;
const GENESIS = 'doorward audit chain v1\0';
/** Of UTF-8, for each unit of UTF-16. */
const MOST_BYTES = 3;

// What is hashed is put together in one place, over and over: every call comes here six times.
const SCRATCH_BYTES = 8192;
const scratch = Buffer.alloc(SCRATCH_BYTES);
const beginnings: (Buffer | undefined)[] = [];

/** Memory of its own only for what is too long. */
function roomFor(bytes: number): Buffer {
  return bytes <= SCRATCH_BYTES ? scratch : Buffer.alloc(bytes);
}

function firstOf(bytes: Buffer, length: number): Buffer {
  if (bytes !== scratch) return bytes.subarray(0, length);
  return (beginnings[length] ??= scratch.subarray(0, length));
}

export function bodyHash(salt: Uint8Array, json: string): string {
  const bytes = roomFor(salt.length + json.length * MOST_BYTES);
  bytes.set(salt);
  const end = salt.length + bytes.write(json, salt.length);
  return hash('sha256', firstOf(bytes, end), 'hex');
}

export function leafHash(columns: LeafColumns, body: string): string {
  const { id, kind, intent, vault, chain, seq, at } = columns;
  const header =
    `{"at":${string(at)},"chain":${string(chain)},"id":${string(id)},"intent":${orNull(intent)}` +
    `,"kind":${string(kind)},"seq":${number(seq)},"vault":${orNull(vault)}}`;
  const bytes = roomFor(LEAF_PREFIX_BYTES + header.length * MOST_BYTES + body.length / 2);
  bytes[0] = 0;
  const headerEnd = LEAF_PREFIX_BYTES + bytes.write(header, LEAF_PREFIX_BYTES);
  const end = headerEnd + bytes.write(body, headerEnd, 'hex');
  return hash('sha256', firstOf(bytes, end), 'hex');
}

function orNull(text: string | null): string {
  return text === null ? 'null' : string(text);
}

export function chainMac(macKey: MacKey, previous: string, { chain, seq }: ChainPlace, leaf: string): string {
  const bytes = roomFor(previous.length / 2 + chain.length * MOST_BYTES + SEQ_BYTES + leaf.length / 2);
  let end = bytes.write(previous, 'hex');
  end += bytes.write(chain, end);
  end = bytes.writeUInt32BE(Math.floor(seq / 2 ** 32), end);
  end = bytes.writeUInt32BE(seq % 2 ** 32, end);
  end += bytes.write(leaf, end, 'hex');
  return macKey.hex(firstOf(bytes, end));
}

export interface ChainPlace {
  readonly chain: string;
  readonly seq: number;
}

/** What stands as `prev_mac` in a chain's first row. */
export function genesisMac(macKey: MacKey, chain: string): string {
  return macKey.hex(Buffer.from(`${GENESIS}${chain}`));
}

/** An event with its text, made before it has a place in a chain. */
export interface DraftEvent {
  readonly input: AuditInput;
  readonly stamp: AuditStamp;
  readonly json: string;
  readonly salt: Buffer;
}

/** The row that continues `head` with this event. */
export function sealEvent(macKey: MacKey, chain: Id<'chn'>, head: Head, draft: DraftEvent): AuditRow {
  const { input, json, salt } = draft;
  const { id, at } = draft.stamp;
  const { kind, vault } = input;
  const seq = head.seq + 1;
  const intent = endedIntent(input) ?? null;
  const body = bodyHash(salt, json);
  const leaf = leafHash({ id, kind, intent, vault, chain, seq, at }, body);
  return {
    id,
    vault,
    chain,
    seq,
    prevMac: head.mac,
    mac: chainMac(macKey, head.mac, { chain, seq }, leaf),
    kind,
    intent,
    at,
    bodyHash: body,
    leafHash: leaf,
    month: `${at.slice(0, 7)}-01`,
    salt,
    json,
  };
}

/** The intent that an event is the outcome of; each has one. */
export function endedIntent(input: AuditInput): Id<'evt'> | undefined {
  return input.kind === 'call.outcome' || input.kind === 'secret.minted' ? input.intent : undefined;
}

/** The head after a row. */
export function headOf(row: AuditRow): Head {
  return { seq: row.seq, mac: row.mac };
}

export function isSameHead(a: Head, b: Head): boolean {
  return a.seq === b.seq && a.mac === b.mac;
}
