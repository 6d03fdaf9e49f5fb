// What a call brought back, as a tool result: the status and a few headers, then the body as text. What is not text, or too
// long, is not shown, and a note says so.
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import type { AnswerHead } from '../broker/call.ts';
import type { Id } from '../core/ids.ts';
import type { CappedAnswer } from './capped-answer.ts';

type Answered = NonNullable<CappedAnswer['answered']>;

/** What a model may need to go on; the rest is for programs, which call over HTTP. */
const SHOWN_HEADERS =
  /^(content-type|location|link|retry-after|etag|allow|x-request-id|x-ratelimit-.*|ratelimit.*)$/;
const MAX_HEADERS_SHOWN = 20;

/** An upstream's own refusal is an answer that failed, as the protocol has it: `isError` tells the model. */
export function callResult(
  answered: Answered,
  { request, wasTooSlow }: { readonly request: Id<'req'>; readonly wasTooSlow: boolean },
): CallToolResult {
  const { head } = answered;
  const { text, note } = bodyText(answered, wasTooSlow);
  const blocks = [headText(head), ...(text === '' ? [] : [text]), ...(note === undefined ? [] : [note])];
  return {
    content: blocks.map((block) => ({ type: 'text', text: block })),
    ...(head.status >= 400 || answered.ending === 'broken' ? { isError: true } : {}),
    _meta: {
      'doorward/status': head.status,
      'doorward/request': request,
      ...(note === undefined ? {} : { 'doorward/incomplete': true }),
    },
  };
}

function headText({ status, statusText, headers }: AnswerHead): string {
  const shown = headers.filter(([name]) => SHOWN_HEADERS.test(name)).slice(0, MAX_HEADERS_SHOWN);
  return [`HTTP ${status} ${statusText}`.trim(), ...shown.map(([name, value]) => `${name}: ${value}`)].join(
    '\n',
  );
}

function bodyText(
  { head, body, ending }: Answered,
  wasTooSlow: boolean,
): { readonly text: string; readonly note?: string } {
  const text = textOf(body, ending !== 'whole');
  if (text === undefined) {
    const type = headerOf(head, 'content-type') ?? 'an unknown type';
    const length = ending === 'whole' ? `${body.length} bytes` : `more than ${body.length} bytes`;
    return {
      text: '',
      note: `[The body is not text and is not shown: ${length} of ${type}. Call it over HTTP to get it: doorward call]`,
    };
  }
  if (ending === 'whole') return { text };
  const total = headerOf(head, 'content-length');
  const of = total === undefined ? '' : ` of ${total}`;
  return {
    text,
    note:
      ending === 'cut'
        ? `[Cut here: these are the first ${body.length} bytes${of}. Ask for less, such as a smaller page, or for more with max_bytes.]`
        : wasTooSlow
          ? `[Cut here: the answer was still coming when the time for it was over. These are its first ${body.length} bytes.]`
          : `[Broken off here after ${body.length} bytes: the connection ended early, or the right to call did.]`,
  };
}

/** Undefined for what is not UTF-8 text. Of a body that was cut, half a character at the end does not count. */
function textOf(body: Buffer, isCut: boolean): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body, { stream: isCut });
    return text.includes('\u0000') ? undefined : text;
  } catch {
    return undefined;
  }
}

function headerOf({ headers }: AnswerHead, wanted: string): string | undefined {
  return headers.find(([name]) => name === wanted)?.[1];
}
