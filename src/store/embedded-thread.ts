// One thread of the embedded database, seen from the main thread: what it is asked, what it reports, and its end.
import { MessageChannel, Worker } from 'node:worker_threads';
import { EmbeddedSocket } from './embedded-socket.ts';

/** What the thread says. */
export type Report =
  | { readonly kind: 'open' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'done'; readonly id: number; readonly logBytes: number };

interface Settled {
  readonly logBytes: number;
}

interface Waiting {
  readonly resolve: (settled: Settled) => void;
  readonly reject: (reason: Error) => void;
}

/** Begins to load Postgres when it is made, and touches no data before `open`. */
export class DatabaseThread {
  /** Rejects where the thread ends instead. */
  readonly opened: Promise<void>;
  /** The thread is gone, and with it every file it had open. */
  readonly ended: Promise<void>;
  readonly #worker = new Worker(new URL('./embedded-worker.js', import.meta.url), { name: 'database' });
  readonly #sockets = new Set<EmbeddedSocket>();
  readonly #requests = new Map<number, Waiting>();
  #nextRequest = 0;
  #isOpen = false;
  #failure: string | undefined;

  constructor() {
    const worker = this.#worker;
    this.ended = new Promise((resolve) => {
      worker.once('exit', () => resolve());
    });
    this.opened = new Promise((resolve, reject) => {
      worker.on('message', (report: Report) => {
        if (report.kind === 'open') {
          this.#isOpen = true;
          resolve();
        } else if (report.kind === 'failed') this.#fail(report.reason);
        else {
          this.#requests.get(report.id)?.resolve(report);
          this.#requests.delete(report.id);
        }
      });
      worker.on('error', (error) => this.#fail(error.message));
      worker.on('exit', () => {
        this.#fail('its thread has ended');
        reject(this.#error());
      });
    });
    this.opened.catch(() => undefined); // who opens it hears of it
  }

  /** Why the thread has ended; from then on every query is rejected. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Once only. What is asked meanwhile waits. */
  async open(directory: string): Promise<void> {
    this.#worker.postMessage({ kind: 'open', directory }, []);
    await this.opened;
  }

  connect(): EmbeddedSocket {
    const { port1, port2 } = new MessageChannel();
    const socket = new EmbeddedSocket(port1);
    if (this.#failure === undefined) {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      this.#worker.postMessage({ kind: 'session', port: port2 }, [port2]);
    } else {
      // Told a little later: postgres.js must have its listeners in place, or its query would wait for ever.
      setImmediate(() => socket.fail(this.#error()));
    }
    return socket;
  }

  settleLog(): Promise<Settled> {
    return this.#request('settle');
  }

  /** Idempotent. A thread that has not opened anything yet is simply ended: it is as if it had been killed. */
  async close(): Promise<void> {
    if (this.#failure !== undefined) return;
    if (this.#isOpen) await this.#request('close');
    this.#fail('it was closed');
    await this.#worker.terminate();
  }

  #request(kind: 'settle' | 'close'): Promise<Settled> {
    if (this.#failure !== undefined) return Promise.reject(this.#error());
    const id = this.#nextRequest++;
    return new Promise((resolve, reject) => {
      this.#requests.set(id, { resolve, reject });
      this.#worker.postMessage({ kind, id }, []);
    });
  }

  #fail(reason: string): void {
    this.#failure ??= reason;
    for (const request of this.#requests.values()) request.reject(this.#error());
    this.#requests.clear();
    for (const socket of this.#sockets) socket.fail(this.#error());
  }

  /** One per reader: postgres.js writes the query into it. */
  #error(): Error {
    return Object.assign(new Error(`the embedded database has ended: ${this.#failure ?? ''}`), {
      code: 'CONNECTION_CLOSED',
    });
  }
}
