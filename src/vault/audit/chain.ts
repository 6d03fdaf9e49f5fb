// A chain of audit events; each leaf (RFC 9162 §2.1.1) commits to a salted body, which may be deleted later. Normative:
//   body_hash = SHA-256(salt ‖ event JSON)
//   leaf_hash = SHA-256(00 ‖ canonical JSON of {at, chain, id, intent, kind, seq, vault} ‖ body_hash)
//   mac       = HMAC-SHA256(audit key, prev_mac ‖ chain id ‖ seq as u64be ‖ leaf_hash)
//   prev_mac of seq 1 = HMAC-SHA256(audit key, "doorward audit chain v1" ‖ 00 ‖ chain id)
import type { AuditEvent } from '../../core/audit-event.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import type { Id } from '../../core/ids.ts';
import { hmacSha256, sha256OfPublic } from '../../crypto/encoding.ts';
import type { AuditRow } from '../../store/audit-events.ts';

export type Lane = 'call' | 'admin';

/** Where a chain stands: its newest event's number and MAC; seq 0 before the first. */
export interface Head {
  readonly seq: number;
  readonly mac: Buffer;
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

const LEAF_PREFIX = Buffer.from([0]);
const GENESIS = Buffer.from('doorward audit chain v1\0');

export function bodyHash(salt: Uint8Array, json: string): Buffer {
  return sha256OfPublic(salt, Buffer.from(json));
}

export function leafHash(columns: LeafColumns, body: Uint8Array): Buffer {
  const { id, kind, intent, vault, chain, seq, at } = columns;
  const header = canonicalJson({ at, chain, id, intent, kind, seq, vault });
  return sha256OfPublic(LEAF_PREFIX, Buffer.from(header), body);
}

export function chainMac(macKey: Uint8Array, previous: Uint8Array, at: ChainPlace, leaf: Uint8Array): Buffer {
  const seq = Buffer.alloc(8);
  seq.writeBigUInt64BE(BigInt(at.seq));
  return hmacSha256(macKey, previous, Buffer.from(at.chain), seq, leaf);
}

export interface ChainPlace {
  readonly chain: string;
  readonly seq: number;
}

/** What stands as `prev_mac` in a chain's first row. */
export function genesisMac(macKey: Uint8Array, chain: string): Buffer {
  return hmacSha256(macKey, GENESIS, Buffer.from(chain));
}

/** An event with its text, made before it has a place in a chain. */
export interface DraftEvent {
  readonly event: AuditEvent;
  readonly json: string;
  readonly salt: Buffer;
}

/** The row that continues `head` with this event. */
export function sealEvent(macKey: Uint8Array, chain: Id<'chn'>, head: Head, draft: DraftEvent): AuditRow {
  const { event, json, salt } = draft;
  const { id, kind, vault, at } = event;
  const seq = head.seq + 1;
  const intent = event.kind === 'call.outcome' ? event.intent : null;
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

/** The head after a row. */
export function headOf(row: AuditRow): Head {
  return { seq: row.seq, mac: row.mac };
}

export function isSameHead(a: Head, b: Head): boolean {
  return a.seq === b.seq && a.mac.equals(b.mac);
}
