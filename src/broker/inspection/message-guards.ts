// The guards of one direction of a WebSocket as one: a message passes them in turn, each gets what the one before it left.
import type { Message, MessageGuard } from '../../core/inspection/stage.ts';
import { settled, type Steps } from '../../core/inspection/steps.ts';

/** Undefined: nothing is looked for. */
export function guardsInTurn(guards: readonly MessageGuard[]): MessageGuard | undefined {
  if (guards.length <= 1) return guards[0];
  return (message) => {
    const { isText, isReason } = message;
    let { bytes } = message;
    let had = 0;
    for (const guard of guards) {
      const passed = guard({ bytes, isText, isReason });
      had += 1;
      if (!Buffer.isBuffer(passed)) return inSteps(passed, guards.slice(had), message);
      bytes = passed;
    }
    return bytes;
  };
}

function* inSteps(
  first: Steps<Buffer>,
  others: readonly MessageGuard[],
  { isText, isReason }: Message,
): Steps<Buffer> {
  let bytes = yield* first;
  for (const guard of others) bytes = yield* settled(guard({ bytes, isText, isReason }));
  return bytes;
}
