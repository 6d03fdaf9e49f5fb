// A real upstream that takes WebSockets: checks the credential in the handshake, remembers what it saw, and does with each
// connection as told.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

export interface WebSocketUpstream {
  readonly url: string;
  /** The handshakes that came, agreed to or not. */
  readonly handshakes: IncomingMessage[];
  /** Connections that stand. */
  readonly sockets: Set<WebSocket>;
  /** Whether a handshake carries what this upstream wants; everything else gets 401. */
  isGood: (request: IncomingMessage) => boolean;
  /** What becomes of a connection; at first every message is sent back. */
  onSocket: (socket: WebSocket) => void;
  /** In place of an ordinary handshake: bytes of the test's own. */
  answerRaw: ((request: IncomingMessage, socket: Socket) => void) | undefined;
  close(): Promise<void>;
}

export async function startWebSocketUpstream(value: string): Promise<WebSocketUpstream> {
  const raw = new Set<Socket>();
  const server = createServer((_request, response) => response.writeHead(426).end('this is a WebSocket'));
  server.on('connection', (socket) => {
    raw.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => raw.delete(socket));
  });
  const agreeing = new WebSocketServer({
    noServer: true,
    perMessageDeflate: true,
    maxPayload: 64 * 1024 * 1024,
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const upstream: WebSocketUpstream = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    handshakes: [],
    sockets: new Set(),
    isGood: (request) => request.headers.authorization === `Bearer ${value}`,
    onSocket: (socket) => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
    answerRaw: undefined,
    close: async () => {
      for (const socket of raw) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  server.on('upgrade', (request, socket: Socket, head) => {
    upstream.handshakes.push(request);
    if (upstream.answerRaw !== undefined) {
      upstream.answerRaw(request, socket);
    } else if (!upstream.isGood(request)) {
      const body = JSON.stringify({ error: 'bad key', seen: request.headers.authorization });
      socket.end(
        `HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
    } else {
      agreeing.handleUpgrade(request, socket, head, (agreed) => {
        agreed.on('error', () => undefined);
        upstream.sockets.add(agreed);
        agreed.on('close', () => upstream.sockets.delete(agreed));
        upstream.onSocket(agreed);
      });
    }
  });
  return upstream;
}
