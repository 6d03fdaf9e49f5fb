// The sockets: one for calls and administration on TCP, the admin socket beside it. They listen before everything else
// is ready, since the address is part of what tokens say; until then they answer 503.
import { chmod } from 'node:fs/promises';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Id } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { createHttpServer, type HttpLimits } from './http-server.ts';

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

export async function openServers(options: {
  readonly host: string;
  readonly port: number;
  readonly socketPath: string;
  readonly limits: HttpLimits;
  /** What answers until `serve` is called. */
  readonly starting: RequestListener;
  /** For what never becomes a request. */
  readonly requestId: () => Id<'req'>;
  /** Where the pages of problems are, where it is not the address it listens on. */
  readonly publicUrl?: string | undefined;
}): Promise<Servers> {
  let current = options.starting;
  let url = '';
  const parts = {
    limits: options.limits,
    listener: (...asked: Parameters<RequestListener>) => current(...asked),
    requestId: options.requestId,
    publicUrl: () => options.publicUrl ?? url,
  };
  const tcp = createHttpServer(parts);
  // Looked up while there is one, Node remembers it: a peer that has gone must not pass for the admin socket's.
  tcp.server.on('connection', (socket) => socket.remoteAddress ?? socket.destroy());
  const unix = createHttpServer(parts);
  await listenOn(tcp.server, { host: options.host, port: options.port }, 'DOORWARD_LISTEN');
  try {
    await listen(unix.server, { path: options.socketPath });
    await chmod(options.socketPath, 0o600);
  } catch (error) {
    tcp.server.close();
    throw explain(error, options.socketPath, 'DOORWARD_LISTEN');
  }
  const { address, port } = tcp.server.address() as AddressInfo; // a TCP server has one
  url = `http://${hostOf(options.host)}:${port}`;
  return {
    url,
    address,
    port,
    serve: (listener) => {
      current = listener;
    },
    close: async (limitMs) => {
      await Promise.all([tcp.close(limitMs), unix.close(limitMs)]);
    },
  };
}

/** As it stands in a URL. Who listens on every interface is called on loopback, unless told a public URL. */
export function hostOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

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

export function listen(
  server: Server,
  where: { host: string; port: number } | { path: string },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
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
