// What is under way on the connections of one listener: how many requests of one connection wait for their answers, which
// body has stopped coming, and whether a refusal may still be written without ending up inside somebody's answer.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Requests of one connection that wait for their answers, one behind the other. */
const MAX_PIPELINED = 16;

interface Open {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Bytes of the connection when it was last looked at, and since when there were no more. */
  bytesRead: number;
  sinceMs: number;
}

export class OpenRequests {
  readonly #bySocket = new Map<Duplex, Open[]>();

  /** False: too many of this connection are open already. */
  add(request: IncomingMessage, response: ServerResponse): boolean {
    const { socket } = request;
    const open = this.#of(socket);
    if (open.length >= MAX_PIPELINED) return false;
    const one: Open = { request, response, bytesRead: socket.bytesRead, sinceMs: performance.now() };
    open.push(one);
    response.once('close', () => {
      open.splice(open.indexOf(one), 1);
      if (open.length === 0 && socket.destroyed) this.#bySocket.delete(socket); // else the next request has it
    });
    return true;
  }

  #of(socket: Duplex): Open[] {
    let open = this.#bySocket.get(socket);
    if (open === undefined) this.#bySocket.set(socket, (open = []));
    return open;
  }

  /** One that is not answered yet. */
  get first(): ServerResponse | undefined {
    for (const open of this.#bySocket.values()) for (const { response } of open) return response;
    return undefined;
  }

  /** The connection has closed. Node tells it to the answer whose turn it is, and to none behind it. */
  gone(socket: Duplex): void {
    for (const { response } of this.#bySocket.get(socket)?.slice() ?? []) {
      if (response.socket !== null) continue;
      response.destroyed = true;
      response.emit('close');
    }
    this.#bySocket.delete(socket);
  }

  /** Whether a request of this connection waits for its answer. */
  isUnderWay(socket: Duplex): boolean {
    return (this.#bySocket.get(socket)?.length ?? 0) > 0;
  }

  /** Whether what is written to the connection now is read as the answer to the request that it is about. */
  mayAnswer(socket: Duplex): boolean {
    const [one, ...others] = this.#bySocket.get(socket) ?? [];
    if (one === undefined) return true;
    return others.length === 0 && !one.request.complete && !one.response.headersSent;
  }

  /** Connections on which a body that somebody waits for has not grown for `idleMs`. */
  stalled(idleMs: number): Duplex[] {
    const nowMs = performance.now();
    const found: Duplex[] = [];
    for (const [socket, open] of this.#bySocket) {
      if (open.some((one) => isStalled(one, nowMs, idleMs))) found.push(socket);
    }
    return found;
  }
}

/** A body that nobody reads is no fault of the caller's: what it sends has nowhere to go. */
function isStalled(one: Open, nowMs: number, idleMs: number): boolean {
  const { request } = one;
  const { bytesRead } = request.socket;
  const isAwaited = !request.complete && request.readableFlowing === true && request.readableLength === 0;
  if (!isAwaited || bytesRead !== one.bytesRead) {
    one.bytesRead = bytesRead;
    one.sinceMs = nowMs;
  }
  return nowMs - one.sinceMs >= idleMs;
}
