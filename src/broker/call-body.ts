// The body of a call: a stream that passes as it comes, or, where the call may have to be sent twice, bytes in memory.
import type { Readable } from 'node:stream';
import type { Stage } from '../core/inspection/stage.ts';
import { Problem } from '../core/problem.ts';
import type { OutgoingRequest } from '../egress/flow.ts';
import type { BrokeredCall } from './call.ts';
import { endThrough, pushThrough, stagedStream } from './inspection/staged-body.ts';

/** What one call may hold in memory. A longer body is streamed and can not be sent again. */
export const MAX_HELD_BODY_BYTES = 1024 * 1024;

/** What all calls together may hold. */
const MAX_HELD_BYTES = 64 * MAX_HELD_BODY_BYTES;

/** Callers that wait for an answer before they end their body must not wait for ever. */
const HOLDING_LIMIT_MS = 2000;

/** For a body that has to be read whole before anything else: as long as a caller that sends so little may take. */
export const WHOLE_BODY_LIMIT_MS = 30_000;

/** The memory that held bodies share. */
export class HeldBodies {
  #bytes = 0;

  /** False: there is no room. */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > MAX_HELD_BYTES) return false;
    this.#bytes += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#bytes -= bytes;
  }
}

export class CallBody {
  readonly #memory: HeldBodies;
  readonly #source: Readable | undefined;
  readonly #contentLength: number | undefined;
  #held: Buffer | undefined;
  #isTried = false;
  #isLong = false;
  #isSlow = false;
  #stages: readonly Stage[] = [];
  /** What the stages let through of a streamed body; made once, since what was read of it is not to be had again. */
  #staged: Readable | undefined;
  #blocked: Problem | undefined;
  #takenBytes = 0;

  constructor(memory: HeldBodies, { body, contentLength }: Pick<BrokeredCall, 'body' | 'contentLength'>) {
    this.#memory = memory;
    this.#source = body;
    this.#contentLength = contentLength;
  }

  /** The bytes, once they are held. */
  get held(): Buffer | undefined {
    return this.#held;
  }

  /** Whether there is one. */
  get isThere(): boolean {
    return this.#source !== undefined;
  }

  /** Whether it could not be held since it is longer than one may be. */
  get isTooLong(): boolean {
    return this.#isLong;
  }

  /** Whether it could not be held since its end did not come in time. */
  get isTooSlow(): boolean {
    return this.#isSlow;
  }

  /** In bytes, as far as it is known. */
  get length(): number | undefined {
    return this.#held?.length ?? this.#contentLength;
  }

  /** Whether it is empty or held. */
  get canBeSentAgain(): boolean {
    return this.#source === undefined || this.#held !== undefined;
  }

  /** Whether it says how long it is, so that its end is near. */
  get isSized(): boolean {
    return this.#contentLength !== undefined;
  }

  /** Why a guard cut it on its way. */
  get blocked(): Problem | undefined {
    return this.#blocked;
  }

  /** What it passes on its way out. Held bytes pass now; throws the problem that refuses them. */
  guardWith(stages: readonly Stage[]): void {
    this.#stages = stages;
    this.#passHeld();
  }

  /** Throws the problem of a guard that refuses bytes that came to be held only now. */
  outgoing(): Pick<OutgoingRequest, 'body' | 'contentLength'> {
    this.#passHeld();
    if (this.#held !== undefined) return { body: this.#held, contentLength: undefined };
    const stages = this.#stages;
    if (this.#source === undefined || stages.length === 0) {
      return { body: this.#source, contentLength: this.#contentLength };
    }
    this.#staged ??= stagedStream(this.#source, stages, (problem) => {
      this.#blocked = problem;
    });
    const isAsLong = stages.every(({ changesLength }) => !changesLength);
    return { body: this.#staged, contentLength: isAsLong ? this.#contentLength : undefined };
  }

  #passHeld(): void {
    if (this.#held === undefined || this.#stages.length === 0) return;
    const stages = this.#stages;
    this.#stages = []; // once: what they let through is what is sent, however often
    this.#held = Buffer.concat([pushThrough(stages, this.#held), endThrough(stages)]);
  }

  /**
   * Holds it where it is small enough, comes soon enough and finds room; otherwise it stays a stream, of which nothing is
   * lost. Only before anything was read from it. Throws `invalid-request` when it ends early.
   */
  async hold(limitMs = HOLDING_LIMIT_MS): Promise<void> {
    if (this.#source === undefined || this.#isTried || this.#staged !== undefined) return;
    this.#isTried = true;
    const mostBytes = this.#contentLength ?? MAX_HELD_BODY_BYTES;
    this.#isLong = mostBytes > MAX_HELD_BODY_BYTES;
    if (this.#isLong || !this.#memory.take(mostBytes)) return;
    this.#takenBytes = mostBytes;
    const whole = await readWhole(this.#source, limitMs);
    this.#isLong = whole === 'too-long';
    this.#isSlow = whole === 'too-slow';
    this.#held = typeof whole === 'string' ? undefined : whole;
    this.#keep(this.#held?.length ?? 0);
  }

  /** Sends something else in place of what is held. */
  rewrite(write: (held: Buffer) => Buffer): void {
    if (this.#held === undefined) return;
    this.#held = write(this.#held);
    this.#keep(this.#held.length);
  }

  /** At the end of the call. */
  release(): void {
    this.#held = undefined;
    this.#keep(0);
  }

  #keep(bytes: number): void {
    this.#memory.giveBack(this.#takenBytes - bytes);
    this.#takenBytes = bytes;
  }
}

/** `before`: what has to wait for the body. */
export function bodyTooSlow(before: string): Problem {
  return new Problem('request-timeout', {
    detail: `The body must be read whole before ${before}, and must arrive within ${WHOLE_BODY_LIMIT_MS / 1000} s.`,
  });
}

/** A word where it did not end in time or grew too long, and what was read was put back. */
function readWhole(source: Readable, limitMs: number): Promise<Buffer | 'too-long' | 'too-slow'> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let last: NodeJS.Immediate | undefined;
    const stop = () => {
      clearTimeout(timer);
      clearImmediate(last);
      source.off('data', onData);
      source.off('end', onEnd);
      source.off('close', onBroken);
      source.pause();
    };
    const letGo = (why: 'too-long' | 'too-slow') => {
      stop();
      if (bytes > 0) source.unshift(Buffer.concat(chunks));
      resolve(why);
    };
    const onData = (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MAX_HELD_BODY_BYTES) letGo('too-long');
    };
    const onEnd = () => {
      stop();
      resolve(Buffer.concat(chunks));
    };
    const onBroken = () => {
      stop();
      reject(new Problem('invalid-request', { detail: 'The request body ended early.' }));
    };
    // Where the process itself stood still, what has come meanwhile is read first.
    const timer = setTimeout(() => (last = setImmediate(letGo, 'too-slow')), limitMs);
    if (source.destroyed && !source.readableEnded) {
      onBroken();
      return;
    }
    source.on('error', onBroken); // stays, so that a late failure of the stream is nobody's uncaught exception
    source.on('close', onBroken);
    source.on('end', onEnd);
    source.on('data', onData);
    source.resume();
  });
}
