// Text that a model reads or writes in the messages of a WebSocket: each message as a body of its own, and of answers the words
// of all messages joined, since a model writes them a few at a time. A long message is read first and watched after, in steps.
import type { Direction, Findings } from '../../core/inspection/finding.ts';
import type { BodyContext, Message, MessageGuard, Stage, SteppedStage } from '../../core/inspection/stage.ts';
import { isLong, type Steps } from '../../core/inspection/steps.ts';
import { type AnswerSchema, isMatch } from '../../core/model-text/answer-schema.ts';
import { type AnswerTextOptions, eventTexts, PlainTextStage } from '../../core/model-text/answer-stages.ts';
import { LateWatch } from '../../core/model-text/late-watch.ts';
import type { TextWatch, Watch } from '../../core/model-text/watch.ts';
import { contextOf, looksLikeJson } from './message-context.ts';

/** What a stage tells of: `tell` what it tells besides its watch, so that all of it comes in turn. */
export interface Telling {
  readonly watch: TextWatch;
  readonly tell: (told: () => void) => void;
}

export function atOnce(watch: Watch): Telling {
  return { watch, tell: (told) => told() };
}

interface MessageTextParts {
  readonly direction: Direction;
  readonly watch: () => Watch;
  /** Undefined: nothing in such a message is text. */
  readonly stage: (context: BodyContext, telling: Telling) => SteppedStage | undefined;
  /** Looks on before a text is passed. */
  readonly joined?: JoinedText;
}

/** Each message by itself. */
export function textOfMessages({ direction, watch, stage, joined }: MessageTextParts): MessageGuard {
  function* inSteps(message: Message): Steps<Buffer> {
    const late = new LateWatch(watch());
    const opened = stage(contextOf(message, direction), { watch: late, tell: (told) => late.does(told) });
    const passed = opened === undefined ? message.bytes : yield* watched(opened.whole(message.bytes), late);
    if (message.isText) yield* joined?.inSteps(message.bytes) ?? [];
    return passed;
  }
  return (message) => {
    if (isLong(message.bytes)) return inSteps(message);
    const opened = stage(contextOf(message, direction), atOnce(watch()));
    const passed = opened === undefined ? message.bytes : whole(opened, message.bytes);
    if (message.isText) joined?.read(message.bytes);
    return passed;
  };
}

function whole(stage: Stage, bytes: Buffer): Buffer {
  const passed = stage.push(bytes);
  const last = stage.end();
  return last.length === 0 ? passed : Buffer.concat([passed, last]);
}

/** What is noted in a step is watched before the next. */
function* watched(steps: Steps<Buffer>, late: LateWatch): Steps<Buffer> {
  for (;;) {
    const step = steps.next();
    yield* late.read();
    if (step.done === true) return step.value;
    yield;
  }
}

export interface JoinedText {
  read(text: Buffer): void;
  /** The same of a long text. */
  inSteps(text: Buffer): Steps<void>;
}

interface JoinedTextParts {
  readonly watch: Watch;
  /** What the watch finds. */
  readonly found: Findings;
  /** What is told: of `found` what was not told before. */
  readonly told: Findings;
  readonly options: (telling: Telling) => AnswerTextOptions;
}

/** The messages as one text: events where they are JSON. */
export function joinedText({ watch, found, told, options }: JoinedTextParts): JoinedText {
  const late = new LateWatch(watch);
  const opened = options({ watch: late, tell: (does) => late.does(does) });
  const events = eventTexts(opened);
  const plain = new PlainTextStage(opened);
  const known = new Set<string>();
  function* read(text: Buffer): Steps<void> {
    const value = looksLikeJson(text) ? parsed(text) : undefined;
    try {
      if (value === undefined) yield* watched(plain.pushInSteps(text), late);
      else {
        events.event(value);
        yield* late.read();
      }
    } finally {
      if (!found.isEmpty) tellNew(found, told, known);
    }
  }
  return { read: (text) => toEnd(read(text)), inSteps: read };
}

function toEnd(steps: Steps<void>): void {
  while (steps.next().done !== true);
}

function tellNew(found: Findings, told: Findings, known: Set<string>): void {
  const rules = new Set(told.list().map(({ guard, rule }) => `${guard} ${rule}`));
  for (const { count: _count, ...finding } of found.list()) {
    const key = `${finding.guard} ${finding.rule}`;
    if (!known.has(key) && !rules.has(key)) told.add(finding);
    known.add(key);
  }
}

/** Undefined: it is no JSON. */
function parsed(json: Buffer): unknown {
  try {
    return JSON.parse(json.toString());
  } catch {
    return undefined;
  }
}

/** Holds what the upstream sends against the schema of its service: nothing but texts of JSON can match it. */
export function schemaOfMessages(schema: AnswerSchema, onMismatch: () => void): MessageGuard {
  return ({ bytes, isText, isReason }) => {
    if (!isReason && !(isText && isMatch(schema, bytes))) onMismatch();
    return bytes;
  };
}
