// An upstream that keeps to no rule: raw sockets, every byte kept, answers written by hand. Each attack has one of its own.
import { once } from 'node:events';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { answerText, headerOf, readHead, readMessage } from './http-text.ts';

interface SeenRequest {
  readonly method: string;
  readonly target: string;
  /** In the order received, names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  header(name: string): string | undefined;
  all(name: string): readonly string[];
}

export type Respond = (request: SeenRequest, socket: Socket) => void | Promise<void>;

export interface HostileUpstream {
  readonly url: string;
  readonly port: number;
  /** Whole requests, in the order of their ends. */
  readonly seen: SeenRequest[];
  /** Requests whose first byte has come. */
  readonly started: number;
  readonly connections: number;
  /** Every byte that came over every connection. */
  heard(): Buffer;
  /** What writes the answer from now on; at first a short 200. */
  respond: Respond;
  forget(): void;
  close(): Promise<void>;
}

export const fine: Respond = (_request, socket) => {
  socket.write(answerText(200, ['content-type: text/plain'], 'fine'));
};

class State {
  readonly seen: SeenRequest[] = [];
  pieces: Buffer[] = [];
  started = 0;
  connections = 0;
  respond: Respond = fine;
  readonly sockets = new Set<Socket>();
}

export async function startUpstream(tls?: TlsOptions): Promise<HostileUpstream> {
  const state = new State();
  const listen = (socket: Socket) => converse(state, socket);
  const server = tls === undefined ? createTcpServer(listen) : createTlsServer(tls, listen);
  server.on('tlsClientError', () => (state.connections += 1));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server has one
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    seen: state.seen,
    get started() {
      return state.started;
    },
    get connections() {
      return state.connections;
    },
    get respond() {
      return state.respond;
    },
    set respond(respond) {
      state.respond = respond;
    },
    heard: () => Buffer.concat(state.pieces),
    forget: () => {
      state.seen.length = 0;
      state.pieces = [];
    },
    close: async () => {
      for (const socket of state.sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Reads request after request. The first byte of each counts, whether the rest comes or not. */
function converse(state: State, socket: Socket): void {
  state.connections += 1;
  state.sockets.add(socket);
  socket.on('close', () => state.sockets.delete(socket));
  socket.on('error', () => undefined);
  socket.setNoDelay(true);
  let bytes = Buffer.alloc(0);
  let isWithin = false;
  socket.on('data', (piece: Buffer) => {
    state.pieces.push(piece);
    bytes = Buffer.concat([bytes, piece]);
    for (;;) {
      if (!isWithin && bytes.length > 0) {
        isWithin = true;
        state.started += 1;
      }
      askForBody(bytes, socket);
      const message = readMessage(bytes);
      if (message === undefined) return;
      bytes = bytes.subarray(message.end);
      isWithin = false;
      const request = toRequest(message.head.line, message.head.headers, message.body);
      state.seen.push(request);
      void Promise.resolve(state.respond(request, socket)).catch(() => socket.destroy());
    }
  });
}

function askForBody(bytes: Buffer, socket: Socket): void {
  const head = readHead(bytes);
  if (head?.end === bytes.length && headerOf(head, 'expect') !== undefined)
    socket.write('HTTP/1.1 100 Continue\r\n\r\n');
}

function toRequest(line: string, headers: SeenRequest['headers'], body: Buffer): SeenRequest {
  const [method = '', target = ''] = line.split(' ');
  const all = (name: string) => headers.filter(([found]) => found === name).map(([, value]) => value);
  return { method, target, headers, body, all, header: (name) => all(name)[0] };
}
