// One exchange as its caller sees it: what is sent, what comes back by a handler, and the hand on the tap.
import type { Duplex, Readable } from 'node:stream';
import type { HeaderPairs } from '../core/headers.ts';
import type { Problem } from '../core/problem.ts';
import type { Origin } from '../core/service.ts';
import type { TlsSettings } from './trust.ts';

export interface Timeouts {
  /** From `send` until a connection is ready, look-up included. */
  readonly connectMs: number;
  /** From the end of the request until the answer's head; counted in steps of half a second. */
  readonly firstByteMs: number;
  /** Between two pieces of the answer while the caller is ready for more. */
  readonly idleMs: number;
  /** Of the whole call; 0 for no end. */
  readonly totalMs: number;
}

export interface OutgoingRequest {
  readonly origin: Origin;
  /** Vault, service and revision: connections are never shared across two of them. */
  readonly poolKey: string;
  readonly method: string;
  /** Canonical path and query. */
  readonly path: string;
  readonly headers: HeaderPairs;
  /** A stream stays the caller's: it is read from, never destroyed. */
  readonly body: Readable | Buffer | undefined;
  /** Length of a streamed body; chunked without it. */
  readonly contentLength?: number | undefined;
  /** Of a WebSocket handshake (RFC 6455 §4.1): 16 random bytes in base64. The answer is checked against it. */
  readonly webSocketKey?: string;
  readonly timeouts?: Partial<Timeouts>;
  /** Without it as the installation has it. What it is must be part of `poolKey`. */
  readonly tls?: TlsSettings;
}

export interface UpstreamHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderPairs;
  readonly remoteAddress: string | undefined;
}

export interface UpstreamHandler {
  /**
   * Called at most once, synchronously, directly before the first byte of the request is written. A problem
   * stops it: nothing is written, and nothing of a streamed body is lost.
   */
  beforeFirstByte(): Problem | undefined;
  onHead(head: UpstreamHead): void;
  /** In place of `onHead`, and the last that is heard: the upstream agreed, the socket is the handler's. */
  onUpgrade?(head: UpstreamHead, socket: Duplex): void;
  /** False: no more until `flow.resume()`. */
  onData(chunk: Buffer): boolean;
  onEnd(trailers: HeaderPairs): void;
  /** Exactly one of `onEnd` and `onError` is called, once. Must not throw. */
  onError(problem: Problem): void;
}

export interface Flow {
  /** Bytes of the request body sent so far. */
  readonly requestBytes: number;
  resume(): void;
  /** Ends the exchange at any time; `onError(reason)` is called before this returns, unless it was over. */
  abort(reason: Problem): void;
}
