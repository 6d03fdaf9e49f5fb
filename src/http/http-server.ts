// One listening server: Node's parser under our limits, refusals in our words, and handshakes of WebSockets on the same
// road as every other request.
import type { EventEmitter } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Id } from '../core/ids.ts';
import { Problem, type ProblemCode } from '../core/problem.ts';
import { toProblemResponse } from './problem-response.ts';
import { UpgradableMessage } from './upgradable-message.ts';

export interface HttpServer {
  readonly server: Server;
  /** Takes no new connection, lets answers under way end for `limitMs`, cuts what is left then. Idempotent. */
  close(limitMs: number): Promise<void>;
}

interface HttpServerOptions {
  readonly listener: RequestListener;
  /** For what never becomes a request. */
  readonly requestId: () => Id<'req'>;
  /** Where the pages of problems are. */
  readonly publicUrl: () => string;
}

const HEADERS_TIMEOUT_MS = 15_000;
/** Of a whole request with its body; long uploads fit, a body that never ends does not. */
const REQUEST_TIMEOUT_MS = 3_600_000;
const KEEP_ALIVE_MS = 65_000;
const MAX_HEADER_BYTES = 32 * 1024;
const CHECK_EVERY_MS = 5000;

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const answering = new Set<EventEmitter>();
  const upgraded = new Set<Duplex>();
  const track = (one: EventEmitter) => {
    answering.add(one);
    one.once('close', () => answering.delete(one));
  };
  const listener: RequestListener = (request, response) => {
    track(response);
    options.listener(request, response);
  };
  const refuse = (error: NodeJS.ErrnoException, socket: Duplex) =>
    answerMalformed(error, socket, { id: options.requestId(), publicUrl: options.publicUrl() });
  const server = createServer(
    {
      IncomingMessage: UpgradableMessage,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      connectionsCheckingInterval: CHECK_EVERY_MS,
      noDelay: true,
      requireHostHeader: false, // refused by the listener, in our words
    },
    listener,
  );
  // Headers over Node's own count would be hidden from some of its views and not from others: the listener counts.
  server.maxHeadersCount = 0;
  server.on('checkContinue', listener); // whoever reads the body asks for it
  server.on('checkExpectation', listener);
  server.on('clientError', refuse);
  server.on('upgrade', (request, socket, head) => {
    upgraded.add(socket);
    socket.once('close', () => upgraded.delete(socket));
    track(socket);
    socket.on('error', () => undefined); // the close tells
    if (head.length > 0) refuse(new Error('frames before the handshake'), socket);
    else options.listener(request, responseOver(request, socket));
  });
  return {
    server,
    close: async (limitMs) => {
      const closed = stopListening(server);
      await Promise.race([ended(answering), timeout(limitMs)]);
      server.closeAllConnections(); // kept alive, never used, or stuck
      for (const socket of upgraded) socket.destroy();
      await closed;
    },
  };
}

/** Node gives no response with a handshake; whoever refuses it needs one all the same, the last of its connection. */
function responseOver(request: IncomingMessage, socket: Duplex): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket as Socket); // a server's sockets are
  const onDrain = () => response.emit('drain');
  socket.on('drain', onDrain);
  response.once('finish', () => {
    socket.off('drain', onDrain);
    socket.end(() => socket.destroy());
  });
  return response;
}

/** What the parser refuses never becomes a request; it is answered all the same, and the connection ends. */
function answerMalformed(
  error: NodeJS.ErrnoException,
  socket: Duplex,
  { id, publicUrl }: { readonly id: Id<'req'>; readonly publicUrl: string },
): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const refusal = REFUSALS[error.code ?? ''] ?? NOT_HTTP;
  const { status, headers, body } = toProblemResponse(new Problem(refusal.code, refusal), id, publicUrl);
  const lines = Object.entries({
    ...headers,
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}`);
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines].join('\r\n');
  socket.end(`${head}\r\n\r\n${body}`, () => socket.destroy());
}

interface Refusal {
  readonly code: ProblemCode;
  readonly detail: string;
}

const NOT_HTTP: Refusal = {
  code: 'invalid-request',
  detail: 'This is not HTTP/1.1 as its specification has it; the connection is closed.',
};
const REFUSALS: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: {
    code: 'headers-too-large',
    detail: `The request line and the headers have at most ${MAX_HEADER_BYTES} bytes together here.`,
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    code: 'request-timeout',
    detail: `The headers must arrive within ${HEADERS_TIMEOUT_MS / 1000} s.`,
  },
};

export function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

async function ended(answering: ReadonlySet<EventEmitter>): Promise<void> {
  for (const one of answering) await new Promise((resolve) => one.once('close', resolve));
}

function timeout(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
