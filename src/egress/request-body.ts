// A request body as undici reads it: a thin stream over the caller's, which asks the gate synchronously
// before the first byte of the request is written, and which never destroys what is not its own.
//
// undici writes the head of a streamed request together with the first chunk (or the end) of its body, so
// the last moment before the first byte is in here, not in `onRequestStart`.
import { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';

export interface RequestBodyEvents {
  /** Asked once, directly before the first byte is written. False: nothing is written. */
  mayBegin(): boolean;
  /** The caller's stream ended early, or undici refused it with `error`. */
  onBroken(error?: Error): void;
}

export class RequestBody extends EventEmitter {
  destroyed = false;
  /** Bytes handed to the connection so far. */
  bytes = 0;
  readonly #source: Readable;
  readonly #events: RequestBodyEvents;
  #isReading = false;
  #hasBegun = false;

  constructor(source: Readable, events: RequestBodyEvents) {
    super();
    this.#source = source;
    this.#events = events;
    source.on('error', this.#onError);
    source.on('close', this.#onClose);
  }

  resume(): this {
    if (this.destroyed) return this;
    if (!this.#isReading) {
      this.#isReading = true;
      this.#source.on('data', this.#onData);
      this.#source.on('end', this.#onEnd);
    }
    this.#source.resume();
    return this;
  }

  pause(): this {
    this.#source.pause();
    return this;
  }

  /** undici tells streams by this method and never calls it. */
  pipe(): never {
    throw new TypeError('a request body is read by its events');
  }

  /** Lets go of the caller's stream, which stays open: an answer may still be on its way to that caller. */
  destroy(error?: Error): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.#source.off('data', this.#onData);
    this.#source.off('end', this.#onEnd);
    this.#source.off('close', this.#onClose);
    this.#source.pause();
    // The error listener stays, so that a late failure of the stream is nobody's uncaught exception.
    if (error !== undefined) this.#events.onBroken(error);
    return this;
  }

  readonly #onData = (chunk: Buffer): void => {
    if (!this.#begin()) {
      this.destroy();
      this.#source.unshift(chunk); // nothing was written: it can still be sent by another request
      return;
    }
    this.bytes += chunk.length;
    this.emit('data', chunk);
  };

  readonly #onEnd = (): void => {
    if (this.#begin()) this.emit('end');
  };

  readonly #onClose = (): void => {
    if (!this.#source.readableEnded) this.#onError();
  };

  readonly #onError = (): void => {
    if (!this.destroyed) this.#events.onBroken();
  };

  #begin(): boolean {
    if (this.destroyed) return false;
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      return this.#events.mayBegin();
    }
    return true;
  }
}
