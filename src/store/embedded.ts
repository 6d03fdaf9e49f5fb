// The embedded database seen from the main thread: sockets for postgres.js that end in the database's own thread.
import { EventEmitter } from 'node:events';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';

export interface EmbeddedDatabase {
  /** An in-process stand-in for a network socket, in the shape postgres.js needs. */
  connect(): EmbeddedSocket;
  /** Resolves when every commit so far is on the disk. `logBytes` is what recovery would have to read. */
  settleLog(): Promise<{ readonly logBytes: number }>;
  /** Why the thread has ended; from then on every query is rejected. */
  readonly failure: string | undefined;
  close(): Promise<void>;
}

/** What the database thread says. */
export type Report =
  | { readonly kind: 'open' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'done'; readonly id: number; readonly logBytes: number };

interface Waiting {
  readonly resolve: (settled: { readonly logBytes: number }) => void;
  readonly reject: (reason: Error) => void;
}

/** Starts the database thread on `directory`, which nobody else may have open: PGlite has no lock of its own. */
export async function openEmbedded(directory: string): Promise<EmbeddedDatabase> {
  const worker = new Worker(new URL('./embedded-worker.js', import.meta.url), {
    workerData: { directory },
    name: 'database',
  });
  const thread = new DatabaseThread(worker);
  await thread.opened;
  return thread;
}

class DatabaseThread implements EmbeddedDatabase {
  readonly opened: Promise<void>;
  readonly #worker: Worker;
  readonly #sockets = new Set<EmbeddedSocket>();
  readonly #requests = new Map<number, Waiting>();
  #nextRequest = 0;
  #failure: string | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    this.opened = new Promise((resolve, reject) => {
      worker.on('message', (report: Report) => {
        if (report.kind === 'open') resolve();
        else if (report.kind === 'failed') this.#fail(report.reason);
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
  }

  get failure(): string | undefined {
    return this.#failure;
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

  settleLog(): Promise<{ readonly logBytes: number }> {
    return this.#request('settle');
  }

  async close(): Promise<void> {
    if (this.#failure !== undefined) return;
    await this.#request('close');
    await this.#worker.terminate();
  }

  #request(kind: 'settle' | 'close'): Promise<{ readonly logBytes: number }> {
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

/** What postgres.js uses of a net.Socket, over a message port. */
class EmbeddedSocket extends EventEmitter {
  readyState: 'open' | 'closed' = 'open';
  readonly #port: MessagePort;

  constructor(port: MessagePort) {
    super();
    this.#port = port;
    port.on('message', (bytes: Uint8Array) =>
      this.emit('data', Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
    );
    port.on('close', () => this.#close(false));
  }

  /** Never full: what is written lies in the port, bounded by the queries postgres.js keeps under way. */
  write(bytes: Uint8Array, onWritten?: () => void): boolean {
    const copy = new Uint8Array(bytes); // postgres.js writes slices of a pool, and a pool can not be handed over
    this.#port.postMessage(copy, [copy.buffer]);
    onWritten?.();
    return true;
  }

  /** Sends what is left, usually Terminate; the other side then closes the port. */
  end(bytes?: Uint8Array): void {
    if (bytes === undefined) this.#port.close();
    else this.write(bytes);
  }

  destroy(): void {
    this.#port.close();
  }

  fail(error: Error): void {
    if (this.readyState === 'closed') return;
    if (this.listenerCount('error') > 0) this.emit('error', error);
    this.#close(true);
    this.#port.close();
  }

  #close(hadError: boolean): void {
    if (this.readyState === 'closed') return;
    this.readyState = 'closed';
    this.emit('close', hadError);
  }
}
