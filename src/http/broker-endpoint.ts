// `/call/<service>/<path>`: Node's request and response as a brokered call and its answer. The raw target is split here,
// before any URL parser or router sees it.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { broker } from '../broker/broker.ts';
import type { Answer, AnswerHead, BrokeredCall } from '../broker/call.ts';
import type { BrokerDeps } from '../broker/deps.ts';
import { type HeaderPairs, pairsFromRaw } from '../core/headers.ts';
import { type Id, newId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { type Asked, letGoOfBody, sendProblem } from './send-problem.ts';

const TARGET = /^\/call\/([^/?]*)((?:\/[^?]*)?(?:\?.*)?)$/s;
const CALL_PREFIX = '/call/';
/** How long the last bytes of an answer may wait for a caller who reads none of them. */
const UNREAD_ANSWER_MS = 120_000;
/** Headers that every answer has once, in our words. */
const OURS: ReadonlySet<string> = new Set(['x-content-type-options']);

export async function handleCall(
  deps: BrokerDeps,
  { request, response, publicUrl }: Omit<Asked, 'id'>,
): Promise<void> {
  const [, service = '', address = ''] = TARGET.exec(request.url ?? '') ?? [];
  const id = newId(deps.ids, 'req');
  const call: BrokeredCall = {
    request: id,
    method: request.method ?? '',
    service,
    address,
    headers: pairsFromRaw(request.rawHeaders),
    ...bodyOf(request),
    client: clientOf(request),
  };
  await broker(deps, call, new HttpAnswer({ request, response, id, publicUrl }));
}

/** The peer's address; a unix socket has none and counts as loopback. */
export function clientOf(request: IncomingMessage): string {
  return request.socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)|%.*$/g, '') ?? '127.0.0.1';
}

function bodyOf(request: IncomingMessage): Pick<BrokeredCall, 'body' | 'contentLength'> {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  if (coding !== undefined) return { body: request, contentLength: undefined };
  if (length === undefined || length === '0') return { body: undefined, contentLength: undefined };
  return { body: request, contentLength: Number(length) };
}

class HttpAnswer implements Answer {
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

  head({ status, statusText, headers, secretVersion }: AnswerHead): void {
    const raw: string[] = [];
    // A vendor's own x-request-id is what its support asks for: ours stands beside it.
    for (const [name, value] of headers) if (!OURS.has(name)) raw.push(name, value);
    raw.push('x-content-type-options', 'nosniff', 'doorward-source', 'upstream');
    raw.push('doorward-request-id', this.#id);
    if (secretVersion !== undefined) raw.push('doorward-secret-version', secretVersion);
    this.#response.writeHead(status, statusText, raw);
    // The head goes out with the first of the body; an event stream that is silent at first must not wait for it.
    setImmediate(() => {
      if (!this.#response.writableEnded && !this.#response.destroyed) this.#response.flushHeaders();
    });
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

  problem(problem: Problem): void {
    sendProblem(this.#asked, problem);
  }
}

/** Whether a target belongs to a call, whatever a router would make of it. */
export function isCallTarget(url: string | undefined): boolean {
  return url?.startsWith(CALL_PREFIX) === true;
}

export function drainingProblem(): Problem {
  return new Problem('draining', {
    detail: 'The server is shutting down; another one, or a restart, will answer.',
  });
}
