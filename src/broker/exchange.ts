// Steps 8 and 9 together: the request goes out, the answer comes back through the guard, until one of both sides ends it.
import { Problem } from '../core/problem.ts';
import type { Flow, OutgoingRequest } from '../egress/flow.ts';
import type { Credential } from '../vault/credential.ts';
import type { Answer } from './call.ts';
import { type Allowed, recheck, revoked } from './decide.ts';
import type { BrokerDeps } from './deps.ts';
import { Guard } from './guard.ts';
import type { CallRecord } from './record.ts';

export interface ExchangeParts {
  readonly allowed: Allowed;
  readonly credential: Credential;
  readonly outgoing: OutgoingRequest;
  readonly answer: Answer;
  readonly record: CallRecord;
}

/** Resolves when the answer has ended. Rejects with the problem when nothing of it had begun. */
export async function exchange(deps: BrokerDeps, parts: ExchangeParts): Promise<void> {
  const { allowed, credential, outgoing, answer, record } = parts;
  await new Promise<void>((resolve, reject) => {
    let flow: Flow | undefined;
    let isOver = false;
    const finish = (problem: Problem | undefined) => {
      if (isOver) return;
      isOver = true;
      stopWatching();
      record.requestBytes = flow?.requestBytes ?? 0;
      record.responseBytes = guard.deliveredBytes;
      guard.destroy();
      if (problem === undefined) {
        record.ended('answered');
        resolve();
      } else if (answer.hasBegun) {
        record.ended(resultOf(problem), problem);
        answer.abort();
        resolve();
      } else {
        reject(problem);
      }
    };
    const fail = (problem: Problem) => {
      flow?.abort(problem);
      finish(problem);
    };
    const stopWatching = deps.live.add({ revoked: () => revoked(deps, allowed), end: fail });
    const guard = new Guard({
      answer,
      scan: credential.scan,
      method: outgoing.method,
      leaks: record.leaks,
      onReady: () => flow?.resume(),
      onFailure: fail,
      onFinished: () => finish(undefined),
    });
    answer.onGone(() => {
      record.ended('aborted');
      fail(new Problem('internal', { internal: 'the caller went away' }));
    });
    if (isOver) return; // gone before anything was sent
    flow = deps.egress.send(outgoing, {
      beforeFirstByte: () => recheck(deps, allowed),
      onHead: (head) => {
        record.status = head.status;
        record.upstream = head.remoteAddress;
        record.firstByteMs = record.elapsedMs;
        attempt(fail, () => guard.head(head));
      },
      onData: (chunk) => isOver || guard.push(chunk),
      onEnd: (trailers) => attempt(fail, () => guard.end(trailers)),
      onError: finish,
    });
  });
}

function attempt(fail: (problem: Problem) => void, work: () => void): void {
  try {
    work();
  } catch (cause) {
    fail(cause instanceof Problem ? cause : new Problem('internal', { internal: 'the guard failed', cause }));
  }
}

/** Refused by policy, failed for a reason of the upstream's or ours. */
export function resultOf(problem: Problem): 'refused' | 'failed' {
  return problem.fault === 'policy' || problem.fault === 'caller' ? 'refused' : 'failed';
}
