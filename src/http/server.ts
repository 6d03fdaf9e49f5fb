// The sockets: one for calls and administration on TCP, the admin socket beside it. They listen before everything else
// is ready, since the address is part of what tokens say; until then they answer 503.
import { chmod } from 'node:fs/promises';
import {
  createServer,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Id } from '../core/ids.ts';
import { Problem, type ProblemCode } from '../core/problem.ts';
import { toProblemResponse } from './problem-response.ts';

export interface Servers {
  /** `http://host:port` with the port that was given. */
  readonly url: string;
  /** As the socket is bound: an IP address. */
  readonly address: string;
  readonly port: number;
  serve(listener: RequestListener): void;
  /** Takes no new connection, lets answers under way end for `limitMs`, cuts what is left then. Idempotent. */
  close(limitMs: number): Promise<void>;
}

const HEADERS_TIMEOUT_MS = 15_000;
/** Of a whole request with its body; long uploads fit, a body that never ends does not. */
const REQUEST_TIMEOUT_MS = 3_600_000;
const KEEP_ALIVE_MS = 65_000;
const MAX_HEADER_BYTES = 32 * 1024;
const CHECK_EVERY_MS = 5000;

export async function openServers(options: {
  readonly host: string;
  readonly port: number;
  readonly socketPath: string;
  /** What answers until `serve` is called. */
  readonly starting: RequestListener;
  /** For what never becomes a request. */
  readonly requestId: () => Id<'req'>;
  /** Where the pages of problems are, where it is not the address it listens on. */
  readonly publicUrl?: string | undefined;
}): Promise<Servers> {
  let current = options.starting;
  const answering = new Set<ServerResponse>();
  const listener: RequestListener = (request, response) => {
    answering.add(response);
    response.once('close', () => answering.delete(response));
    current(request, response);
  };
  let url = '';
  const refuse = (error: NodeJS.ErrnoException, socket: Duplex) =>
    answerMalformed(error, socket, { id: options.requestId(), publicUrl: options.publicUrl ?? url });
  const tcp = createHttpServer(listener, refuse);
  // Looked up while there is one, Node remembers it: a peer that has gone must not pass for the admin socket's.
  tcp.on('connection', (socket) => socket.remoteAddress ?? socket.destroy());
  const unix = createHttpServer(listener, refuse);
  await listenOn(tcp, { host: options.host, port: options.port }, 'DOORWARD_LISTEN');
  try {
    await listen(unix, { path: options.socketPath });
    await chmod(options.socketPath, 0o600);
  } catch (error) {
    tcp.close();
    throw explain(error, options.socketPath, 'DOORWARD_LISTEN');
  }
  const { address, port } = tcp.address() as AddressInfo; // a TCP server has one
  url = `http://${hostOf(options.host)}:${port}`;
  return {
    url,
    address,
    port,
    serve: (listener) => {
      current = listener;
    },
    close: async (limitMs) => {
      const closed = [tcp, unix].map(stopListening);
      await Promise.race([ended(answering), timeout(limitMs)]);
      for (const server of [tcp, unix]) server.closeAllConnections(); // kept alive, never used, or stuck
      await Promise.all(closed);
    },
  };
}

/** As it stands in a URL. Who listens on every interface is called on loopback, unless told a public URL. */
function hostOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

function createHttpServer(
  listener: RequestListener,
  refuse: (error: NodeJS.ErrnoException, socket: Duplex) => void,
): Server {
  const server = createServer(
    {
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
  // An upgrade is not listened for: such a request is answered as if it had not asked (RFC 9110 §7.8).
  server.on('checkExpectation', (request, response) => listener(request, response));
  server.on('clientError', refuse);
  return server;
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

/** Throws `not-ready` with what to do about it; `variable` is where the address was given. */
export async function listenOn(
  server: Server,
  where: { readonly host: string; readonly port: number },
  variable: string,
): Promise<void> {
  await listen(server, where).catch((error: unknown) => {
    throw explain(error, `${where.host}:${where.port}`, variable);
  });
}

function listen(server: Server, where: { host: string; port: number } | { path: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

export function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

async function ended(answering: ReadonlySet<ServerResponse>): Promise<void> {
  for (const response of answering) await new Promise((resolve) => response.once('close', resolve));
}

function timeout(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

function explain(error: unknown, address: string, variable: string): unknown {
  const advice = ADVICE[error instanceof Error && 'code' in error ? String(error.code) : ''];
  if (advice === undefined) return error;
  return new Problem('not-ready', {
    detail: `Can not listen on ${address}: ${advice(variable)}.`,
    cause: error,
  });
}

const ELSEWHERE = (variable: string) =>
  `this user or machine can not listen there. Choose another with ${variable}=HOST:PORT`;
const ADVICE: Readonly<Record<string, (variable: string) => string>> = {
  EADDRINUSE: (variable) =>
    `something else listens there already. Stop it, or choose another with ${variable}=127.0.0.1:PORT`,
  EACCES: ELSEWHERE,
  EADDRNOTAVAIL: ELSEWHERE,
  ENOTFOUND: (variable) =>
    `the host name is not known. Give an address of this machine in ${variable}=HOST:PORT`,
  EAI_AGAIN: (variable) => `the host name could not be looked up. Give an address in ${variable}=HOST:PORT`,
};
