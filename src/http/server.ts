// The sockets: one for calls and administration on TCP, the admin socket beside it. They listen before everything else
// is ready, since the address is part of what tokens say; until then they answer 503.
import { chmod } from 'node:fs/promises';
import { createServer, type RequestListener, type Server, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Problem } from '../core/problem.ts';

export interface Servers {
  /** `http://host:port` with the port that was given. */
  readonly url: string;
  readonly port: number;
  serve(listener: RequestListener): void;
  /** Takes no new connection; idle ones are closed, busy ones when their answer is done. */
  close(): Promise<void>;
  /** Cuts whatever is still open. */
  destroy(): void;
}

const HEADERS_TIMEOUT_MS = 15_000;
/** Of a whole request with its body; long uploads fit, a body that never ends does not. */
const REQUEST_TIMEOUT_MS = 3_600_000;
const KEEP_ALIVE_MS = 65_000;
const MAX_HEADER_BYTES = 32 * 1024;
const MAX_HEADERS = 200;
const CHECK_EVERY_MS = 5000;

export async function openServers(options: {
  readonly host: string;
  readonly port: number;
  readonly socketPath: string;
}): Promise<Servers> {
  let current: RequestListener = notReadyYet;
  const tcp = createHttpServer((request, response) => current(request, response));
  const unix = createHttpServer((request, response) => current(request, response));
  await listen(tcp, { host: options.host, port: options.port }).catch((error: unknown) => {
    throw explain(error, `${options.host}:${options.port}`);
  });
  try {
    await listen(unix, { path: options.socketPath });
    await chmod(options.socketPath, 0o600);
  } catch (error) {
    tcp.close();
    throw error;
  }
  const { port } = tcp.address() as AddressInfo; // a TCP server has one
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `http://${host}:${port}`,
    port,
    serve: (listener) => {
      current = listener;
    },
    close: async () => {
      await Promise.all([tcp, unix].map(closed));
    },
    destroy: () => {
      tcp.closeAllConnections();
      unix.closeAllConnections();
    },
  };
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
    },
    listener,
  );
  server.maxHeadersCount = MAX_HEADERS;
  server.on('upgrade', (_request, socket) => socket.destroy());
  return server;
}

function notReadyYet(...[, response]: Parameters<RequestListener>): void {
  response.writeHead(503, STATUS_CODES[503], { 'retry-after': '1', 'doorward-source': 'broker' }).end();
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

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

function explain(error: unknown, address: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const advice =
    code === 'EADDRINUSE'
      ? 'something else listens there already. Stop it, or choose another with DOORWARD_LISTEN=127.0.0.1:PORT'
      : code === 'EACCES' || code === 'EADDRNOTAVAIL'
        ? 'this user or machine can not listen there. Choose another with DOORWARD_LISTEN=HOST:PORT'
        : undefined;
  if (advice === undefined) return error;
  return new Problem('not-ready', { detail: `Can not listen on ${address}: ${advice}.`, cause: error });
}
