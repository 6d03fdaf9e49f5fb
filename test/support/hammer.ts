// Callers that never rest: each calls again as soon as it was answered, until it is refused; then it waits to be let on.
import { Agent, request } from 'node:http';

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
}

export function startHammer(options: HammerOptions): Hammer {
  const { callers, token, address, path } = options;
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
      const { status } = await callOnce(agent, { url: `${address}${path((count += 1))}`, token });
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
  call: { readonly url: string; readonly token: string },
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${call.token}` };
    const sent = request(call.url, { headers, ...(agent === undefined ? {} : { agent }) }, (response) => {
      response.resume();
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode: status = 0 } = response;
        const source = String(response.headers['doorward-source']);
        resolve({ status, source, code: String(response.headers['doorward-error'] ?? '') });
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}
