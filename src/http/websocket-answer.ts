// The answer to a WebSocket handshake: an ordinary one while nothing is agreed, and the connection itself afterwards.
import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AnswerHead } from '../broker/call.ts';
import type { Id } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { acceptOf } from '../core/websocket-accept.ts';
import { HttpAnswer, rawHeaders } from './http-answer.ts';
import type { Asked } from './send-problem.ts';
import type { Handshake } from './websocket-request.ts';

/** Framing and agreement are between us and the caller. */
const NOT_PASSED_ON: ReadonlySet<string> = new Set([
  'content-length',
  'sec-websocket-accept',
  'sec-websocket-extensions',
]);

export class WebSocketAnswer extends HttpAnswer {
  readonly #response: ServerResponse;
  readonly #id: Id<'req'>;
  readonly #handshake: Handshake;
  readonly #socket: Duplex;
  #isAgreed = false;

  constructor(asked: Asked, handshake: Handshake) {
    super(asked);
    this.#response = asked.response;
    this.#id = asked.id;
    this.#handshake = handshake;
    this.#socket = asked.request.socket;
    // Nothing may come before the answer; read all the same, since only a socket that is read tells that its peer left.
    this.#socket.on('data', this.#onEarly);
    this.#socket.on('end', this.#onEarly);
  }

  override get hasBegun(): boolean {
    return this.#isAgreed || super.hasBegun;
  }

  override head(head: AnswerHead): void {
    if (head.status !== 101) {
      super.head(head);
      return;
    }
    this.#isAgreed = true;
    const { protocols, hadToken, key } = this.#handshake;
    const headers = head.headers.filter(([name]) => !NOT_PASSED_ON.has(name));
    const [first] = protocols;
    // An upstream that was shown no key among the subprotocols may take none; clients that offered some end there.
    const isTaken = headers.some(([name]) => name === 'sec-websocket-protocol');
    const taken = !isTaken && hadToken && first !== undefined ? ['sec-websocket-protocol', first] : [];
    const raw = [...rawHeaders({ ...head, headers }, this.#id), ...taken];
    const lines = ['HTTP/1.1 101 Switching Protocols', 'upgrade: websocket', 'connection: Upgrade'];
    lines.push(`sec-websocket-accept: ${acceptOf(key)}`);
    for (let at = 0; at + 1 < raw.length; at += 2) lines.push(`${raw[at] ?? ''}: ${raw[at + 1] ?? ''}`);
    this.#socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  }

  override abort(): void {
    if (!this.#isAgreed) super.abort(); // else whoever took the socket ends it
  }

  takeSocket(): Duplex {
    const { socket } = this.#response;
    if (socket === null) throw new Problem('internal', { internal: 'the caller went away' });
    this.#response.detachSocket(socket);
    socket.pause();
    socket.off('data', this.#onEarly);
    socket.off('end', this.#onEarly);
    return socket;
  }

  readonly #onEarly = (): void => {
    this.#socket.destroy();
  };
}
