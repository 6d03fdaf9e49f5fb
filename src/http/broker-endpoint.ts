// `/call/<service>/<path>`: Node's request and response as a brokered call and its answer. The raw target is split here,
// before any URL parser or router sees it.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { broker } from '../broker/broker.ts';
import type { Answer, AnswerHead, BrokeredCall } from '../broker/call.ts';
import type { BrokerDeps } from '../broker/deps.ts';
import { type HeaderPairs, pairsFromRaw } from '../core/headers.ts';
import { type Id, newId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { toProblemResponse } from './problem-response.ts';

const TARGET = /^\/call\/([^/?]*)((?:\/[^?]*)?(?:\?.*)?)$/s;
export const CALL_PREFIX = '/call/';
const LEFT_OVER_BODY_MS = 2000;

export async function handleCall(
  deps: BrokerDeps,
  request: IncomingMessage,
  response: ServerResponse,
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
  await broker(deps, call, new HttpAnswer(request, response, id));
}

/** The peer's address; a unix socket has none and counts as loopback. */
export function clientOf(request: IncomingMessage): string {
  return request.socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/, '') ?? '127.0.0.1';
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

  constructor(request: IncomingMessage, response: ServerResponse, id: Id<'req'>) {
    this.#request = request;
    this.#response = response;
    this.#id = id;
    response.on('error', () => undefined); // the caller is gone; `onGone` says so
  }

  get hasBegun(): boolean {
    return this.#response.headersSent;
  }

  head({ status, statusText, headers }: AnswerHead): void {
    const raw: string[] = [];
    for (const [name, value] of headers) raw.push(name, value);
    raw.push('x-content-type-options', 'nosniff', 'x-request-id', this.#id, 'doorward-source', 'upstream');
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
    // An upstream may answer before the request is read to its end: let go of the rest, but not for long.
    if (!this.#request.complete) {
      const { socket } = this.#request;
      this.#request.resume();
      setTimeout(() => this.#request.complete || socket.destroy(), LEFT_OVER_BODY_MS).unref();
    }
  }

  abort(): void {
    this.#response.destroy();
  }

  problem(problem: Problem): void {
    sendProblem({ request: this.#request, response: this.#response, id: this.#id }, problem);
  }
}

export function sendProblem(
  to: { readonly request: IncomingMessage; readonly response: ServerResponse; readonly id: Id<'req'> },
  problem: Problem,
): void {
  if (to.response.destroyed || to.response.headersSent) return;
  const { status, headers, body } = toProblemResponse(problem, to.id);
  to.response.writeHead(status, {
    ...headers,
    'content-length': Buffer.byteLength(body),
    // What is left of the body is not read: the connection can't be used again.
    ...(to.request.complete ? {} : { connection: 'close' }),
  });
  to.response.end(to.request.method === 'HEAD' ? undefined : body);
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
