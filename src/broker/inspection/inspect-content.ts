// Personal data and other content in both directions of a call: told, masked or refused, as the service says.
import { ContentScan } from '../../core/content/content-scan.ts';
import type { ContentTable } from '../../core/content/content-table.ts';
import { writingOf } from '../../core/content/escapes.ts';
import { EventWords, hasEvents } from '../../core/content/event-words.ts';
import { JoinedWords } from '../../core/content/joined-words.ts';
import { isText } from '../../core/content/text-types.ts';
import type { BodyContext, Inspector, Stage } from '../../core/inspection/stage.ts';
import { Problem } from '../../core/problem.ts';
import { noting, type OnMatch } from './content-findings.ts';
import type { ContentGuard } from './content-guards.ts';
import type { BrokerDeps } from '../deps.ts';
import type { Inspected } from './inspected.ts';
import { contentOfMessages } from './message-content.ts';

/** In path, parameters and headers nothing can be masked without changing what is asked for: there it is refused. */
export function inspectRequestContent(deps: BrokerDeps, inspected: Inspected): Inspector | undefined {
  const { allowed, call } = inspected;
  const guard = deps.content.of(allowed.service.protection.content, 'request');
  if (guard === undefined) return undefined;
  return {
    text: (where, text) => scannedText(guard.strictTable, text, noting(inspected, 'request', where)),
    body: (context) => (call.body === undefined ? undefined : requestStage(guard, inspected, context)),
    messages: () => contentOfMessages({ guard, inspected, direction: 'request' }),
  };
}

export function inspectAnswerContent(deps: BrokerDeps, inspected: Inspected): Inspector | undefined {
  const { allowed, call } = inspected;
  const guard = deps.content.of(allowed.service.protection.content, 'answer');
  if (guard === undefined) return undefined;
  return {
    text: (where, text) => scannedText(guard.table, text, noting(inspected, 'answer', where)),
    body: (context) =>
      call.method === 'HEAD' || !isText(context.contentType)
        ? undefined
        : stage(guard.table, guard, { inspected, context }),
    messages: () => contentOfMessages({ guard, inspected, direction: 'answer' }),
  };
}

/** The agent says what its body is, so that it is looked into whatever it says. */
function requestStage(guard: ContentGuard, inspected: Inspected, context: BodyContext): Stage | undefined {
  const coding = context.headers.find(([name]) => name.toLowerCase() === 'content-encoding')?.[1] ?? '';
  if (coding !== '' && coding.trim().toLowerCase() !== 'identity') {
    if (guard.isEnforced) throw unreadable('A compressed body');
    return undefined;
  }
  const isReadable = isText(context.contentType);
  return stage(isReadable ? guard.table : guard.strictTable, guard, { inspected, context });
}

function stage(
  table: ContentTable | undefined,
  { previewTable, isEnforced }: ContentGuard,
  { inspected, context }: { readonly inspected: Inspected; readonly context: BodyContext },
): Stage | undefined {
  const { direction, contentType } = context;
  const writing = writingOf(contentType);
  const tap =
    previewTable === undefined || !isText(contentType)
      ? undefined
      : inspected.previews.tap(direction, writing, previewTable);
  const scan =
    table === undefined ? undefined : new ContentScan(table, writing, noting(inspected, direction, 'body'));
  if (tap === undefined && scan === undefined) return undefined;
  const events =
    direction === 'answer' && table !== undefined && hasEvents(contentType)
      ? new EventWords(new JoinedWords(table, noting(inspected, direction, 'body')), { isHeld: isEnforced })
      : undefined;
  return {
    changesLength: events !== undefined && isEnforced, // a string that is masked is written anew
    push: (chunk) => {
      const scanned = scan?.push(chunk) ?? chunk;
      const passed = events?.push(scanned) ?? scanned;
      tap?.add(passed);
      return passed;
    },
    end: () => {
      const scanned = scan?.end() ?? Buffer.alloc(0);
      const passed = events === undefined ? scanned : Buffer.concat([events.push(scanned), events.end()]);
      tap?.add(passed);
      tap?.end();
      return passed;
    },
  };
}

function scannedText(table: ContentTable | undefined, text: string, onMatch: OnMatch): string {
  if (table === undefined || text === '') return text;
  let isFound = false;
  const scan = new ContentScan(table, writingOf(''), (rule, action) => {
    isFound = true;
    onMatch(rule, action);
  });
  const scanned = Buffer.concat([scan.push(Buffer.from(text)), scan.end()]);
  return isFound ? scanned.toString() : text;
}

function unreadable(what: string): Problem {
  return new Problem('content-blocked', {
    detail: `${what} can not be looked into, and this service has content masked or refused. Send it plainly.`,
    extensions: { rule: 'unreadable' },
  });
}
