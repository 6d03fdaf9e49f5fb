// One end of a relayed WebSocket: whole messages in and out over a socket, with what a hostile peer may do bounded and its
// mistakes told as a close code. Extensions are never agreed on, so that frames are plain.
import type { Duplex } from 'node:stream';
import { Receiver, Sender } from 'ws';

export interface SideEvents {
  onMessage(data: Buffer, isBinary: boolean): void;
  /** A close frame; code 1005 stands for none. */
  onClose(code: number, reason: Buffer): void;
  /** It broke a rule: the close code that says so. */
  onFault(code: number): void;
  /** Ready for more after `send` said no. */
  onDrain(): void;
  /** The connection is gone. */
  onGone(): void;
}

export const CLOSE = {
  goingAway: 1001,
  protocol: 1002,
  none: 1005,
  encoding: 1007,
  policy: 1008,
  tooBig: 1009,
  restart: 1012,
  badGateway: 1014,
} as const;

const MAX_FRAGMENTS = 16 * 1024;
/** Pieces of one frame as the connection brings them: each costs memory beside its bytes. */
const MAX_BUFFERED_CHUNKS = 64 * 1024;
/** Pings and pongs that a peer may send within a second. */
const MAX_CONTROL_PER_SECOND = 100;
/** How long a peer may take to close its end after the close frame. */
const CLOSING_MS = 2000;

const FAULTS: Readonly<Record<string, number>> = {
  WS_ERR_INVALID_UTF8: CLOSE.encoding,
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: CLOSE.tooBig,
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: CLOSE.tooBig,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: CLOSE.policy,
};

interface SideOptions {
  readonly socket: Duplex;
  /** What this process is to the peer: a client masks its frames (RFC 6455 §5.1). */
  readonly role: 'client' | 'server';
  readonly nowMs: () => number;
  /** Of one message, and never 0; longer ones are not split, they end the connection as soon as their length is known. */
  readonly maxMessageBytes: number;
  readonly events: SideEvents;
}

/** The other end is not ready for more, or what came before is still being looked at. */
type Wait = 'full' | 'busy';

export class WebSocketSide {
  readonly #socket: Duplex;
  readonly #isClient: boolean;
  readonly #nowMs: () => number;
  readonly #events: SideEvents;
  readonly #receiver: Receiver;
  readonly #sender: Sender;
  #isHeard = true;
  readonly #waits = new Set<Wait>();
  #hasClosed = false;
  /** It said goodbye: nothing that it sends after that means anything (RFC 6455 §5.5.1). */
  #hasConcluded = false;
  #control = { count: 0, sinceMs: 0 };
  /** Whether anything came since it was last asked. */
  #isAlive = true;

  constructor({ socket, role, nowMs, maxMessageBytes, events }: SideOptions) {
    this.#socket = socket;
    this.#isClient = role === 'client';
    this.#nowMs = nowMs;
    this.#events = events;
    this.#sender = new Sender(socket, {});
    this.#receiver = new Receiver({
      isServer: role === 'server',
      maxPayload: maxMessageBytes,
      maxFragments: MAX_FRAGMENTS,
      maxBufferedChunks: MAX_BUFFERED_CHUNKS,
      skipUTF8Validation: false,
    });
    this.#receiver.on('message', (data: Buffer, isBinary: boolean) => {
      if (this.#isHeard) events.onMessage(data, isBinary);
    });
    this.#receiver.on('conclude', (code: number, reason: Buffer) => {
      this.#hasConcluded = true;
      if (this.#isHeard) events.onClose(code, reason);
    });
    this.#receiver.on('ping', (data: Buffer) => this.#onControl(data));
    this.#receiver.on('pong', () => this.#onControl());
    this.#receiver.on('error', (error: NodeJS.ErrnoException) =>
      this.#fault(FAULTS[error.code ?? ''] ?? CLOSE.protocol),
    );
    this.#receiver.on('drain', () => this.#flow());
    socket.on('error', () => undefined); // the close tells
    socket.on('end', () => socket.end());
    socket.on('close', () => events.onGone());
    socket.on('drain', () => events.onDrain());
  }

  /** From now on messages come. */
  begin(): void {
    this.#socket.on('data', (chunk: Buffer) => {
      this.#isAlive = true;
      if (!this.#isHeard || this.#hasConcluded) return;
      if (!this.#receiver.write(chunk)) this.#socket.pause();
    });
    this.#flow();
  }

  /** False: wait for `onDrain`. */
  send(data: Buffer, isBinary: boolean): boolean {
    if (this.#hasClosed) return true;
    const mask = this.#isClient;
    this.#sender.send(data, { binary: isBinary, mask, fin: true, compress: false });
    return !this.#socket.writableNeedDrain;
  }

  pause(wait: Wait): void {
    this.#waits.add(wait);
    this.#socket.pause();
  }

  resume(wait: Wait): void {
    this.#waits.delete(wait);
    this.#flow();
  }

  /** Sends a close frame, once. */
  close(code: number, reason: Buffer = Buffer.alloc(0)): void {
    if (this.#hasClosed) return;
    this.#hasClosed = true;
    if (!this.#socket.writable) return;
    if (code === CLOSE.none) this.#sender.close(undefined, undefined, this.#isClient);
    else this.#sender.close(code, reason, this.#isClient);
  }

  /** Hears nothing more, writes what was sent, and is gone in time. */
  end(): void {
    this.#isHeard = false;
    this.#socket.resume(); // what still comes is dropped; unread it would turn the end into a reset
    this.#socket.end();
    const timer = setTimeout(() => this.#socket.destroy(), CLOSING_MS).unref();
    this.#socket.once('close', () => clearTimeout(timer));
  }

  /** Asks for a sign of life. False: there was none since it was last asked. */
  probe(): boolean {
    if (this.#waits.size > 0) return true;
    const wasAlive = this.#isAlive;
    this.#isAlive = false;
    if (wasAlive && !this.#hasClosed) this.#sender.ping(Buffer.alloc(0), this.#isClient);
    return wasAlive;
  }

  #onControl(ping?: Buffer): void {
    if (!this.#isHeard) return;
    const nowMs = this.#nowMs();
    if (nowMs - this.#control.sinceMs >= 1000) this.#control = { count: 0, sinceMs: nowMs };
    this.#control.count += 1;
    if (this.#control.count > MAX_CONTROL_PER_SECOND) this.#fault(CLOSE.policy);
    // One pong may answer several pings (RFC 6455 §5.5.3): none is piled up for a peer that does not read.
    else if (ping !== undefined && !this.#hasClosed && !this.#socket.writableNeedDrain)
      this.#sender.pong(ping, this.#isClient);
  }

  #fault(code: number): void {
    if (!this.#isHeard) return;
    this.#isHeard = false;
    this.#events.onFault(code);
  }

  #flow(): void {
    if (this.#waits.size === 0 && !this.#receiver.writableNeedDrain) this.#socket.resume();
  }
}
