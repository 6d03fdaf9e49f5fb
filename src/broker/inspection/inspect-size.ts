// How much of a body, or of one message, may pass in each direction of a service, where it has a limit: what announces more is
// refused before anything leaves, what turns out to be more is cut on its way.
import { Problem } from '../../core/problem.ts';
import type { BodyContext, Inspector, Stage } from '../../core/inspection/stage.ts';
import type { TransportProtection } from '../../core/protection/transport.ts';
import type { BrokerDeps } from '../deps.ts';
import type { Inspected } from './inspected.ts';

export function inspectRequestSize(_deps: BrokerDeps, { allowed }: Inspected): Inspector | undefined {
  const { maxRequestBytes: most } = allowed.service.protection.transport;
  if (most === null) return undefined;
  return limit(
    most,
    () =>
      new Problem('body-too-large', {
        detail: `This service takes request bodies of at most ${most} bytes.`,
      }),
  );
}

export function inspectAnswerSize(_deps: BrokerDeps, { allowed, call }: Inspected): Inspector | undefined {
  const { maxAnswerBytes: most } = allowed.service.protection.transport;
  if (most === null) return undefined;
  const tooLong = () =>
    new Problem('upstream-invalid', {
      detail: `The answer is longer than the ${most} bytes that this service may answer.`,
    });
  return call.method === 'HEAD' ? undefined : limit(most, tooLong);
}

/** How long a message of one side of a WebSocket may be. */
export interface MessageLimit {
  readonly bytes: number;
  /** Has to fit into the reason of a close. */
  readonly problem: () => Problem;
}

/** No relay holds more of one message. */
const MOST_OF_A_MESSAGE = 16 * 1024 * 1024;

/** Of each message, and not of all: a WebSocket lives as long as it likes. */
export function messageLimits({ maxRequestBytes, maxAnswerBytes }: TransportProtection): {
  readonly caller: MessageLimit;
  readonly upstream: MessageLimit;
} {
  const sent = Math.min(maxRequestBytes ?? MOST_OF_A_MESSAGE, MOST_OF_A_MESSAGE);
  const answered = Math.min(maxAnswerBytes ?? MOST_OF_A_MESSAGE, MOST_OF_A_MESSAGE);
  const tooMuch = `A message to this service may have at most ${sent} bytes.`;
  const tooLong = `The upstream sent a message of more than the ${answered} bytes that one may have.`;
  return {
    caller: { bytes: sent, problem: () => new Problem('body-too-large', { detail: tooMuch }) },
    upstream: { bytes: answered, problem: () => new Problem('upstream-invalid', { detail: tooLong }) },
  };
}

function limit(most: number, problem: () => Problem): Inspector {
  return {
    body: (context) => {
      if (announced(context) > most) throw problem();
      return counting(most, problem);
    },
  };
}

/** Nothing of a 304: it tells the length of a body that does not come. */
function announced({ headers, status }: BodyContext): number {
  if (status === 304) return 0;
  const length = headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1] ?? '';
  return /^\d+$/.test(length) ? Number(length) : 0;
}

function counting(most: number, problem: () => Problem): Stage {
  let bytes = 0;
  return {
    changesLength: false,
    push(chunk) {
      bytes += chunk.length;
      if (bytes > most) throw problem();
      return chunk;
    },
    end: () => Buffer.alloc(0),
  };
}
