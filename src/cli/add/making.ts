// Making several things as if they were one: what was made is taken back, in reverse, when a later step fails.
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { CommandFailure, ServerProblem } from '../failure.ts';

export interface Step {
  /** Of what it makes, as people call it: `the key openai`. */
  readonly what: string;
  readonly make: () => Promise<unknown>;
  readonly undo: () => Promise<unknown>;
  /** How it is taken back by hand. */
  readonly undoCommand: string;
}

/** Makes all or nothing. Ctrl-C in between counts as a failure, so that nothing half made stays behind. */
export async function makeAll(context: Context, steps: readonly Step[]): Promise<void> {
  const made: Step[] = [];
  const interruption = holdInterrupts();
  try {
    for (const step of steps) {
      made.push(step); // before it is known to have come through: an answer may get lost
      await step.make();
      if (interruption.came()) throw new CommandFailure(EXIT.interrupted, 'Interrupted.');
    }
  } catch (error) {
    if (isRefusal(error)) made.pop();
    await takeBack(context, made);
    throw error;
  } finally {
    interruption.release();
  }
}

/** The server answered that it did not do it. */
function isRefusal(error: unknown): boolean {
  return error instanceof ServerProblem && error.body.status < 500;
}

async function takeBack(context: Context, made: readonly Step[]): Promise<void> {
  const left: Step[] = [];
  for (const step of made.toReversed()) {
    try {
      await step.undo();
    } catch (error) {
      const wasNotThere = error instanceof ServerProblem && error.body.status === 404;
      if (!wasNotThere) left.push(step);
    }
  }
  if (left.length === 0) {
    context.warn('Nothing was added: what was made before the failure is taken back.');
    return;
  }
  context.warn(
    `Not everything could be taken back. ${left.map(({ what, undoCommand }) => `Left is ${what}: ${undoCommand}`).join('; ')}`,
  );
}

function holdInterrupts() {
  let hasCome = false;
  const note = () => {
    hasCome = true;
  };
  process.on('SIGINT', note).on('SIGTERM', note);
  return {
    came: () => hasCome,
    release: () => {
      process.off('SIGINT', note).off('SIGTERM', note);
    },
  };
}
