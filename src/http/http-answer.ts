// The answer to a call over HTTP: Node's response, with what every answer carries. What an answer begins with waits for the end
// of the turn of the event loop, and most answers are whole by then: each goes out in one write, all of a turn one after the
// other. A write in between would wake its reader for one answer, and as often as not on the processor that this process uses.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer, AnswerHead } from '../broker/call.ts';
import type { HeaderPairs } from '../core/headers.ts';
import type { Id } from '../core/ids.ts';
import type { Problem } from '../core/problem.ts';
import type { RefusalShape } from '../core/service.ts';
import { shapeOfClient } from './refusal-shapes/registry.ts';
import { type Asked, letGoOfBody, sendProblem } from './send-problem.ts';

/** How long the last bytes of an answer may wait for a caller who reads none of them. */
const UNREAD_ANSWER_MS = 120_000;
/** A first piece longer than that gains nothing by going out with the end. */
const MAX_WAITING_BYTES = 16 * 1024;
/** Headers that every answer has once, in our words. */
const OURS: ReadonlySet<string> = new Set(['x-content-type-options']);

export class HttpAnswer implements Answer {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #id: Id<'req'>;
  readonly #asked: Asked;
  /** Whether the head waits for the end of the turn, and with it `#first` and `#trailers`. */
  #isWaiting = false;
  #first: Buffer | undefined;
  /** Of an answer that has ended. */
  #trailers: HeaderPairs | undefined;

  constructor(asked: Asked) {
    const { request, response, id } = asked;
    this.#request = request;
    this.#response = response;
    this.#id = id;
    this.#asked = asked;
    response.on('error', () => undefined); // the caller is gone; `onGone` says so
  }

  get hasBegun(): boolean {
    return this.#response.headersSent;
  }

  head(head: AnswerHead): void {
    this.#response.writeHead(head.status, head.statusText, rawHeaders(head, this.#id));
    this.#isWaiting = true;
    sendSoon(this);
  }

  write(chunk: Buffer): boolean {
    if (this.#isWaiting && this.#first === undefined && chunk.length <= MAX_WAITING_BYTES) {
      this.#first = chunk;
      return true;
    }
    this.send();
    return this.#response.write(chunk);
  }

  onDrain(listener: () => void): void {
    this.#response.on('drain', listener);
  }

  onGone(listener: () => void): void {
    if (this.#response.destroyed) listener();
    this.#response.once('close', () => {
      if (!this.#response.writableFinished) listener();
    });
  }

  end(trailers: HeaderPairs): void {
    this.#trailers = trailers;
    if (!this.#isWaiting) this.#end(trailers);
  }

  /** Sends what waits. */
  send(): void {
    if (!this.#isWaiting) return;
    this.#isWaiting = false;
    if (this.#response.destroyed) return;
    if (this.#trailers !== undefined) this.#end(this.#trailers, this.#first);
    else if (this.#first !== undefined) this.#response.write(this.#first);
    else this.#response.flushHeaders(); // an event stream that is silent at first
    this.#first = undefined;
  }

  #end(trailers: HeaderPairs, last?: Buffer): void {
    if (trailers.length > 0) this.#response.addTrailers(trailers as [string, string][]);
    this.#response.end(last);
    if (this.#response.writableLength > 0) {
      const timer = setTimeout(() => this.#response.destroy(), UNREAD_ANSWER_MS).unref();
      this.#response.once('close', () => clearTimeout(timer));
    }
    letGoOfBody(this.#request); // an upstream may answer before the request is read to its end
  }

  abort(): void {
    const { socket } = this.#request;
    // Without chunks or a length only a reset tells that the answer is not whole.
    if (this.#request.httpVersion === '1.0' && socket.remoteAddress !== undefined) socket.resetAndDestroy();
    this.#response.destroy();
  }

  problem(problem: Problem, shape?: RefusalShape): void {
    sendProblem(this.#asked, problem, shape ?? shapeOfClient(this.#request.headers['user-agent']));
  }
}

/** What the caller gets of an upstream's headers, with ours, flat. */
export function rawHeaders({ headers, secretVersion, flags }: AnswerHead, id: Id<'req'>): string[] {
  const raw: string[] = [];
  // A vendor's own x-request-id is what its support asks for: ours stands beside it.
  for (const [name, value] of headers) if (!OURS.has(name)) raw.push(name, value);
  raw.push('x-content-type-options', 'nosniff', 'doorward-source', 'upstream');
  raw.push('doorward-request-id', id);
  if (secretVersion !== undefined) raw.push('doorward-secret-version', secretVersion);
  if (flags !== undefined) raw.push('doorward-flags', flags);
  return raw;
}

let waiting: HttpAnswer[] = [];

function sendSoon(answer: HttpAnswer): void {
  if (waiting.push(answer) === 1) setImmediate(sendWaiting);
}

function sendWaiting(): void {
  const answers = waiting;
  waiting = [];
  for (const answer of answers) answer.send();
}
