// One listening server: Node's parser under our limits, refusals in our words, and handshakes of WebSockets on the same
// road as every other request.
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
import { Framing, type FramingFault, headTooLarge, NOT_HTTP } from './framing.ts';
import { OpenRequests } from './open-requests.ts';
import { toProblemResponse } from './problem-response.ts';
import { UpgradableMessage } from './upgradable-message.ts';

export interface HttpServer {
  readonly server: Server;
  /** Takes no new connection, lets answers under way end for `limitMs`, cuts what is left then. Idempotent. */
  close(limitMs: number): Promise<void>;
}

/** How much of itself a listener lends to callers it does not know yet. */
export interface HttpLimits {
  /** Of one listener; further ones are closed at once. */
  readonly maxConnections: number;
  /** For the head of a request to arrive. */
  readonly headersMs: number;
  /** For the next bytes of a body that is waited for. */
  readonly bodyIdleMs: number;
  /** For a whole request with its body: long uploads fit, a body that never ends does not. An hour unless told. */
  readonly requestMs?: number;
}

interface HttpServerOptions {
  readonly limits: HttpLimits;
  readonly listener: RequestListener;
  /** For what never becomes a request. */
  readonly requestId: () => Id<'req'>;
  /** Where the pages of problems are. */
  readonly publicUrl: () => string;
}

const REQUEST_MS = 3_600_000;
const KEEP_ALIVE_MS = 65_000;
const MAX_HEADER_BYTES = 32 * 1024;
const CHECK_EVERY_MS = 5000;

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { limits } = options;
  const upgraded = new Set<Duplex>();
  const open = new OpenRequests();
  const listener: RequestListener = (request, response) => {
    if (open.add(request, response)) options.listener(request, response);
    else refuse(new Fault(TOO_MANY_AHEAD), request.socket);
  };
  const refuse = (error: Error, socket: Duplex) => {
    if (open.mayAnswer(socket)) {
      answerMalformed(refusalOf(error, limits, open.isUnderWay(socket)), socket, {
        id: options.requestId(),
        publicUrl: options.publicUrl(),
      });
    } else socket.destroy();
  };
  const server = createLimitedServer(limits, listener);
  const changed = new WeakMap<Duplex, () => void>();
  server.on('connection', (socket: Socket) => {
    changed.set(socket, readStrictly(socket, refuse));
    socket.once('close', () => open.gone(socket));
  });
  server.on('checkContinue', listener); // whoever reads the body asks for it
  server.on('checkExpectation', listener);
  server.on('clientError', refuse);
  server.on('upgrade', (request, socket, head) => {
    changed.get(socket)?.();
    upgraded.add(socket);
    socket.once('close', () => upgraded.delete(socket));
    socket.on('error', () => undefined); // the close tells
    if (head.length > 0) refuse(new Fault(NOT_HTTP), socket);
    else options.listener(request, responseOver(request, socket));
  });
  whileListening(server, Math.min(CHECK_EVERY_MS, limits.bodyIdleMs), () => {
    for (const socket of open.stalled(limits.bodyIdleMs)) refuse(new Fault(BODY_STALLED), socket);
  });
  return {
    server,
    close: async (limitMs) => {
      const closed = stopListening(server);
      await Promise.race([ended(open, upgraded), timeout(limitMs)]);
      server.closeAllConnections(); // kept alive, never used, or stuck
      for (const socket of upgraded) socket.destroy();
      await closed;
    },
  };
}

function createLimitedServer(limits: HttpLimits, listener: RequestListener): Server {
  const { headersMs, maxConnections, requestMs = REQUEST_MS } = limits;
  const server = createServer(
    {
      IncomingMessage: UpgradableMessage,
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      connectionsCheckingInterval: Math.min(CHECK_EVERY_MS, headersMs),
      noDelay: true,
      requireHostHeader: false, // refused by the listener, in our words
    },
    listener,
  );
  server.maxConnections = maxConnections;
  // Headers over Node's own count would be hidden from some of its views and not from others: the listener counts.
  server.maxHeadersCount = 0;
  return server;
}

function whileListening(server: Server, everyMs: number, work: () => void): void {
  server.once('listening', () => {
    const timer = setInterval(work, everyMs).unref();
    server.once('close', () => clearInterval(timer));
  });
}

/**
 * Lets Node's parser have of a connection what two readers can not take for two things, and no byte after that. The function
 * it returns ends that: the protocol has changed.
 */
function readStrictly(socket: Socket, refuse: (error: Error, socket: Duplex) => void): () => void {
  const [parse] = socket.listeners('data');
  if (parse === undefined) throw new Error('the parser does not listen to its connection');
  const framing = new Framing(MAX_HEADER_BYTES);
  let isOver = false;
  const check = (bytes: Buffer): void => {
    if (isOver) return;
    const fault = framing.push(bytes);
    if (fault === undefined) parse.call(socket, bytes);
    else {
      isOver = true;
      refuse(new Fault(fault), socket);
    }
  };
  socket.on('data', check); // the parser reads from the handle itself, until somebody listens
  socket.off('data', parse as typeof check);
  return () => socket.off('data', check);
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
  refusal: Refusal | undefined,
  socket: Duplex,
  { id, publicUrl }: { readonly id: Id<'req'>; readonly publicUrl: string },
): void {
  if (!socket.writable || refusal === undefined) {
    socket.destroy();
    return;
  }
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

/** A refusal of ours where Node has errors of its parser. */
class Fault extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal | FramingFault) {
    super(refusal.detail);
    this.refusal = refusal;
  }
}

/** Undefined: there is nobody left to answer. `hasHead`: its head had come, so that it is the body which is late. */
function refusalOf(
  error: NodeJS.ErrnoException,
  { headersMs, requestMs = REQUEST_MS }: HttpLimits,
  hasHead: boolean,
): Refusal | undefined {
  if (error instanceof Fault) return error.refusal;
  switch (error.code) {
    case 'ECONNRESET':
      return undefined;
    case 'HPE_HEADER_OVERFLOW':
      return headTooLarge(MAX_HEADER_BYTES);
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return {
        code: 'request-timeout',
        detail: hasHead
          ? `The whole request must arrive within ${Math.ceil(requestMs / 1000)} s.`
          : `The headers must arrive within ${Math.ceil(headersMs / 1000)} s.`,
      };
    default:
      return NOT_HTTP;
  }
}

const BODY_STALLED: Refusal = {
  code: 'request-timeout',
  detail: 'The body stopped coming. Send it without such pauses.',
};
const TOO_MANY_AHEAD: Refusal = {
  code: 'invalid-request',
  detail: 'Too many requests of this connection wait for their answers. Read those first.',
};

function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

async function ended(open: OpenRequests, upgraded: ReadonlySet<Duplex>): Promise<void> {
  for (;;) {
    const one = open.first ?? [...upgraded][0];
    if (one === undefined) return;
    await new Promise((resolve) => one.once('close', resolve));
  }
}

function timeout(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
