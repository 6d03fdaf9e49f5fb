// Personal data and other content in the messages of a WebSocket, one direction of it: each as it stands, and what goes on from
// one text into the next.
import { contentOverBorders, JoinedWords } from '../../core/content/joined-words.ts';
import { type Writing, writingOf } from '../../core/content/escapes.ts';
import type { Direction } from '../../core/inspection/finding.ts';
import type { MessageGuard } from '../../core/inspection/stage.ts';
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
  return (message) => {
    const passed = look?.(message) ?? message.bytes;
    if (message.isText) {
      tap.add(passed);
      tap.add(BETWEEN);
    }
    return passed;
  };
}

function looking(
  { guard, inspected, direction }: MessageContentParts,
  table: NonNullable<ContentGuard['table']>,
): MessageGuard {
  const onMatch = noting(inspected, direction, 'message');
  let writing: Writing = PLAIN;
  const texts = contentOverBorders({ table, writingOf: () => writing, onMatch });
  // What a model writes comes in many messages; what an agent says to it, in one.
  const words = direction === 'answer' ? new JoinedWords(table, onMatch) : undefined;
  const { strictTable = table } = guard;
  return ({ bytes, isText }) => {
    if (!isText) {
      if (direction === 'answer') return bytes;
      // A binary message has no borders to look over, and is not written to.
      return contentOverBorders({ table: strictTable, writingOf: () => PLAIN, onMatch }).pass(bytes);
    }
    const isJson = looksLikeJson(bytes);
    writing = isJson ? JSON_WRITING : PLAIN;
    const passed = texts.pass(bytes);
    return isJson ? (words?.pass(passed) ?? passed) : passed;
  };
}
