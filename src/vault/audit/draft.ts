// Stamps what a caller says of an event with id, time and replica, and writes its text. Every call passes here twice,
// so it takes few steps.
import type { AuditInput } from '../../core/audit-event.ts';
import { auditText } from '../../core/audit-text.ts';
import { type Id, type IdSource, idOfBytes } from '../../core/ids.ts';
import type { DraftEvent } from './chain.ts';

const SALT_BYTES = 16;
const ID_BYTES = 16;
const COUNTER_LIMIT = 0x1000;

/** Makes drafts whose ids ascend in the order of the calls. */
export function createDrafter(ids: IdSource, replica: Id<'rep'>): (input: AuditInput) => DraftEvent {
  const { clock, randomness } = ids;
  const nextId = createAscendingIds(() => randomness.bytes(ID_BYTES));
  return (input) => {
    const at = clock.now();
    const stamp = { at: at.toISOString(), id: nextId(at.getTime()), replica, v: 1 } as const;
    return { input, stamp, json: auditText(input, stamp), salt: randomness.bytes(SALT_BYTES) };
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
    const uuid = takeRandom();
    uuid.writeUIntBE(lastMs, 0, 6);
    uuid.writeUInt16BE(0x7000 | counter, 6);
    uuid[8] = 0x80 | ((uuid[8] ?? 0) & 0x3f);
    return idOfBytes('evt', uuid);
  };
}
