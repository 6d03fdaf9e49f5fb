// Messages of a WebSocket between the caller and the upstream, until one of them, a guard or a change of rights ends it. What
// either sends is looked at message by message, however it was cut into frames; each side waits for the other to read.
import type { Duplex } from 'node:stream';
import { BorderScan, type Look } from '../core/inspection/border-scan.ts';
import type { Message } from '../core/inspection/stage.ts';
import { isLong, settled, type Steps } from '../core/inspection/steps.ts';
import type { LeakMatch } from '../core/leak-scan/findings.ts';
import { leaksInSteps } from '../core/leak-scan/long-texts.ts';
import { createLeakScan, type ScanTable } from '../core/leak-scan/scanner.ts';
import { Problem } from '../core/problem.ts';
import type { MessageLimit } from './inspection/inspect-size.ts';
import type { SocketGuards } from './inspection/inspectors.ts';
import { CLOSE, type SideEvents, WebSocketSide } from './websocket-side.ts';
import { Turns } from './websocket-turns.ts';

interface RelayOptions {
  readonly caller: Duplex;
  readonly upstream: Duplex;
  readonly scan: ScanTable;
  readonly onLeak: (match: LeakMatch) => void;
  readonly guards: SocketGuards;
  readonly limits: Readonly<Record<Name, MessageLimit>>;
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
  /** Of what each side sent; also its end, which no message that came before it may miss. */
  readonly #turns: Readonly<Record<Name, Turns>>;
  /** Of texts from the upstream: an echo may go on from one message into the next. */
  readonly #leaks: BorderScan<LeakMatch>;
  readonly #probing: NodeJS.Timeout;
  #farewell: NodeJS.Timeout | undefined;
  #firstToClose: Name | undefined;
  #isOver = false;

  constructor(options: RelayOptions) {
    this.#options = options;
    const { caller, upstream, limits, nowMs, onLeak } = options;
    this.#leaks = new BorderScan({
      look: (text, onFound) => this.#scanned(text, onFound),
      onFound: onLeak,
      kindOf: ({ view, targetId }) => `${view} ${targetId}`,
      openBytes: BEGINNING_BYTES,
    });
    const sideOf = (name: Name, socket: Duplex) =>
      new WebSocketSide({
        socket,
        role: name === 'caller' ? 'server' : 'client',
        nowMs,
        maxMessageBytes: limits[name].bytes,
        events: this.#eventsOf(name),
      });
    const turnsOf = (name: Name) =>
      new Turns({
        onBusy: () => this.#sides[name].pause('busy'),
        onIdle: () => this.#sides[name].resume('busy'),
      });
    this.#turns = { caller: turnsOf('caller'), upstream: turnsOf('upstream') };
    this.#sides = { caller: sideOf('caller', caller), upstream: sideOf('upstream', upstream) };
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
    const turns = this.#turns[name];
    return {
      onMessage: (bytes, isBinary) =>
        turns.take(() => this.#pass(name, { bytes, isText: !isBinary, isReason: false }), bytes.length),
      onClose: (code, reason) => turns.take(() => this.#closing(name, code, reason)),
      onFault: (code) => turns.last(() => this.#fault(name, code)),
      onDrain: () => this.#sides[otherThan(name)].resume('full'),
      onGone: () => turns.last(() => this.#gone(name)),
    };
  }

  #pass(from: Name, message: Message): Steps<void> | undefined {
    if (this.#isOver) return undefined;
    return this.#guarded(from, message, (bytes) => {
      if (from === 'upstream') this.responseBytes += bytes.length;
      else this.requestBytes += bytes.length;
      const isReady = this.#sides[otherThan(from)].send(bytes, !message.isText);
      if (!isReady) this.#sides[from].pause('full');
    });
  }

  #closing(from: Name, code: number, reason: Buffer): Steps<void> | undefined {
    if (this.#isOver) return undefined;
    const close = (told: Buffer) => this.#close(from, code, told);
    if (reason.length > 0) return this.#guarded(from, { bytes: reason, isText: true, isReason: true }, close);
    close(reason);
    return undefined;
  }

  #close(from: Name, code: number, reason: Buffer): void {
    const other = otherThan(from);
    this.#sides[other].close(code, reason.length > MAX_REASON_BYTES ? undefined : reason);
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
    if (code === CLOSE.tooBig) return this.#tooLong(this.#options.limits[from].problem());
    const isUpstream = from === 'upstream';
    this.#over({
      caller: isUpstream ? CLOSE.badGateway : code,
      upstream: isUpstream ? code : CLOSE.goingAway,
    });
    const detail = `${isUpstream ? 'The upstream' : 'The caller'} broke the WebSocket protocol or a limit of it (close code ${code}).`;
    this.#options.onEnd(new Problem(isUpstream ? 'upstream-invalid' : 'invalid-request', { detail }));
  }

  #tooLong(problem: Problem): void {
    const told = problem.message;
    this.#over({ caller: CLOSE.tooBig, upstream: CLOSE.tooBig, reason: told, upstreamReason: told });
    this.#options.onEnd(problem);
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

  #over(codes: Ending): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#probing);
    clearTimeout(this.#farewell);
    for (const turns of Object.values(this.#turns)) turns.stop();
    this.#sides.caller.close(codes.caller, Buffer.from(fitting(codes.reason ?? '')));
    this.#sides.upstream.close(codes.upstream, Buffer.from(fitting(codes.upstreamReason ?? '')));
    for (const side of Object.values(this.#sides)) side.end();
  }

  /** Calls `then` with what may go on of a message. Where nothing may, nothing after it does. */
  #guarded(from: Name, message: Message, then: (bytes: Buffer) => void): Steps<void> | undefined {
    const looked = this.#attempt(() => this.#looked(from, message));
    if (looked === undefined) return undefined;
    if (!Buffer.isBuffer(looked)) return this.#inSteps(looked, then);
    then(looked);
    return undefined;
  }

  *#inSteps(looked: Steps<Buffer | undefined>, then: (bytes: Buffer) => void): Steps<void> {
    for (;;) {
      const step = this.#attempt(() => looked.next());
      if (step === undefined) return;
      if (step.done === true) {
        if (step.value !== undefined) then(step.value);
        return;
      }
      yield;
    }
  }

  /** Undefined: a guard ended it. */
  #attempt<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (cause) {
      this.#options.onBlocked(cause);
      return undefined;
    }
  }

  #looked(from: Name, message: Message): Buffer | Steps<Buffer | undefined> | undefined {
    const { guards, onLeak } = this.#options;
    const { bytes, isText, isReason } = message;
    if (from === 'caller') return guards.request?.(message) ?? bytes;
    if (isLong(bytes)) return this.#answerInSteps(message);
    const safe = isText ? this.#leaks.pass(bytes) : this.#scanned(bytes, onLeak).bytes;
    if (this.#isOver) return undefined; // an echo ended it
    return guards.answer?.({ bytes: safe, isText, isReason }) ?? safe;
  }

  *#answerInSteps({ bytes, isText, isReason }: Message): Steps<Buffer | undefined> {
    const { guards, onLeak, scan } = this.#options;
    const looked = yield* leaksInSteps(scan, bytes, onLeak);
    const safe = isText && !this.#isOver ? this.#leaks.pass(bytes, looked) : looked.bytes;
    if (this.#isOver) return undefined;
    return yield* settled(guards.answer?.({ bytes: safe, isText, isReason }) ?? safe);
  }

  #scanned(data: Buffer, onMatch: (match: LeakMatch) => void): ReturnType<Look<LeakMatch>> {
    const scan = createLeakScan(this.#options.scan, onMatch);
    const safe = scan.push(data);
    const held = scan.end();
    const bytes = held.length === 0 ? safe : Buffer.concat([safe, held]);
    return { bytes, undecided: data.length - safe.length };
  }
}

/** Close codes, and the reasons that go with them. */
interface Ending {
  readonly caller: number;
  readonly upstream: number;
  readonly reason?: string;
  readonly upstreamReason?: string;
}

function otherThan(name: Name): Name {
  return name === 'caller' ? 'upstream' : 'caller';
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
