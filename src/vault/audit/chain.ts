// A chain of audit events; each leaf (RFC 9162 §2.1.1) commits to a salted body, which may be deleted later. Normative:
//   body_hash = SHA-256(salt ‖ event JSON)
//   leaf_hash = SHA-256(00 ‖ canonical JSON of {at, chain, id, intent, kind, seq, vault} ‖ body_hash)
//   mac       = HMAC-SHA256(audit key, prev_mac ‖ chain id ‖ seq as u64be ‖ leaf_hash)
//   prev_mac of seq 1 = HMAC-SHA256(audit key, "doorward audit chain v1" ‖ 00 ‖ chain id)
import { createHmac, hash, type KeyObject } from 'node:crypto';
import type { AuditInput } from '../../core/audit-event.ts';
import type { AuditStamp } from '../../core/audit-text.ts';
import { canonicalString as string, canonicalNumber as number } from '../../core/canonical-json.ts';
import type { Id } from '../../core/ids.ts';
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

/** As a KeyObject it is prepared once, not for every event. */
type MacKey = Uint8Array | KeyObject;

// Hashes and MACs are hexadecimal text: so they go to the database, and buffers of their own would cost more.
// Their places follow from their lengths: one from a database may be longer or shorter than it ought to be.
const SEQ_BYTES = 8;
const LEAF_PREFIX_BYTES = 1;
const GENESIS = 'doorward audit chain v1\0';

export function bodyHash(salt: Uint8Array, json: string): string {
  const bytes = Buffer.allocUnsafe(salt.length + Buffer.byteLength(json));
  bytes.set(salt);
  bytes.write(json, salt.length);
  return hash('sha256', bytes, 'hex');
}

export function leafHash(columns: LeafColumns, body: string): string {
  const { id, kind, intent, vault, chain, seq, at } = columns;
  const header =
    `{"at":${string(at)},"chain":${string(chain)},"id":${string(id)},"intent":${orNull(intent)}` +
    `,"kind":${string(kind)},"seq":${number(seq)},"vault":${orNull(vault)}}`;
  const headerEnd = LEAF_PREFIX_BYTES + Buffer.byteLength(header);
  const bytes = Buffer.allocUnsafe(headerEnd + body.length / 2);
  bytes[0] = 0;
  bytes.write(header, LEAF_PREFIX_BYTES);
  bytes.write(body, headerEnd, 'hex');
  return hash('sha256', bytes, 'hex');
}

function orNull(text: string | null): string {
  return text === null ? 'null' : string(text);
}

export function chainMac(macKey: MacKey, previous: string, at: ChainPlace, leaf: string): string {
  const previousEnd = previous.length / 2;
  const chainEnd = previousEnd + Buffer.byteLength(at.chain);
  const bytes = Buffer.allocUnsafe(chainEnd + SEQ_BYTES + leaf.length / 2);
  bytes.write(previous, 'hex');
  bytes.write(at.chain, previousEnd);
  bytes.writeBigUInt64BE(BigInt(at.seq), chainEnd);
  bytes.write(leaf, chainEnd + SEQ_BYTES, 'hex');
  return createHmac('sha256', macKey).update(bytes).digest('hex');
}

export interface ChainPlace {
  readonly chain: string;
  readonly seq: number;
}

/** What stands as `prev_mac` in a chain's first row. */
export function genesisMac(macKey: MacKey, chain: string): string {
  return createHmac('sha256', macKey).update(`${GENESIS}${chain}`).digest('hex');
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
