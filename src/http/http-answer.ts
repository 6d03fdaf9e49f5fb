// The answer to a call over HTTP: Node's response, with what every answer carries.
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
/** Headers that every answer has once, in our words. */
const OURS: ReadonlySet<string> = new Set(['x-content-type-options']);

export class HttpAnswer implements Answer {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #id: Id<'req'>;
  readonly #asked: Asked;

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
    flushSoon(this.#response);
  }

  write(chunk: Buffer): boolean {
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
    if (trailers.length > 0) this.#response.addTrailers(trailers as [string, string][]);
    this.#response.end();
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

let waiting: ServerResponse[] = [];

/** The head goes out with the first of the body; an event stream that is silent at first must not wait for it. */
function flushSoon(response: ServerResponse): void {
  if (waiting.push(response) === 1) setImmediate(flushWaiting);
}

function flushWaiting(): void {
  const responses = waiting;
  waiting = [];
  for (const response of responses)
    if (!response.writableEnded && !response.destroyed) response.flushHeaders();
}
