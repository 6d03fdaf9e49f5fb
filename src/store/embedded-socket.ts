// What postgres.js uses of a net.Socket, over a message port: the embedded database's stand-in for the network.
import { EventEmitter } from 'node:events';
import type { MessagePort } from 'node:worker_threads';

export class EmbeddedSocket extends EventEmitter {
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

  /**
   * A little later: postgres.js collects what it writes until then, and on a socket that has closed meanwhile it keeps it
   * and sends it to the next one, before the greeting.
   */
  fail(error: Error): void {
    setImmediate(() => {
      if (this.readyState === 'closed') return;
      if (this.listenerCount('error') > 0) this.emit('error', error);
      this.#close(true);
      this.#port.close();
    });
  }

  #close(hadError: boolean): void {
    if (this.readyState === 'closed') return;
    this.readyState = 'closed';
    this.emit('close', hadError);
  }
}
