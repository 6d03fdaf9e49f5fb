// A brokered call and its answer: small types over Node streams, filled alike by every road that leads here.
import type { Duplex, Readable } from 'node:stream';
import type { HeaderPairs } from '../core/headers.ts';
import type { Id } from '../core/ids.ts';
import type { Problem } from '../core/problem.ts';
import type { RefusalShape } from '../core/service.ts';
import type { ConnectionMemory } from './connection-memory.ts';

export interface BrokeredCall {
  readonly request: Id<'req'>;
  readonly method: string;
  /** The service's name as the caller wrote it. */
  readonly service: string;
  /** Path and query below the service, as raw text. */
  readonly address: string;
  /** Where the caller calls the service, as an absolute URL without a slash at its end; undefined where there is none to tell. */
  readonly base?: string | undefined;
  readonly headers: HeaderPairs;
  readonly body: Readable | undefined;
  readonly contentLength: number | undefined;
  /** Address the connection came from. */
  readonly client: string;
  /** What it shares with the other calls of its connection. */
  readonly memory: ConnectionMemory;
  /** The handshake of a WebSocket: once the upstream agrees, both ends send as long as they like. */
  readonly isWebSocket?: boolean;
}

export interface AnswerHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderPairs;
  /** The secret version that got this answer, where another had been answered 401 before. */
  readonly secretVersion?: 'current' | 'previous' | undefined;
  /** What guards of text have found so far, for a header. */
  readonly flags?: string | undefined;
}

export interface Answer {
  readonly hasBegun: boolean;
  head(head: AnswerHead): void;
  /** False: wait for `onDrain` before more. */
  write(chunk: Buffer): boolean;
  onDrain(listener: () => void): void;
  /** The caller went away before the end. */
  onGone(listener: () => void): void;
  end(trailers: HeaderPairs): void;
  /** Cuts the answer so that the caller can tell it is not whole. */
  abort(): void;
  /** Of a WebSocket, after a head of status 101: the caller's end of the connection, from now on the taker's. */
  takeSocket?(): Duplex;
  /** A refusal by the broker, in the words of the service's vendor where those are known; only before `head`. */
  problem(problem: Problem, shape?: RefusalShape): void;
}
