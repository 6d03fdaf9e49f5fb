// One connection to one pinned address: an undici client that carries one request at a time. Ending a
// request early means destroying its connection, and with it a dial that is still under way.
import type { EventEmitter } from 'node:events';
import { Client, type Dispatcher } from 'undici';
import { Problem } from '../core/problem.ts';
import { type Dial, type DialCallback, openSocket } from './dial.ts';

/** What a connection tells the pool it belongs to. */
export interface ConnectionEvents {
  onUsable(connection: Connection): void;
  onDestroyed(connection: Connection): void;
  /** The socket closed; a connection that is idle is of no more use. */
  onDisconnected(connection: Connection): void;
}

const MAX_HEAD_BYTES = 64 * 1024;
const KEEP_ALIVE_MS = 4000;
const KEEP_ALIVE_MAX_MS = 60_000;

export class Connection {
  readonly #client: Client;
  readonly #events: ConnectionEvents;
  #cancelDial: (reason: Problem) => void = () => undefined;
  #isOpen = false;

  constructor(url: string, dial: Dial, events: ConnectionEvents) {
    this.#events = events;
    this.#client = new Client(url, {
      connect: (_options: unknown, callback: DialCallback) => {
        this.#cancelDial = openSocket(dial, callback);
      },
      pipelining: 1,
      allowH2: false,
      maxHeaderSize: MAX_HEAD_BYTES,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MAX_MS,
    });
    this.#client.on('connect', () => {
      this.#isOpen = true;
    });
    this.#client.on('disconnect', () => {
      this.#isOpen = false;
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

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#client.dispatch(options, handler);
  }

  /** Gives the connection back after a whole answer, or after a request of which nothing was written. */
  release(): void {
    this.#events.onUsable(this);
  }

  /** Resolves when the socket is closed. */
  async destroy(reason = new Problem('draining')): Promise<void> {
    const destroyed = this.#client.destroy(reason);
    this.#cancelDial(reason);
    await destroyed;
    this.#events.onDestroyed(this);
  }
}
