// What every attack starts from: a hostile upstream of its own, a secret, a service and an agent of its own, and short ways to
// call, to look and to claim. What a scene opened is closed with it.
import { randomBytes } from 'node:crypto';
import { type Aspect, Evidence } from './evidence.ts';
import { type HostileUpstream, type Respond, startUpstream } from './hostile-upstream.ts';
import { type RawAnswer, type RawRequest, request } from './raw-client.ts';
import { formsIn } from './spellings.ts';
import type { CommandLine, DatabaseAccess, LogEntry, Processes, Standing, Target, Wanted } from './target.ts';

export interface CallOptions extends Omit<RawRequest, 'target'> {
  /** Another token, or null for none. */
  readonly token?: string | null;
  readonly replica?: number;
}

const PATIENCE_MS = 45_000;
const LOOK_EVERY_MS = 25;
const AGAIN = { times: 40, afterMs: 250 };

export class Scene {
  readonly target: Target;
  readonly evidence = new Evidence();
  readonly #upstreams: HostileUpstream[] = [];
  readonly #undo: (() => Promise<unknown>)[] = [];
  readonly #later: (() => Promise<unknown>)[] = [];

  readonly #patienceMs: number;

  /** `patienceMs`: how long what comes in its own time is waited for. */
  constructor(target: Target, patienceMs = PATIENCE_MS) {
    this.target = target;
    this.#patienceMs = patienceMs;
  }

  claim(aspect: Aspect, text: string, holds: boolean, found?: unknown): boolean {
    return this.evidence.claim(aspect, text, holds, found);
  }

  equal(aspect: Aspect, text: string, actual: unknown, expected: unknown): boolean {
    return this.evidence.equal(aspect, text, actual, expected);
  }

  async upstream(respond?: Respond, tls?: Parameters<typeof startUpstream>[0]): Promise<HostileUpstream> {
    const upstream = await startUpstream(tls);
    if (respond !== undefined) upstream.respond = respond;
    this.#upstreams.push(upstream);
    return upstream;
  }

  /** An upstream, and everything that a call to it needs. */
  async stand(wanted: Omit<Wanted, 'upstream'> & { readonly upstream?: string } = {}, respond?: Respond) {
    const upstream = await this.upstream(respond);
    const standing = await this.target.setUp({ upstream: upstream.url, ...wanted });
    return { upstream, standing, mark: await this.target.mark() };
  }

  address(replica = 0): string {
    const address = this.target.addresses[replica];
    if (address === undefined) throw new Error(`there is no replica ${replica}`);
    return address;
  }

  /**
   * A call to the service as its agent; `path` is sent as it is written. Like any client it comes again where it is told to: a
   * broker that stood still for a moment sends nothing until it has heard from its database.
   */
  async call(standing: Standing, path: string, options: CallOptions = {}): Promise<RawAnswer> {
    const { token = standing.token, headers = [], replica, ...rest } = options;
    const own = token === null ? [] : [`authorization: Bearer ${token}`];
    const asked = { ...rest, target: `${standing.path}${path}`, headers: [...own, ...headers] };
    let answer = await request(this.address(replica), asked);
    for (let again = 0; again < AGAIN.times && isPassing(answer); again += 1) {
      await pause(AGAIN.afterMs);
      answer = await request(this.address(replica), asked);
    }
    return answer;
  }

  /** What must be true of a call that nothing is wrong with, or the row shows nothing. */
  async callFine(standing: Standing, upstream: HostileUpstream, path = '/ok'): Promise<void> {
    const answer = await this.call(standing, path);
    this.claim('caller', 'an ordinary call goes through', answer.status === 200, describe(answer));
    const request = upstream.seen.at(-1);
    this.claim(
      'upstream',
      'an ordinary call arrives with the key in its place',
      request !== undefined && request.target.endsWith(path) && upstream.heard().includes(standing.value),
      request?.target,
    );
  }

  /** The value stands in none of the bytes, in any form. */
  noValue(where: Aspect, text: string, bytes: Buffer | string, value: string): boolean {
    const forms = formsIn(Buffer.from(bytes), value);
    return this.claim(where, text, forms.length === 0, `found as ${forms.join(', ')}`);
  }

  /** Waits until the log holds an entry of which `isIt`, and claims that it does. */
  async logged(
    text: string,
    mark: string,
    isIt: (entry: LogEntry) => boolean,
  ): Promise<LogEntry | undefined> {
    let entries: readonly LogEntry[] = [];
    const entry = await this.until(async () => {
      entries = await this.target.logSince(mark);
      return entries.find(isIt);
    });
    this.claim(
      'log',
      text,
      entry !== undefined,
      entries
        .slice(-4)
        .map((other) => other.text)
        .join(' '),
    );
    return entry;
  }

  /** Nothing of the service was about to leave since, but for so many ordinary calls. */
  async nothingSentSince(standing: Standing, mark: string, ordinary = 0): Promise<void> {
    const entries = await this.target.logSince(mark);
    const sent = entries.filter(({ kind, service }) => kind === 'sent' && service === standing.service);
    const found = sent.slice(ordinary).map(({ text }) => text);
    this.claim('log', 'nothing else is on record as sent', sent.length === ordinary, found.join(' '));
  }

  async noValueInLog(standing: Standing, mark: string): Promise<void> {
    const entries = await this.target.logSince(mark);
    this.noValue(
      'log',
      'no event holds the value',
      entries.map(({ text }) => text).join('\n'),
      standing.value,
    );
  }

  /** What `look` comes to, or undefined when it has not come to it in time. */
  async until<T>(
    look: () => Promise<T | undefined> | T | undefined,
    limitMs = this.#patienceMs,
    everyMs = LOOK_EVERY_MS,
  ): Promise<T | undefined> {
    const end = performance.now() + limitMs;
    for (;;) {
      const seen = await look();
      if (seen !== undefined) return seen;
      if (performance.now() > end) return undefined;
      await pause(everyMs);
    }
  }

  /** Is looked at once every other row is done: what a broker writes in its own time would be waited for. */
  later(look: () => Promise<unknown>): void {
    this.#later.push(look);
  }

  get isWaiting(): boolean {
    return this.#later.length > 0;
  }

  async settle(): Promise<void> {
    for (const look of this.#later) await look();
  }

  /** Is undone when the scene closes, also when the attack fails half-way. */
  undo(work: () => Promise<unknown>): void {
    this.#undo.push(work);
  }

  value(): string {
    return newValue();
  }

  get database(): DatabaseAccess {
    return required(this.target.database, 'database');
  }

  get processes(): Processes {
    return required(this.target.processes, 'processes');
  }

  get commandLine(): CommandLine {
    return required(this.target.commandLine, 'command line');
  }

  async close(): Promise<void> {
    for (const work of this.#undo.reverse()) await work();
    await Promise.all(this.#upstreams.map((upstream) => upstream.close()));
  }
}

/** A value with the look of a vendor's key. */
export function newValue(): string {
  return `sk-attack-${randomBytes(24).toString('base64url').replaceAll('-', 'q').replaceAll('_', 'Z')}`;
}

export function describe({ status, refusal, body, isCut }: RawAnswer): string {
  return `${status}${isCut ? ' cut' : ''} ${refusal} ${body.toString('latin1').slice(0, 200)}`;
}

function isPassing({ status, refusal }: RawAnswer): boolean {
  return status === 503 && refusal === 'database-unavailable';
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function required<T>(part: T | undefined, name: string): T {
  if (part === undefined) throw new Error(`the target has no ${name}`);
  return part;
}
