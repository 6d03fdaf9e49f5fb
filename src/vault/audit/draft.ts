// Stamps what a caller says of an event with id, time and replica, and writes its text. Every call passes here twice,
// so randomness is drawn in blocks and ids are written without a detour over their UUID's text.
import type { AuditEvent, AuditInput } from '../../core/audit-event.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import type { Id, IdSource } from '../../core/ids.ts';
import type { Randomness } from '../../core/time.ts';
import type { DraftEvent } from './chain.ts';

const SALT_BYTES = 16;
const ID_RANDOM_BYTES = 8;
const BLOCK_BYTES = 4096;
const COUNTER_LIMIT = 0x1000;

/** Makes drafts whose ids ascend in the order of the calls. */
export function createDrafter(ids: IdSource, replica: Id<'rep'>): (input: AuditInput) => DraftEvent {
  const takeBytes = createBlockSource(ids.randomness);
  const nextId = createAscendingIds(() => takeBytes(ID_RANDOM_BYTES));
  return (input) => {
    const at = ids.clock.now();
    const event: AuditEvent = { ...input, v: 1, id: nextId(at.getTime()), at: at.toISOString(), replica };
    return { event, json: canonicalJson(event), salt: takeBytes(SALT_BYTES) };
  };
}

function createBlockSource(randomness: Randomness): (length: number) => Buffer {
  let block: Buffer = Buffer.alloc(0);
  return (length) => {
    if (block.length < length) block = randomness.bytes(BLOCK_BYTES);
    const taken = block.subarray(0, length);
    block = block.subarray(length);
    return taken;
  };
}

/**
 * UUIDv7 with a counter in rand_a (RFC 9562 §6.2, method 1), so that events of one millisecond are listed in the
 * order they happened in; a clock that steps back doesn't take the ids with it.
 */
function createAscendingIds(takeRandom: () => Buffer): (nowMs: number) => Id<'evt'> {
  let lastMs = 0;
  let counter = 0;
  return (nowMs) => {
    counter += 1;
    if (nowMs > lastMs || counter === COUNTER_LIMIT) {
      lastMs = Math.max(nowMs, lastMs + 1);
      counter = 0;
    }
    const uuid = Buffer.allocUnsafe(16);
    uuid.writeUIntBE(lastMs, 0, 6);
    uuid.writeUInt16BE(0x7000 | counter, 6);
    takeRandom().copy(uuid, 8);
    uuid[8] = 0x80 | ((uuid[8] ?? 0) & 0x3f);
    return `evt_${toBase32(uuid)}`;
  };
}

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** The suffix of an id (TypeID): 128 bits, most significant first, behind two zero bits. */
function toBase32(uuid: Buffer): string {
  let text = '';
  let bits = 0;
  let pending = 2;
  for (const byte of uuid) {
    bits = (bits << 8) | byte;
    pending += 8;
    while (pending >= 5) {
      pending -= 5;
      text += ALPHABET.charAt((bits >> pending) & 31);
    }
    bits &= 31; // what is not written yet is less than one character
  }
  return text;
}
