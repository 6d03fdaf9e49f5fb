// One connection to one pinned address: an undici client that carries one request at a time. Ending a
// request early means destroying its connection, and with it a dial that is still under way.
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { Client, type Dispatcher } from 'undici';
import { Problem } from '../core/problem.ts';
import { type Dial, type DialCallback, openSocket } from './dial.ts';

/** What a connection tells the pool it belongs to. */
export interface ConnectionEvents {
  onUsable(connection: Connection): void;
  onDestroyed(): void;
  /** The socket closed; a connection that is idle is of no more use. */
  onDisconnected(connection: Connection): void;
}

/** A request as its connection sees it. */
export interface ConnectionUser extends Dispatcher.DispatchHandler {
  /** More of the answer was read, whatever it was. */
  onBytes(): void;
}

/** Of names and values of headers, and of trailers: so much undici keeps. */
const MAX_HEAD_BYTES = 64 * 1024;
const KEEP_ALIVE_MS = 4000;
const KEEP_ALIVE_MAX_MS = 60_000;

export class Connection {
  readonly #client: Client;
  readonly #events: ConnectionEvents;
  #cancelDial: (reason: Problem) => void = () => undefined;
  #isOpen = false;
  #socket: Socket | undefined;
  #user: ConnectionUser | undefined;
  readonly #onReadable = (): void => this.#user?.onBytes();

  constructor(url: string, dial: Dial, events: ConnectionEvents) {
    this.#events = events;
    this.#client = new Client(url, {
      connect: (_options: unknown, callback: DialCallback) => {
        this.#cancelDial = openSocket(dial, (...result) => {
          this.#socket = result[1] ?? undefined;
          callback(...result);
        });
      },
      pipelining: 1,
      allowH2: false,
      maxHeaderSize: MAX_HEAD_BYTES,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MAX_MS,
    });
    this.#client.on('connect', () => {
      this.#isOpen = true;
      // After undici's own listener, which has read all there was by then.
      this.#socket?.on('readable', this.#onReadable);
    });
    this.#client.on('disconnect', () => {
      this.#isOpen = false;
      // Also of an upgrade: a socket that anybody listens on so could not be resumed by whoever takes it.
      this.#socket?.off('readable', this.#onReadable);
      events.onDisconnected(this);
    });
    // undici reports here what a request's own handler throws while it hears of a failure. Without a
    // listener that would end the process.
    const emitter: EventEmitter = this.#client;
    emitter.on('error', () => undefined);
  }

  /** Whether there is a socket already: the next request needs no dial. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Of all answers so far: bytes that were read, of bodies and of what is around them. */
  get bytesRead(): number {
    const socket = this.#socket;
    return socket === undefined ? 0 : socket.bytesRead - socket.readableLength;
  }

  dispatch(options: Dispatcher.DispatchOptions, user: ConnectionUser): void {
    this.#user = user;
    this.#client.dispatch(options, user);
  }

  /** Gives the connection back after a whole answer, or after a request of which nothing was written. */
  release(): void {
    this.#user = undefined;
    this.#events.onUsable(this);
  }

  /** Resolves when the socket is closed. */
  async destroy(reason = new Problem('draining')): Promise<void> {
    const destroyed = this.#client.destroy(reason);
    this.#cancelDial(reason);
    await destroyed;
    this.#events.onDestroyed();
  }
}
