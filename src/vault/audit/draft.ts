// Stamps what a caller says of an event with id, time and replica, and writes its text.
import type { AuditEvent, AuditInput } from '../../core/audit-event.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import { newId } from '../../core/ids.ts';
import type { Id, IdSource } from '../../core/ids.ts';
import type { DraftEvent } from './chain.ts';

const SALT_BYTES = 16;
const COUNTER_LIMIT = 0x1000;

/** Makes drafts whose ids ascend in the order of the calls. */
export function createDrafter(ids: IdSource, replica: Id<'rep'>): (input: AuditInput) => DraftEvent {
  const nextId = createAscendingIds(ids);
  return (input) => {
    const at = ids.clock.now().toISOString();
    const event: AuditEvent = { ...input, v: 1, id: nextId(), at, replica };
    return { event, json: canonicalJson(event), salt: ids.randomness.bytes(SALT_BYTES) };
  };
}

/**
 * UUIDv7 with a counter in rand_a (RFC 9562 §6.2, method 1), so that events of one millisecond are listed in the
 * order they happened in; a clock that steps back doesn't take the ids with it.
 */
function createAscendingIds(ids: IdSource): () => Id<'evt'> {
  let lastMs = 0;
  let counter = 0;
  const source: IdSource = {
    clock: { now: () => new Date(lastMs), monotonicMs: () => ids.clock.monotonicMs() },
    randomness: {
      bytes: (length) => {
        const bytes = ids.randomness.bytes(length);
        bytes.writeUInt16BE(counter, 6); // newId puts the version over the upper four bits
        return bytes;
      },
    },
  };
  return () => {
    const nowMs = ids.clock.now().getTime();
    counter += 1;
    if (nowMs > lastMs || counter === COUNTER_LIMIT) {
      lastMs = Math.max(nowMs, lastMs + 1);
      counter = 0;
    }
    return newId(source, 'evt');
  };
}
