// The request goes out and the answer comes back through the guard, until one of both sides ends it; or until it turns out
// that the same call is to be sent again with another version of the secret, while nothing has reached the caller.
import type { Duplex } from 'node:stream';
import type { HeaderPairs } from '../core/headers.ts';
import { Problem } from '../core/problem.ts';
import type { Flow, OutgoingRequest, UpstreamHandler, UpstreamHead } from '../egress/flow.ts';
import type { Credential } from '../vault/credential.ts';
import type { Answer, AnswerHead, BrokeredCall } from './call.ts';
import type { CallBody } from './call-body.ts';
import { type Allowed, recheck, revoked } from './decide.ts';
import type { BrokerDeps } from './deps.ts';
import { Guard, noteLeak, secretInAnswer } from './inspection/guard.ts';
import { inspectAnswer, inspectMessages } from './inspection/inspectors.ts';
import { messageLimits } from './inspection/inspect-size.ts';
import type { CallRecord } from './record.ts';
import { answerHadEcho } from './inspection/answer-echo.ts';
import { textFlags } from './inspection/text-flags.ts';
import { maySend, type SecretVersion } from './versions.ts';
import { withWayBack } from './way-back.ts';
import { WebSocketRelay } from './websocket-relay.ts';

export interface ExchangeParts {
  readonly call: BrokeredCall;
  readonly body: CallBody;
  readonly allowed: Allowed;
  /** The one that the intent names and the request carries. */
  readonly version: SecretVersion;
  readonly credential: Credential;
  readonly outgoing: OutgoingRequest;
  readonly answer: Answer;
  readonly record: CallRecord;
  /** Told to the caller. */
  readonly secretVersion: AnswerHead['secretVersion'];
  /** Asked when the upstream answers 401: the version to try instead. */
  readonly instead: () => SecretVersion | undefined;
}

/** `version-gone`: it may not be sent any more, and nothing was. A version: the upstream answered 401, try this one. */
export type ExchangeEnd = 'answered' | 'version-gone' | SecretVersion;

interface Settled {
  resolve(end: ExchangeEnd): void;
  reject(problem: Problem): void;
}

/** Resolves when the answer has ended. Rejects with the problem when nothing of it had begun. */
export function exchange(deps: BrokerDeps, parts: ExchangeParts): Promise<ExchangeEnd> {
  return new Promise((resolve, reject) => {
    new Exchange(deps, parts, { resolve, reject }).begin();
  });
}

class Exchange implements UpstreamHandler {
  readonly #deps: BrokerDeps;
  readonly #parts: ExchangeParts;
  readonly #promise: Settled;
  readonly #guard: Guard;
  readonly #stopWatching: () => void;
  #flow: Flow | undefined;
  /** What takes the place of an answer, once the upstream has agreed to a WebSocket. */
  #relay: WebSocketRelay | undefined;
  #isOver = false;
  #isVersionGone = false;
  /** From here on the upstream may have seen the request, or part of it. */
  #hasBegun = false;
  #discard: ((chunk: Buffer) => void) | undefined;

  constructor(deps: BrokerDeps, parts: ExchangeParts, promise: Settled) {
    const { allowed, call, credential, outgoing, answer, record, secretVersion } = parts;
    this.#deps = deps;
    this.#parts = parts;
    this.#promise = promise;
    this.#stopWatching = deps.live.add({
      revoked: () => revoked(deps, allowed),
      end: (reason) => this.#fail(reason),
    });
    this.#guard = new Guard({
      answer,
      scan: credential.scan,
      method: outgoing.method,
      leaks: record.leaks,
      blocksLeaks: allowed.service.protection.leaks.action === 'block',
      secretVersion,
      flags: () => textFlags(record.findings),
      wayBack: (headers) =>
        withWayBack(headers, {
          service: allowed.service,
          path: allowed.target.address.path,
          base: call.base,
        }),
      guardsFor: (head) => inspectAnswer(deps, record.inspected(allowed), head),
      onReady: () => this.#flow?.resume(),
      onFailure: (problem) => this.#fail(problem),
      onFinished: () => this.#answered(),
    });
  }

  begin(): void {
    const { answer, record, outgoing, call } = this.#parts;
    const { egress, ids } = this.#deps;
    const sent =
      call.isWebSocket === true
        ? { ...outgoing, webSocketKey: Buffer.from(ids.randomness.bytes(16)).toString('base64') }
        : outgoing;
    answer.onGone(() => {
      if (this.#isOver) return;
      record.ended('aborted');
      this.#fail(new Problem('internal', { internal: 'the caller went away' }));
    });
    if (!this.#isOver) this.#flow = egress.send(sent, this); // else gone before anything was sent
  }

  beforeFirstByte(): Problem | undefined {
    const { allowed, version } = this.#parts;
    const gone = recheck(this.#deps, allowed);
    if (gone !== undefined) return gone;
    this.#hasBegun = maySend(this.#deps, allowed.service, version);
    this.#isVersionGone = !this.#hasBegun;
    return this.#hasBegun ? undefined : versionGone();
  }

  onHead(head: UpstreamHead): void {
    const { instead } = this.#parts;
    this.#note(head);
    const other = head.status === 401 ? instead() : undefined;
    if (other === undefined) this.#attempt(() => this.#guard.head(head));
    else this.#sendInstead(other);
  }

  onUpgrade(head: UpstreamHead, socket: Duplex): void {
    this.#note(head);
    this.#attempt(() => {
      this.#guard.head(head);
      this.#beginRelay(socket);
    });
    if (this.#relay === undefined) socket.destroy();
  }

  onData(chunk: Buffer): boolean {
    let isReady = true;
    if (this.#isOver) this.#discard?.(chunk);
    else this.#attempt(() => (isReady = this.#guard.push(chunk)));
    return isReady;
  }

  onEnd(trailers: HeaderPairs): void {
    if (!this.#isOver) this.#attempt(() => this.#guard.end(trailers));
  }

  onError(cause: Problem): void {
    const { answer, body, record } = this.#parts;
    if (this.#isOver) return;
    const problem = body.blocked ?? cause; // a guard that cut the body has said why
    this.#close();
    const result = this.#isVersionGone ? 'refused' : resultOf(problem);
    record.ended(result === 'refused' && this.#hasBegun ? 'cut' : result, problem);
    if (this.#isVersionGone) {
      this.#promise.resolve('version-gone');
    } else if (answer.hasBegun) {
      answer.abort();
      this.#promise.resolve('answered');
    } else {
      this.#promise.reject(problem);
    }
  }

  #note({ status, remoteAddress }: UpstreamHead): void {
    const { record } = this.#parts;
    record.status = status;
    record.upstream = remoteAddress;
    record.firstByteMs = record.elapsedMs;
  }

  #beginRelay(upstream: Duplex): void {
    const { allowed, answer, credential, record } = this.#parts;
    const guards = inspectMessages(this.#deps, record.inspected(allowed));
    const caller = answer.takeSocket?.();
    if (caller === undefined) throw new Problem('internal', { internal: 'no socket for an upgrade' });
    const { clock } = this.#deps.ids;
    this.#relay = new WebSocketRelay({
      caller,
      upstream,
      scan: credential.scan,
      guards,
      limits: messageLimits(allowed.service.protection.transport),
      onBlocked: (cause) => this.#failed(cause),
      onLeak: (match) => {
        noteLeak(record.leaks, match);
        if (allowed.service.protection.leaks.action === 'block') this.#fail(secretInAnswer());
      },
      nowMs: () => clock.monotonicMs(),
      onEnd: (how) => {
        if (how === 'closed') return this.#answered();
        if (how === 'gone') record.ended('aborted');
        this.onError(how === 'gone' ? new Problem('internal', { internal: 'the caller went away' }) : how);
      },
    });
    this.#relay.begin();
  }

  #answered(): void {
    if (this.#isOver) return;
    this.#close();
    this.#parts.record.ended('answered');
    this.#promise.resolve('answered');
  }

  #sendInstead(other: SecretVersion): void {
    this.#close();
    this.#parts.record.ended('answered');
    this.#discard = letGoOfAnswer(this.#flow);
    this.#promise.resolve(other);
  }

  #fail(problem: Problem): void {
    this.#relay?.end(problem);
    this.#flow?.abort(problem);
    this.onError(problem);
  }

  #attempt(work: () => void): void {
    try {
      work();
    } catch (cause) {
      this.#failed(cause);
    }
  }

  #failed(cause: unknown): void {
    const isKnown = cause instanceof Problem;
    this.#fail(isKnown ? cause : new Problem('internal', { internal: 'the guard failed', cause }));
  }

  #close(): void {
    const { record } = this.#parts;
    this.#isOver = true;
    this.#stopWatching();
    record.requestBytes = this.#relay?.requestBytes ?? this.#flow?.requestBytes ?? 0;
    record.responseBytes = this.#relay?.responseBytes ?? this.#guard.deliveredBytes;
    this.#guard.destroy();
    record.previews.settle(this.#parts.credential.scan);
    if (record.leaks.matches > 0) answerHadEcho(this.#deps, record.inspected(this.#parts.allowed));
  }
}

export function versionGone(): Problem {
  return new Problem('secret-unavailable', {
    internal: 'the version that the intent names is neither current nor in its grace period any more',
  });
}

/** What an answer that nobody gets may still bring, so that its connection can serve again. */
const LEFT_OVER_BYTES = 64 * 1024;
const LEFT_OVER_MS = 1000;

/** Reads an answer on that nobody gets, not for long and not for much. */
function letGoOfAnswer(flow: Flow | undefined): (chunk: Buffer) => void {
  const cut = () => flow?.abort(new Problem('internal', { internal: 'nobody gets this answer' }));
  setTimeout(cut, LEFT_OVER_MS).unref();
  let bytes = 0;
  return (chunk) => {
    bytes += chunk.length;
    if (bytes > LEFT_OVER_BYTES) cut();
  };
}

/** Refused by policy or for a reason of the caller's, failed for one of the upstream's or ours. */
export function resultOf(problem: Problem): 'refused' | 'failed' {
  return problem.fault === 'policy' || problem.fault === 'caller' ? 'refused' : 'failed';
}
