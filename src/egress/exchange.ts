// One request and its answer: the state between a caller's handler and undici's. Whatever happens, in
// whatever order, the handler hears one onEnd or one onError, and the request is written at most once.
import { type Duplex, Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { assertHeaderValue, type HeaderPairs } from '../core/headers.ts';
import { Problem } from '../core/problem.ts';
import type { Connection, ConnectionUser } from './connection.ts';
import { toProblem } from './failure.ts';
import type { Flow, OutgoingRequest, Timeouts, UpstreamHandler } from './flow.ts';
import { AnswerOverhead } from './overhead.ts';
import { RequestBody } from './request-body.ts';
import { bareHost } from './resolve.ts';
import { handshakeHeaders, wrongHandshake } from './websocket-handshake.ts';

/** A connection to the next address to try, or undefined when there is none left. */
export type NextConnection = () => { readonly connection: Connection; readonly address: string } | undefined;

interface ExchangeDeps {
  readonly request: OutgoingRequest;
  readonly handler: UpstreamHandler;
  readonly timeouts: Timeouts;
  readonly onOver: () => void;
}

const MAX_INFORMATIONAL = 16;
const MAX_HEADERS = 256;
const REASON_PHRASE = /^[\t\x20-\x7e]{0,256}$/;
/** What is undone before anybody looks at an answer; `gzip, chunked` would pass as bytes that nobody labelled. */
const READ_CODINGS = /^\s*(?:chunked|identity)\s*$/i;
const LONGEST_TIMER_MS = 2_147_483_647;

export class Exchange implements Flow, ConnectionUser {
  readonly #deps: ExchangeDeps;
  readonly #overhead = new AnswerOverhead();
  readonly #host: string;
  readonly #totalTimer: NodeJS.Timeout | undefined;
  #connectTimer: NodeJS.Timeout | undefined;
  #nextConnection: NextConnection = () => undefined;
  #address: string | undefined;
  #connection: Connection | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #body: RequestBody | undefined;
  #isConnected = false;
  #isRefused = false;
  #hasBegun = false;
  #hasHead = false;
  #informational = 0;
  /** Of a body whose length was told. */
  #bytesToCome = Number.NaN;
  #over: Problem | 'ended' | undefined;

  constructor(deps: ExchangeDeps) {
    this.#deps = deps;
    this.#host = bareHost(deps.request.origin.host);
    this.#totalTimer = this.#startTimer(deps.timeouts.totalMs, 'the call took longer than it may');
  }

  get requestBytes(): number {
    const { body } = this.#deps.request;
    return this.#body?.bytes ?? (body instanceof Readable || !this.#hasBegun ? 0 : (body?.length ?? 0));
  }

  get isOver(): boolean {
    return this.#over !== undefined;
  }

  /** From now on the time to connect runs: a name is looked up, or an address dialled. */
  startConnecting(): void {
    this.#connectTimer ??= this.#startTimer(this.#deps.timeouts.connectMs, 'no connection in time');
  }

  /** Sends the request over the first of the connections that can be made. */
  begin(nextConnection: NextConnection): void {
    this.#nextConnection = nextConnection;
    this.#try();
  }

  resume(): void {
    if (this.#over === undefined) this.#controller?.resume();
  }

  /** Ends the exchange and its connection, or the dial for it. Does nothing when it is over. */
  abort(reason: Problem): void {
    if (this.#over !== undefined) return;
    this.#finish(reason);
    this.#cut(reason);
    this.#deps.handler.onError(reason);
  }

  /**
   * undici calls this when a connection is ready, in the same run of the event loop in which it writes the
   * head of a request without a streamed body. A throw takes the request out of its queue, unwritten, and
   * leaves the connection usable.
   */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#over instanceof Problem) throw this.#over;
    if (this.#over !== undefined || this.#isConnected) {
      throw new Problem('upstream-unreachable', { detail: `${this.#host}: it closed the connection.` });
    }
    this.#isConnected = true;
    clearTimeout(this.#connectTimer);
    if (!(this.#deps.request.body instanceof Readable)) {
      const refusal = this.#passGate();
      if (refusal !== undefined) {
        this.#isRefused = true;
        throw refusal;
      }
    }
    this.#controller = controller;
    this.#overhead.begin(this.#connection?.bytesRead ?? 0);
  }

  onBytes(): void {
    if (this.#over !== undefined || !this.#overhead.isTooMuch(this.#connection?.bytesRead ?? 0)) return;
    this.abort(new Problem('upstream-invalid', { detail: `${this.#host}: ${AnswerOverhead.SENTENCE}.` }));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _: unknown, text = ''): void {
    if (this.#over !== undefined) return;
    const headers = toPairs(controller.rawHeaders);
    const wrong = this.#wrongHead(status, headers);
    if (wrong !== undefined) {
      this.abort(new Problem('upstream-invalid', { detail: `${this.#host}: ${wrong}.` }));
      return;
    }
    if (status < 200) return;
    this.#hasHead = true;
    this.#bytesToCome = Number(headers.find(([name]) => name === 'content-length')?.[1] ?? Number.NaN);
    const statusText = REASON_PHRASE.test(text) ? text : '';
    this.#deps.handler.onHead({ status, statusText, headers, remoteAddress: this.#address });
  }

  onRequestUpgrade(
    controller: Dispatcher.DispatchController,
    status: number,
    _: unknown,
    socket: Duplex,
  ): void {
    const headers = toPairs(controller.rawHeaders);
    const wrong = wrongHandshake(this.#deps.request, headers);
    if (this.#over !== undefined || wrong !== undefined) socket.destroy();
    if (wrong !== undefined)
      this.abort(new Problem('upstream-invalid', { detail: `${this.#host}: ${wrong}.` }));
    if (this.#over !== undefined) return;
    this.#finish('ended');
    this.#cut(new Problem('draining')); // the client that dialled has no socket any more
    this.#deps.handler.onUpgrade?.({ status, statusText: '', headers, remoteAddress: this.#address }, socket);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over !== undefined) return;
    this.#overhead.passBody(chunk.length);
    this.#bytesToCome -= chunk.length;
    if (!this.#deps.handler.onData(chunk)) controller.pause();
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    if (this.#over !== undefined) return;
    this.#finish('ended');
    this.#connection?.release();
    this.#deps.handler.onEnd(toPairs(controller.rawTrailers));
  }

  onResponseError(_: unknown, error: Error): void {
    if (this.#over !== undefined) return;
    const problem = toProblem(error, this.#host, this.#hasHead ? 'after-head' : 'before-head');
    if (this.#hasHead && this.#bytesToCome === 0) return this.#endWhole(problem);
    if (!this.#isConnected) this.#cut(problem);
    if (this.#mayTryAnother(problem) && this.#try()) return;
    this.#finish(problem);
    if (this.#isRefused) this.#connection?.release();
    else this.#cut(problem);
    this.#deps.handler.onError(problem);
  }

  /** An upstream may leave behind its last byte, while a slow reader keeps undici from saying that it was the last. */
  #endWhole(problem: Problem): void {
    this.#finish('ended');
    this.#cut(problem);
    this.#deps.handler.onEnd([]);
  }

  /** False when no address is left. */
  #try(): boolean {
    const source = this.#deps.request.body;
    if (source instanceof Readable && source.destroyed && !source.readableEnded) this.abort(endedEarly());
    if (this.#over !== undefined) return true;
    const options = this.#dispatchOptions();
    const next = this.#nextConnection();
    if (next === undefined) return false;
    this.#address = next.address;
    this.#connection = next.connection;
    if (!next.connection.isOpen) this.startConnecting();
    next.connection.dispatch(options, this);
    return true;
  }

  #dispatchOptions(): Dispatcher.DispatchOptions {
    const { request, timeouts } = this.#deps;
    const body = request.body instanceof Readable ? this.#wrapBody(request.body) : request.body;
    return {
      method: request.method,
      path: request.path,
      headers: flatHeaders(request),
      // undici needs a stream's events and `pipe` to tell it is one, not the whole of Readable.
      body: body instanceof RequestBody ? (body as unknown as Readable) : (body ?? null),
      headersTimeout: timeouts.firstByteMs,
      bodyTimeout: timeouts.idleMs,
      ...(request.webSocketKey === undefined ? {} : { upgrade: 'websocket' }),
      // Nothing is ever sent again, whatever the method.
      idempotent: false,
    };
  }

  #wrapBody(source: Readable): RequestBody | undefined {
    if (source.readableEnded || this.#deps.request.contentLength === 0) return undefined;
    this.#body = new RequestBody(source, {
      mayBegin: () => {
        if (this.#over !== undefined) return false;
        const refusal = this.#passGate();
        if (refusal !== undefined) this.abort(refusal);
        return refusal === undefined;
      },
      onBroken: (error) =>
        this.abort(error === undefined ? endedEarly() : toProblem(error, this.#host, 'before-head')),
    });
    return this.#body;
  }

  #passGate(): Problem | undefined {
    try {
      const answer = this.#deps.handler.beforeFirstByte();
      const refusal = this.#over instanceof Problem ? this.#over : answer;
      this.#hasBegun = refusal === undefined;
      return refusal;
    } catch (error) {
      return toProblem(error, this.#host, 'before-head');
    }
  }

  #wrongHead(status: number, headers: HeaderPairs): string | undefined {
    if (!this.#hasBegun) return 'it answered before it was asked';
    if (headers.length > MAX_HEADERS) return `its answer has more than ${MAX_HEADERS} headers`;
    if (status === 101) return 'it changed the protocol';
    if (headers.some(([name, value]) => name === 'transfer-encoding' && !READ_CODINGS.test(value)))
      return 'its answer has a transfer coding that can not be looked into';
    if (status < 200 && ++this.#informational > MAX_INFORMATIONAL)
      return 'it sent interim answers without end';
    return undefined;
  }

  /** Only when no connection came about: nothing of the request can have been written. */
  #mayTryAnother(problem: Problem): boolean {
    if (this.#isConnected) return false;
    return problem.code === 'upstream-unreachable' || problem.code === 'upstream-timeout';
  }

  #startTimer(delayMs: number, sentence: string): NodeJS.Timeout | undefined {
    if (delayMs === 0) return undefined;
    return setTimeout(
      () => this.abort(new Problem('upstream-timeout', { detail: `${this.#host}: ${sentence}.` })),
      Math.min(delayMs, LONGEST_TIMER_MS),
    );
  }

  #cut(reason: Problem): void {
    const connection = this.#connection;
    this.#connection = undefined;
    void connection?.destroy(reason);
  }

  #finish(how: Problem | 'ended'): void {
    this.#over = how;
    clearTimeout(this.#connectTimer);
    clearTimeout(this.#totalTimer);
    this.#deps.onOver();
  }
}

function endedEarly(): Problem {
  return new Problem('invalid-request', { detail: 'The request body ended early.' });
}

/** undici's flat form, with our own Host and framing. Throws `invalid-request` for what could break a line. */
function flatHeaders(request: OutgoingRequest): string[] {
  const flat = ['host', hostHeader(request)];
  for (const [name, value] of [...request.headers, ...handshakeHeaders(request)]) {
    assertHeaderValue(name, value);
    flat.push(name, value);
  }
  if (request.body instanceof Readable && request.contentLength !== undefined) {
    flat.push('content-length', String(request.contentLength));
  }
  return flat;
}

function hostHeader({ origin }: OutgoingRequest): string {
  const bare = bareHost(origin.host);
  const host = bare.includes(':') ? `[${bare}]` : bare;
  const isDefault = origin.port === (origin.scheme === 'https' ? 443 : 80);
  return isDefault ? host : `${host}:${origin.port}`;
}

/** Pairs of undici's raw headers, which are buffers on HTTP/1.1 connections. */
function toPairs(raw: Dispatcher.DispatchController['rawHeaders']): HeaderPairs {
  if (!Array.isArray(raw)) return [];
  const pairs: (readonly [string, string])[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    pairs.push([latin1(raw[at]).toLowerCase(), latin1(raw[at + 1])]);
  }
  return pairs;
}

function latin1(bytes: Buffer | string | undefined): string {
  return Buffer.isBuffer(bytes) ? bytes.toString('latin1') : (bytes ?? '');
}
