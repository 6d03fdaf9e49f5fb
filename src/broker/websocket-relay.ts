// Messages of a WebSocket between the caller and the upstream, until one of them, a guard or a change of rights ends it. What
// either sends is looked at message by message, however it was cut into frames; each side waits for the other to read.
import type { Duplex } from 'node:stream';
import { BorderScan, type Look } from '../core/inspection/border-scan.ts';
import type { Message } from '../core/inspection/stage.ts';
import type { LeakMatch } from '../core/leak-scan/findings.ts';
import { createLeakScan, type ScanTable } from '../core/leak-scan/scanner.ts';
import { Problem } from '../core/problem.ts';
import type { SocketGuards } from './inspection/inspectors.ts';
import { CLOSE, type SideEvents, WebSocketSide } from './websocket-side.ts';

interface RelayOptions {
  readonly caller: Duplex;
  readonly upstream: Duplex;
  readonly scan: ScanTable;
  readonly onLeak: (match: LeakMatch) => void;
  readonly guards: SocketGuards;
  /** A guard throws: it is for whoever made the relay to `end` it. */
  readonly onBlocked: (cause: unknown) => void;
  readonly nowMs: () => number;
  /** Once: how it ended, unless `end` ended it. A problem, `gone` for a caller that left without a word, or as it should. */
  readonly onEnd: (how: 'closed' | 'gone' | Problem) => void;
}

/** Both sides are asked for a sign of life this often. */
const PROBE_EVERY_MS = 30_000;
/** From the first close frame until the other side's. */
const FAREWELL_MS = 5000;
/** The beginning that all keys of a vendor have never waits, in whatever it is written. */
const BEGINNING_BYTES = 128;
/** RFC 6455 §5.5. */
const MAX_REASON_BYTES = 123;

type Name = 'caller' | 'upstream';

export class WebSocketRelay {
  requestBytes = 0;
  responseBytes = 0;
  readonly #options: RelayOptions;
  readonly #sides: Readonly<Record<Name, WebSocketSide>>;
  /** Of texts from the upstream: an echo may go on from one message into the next. */
  readonly #leaks: BorderScan<LeakMatch>;
  readonly #probing: NodeJS.Timeout;
  #farewell: NodeJS.Timeout | undefined;
  #firstToClose: Name | undefined;
  #isOver = false;

  constructor(options: RelayOptions) {
    this.#options = options;
    const { caller, upstream, nowMs, onLeak } = options;
    this.#leaks = new BorderScan({
      look: (text, onFound) => this.#scanned(text, onFound),
      onFound: onLeak,
      kindOf: ({ view, targetId }) => `${view} ${targetId}`,
      openBytes: BEGINNING_BYTES,
    });
    this.#sides = {
      caller: new WebSocketSide({ socket: caller, role: 'server', nowMs, events: this.#eventsOf('caller') }),
      upstream: new WebSocketSide({
        socket: upstream,
        role: 'client',
        nowMs,
        events: this.#eventsOf('upstream'),
      }),
    };
    this.#probing = setInterval(() => this.#probe(), PROBE_EVERY_MS).unref();
  }

  begin(): void {
    this.#sides.upstream.begin();
    this.#sides.caller.begin();
  }

  /** Ends both sides for `problem`; nothing more is passed on, and `onEnd` is not called. */
  end(problem: Problem): void {
    const isStop = problem.code === 'draining';
    this.#over({
      caller: isStop ? CLOSE.restart : closeCodeOf(problem),
      upstream: CLOSE.goingAway,
      reason: problem.message,
    });
  }

  #eventsOf(name: Name): SideEvents {
    const other = name === 'caller' ? 'upstream' : 'caller';
    return {
      onMessage: (data, isBinary) => this.#pass(name, data, isBinary),
      onClose: (code, reason) => this.#closing(name, code, reason),
      onFault: (code) => this.#fault(name, code),
      onDrain: () => this.#sides[other].resume(),
      onGone: () => this.#gone(name),
    };
  }

  #pass(from: Name, data: Buffer, isBinary: boolean): void {
    if (this.#isOver) return;
    const isUpstream = from === 'upstream';
    const bytes = this.#guarded(from, { bytes: data, isText: !isBinary });
    if (bytes === undefined) return;
    if (isUpstream) this.responseBytes += bytes.length;
    else this.requestBytes += bytes.length;
    const isReady = this.#sides[isUpstream ? 'caller' : 'upstream'].send(bytes, isBinary);
    if (!isReady) this.#sides[from].pause();
  }

  #closing(from: Name, code: number, reason: Buffer): void {
    if (this.#isOver) return;
    const other = from === 'caller' ? 'upstream' : 'caller';
    const told = reason.length === 0 ? reason : this.#guarded(from, { bytes: reason, isText: true });
    if (told === undefined) return;
    this.#sides[other].close(code, told.length > MAX_REASON_BYTES ? undefined : told);
    if (this.#firstToClose === other) {
      this.#over({ caller: code, upstream: code });
      this.#options.onEnd('closed');
      return;
    }
    this.#firstToClose = from;
    this.#farewell = setTimeout(() => this.#leave(code), FAREWELL_MS);
  }

  /** The other side did not say goodbye in its time. */
  #leave(code: number): void {
    this.#over({ caller: code, upstream: code });
    this.#options.onEnd('closed');
  }

  #fault(from: Name, code: number): void {
    if (this.#isOver) return;
    const isUpstream = from === 'upstream';
    this.#over({
      caller: isUpstream ? CLOSE.badGateway : code,
      upstream: isUpstream ? code : CLOSE.goingAway,
    });
    const detail = `${isUpstream ? 'The upstream' : 'The caller'} broke the WebSocket protocol or a limit of it (close code ${code}).`;
    this.#options.onEnd(new Problem(isUpstream ? 'upstream-invalid' : 'invalid-request', { detail }));
  }

  #gone(from: Name): void {
    if (this.#isOver) return;
    const isFarewell = this.#firstToClose !== undefined;
    this.#over({ caller: CLOSE.badGateway, upstream: CLOSE.goingAway });
    if (isFarewell) this.#options.onEnd('closed');
    else if (from === 'caller') this.#options.onEnd('gone');
    else this.#options.onEnd(brokeOff());
  }

  #probe(): void {
    for (const name of ['caller', 'upstream'] as const) {
      if (!this.#isOver && !this.#sides[name].probe()) this.#gone(name);
    }
  }

  #over(codes: { readonly caller: number; readonly upstream: number; readonly reason?: string }): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#probing);
    clearTimeout(this.#farewell);
    this.#sides.caller.close(codes.caller, Buffer.from(fitting(codes.reason ?? '')));
    this.#sides.upstream.close(codes.upstream);
    for (const side of Object.values(this.#sides)) side.end();
  }

  /** What may go on of a message. Undefined: nothing, and nothing after it. */
  #guarded(from: Name, message: Message): Buffer | undefined {
    const { guards, onBlocked, onLeak } = this.#options;
    const { bytes, isText } = message;
    try {
      if (from === 'caller') return guards.request?.(message) ?? bytes;
      const safe = isText ? this.#leaks.pass(bytes) : this.#scanned(bytes, onLeak).bytes;
      if (this.#isOver) return undefined; // an echo ended it
      return guards.answer?.({ bytes: safe, isText }) ?? safe;
    } catch (cause) {
      onBlocked(cause);
      return undefined;
    }
  }

  #scanned(data: Buffer, onMatch: (match: LeakMatch) => void): ReturnType<Look<LeakMatch>> {
    const scan = createLeakScan(this.#options.scan, onMatch);
    const safe = scan.push(data);
    const held = scan.end();
    const bytes = held.length === 0 ? safe : Buffer.concat([safe, held]);
    return { bytes, undecided: data.length - safe.length };
  }
}

/** What ends a WebSocket with the caller, where no stop of the server does. */
function closeCodeOf({ code, fault }: Problem): number {
  if (code === 'body-too-large') return CLOSE.tooBig;
  return fault === 'upstream' ? CLOSE.badGateway : CLOSE.policy;
}

function brokeOff(): Problem {
  return new Problem('upstream-invalid', { detail: 'The upstream ended the WebSocket without closing it.' });
}

/** Ours are ASCII. */
function fitting(text: string): string {
  return text.length <= MAX_REASON_BYTES ? text : `${text.slice(0, MAX_REASON_BYTES - 3)}...`;
}
