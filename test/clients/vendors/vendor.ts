// A loopback upstream of one vendor's shape. It checks the real credential exactly where the vendor's API has it.
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';

interface VendorRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The request itself, read to its end. */
  readonly raw: IncomingMessage;
}

export interface Vendor {
  /** Of the catalogue. */
  readonly id: string;
  /** The real one, of the vendor's own shape. */
  readonly key: string;
  /** What the agent may call. */
  readonly allow: readonly string[];
  isRight(headers: IncomingHttpHeaders): boolean;
  /** Answers a request whose credential is right. */
  answer(request: VendorRequest, response: ServerResponse): void;
  /** Answers one whose credential is not. */
  denied(response: ServerResponse): void;
}

export const PLAIN = 'hello from the vendor';
export const FAILURE = 'the vendor does not like this';

/** Which of the steps a request belongs to: its text says so, as `step-echo`. Agents write much of their own around it. */
export function stepOf(text: string): 'plain' | 'fail' | 'echo' {
  const [, step] = /step-(fail|echo)/.exec(text) ?? [];
  return step === 'fail' || step === 'echo' ? step : 'plain';
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** Server-sent events: OpenAI's end with a word, Anthropic's (and OpenAI's newer ones) are named by their type. */
export function sendEvents(
  response: ServerResponse,
  events: readonly object[],
  kind: 'plain' | 'ended' | 'named',
): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of events) {
    if (kind === 'named' && 'type' in event) response.write(`event: ${String(event.type)}\n`);
    response.write(`data: ${JSON.stringify(event)}\n\n`);
  }
  if (kind === 'ended') response.write('data: [DONE]\n\n');
  response.end();
}
