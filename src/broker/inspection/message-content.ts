// Personal data and other content in the messages of a WebSocket, one direction of it: each as it stands, and what goes on from
// one text into the next.
import { contentInSteps, contentOverBorders, JoinedWords } from '../../core/content/joined-words.ts';
import { type Writing, writingOf } from '../../core/content/escapes.ts';
import type { Direction } from '../../core/inspection/finding.ts';
import type { Message, MessageGuard } from '../../core/inspection/stage.ts';
import { isLong, type Steps } from '../../core/inspection/steps.ts';
import { noting } from './content-findings.ts';
import type { ContentGuard } from './content-guards.ts';
import type { Inspected } from './inspected.ts';
import { looksLikeJson } from './message-context.ts';

const PLAIN = writingOf('');
const JSON_WRITING = writingOf('application/json');
const BETWEEN = Buffer.from('\n');

interface MessageContentParts {
  readonly guard: ContentGuard;
  readonly inspected: Inspected;
  readonly direction: Direction;
}

/** Undefined: nothing is looked for. */
export function contentOfMessages(parts: MessageContentParts): MessageGuard | undefined {
  const { inspected, direction } = parts;
  const { table, previewTable } = parts.guard;
  const look = table === undefined ? undefined : looking(parts, table);
  const tap = previewTable === undefined ? undefined : inspected.previews.tap(direction, PLAIN, previewTable);
  if (tap === undefined) return look;
  const tapped = (passed: Buffer, isText: boolean): Buffer => {
    if (isText) {
      tap.add(passed);
      tap.add(BETWEEN);
    }
    return passed;
  };
  function* inSteps(passed: Steps<Buffer>, isText: boolean): Steps<Buffer> {
    return tapped(yield* passed, isText);
  }
  return (message) => {
    const passed = look?.(message) ?? message.bytes;
    return Buffer.isBuffer(passed) ? tapped(passed, message.isText) : inSteps(passed, message.isText);
  };
}

function looking(
  { guard, inspected, direction }: MessageContentParts,
  table: NonNullable<ContentGuard['table']>,
): MessageGuard {
  const onMatch = noting(inspected, direction, 'message');
  let writing: Writing = PLAIN;
  const parts = { table, writingOf: () => writing, onMatch };
  const texts = contentOverBorders(parts);
  // What a model writes comes in many messages; what an agent says to it, in one.
  const words = direction === 'answer' ? new JoinedWords(table, onMatch) : undefined;
  const { strictTable = table } = guard;
  // A binary message has no borders to look over, and is not written to.
  const strict = { table: strictTable, writingOf: () => PLAIN, onMatch };
  function* inSteps({ bytes, isText }: Message): Steps<Buffer> {
    if (!isText) return (yield* contentInSteps(strict, bytes)).bytes;
    const passed = texts.pass(bytes, yield* contentInSteps(parts, bytes));
    return writing === JSON_WRITING && words !== undefined ? yield* words.passInSteps(passed) : passed;
  }
  return (message) => {
    const { bytes, isText } = message;
    if (!isText && direction === 'answer') return bytes;
    const isJson = isText && looksLikeJson(bytes);
    writing = isJson ? JSON_WRITING : PLAIN;
    if (isLong(bytes)) return inSteps(message);
    if (!isText) return contentOverBorders(strict).pass(bytes);
    const passed = texts.pass(bytes);
    return isJson ? (words?.pass(passed) ?? passed) : passed;
  };
}
