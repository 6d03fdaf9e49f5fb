// Text that a model reads or writes in the messages of a WebSocket: each message as a body of its own, and of answers the words
// of all messages joined, since a model writes them a few at a time.
import type { Direction, Findings } from '../../core/inspection/finding.ts';
import type { Inspector, Message, MessageGuard, Stage } from '../../core/inspection/stage.ts';
import { contextOf, looksLikeJson } from './message-context.ts';

type Body = NonNullable<Inspector['body']>;

/** Each message by itself; `joined` looks on before it is passed. */
export function textOfMessages(
  body: Body,
  direction: Direction,
  joined?: (message: Message) => void,
): MessageGuard {
  return (message) => {
    const stage = body(contextOf(message, direction));
    const bytes = stage === undefined ? message.bytes : whole(stage, message.bytes);
    if (message.isText) joined?.(message);
    return bytes;
  };
}

function whole(stage: Stage, bytes: Buffer): Buffer {
  const passed = stage.push(bytes);
  const last = stage.end();
  return last.length === 0 ? passed : Buffer.concat([passed, last]);
}

interface JoinedTextParts {
  readonly body: Body;
  /** What `body` finds. */
  readonly found: Findings;
  /** What is told: of `found` what was not told before. */
  readonly told: Findings;
}

/** The messages as one text: events where they are JSON. */
export function joinedText({ body, found, told }: JoinedTextParts): (message: Message) => void {
  const open = (contentType: string) =>
    body({ direction: 'answer', headers: [], contentType, status: undefined });
  const events = open('text/event-stream');
  const plain = open('text/plain');
  const known = new Set<string>();
  return ({ bytes }) => {
    const event = looksLikeJson(bytes) ? eventOf(bytes) : undefined;
    try {
      if (event === undefined) plain?.push(bytes);
      else events?.push(event);
    } finally {
      if (!found.isEmpty) tellNew(found, told, known);
    }
  };
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
function eventOf(json: Buffer): Buffer | undefined {
  try {
    return Buffer.from(`data: ${JSON.stringify(JSON.parse(json.toString()))}\n`);
  } catch {
    return undefined;
  }
}
