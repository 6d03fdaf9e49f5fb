// An answer whose head waits until the first of its body has passed every guard, so that a problem can still take its place:
// the first 64 KiB or all of it, and the first piece of a stream of events.
import type { HeaderPairs } from '../../core/headers.ts';
import { mediaTypeOf } from '../../core/inspection/stage.ts';
import type { Answer, AnswerHead } from '../call.ts';

const MOST_HELD_BYTES = 64 * 1024;
/** Read piece by piece by whoever asked. */
const STREAMED =
  /^(?:text\/event-stream|application\/(?:x-ndjson|ndjson|jsonl|json-seq|stream\+json|grpc.*))$/;

export class HeldAnswer implements Pick<Answer, 'head' | 'write' | 'end'> {
  readonly #answer: Answer;
  #head: AnswerHead | undefined;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #isStream = false;

  constructor(answer: Answer) {
    this.#answer = answer;
  }

  head(head: AnswerHead): void {
    this.#head = head;
    this.#isStream = STREAMED.test(mediaTypeOf(head.headers));
  }

  write(chunk: Buffer): boolean {
    if (this.#head === undefined) return this.#answer.write(chunk);
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    return !(this.#isStream || this.#heldBytes >= MOST_HELD_BYTES) || this.#release();
  }

  end(trailers: HeaderPairs): void {
    this.#release();
    this.#answer.end(trailers);
  }

  #release(): boolean {
    if (this.#head === undefined) return true;
    this.#answer.head(this.#head);
    this.#head = undefined;
    const held = this.#held;
    this.#held = [];
    return held.length === 0 || this.#answer.write(Buffer.concat(held));
  }
}
