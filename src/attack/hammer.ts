// Callers that never rest: each calls again as soon as it was answered, until it is refused; then it waits to be let on.
import { Agent, request } from 'node:http';

interface HammerOptions {
  readonly url: string;
  readonly path: string;
  readonly token: string;
  readonly callers: number;
}

export class Hammer {
  /** How many calls ended with each status. */
  readonly statuses = new Map<number, number>();
  readonly #options: HammerOptions;
  readonly #agent: Agent;
  readonly #running: readonly Promise<void>[];
  #waiting: (() => void)[] = [];
  #watchers: (() => void)[] = [];
  #isStopped = false;

  constructor(options: HammerOptions) {
    this.#options = options;
    this.#agent = new Agent({ keepAlive: true, maxSockets: options.callers });
    this.#running = Array.from({ length: options.callers }, () => this.#run());
  }

  /** Lets every caller that was refused go on. */
  release(): void {
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Resolves when every caller was refused and waits. */
  allRefused(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#waiting.length === this.#options.callers) resolve();
      else this.#watchers.push(resolve);
    });
  }

  /** Ends the callers after the call they are in. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const releasing = setInterval(() => this.release(), 5);
    await Promise.all(this.#running);
    clearInterval(releasing);
    this.#agent.destroy();
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const status = await this.#callOnce();
      this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
      if (status !== 200) await this.#rest();
    }
  }

  #rest(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length < this.#options.callers) return;
      for (const tell of this.#watchers.splice(0)) tell();
    });
  }

  /** 0: the connection was cut. */
  #callOnce(): Promise<number> {
    const { url, path, token } = this.#options;
    return new Promise((resolve) => {
      const options = { agent: this.#agent, headers: { authorization: `Bearer ${token}` } };
      const sent = request(`${url}${path}`, options, (response) => {
        response.resume();
        response.on('error', () => resolve(0));
        response.on('end', () => resolve(response.statusCode ?? 0));
      });
      sent.on('error', () => resolve(0));
      sent.end();
    });
  }
}
