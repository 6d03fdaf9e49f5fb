// A request body on its way through the guards of its service: what they let through, in the order they stand.
import { Transform, type Readable } from 'node:stream';
import type { Stage } from '../../core/inspection/stage.ts';
import { Problem } from '../../core/problem.ts';

const NOTHING = Buffer.alloc(0);

/** Pushes a piece through every stage. Throws the problem that cuts the body. */
export function pushThrough(stages: readonly Stage[], chunk: Buffer): Buffer {
  let bytes = chunk;
  for (const stage of stages) {
    if (bytes.length === 0) break;
    bytes = stage.push(bytes);
  }
  return bytes;
}

/** What the stages still hold: the end of each is pushed through those behind it. */
export function endThrough(stages: readonly Stage[]): Buffer {
  let left: Buffer = NOTHING;
  for (const [at, stage] of stages.entries()) {
    const last = stage.end();
    if (last.length > 0) left = Buffer.concat([left, pushThrough(stages.slice(at + 1), last)]);
  }
  return left;
}

/** A stream of what the stages let through of `source`. Ends with an error, after `onProblem`, where one of them cuts it. */
export function stagedStream(
  source: Readable,
  stages: readonly Stage[],
  onProblem: (problem: Problem) => void,
): Readable {
  const staged = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      attempt(() => pushThrough(stages, chunk), onProblem, done);
    },
    flush(done) {
      attempt(() => endThrough(stages), onProblem, done);
    },
  });
  source.once('close', () => {
    if (!source.readableEnded) staged.destroy();
  });
  return source.pipe(staged);
}

function attempt(
  work: () => Buffer,
  onProblem: (problem: Problem) => void,
  done: (error?: Error | null, bytes?: Buffer) => void,
): void {
  try {
    const bytes = work();
    if (bytes.length === 0) done();
    else done(null, bytes);
  } catch (cause) {
    const problem =
      cause instanceof Problem ? cause : new Problem('internal', { internal: 'a guard failed', cause });
    onProblem(problem);
    done(problem);
  }
}
