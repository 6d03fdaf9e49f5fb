// A call as it comes over HTTP: Node's request and response as a brokered call and its answer. The raw target is split
// here, before any URL parser or router sees it.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { broker } from '../broker/broker.ts';
import type { BrokeredCall } from '../broker/call.ts';
import { ConnectionMemory } from '../broker/connection-memory.ts';
import type { BrokerDeps } from '../broker/deps.ts';
import { newId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { HttpAnswer } from './http-answer.ts';
import type { Asked } from './send-problem.ts';
import { asksForWebSocket } from './upgradable-message.ts';
import { WebSocketAnswer } from './websocket-answer.ts';
import { readHandshake } from './websocket-request.ts';

const TARGET = /^\/call\/([^/?]*)((?:\/[^?]*)?(?:\?.*)?)$/s;
const CALL_PREFIX = '/call/';

/** Which service is called, and what below it, as raw text. */
export interface CallTarget {
  readonly service: string;
  readonly address: string;
  /** Where the caller calls the service; undefined on a unix socket, whose clients go by the vendor's own name. */
  readonly base?: string | undefined;
}

export function handleCall(
  deps: BrokerDeps,
  { request, response, publicUrl }: Omit<Asked, 'id'>,
  target: CallTarget,
): Promise<void> {
  const asked = { request, response, publicUrl, id: newId(deps.ids, 'req') };
  const memory = memoryOf(request);
  const call: BrokeredCall = {
    service: target.service,
    address: target.address,
    base: target.base,
    request: asked.id,
    method: request.method ?? '',
    headers: memory.headers(request.rawHeaders),
    ...bodyOf(request),
    client: clientOf(request),
    memory,
  };
  if (asksForWebSocket(request)) return handleWebSocket(deps, asked, call);
  if (request.headers.expect !== undefined && request.httpVersion === '1.1')
    askForBodyWhenRead(request, response);
  return broker(deps, call, new HttpAnswer(asked));
}

async function handleWebSocket(deps: BrokerDeps, asked: Asked, call: BrokeredCall): Promise<void> {
  const handshake = readHandshake(call.headers);
  if (handshake instanceof Problem) {
    new HttpAnswer(asked).problem(handshake);
    return;
  }
  const { headers } = handshake;
  await broker(deps, { ...call, headers, isWebSocket: true }, new WebSocketAnswer(asked, handshake));
}

/** RFC 9110 §10.1.1: a caller that waits to be asked sends its body only once the call is allowed and on its way. */
function askForBodyWhenRead(request: IncomingMessage, response: ServerResponse): void {
  const onListener = (event: string | symbol) => {
    if (event !== 'data') return;
    request.off('newListener', onListener);
    if (!response.headersSent) response.writeContinue();
  };
  request.on('newListener', onListener);
}

const memories = new WeakMap<Socket, ConnectionMemory>();
/** What is remembered of thousands of idle connections, of strangers too, has to be little. */
const MAX_REMEMBERED_CHARACTERS = 4096;

function memoryOf({ socket, rawHeaders, url = '' }: IncomingMessage): ConnectionMemory {
  let left = MAX_REMEMBERED_CHARACTERS - url.length;
  for (const text of rawHeaders) left -= text.length;
  if (left < 0) return new ConnectionMemory();
  let memory = memories.get(socket);
  if (memory === undefined) memories.set(socket, (memory = new ConnectionMemory()));
  return memory;
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

/** The target of a call, whatever a router would make of it; undefined for everything else. */
export function callTarget(url: string): CallTarget | undefined {
  if (!url.startsWith(CALL_PREFIX)) return undefined;
  const [, service = '', address = ''] = TARGET.exec(url) ?? [];
  return { service, address };
}

export function drainingProblem(): Problem {
  return new Problem('draining', {
    detail: 'The server is shutting down; another one, or a restart, will answer.',
  });
}
