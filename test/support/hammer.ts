// Callers that never rest: each calls again as soon as it was answered, until it is refused; then it waits to be let on.
import { Agent, request } from 'node:http';
import { isPassing } from './patience.ts';

const AGAIN_AFTER_MS = 50;

export interface Answered {
  readonly status: number;
  readonly source: string;
  readonly code: string;
}

export interface Hammer {
  /** How many calls ended with each status. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Lets every caller that was refused go on. */
  release(): void;
  /** Resolves when every caller was refused and waits. */
  allRefused(): Promise<void>;
  /** Ends the callers after the call they are in. */
  stop(): Promise<void>;
}

export interface HammerOptions {
  readonly callers: number;
  readonly token: string;
  /** Address of the broker. */
  readonly address: string;
  /** Path of the n-th call. */
  readonly path: (call: number) => string;
  /** Calls that are told to come again come again, and count only then. */
  readonly isPatient?: boolean;
  /** Makes the n-th call a POST whose body begins this much later; undefined: a GET. */
  readonly bodyAfterMs?: (call: number) => number | undefined;
}

export function startHammer(options: HammerOptions): Hammer {
  const { callers, token, address, path, bodyAfterMs, isPatient = false } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: callers });
  const statuses = new Map<number, number>();
  let waiting: (() => void)[] = [];
  let watchers: (() => void)[] = [];
  let isStopped = false;
  let count = 0;

  const rest = () =>
    new Promise<void>((resolve) => {
      waiting.push(resolve);
      if (waiting.length === callers) for (const tell of watchers.splice(0)) tell();
    });
  const run = async () => {
    while (!isStopped) {
      const call = (count += 1);
      const { status, code } = await callOnce(agent, {
        url: `${address}${path(call)}`,
        token,
        bodyAfterMs: bodyAfterMs?.(call),
      });
      if (isPatient && isPassing(status, code)) {
        await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
        continue;
      }
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status !== 200) await rest();
    }
  };
  const running = Array.from({ length: callers }, run);
  const release = () => {
    const released = waiting;
    waiting = [];
    for (const go of released) go();
  };
  return {
    statuses,
    release,
    allRefused: () =>
      new Promise((resolve) => {
        if (waiting.length === callers) resolve();
        else watchers.push(resolve);
      }),
    stop: async () => {
      isStopped = true;
      const releasing = setInterval(release, 5);
      await Promise.all(running);
      clearInterval(releasing);
      watchers = [];
      agent.destroy();
    },
  };
}

/** One call over a kept connection, its answer read to the end. */
export function callOnce(
  agent: Agent | undefined,
  call: {
    readonly url: string;
    readonly token: string;
    readonly bodyAfterMs?: number | undefined;
  },
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const { bodyAfterMs } = call;
    const headers = { authorization: `Bearer ${call.token}` };
    const method = bodyAfterMs === undefined ? 'GET' : 'POST';
    const options = { method, headers, ...(agent === undefined ? {} : { agent }) };
    const sent = request(call.url, options, (response) => {
      response.resume();
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode: status = 0 } = response;
        const source = String(response.headers['doorward-source']);
        resolve({ status, source, code: String(response.headers['doorward-error'] ?? '') });
      });
    });
    sent.on('error', reject); // an answer before the body's end may close the connection; it has been given by then
    if (bodyAfterMs === undefined) {
      sent.end();
    } else {
      sent.flushHeaders();
      setTimeout(() => sent.end('body'), bodyAfterMs);
    }
  });
}
