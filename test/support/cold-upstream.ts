// A TLS upstream that takes a connection at once and says nothing until it is told to: calls wait in the middle of their
// handshake. Each connection carries one request.
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';

export interface ColdUpstream {
  readonly port: number;
  /** Paths of the requests whose first bytes arrived. */
  readonly seen: readonly string[];
  /** Connections that wait for the handshake to go on. */
  readonly waiting: number;
  /** Lets those that wait, and with `keepOpen` all that come, go on. */
  open(keepOpen?: boolean): void;
  /** Closes what is connected, and from now on connections wait again. */
  shut(): Promise<void>;
}

export async function startColdUpstream(certificate: {
  readonly key: string;
  readonly cert: string;
}): Promise<ColdUpstream> {
  const secureContext = createSecureContext(certificate);
  const seen: string[] = [];
  const waiting = new Set<Socket>();
  const sockets = new Set<Socket>();
  let isOpen = false;
  const shakeHands = (socket: Socket) => {
    const tls = new TLSSocket(socket, { isServer: true, secureContext });
    tls.on('error', () => undefined);
    tls.once('data', (chunk: Buffer) => {
      seen.push(/^\S+ (\S+)/.exec(chunk.toString('latin1'))?.[1] ?? '');
      tls.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok');
    });
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      waiting.delete(socket);
    });
    if (isOpen) shakeHands(socket);
    else waiting.add(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    get waiting() {
      return waiting.size;
    },
    open: (keepOpen = false) => {
      isOpen = keepOpen;
      for (const socket of waiting) shakeHands(socket);
      waiting.clear();
    },
    shut: async () => {
      isOpen = false;
      const closing = [...sockets].map((socket) => once(socket, 'close'));
      for (const socket of sockets) socket.destroy();
      await Promise.all(closing);
    },
  };
}
