// Step 9: what an upstream answers, with every echo of the credential redacted, on its way to the caller. Content codings
// are undone first, with a cap on how much a small answer may grow, and delivered as identity.
import { type HeaderPairs, incomingHeaders } from '../../core/headers.ts';
import type { LeakMatch } from '../../core/leak-scan/findings.ts';
import { createLeakScan, type LeakScan, scanTexts } from '../../core/leak-scan/scanner.ts';
import { Problem } from '../../core/problem.ts';
import type { UpstreamHead } from '../../egress/flow.ts';
import type { Credential } from '../../vault/credential.ts';
import type { Answer, AnswerHead } from '../call.ts';
import { type ContentDecoder, openDecoder } from './content-decoder.ts';
import { HeldAnswer } from './held-answer.ts';
import type { AnswerGuards } from './inspectors.ts';
import { endThrough, pushThrough } from './staged-body.ts';

export interface LeakCount {
  matches: number;
  /** Each once. */
  readonly views: LeakMatch['view'][];
}

interface GuardOptions {
  readonly answer: Answer;
  readonly scan: Credential['scan'];
  readonly method: string;
  readonly leaks: LeakCount;
  /** Whether an echo ends the answer, else it is masked. */
  readonly blocksLeaks: boolean;
  /** Makes addresses that lead to the service lead through the broker. */
  readonly wayBack: (headers: HeaderPairs) => HeaderPairs;
  /** Told in the head. */
  readonly secretVersion: AnswerHead['secretVersion'];
  /** What guards of text have found so far; told in the head. */
  readonly flags: () => AnswerHead['flags'];
  /** The guards that an answer of this head passes after the leak scan. */
  readonly guardsFor: (head: UpstreamHead) => AnswerGuards | undefined;
  /** The decoder or the caller is ready for more. */
  readonly onReady: () => void;
  readonly onFailure: (problem: Problem) => void;
  /** Everything, to the last byte, was handed to the caller. */
  readonly onFinished: () => void;
}

/** They tell of the body as it came. */
const OF_CODED_BODY: ReadonlySet<string> = new Set(['content-encoding', 'content-md5', 'digest']);

export class Guard {
  readonly #options: GuardOptions;
  readonly #scan: LeakScan;
  #answer: Pick<Answer, 'head' | 'write' | 'end'>;
  #decoder: ContentDecoder | undefined;
  #guards: AnswerGuards | undefined;
  #deliveredBytes = 0;

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#answer = options.answer;
    this.#scan = createLeakScan(options.scan, (match) => this.#note(match));
    options.answer.onDrain(() => {
      this.#decoder?.resume();
      options.onReady();
    });
  }

  /** Bytes handed to the caller. */
  get deliveredBytes(): number {
    return this.#deliveredBytes;
  }

  /** Throws `upstream-invalid` for a coding that can not be looked into. */
  head(head: UpstreamHead): void {
    const codings = contentCodings(head.headers);
    const hasBody = this.#options.method !== 'HEAD' && head.status !== 204 && head.status !== 304;
    if (codings.length > 0 && hasBody) this.#decoder = this.#openDecoder(codings);
    const passed = incomingHeaders(head.headers);
    const kept = this.#decoder === undefined ? passed : passed.filter(([name]) => !OF_CODED_BODY.has(name));
    const length = head.headers.find(([name]) => name === 'content-length');
    this.#guards = this.#options.guardsFor(head);
    const isReshaped =
      this.#decoder !== undefined || this.#guards?.stages.some(({ changesLength }) => changesLength) === true;
    const framing = length === undefined || isReshaped || head.status === 204 ? [] : [length];
    const mayCut = this.#guards?.stages.some((stage) => stage.mayCut) === true;
    if ((this.#options.blocksLeaks || mayCut) && hasBody && head.status !== 101)
      this.#answer = new HeldAnswer(this.#options.answer);
    // Scanned as they will be sent: to read an address is to leave out what stands between the characters of a key. The
    // reason phrase is one more value.
    const [reason, ...headers] = this.#looked(
      [['', head.statusText], ...this.#options.wayBack(kept)],
      'header',
    );
    this.#answer.head({
      status: head.status,
      statusText: reason?.[1] ?? '',
      headers: [...headers, ...framing],
      secretVersion: this.#options.secretVersion,
      flags: this.#options.flags(),
    });
  }

  /** False: no more until `onReady`. */
  push(chunk: Buffer): boolean {
    if (this.#decoder === undefined) return this.#deliver(chunk);
    return this.#decoder.write(chunk);
  }

  end(trailers: HeaderPairs): void {
    // No bytes at all are no broken coding but an empty body.
    if (this.#decoder === undefined || this.#decoder.isUnused) this.#finish(trailers);
    else this.#decoder.end(() => this.#attempt(() => this.#finish(trailers)));
  }

  destroy(): void {
    this.#decoder?.destroy();
  }

  #finish(trailers: HeaderPairs): void {
    const held = this.#scan.end();
    if (held.length > 0) this.#pass(held);
    const last = this.#guards === undefined ? held.subarray(0, 0) : endThrough(this.#guards.stages);
    if (last.length > 0) this.#write(last);
    this.#answer.end(this.#looked(incomingHeaders(trailers), 'trailer'));
    this.#options.onFinished();
  }

  #deliver(chunk: Buffer): boolean {
    const safe = this.#scan.push(chunk);
    return safe.length === 0 || this.#pass(safe);
  }

  #pass(bytes: Buffer): boolean {
    if (this.#guards === undefined) return this.#write(bytes);
    const passed = pushThrough(this.#guards.stages, bytes);
    return passed.length === 0 || this.#write(passed);
  }

  #write(bytes: Buffer): boolean {
    this.#deliveredBytes += bytes.length;
    return this.#answer.write(bytes);
  }

  #openDecoder(codings: readonly string[]): ContentDecoder {
    const decoder = openDecoder(codings, {
      onData: (chunk) =>
        this.#attempt(() => {
          if (!this.#deliver(chunk)) decoder.pause();
        }),
      onReady: this.#options.onReady,
      onFailure: this.#options.onFailure,
    });
    return decoder;
  }

  /** For what the decoder calls: a guard that cuts the answer must not be an uncaught exception. */
  #attempt(work: () => void): void {
    try {
      work();
    } catch (cause) {
      const isKnown = cause instanceof Problem;
      this.#options.onFailure(
        isKnown ? cause : new Problem('internal', { internal: 'the guard failed', cause }),
      );
    }
  }

  /** What is sent of pairs: without echoes, and as the other guards let them pass. */
  #looked(pairs: HeaderPairs, what: 'header' | 'trailer'): HeaderPairs {
    const scanned = this.#scanned(pairs);
    const guards = this.#guards;
    if (guards === undefined) return scanned;
    return scanned.map(([name, value]) => {
      const where = name === '' ? 'reason' : `${what} ${name}`;
      return value === '' ? ([name, value] as const) : ([name, guards.text(where, value)] as const);
    });
  }

  #scanned(pairs: HeaderPairs): HeaderPairs {
    if (pairs.length === 0) return pairs;
    const texts: string[] = [];
    for (const [name, value] of pairs) texts.push(name, value);
    const scanned = scanTexts(this.#options.scan, texts, (match) => this.#note(match));
    if (scanned === texts) return pairs;
    return pairs.map((_, at) => [scanned[2 * at] ?? '', scanned[2 * at + 1] ?? ''] as const);
  }

  /** Throws where an echo ends the answer. */
  #note(match: LeakMatch): void {
    noteLeak(this.#options.leaks, match);
    if (this.#options.blocksLeaks) throw secretInAnswer();
  }
}

export function noteLeak(leaks: LeakCount, { view }: LeakMatch): void {
  leaks.matches += 1;
  if (!leaks.views.includes(view)) leaks.views.push(view);
}

export function secretInAnswer(): Problem {
  return new Problem('secret-in-answer');
}

/** The codings of the body, in the order they were applied; identity is none. */
function contentCodings(headers: HeaderPairs): readonly string[] {
  if (!headers.some(([name]) => name === 'content-encoding')) return [];
  return headers
    .filter(([name]) => name === 'content-encoding')
    .flatMap(([, value]) => value.toLowerCase().split(','))
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity');
}
