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
import { Problem } from '../core/problem.ts';

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
}): Promise<Servers> {
  let current = options.starting;
  const answering = new Set<ServerResponse>();
  const listener: RequestListener = (request, response) => {
    answering.add(response);
    response.once('close', () => answering.delete(response));
    current(request, response);
  };
  const tcp = createHttpServer(listener);
  // Looked up while there is one, Node remembers it: a peer that has gone must not pass for the admin socket's.
  tcp.on('connection', (socket) => socket.remoteAddress ?? socket.destroy());
  const unix = createHttpServer(listener);
  await listen(tcp, { host: options.host, port: options.port }).catch((error: unknown) => {
    throw explain(error, `${options.host}:${options.port}`);
  });
  try {
    await listen(unix, { path: options.socketPath });
    await chmod(options.socketPath, 0o600);
  } catch (error) {
    tcp.close();
    throw explain(error, options.socketPath);
  }
  const { address, port } = tcp.address() as AddressInfo; // a TCP server has one
  return {
    url: `http://${hostOf(options.host)}:${port}`,
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

function createHttpServer(listener: RequestListener): Server {
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
  server.on('clientError', answerMalformed);
  return server;
}

/** What the parser refuses never becomes a request; it is answered all the same, and the connection ends. */
function answerMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  const status =
    error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'connection: close',
    'content-length: 0',
    'cache-control: no-store',
    'doorward-source: broker',
    'x-should-retry: false',
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n`, () => socket.destroy());
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

function stopListening(server: Server): Promise<void> {
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

function explain(error: unknown, address: string): unknown {
  const advice = ADVICE[error instanceof Error && 'code' in error ? String(error.code) : ''];
  if (advice === undefined) return error;
  return new Problem('not-ready', { detail: `Can not listen on ${address}: ${advice}.`, cause: error });
}

const ELSEWHERE = 'this user or machine can not listen there. Choose another with DOORWARD_LISTEN=HOST:PORT';
const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE:
    'something else listens there already. Stop it, or choose another with DOORWARD_LISTEN=127.0.0.1:PORT',
  EACCES: ELSEWHERE,
  EADDRNOTAVAIL: ELSEWHERE,
  ENOTFOUND: 'the host name is not known. Give an address of this machine in DOORWARD_LISTEN=HOST:PORT',
  EAI_AGAIN: 'the host name could not be looked up. Give an address in DOORWARD_LISTEN=HOST:PORT',
};
