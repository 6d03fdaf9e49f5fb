// What an upstream answers, as text that a model has written or that the agent's model will read: JSON, streams of events,
// markup and plain text. Bytes pass as they come unless something is blocked or stripped.
import { StringDecoder } from 'node:string_decoder';
import type { SteppedStage, Stage } from '../inspection/stage.ts';
import { jsonPiecesOf, type Steps } from '../inspection/steps.ts';
import { EventText } from './event-text.ts';
import { type HiddenKind, Markup, mayHide } from './hidden.ts';
import { JsonWalk, type Path } from './json-walk.ts';
import { streamInAnswer } from './model-bodies.ts';
import type { TextWatch } from './watch.ts';

export interface AnswerTextOptions {
  readonly watch: TextWatch;
  /** A finding may cut the answer. */
  readonly mayCut: boolean;
  readonly hidden: 'off' | 'flag' | 'strip';
  readonly onHidden: (kind: HiddenKind) => void;
}

const NOTHING = Buffer.alloc(0);
/** Of a long text; as much as markup is read at once however long a piece is, so that steps change nothing. */
const MARKUP_STEP = 64 * 1024;
/** Less is no text but a mark for a program. */
const WORDS = /(?:\p{L}{2,}[^\p{L}]+){3}\p{L}{2,}|[\u3040-\u30ff\u3400-\u9fff]{6}/u;

/** Undefined: nothing in such an answer is text. */
export function answerTextStage(contentType: string, options: AnswerTextOptions): Stage | undefined {
  if (contentType === 'text/event-stream') return new EventTextStage(options);
  if (/^(?:application|text)\/(?:[\w.-]+\+)?json$|ndjson$|jsonl$|json-seq$/.test(contentType)) {
    return new JsonTextStage(options);
  }
  const isText = contentType.startsWith('text/') || /xml$|xhtml|markdown|javascript$/.test(contentType);
  return isText ? new PlainTextStage(options) : undefined;
}

/** For the values of events that somebody else has read. */
export function eventTexts(options: AnswerTextOptions): EventText {
  return new EventText(options.watch, (path, value) => {
    stringRead(path, value, { options, isPart: false });
  });
}

/** One string of JSON, in whatever it is written. Gives what stands in its place where something hidden is taken out. */
function stringRead(
  path: Path,
  value: string,
  { options, isPart }: { options: AnswerTextOptions; isPart: boolean },
): string | undefined {
  const { watch, hidden } = options;
  const stream = streamInAnswer(path);
  if (stream !== undefined) {
    watch.stream(stream, value);
    return undefined;
  }
  if (isPart || !mayHide(value)) {
    watch.text(value, 'reads', { isPart });
    return undefined;
  }
  const markup = new Markup(visitorOf(options), hidden === 'strip');
  const left = markup.push(value) + markup.end();
  watch.apart('reads');
  return hidden === 'strip' ? left : undefined;
}

function visitorOf({ watch, hidden, onHidden }: AnswerTextOptions): ConstructorParameters<typeof Markup>[0] {
  return {
    seen: (text) => watch.text(text, 'reads', { isPart: true }),
    attribute: (text) => watch.text(text, 'reads', { of: 'attribute' }),
    hidden: (kind, text) => {
      const isTold = kind === 'characters' ? hidden === 'strip' : hidden !== 'off' && WORDS.test(text);
      if (isTold) onHidden(kind);
      watch.text(text, 'reads', { isHidden: true });
    },
  };
}

export class JsonTextStage implements SteppedStage {
  readonly changesLength: boolean;
  readonly mayCut: boolean;
  readonly #options: AnswerTextOptions;
  readonly #walk: JsonWalk;

  constructor(options: AnswerTextOptions) {
    this.#options = options;
    this.changesLength = options.hidden === 'strip';
    this.mayCut = options.mayCut;
    let isResponse = false;
    this.#walk = new JsonWalk({
      string: (path, value, isPart) => {
        if (path.length === 1 && path[0] === 'object') isResponse = value === 'response';
        // What was sent comes back in it, and with it the canary.
        if (isResponse && path[0] === 'instructions') return undefined;
        return stringRead(path, value, { options, isPart });
      },
    });
  }

  push(chunk: Buffer): Buffer {
    const decided = this.#walk.push(chunk);
    return this.changesLength || this.mayCut ? decided : chunk;
  }

  end(): Buffer {
    const last = this.#walk.end();
    this.#options.watch.end();
    return this.changesLength || this.mayCut ? last : NOTHING;
  }

  *whole(body: Buffer): Steps<Buffer> {
    const passed: Buffer[] = [];
    for (const piece of jsonPiecesOf(body)) {
      yield;
      passed.push(this.push(piece));
    }
    return Buffer.concat([...passed, this.end()]);
  }
}

/** Each event passes when it has come whole. */
class EventTextStage implements Stage {
  readonly changesLength = false;
  readonly mayCut: boolean;
  readonly #watch: TextWatch;
  readonly #events: EventText;
  readonly #decoder = new StringDecoder('utf8');

  constructor(options: AnswerTextOptions) {
    this.#watch = options.watch;
    this.#events = eventTexts(options);
    this.mayCut = options.mayCut;
  }

  push(chunk: Buffer): Buffer {
    this.#events.push(this.#decoder.write(chunk));
    return chunk;
  }

  end(): Buffer {
    this.#events.end(this.#decoder.end());
    this.#watch.end();
    return NOTHING;
  }
}

/** HTML, Markdown, XML and plain text. */
export class PlainTextStage implements SteppedStage {
  readonly changesLength: boolean;
  readonly mayCut: boolean;
  readonly #options: AnswerTextOptions;
  readonly #decoder = new StringDecoder('utf8');
  readonly #markup: Markup;

  constructor(options: AnswerTextOptions) {
    this.#options = options;
    this.changesLength = options.hidden === 'strip';
    this.mayCut = options.mayCut;
    this.#markup = new Markup(visitorOf(options), this.changesLength);
  }

  push(chunk: Buffer): Buffer {
    const text = this.#decoder.write(chunk);
    const left = this.#markup.push(text);
    return this.changesLength ? Buffer.from(left) : chunk;
  }

  end(): Buffer {
    const left = this.#markup.push(this.#decoder.end()) + this.#markup.end();
    this.#options.watch.end();
    return this.changesLength ? Buffer.from(left) : NOTHING;
  }

  *whole(body: Buffer): Steps<Buffer> {
    const passed = yield* this.pushInSteps(body);
    return Buffer.concat([passed, this.end()]);
  }

  *pushInSteps(chunk: Buffer): Steps<Buffer> {
    const text = this.#decoder.write(chunk);
    let left = '';
    for (let at = 0; at < text.length; at += MARKUP_STEP) {
      yield;
      left += this.#markup.push(text.slice(at, at + MARKUP_STEP));
    }
    return this.changesLength ? Buffer.from(left) : chunk;
  }
}
