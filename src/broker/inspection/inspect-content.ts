// Personal data and other content in both directions of a call: told, masked or refused, as the service says.
import type { ContentAction } from '../../core/content/classes.ts';
import { ContentScan } from '../../core/content/content-scan.ts';
import type { ContentTable } from '../../core/content/content-table.ts';
import { writingOf } from '../../core/content/escapes.ts';
import { isText } from '../../core/content/text-types.ts';
import type { Direction } from '../../core/inspection/finding.ts';
import type { BodyContext, Inspector, Stage } from '../../core/inspection/stage.ts';
import { Problem } from '../../core/problem.ts';
import type { ContentGuard } from './content-guards.ts';
import type { BrokerDeps } from '../deps.ts';
import type { Inspected } from './inspected.ts';

/** In path, parameters and headers nothing can be masked without changing what is asked for: there it is refused. */
export function inspectRequestContent(deps: BrokerDeps, inspected: Inspected): Inspector | undefined {
  const { allowed, call } = inspected;
  const { content } = allowed.service.protection;
  const guard = deps.content.of(content, 'request');
  if (guard === undefined) return undefined;
  const isEnforced = guard.isEnforced || deps.content.of(content, 'answer')?.isEnforced === true;
  if (call.isWebSocket === true && isEnforced) throw unreadable('A WebSocket');
  return {
    text: (where, text) => scannedText(guard.strictTable, text, noting(inspected, 'request', where)),
    body: (context) => (call.body === undefined ? undefined : requestStage(guard, inspected, context)),
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
  { previewTable }: ContentGuard,
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
  return {
    changesLength: false,
    push: (chunk) => {
      const passed = scan?.push(chunk) ?? chunk;
      tap?.add(passed);
      return passed;
    },
    end: () => {
      const passed = scan?.end() ?? Buffer.alloc(0);
      tap?.add(passed);
      tap?.end();
      return passed;
    },
  };
}

type OnMatch = (rule: string, action: ContentAction) => void;

/** Tells of a match, and refuses where the service says so. */
function noting({ allowed, findings }: Inspected, direction: Direction, where: string): OnMatch {
  return (rule, action) => {
    if (action !== 'off') findings.add({ direction, guard: 'content', rule, action });
    if (action === 'block') throw blocked(allowed.service.name, { direction, rule, where });
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

function blocked(
  service: string,
  {
    direction,
    rule,
    where,
  }: { readonly direction: Direction; readonly rule: string; readonly where: string },
): Problem {
  const said =
    direction === 'request'
      ? `In ${placeOf(where)} of the call stands content that ${service} does not take (${rule}). It was not sent on. Leave it out.`
      : `The answer of ${service} held content that it may not hand on (${rule}), so it was cut. The call itself was made: do not repeat it for that.`;
  return new Problem('content-blocked', { detail: said, extensions: { rule } });
}

function placeOf(where: string): string {
  const [kind = ''] = where.split(' ', 1);
  return kind === 'query' ? 'a parameter' : kind === 'header' ? 'a header' : `the ${kind}`;
}

function unreadable(what: string): Problem {
  return new Problem('content-blocked', {
    detail: `${what} can not be looked into, and this service has content masked or refused. Send it plainly.`,
    extensions: { rule: 'unreadable' },
  });
}
