// Anthropic: messages, as its own client, the AI SDK and Claude Code ask for them.
import type { ServerResponse } from 'node:http';
import { FAILURE, PLAIN, sendEvents, sendJson, stepOf, type Vendor } from './vendor.ts';

const KEY = `sk-ant-api03-${'vT8wKq2ZrN5xLcJ7mYbP4sHdG9fUeA6R'.repeat(3).slice(0, 93)}AA`;

interface Ask {
  readonly stream?: boolean;
  readonly messages: readonly unknown[];
}

export const anthropic: Vendor = {
  id: 'anthropic',
  key: KEY,
  allow: ['POST /v1/messages', 'POST /v1/messages/count_tokens'],
  isRight: (headers) =>
    headers['x-api-key'] === KEY &&
    headers.authorization === undefined &&
    headers['anthropic-version'] !== undefined,
  denied: (response) => failed(response, 401, 'authentication_error', 'invalid x-api-key'),
  answer: ({ url, body }, response) => {
    if (url.startsWith('/v1/messages/count_tokens')) return sendJson(response, 200, { input_tokens: 1 });
    if (!/^\/v1\/messages(\?|$)/.test(url)) return failed(response, 404, 'not_found_error', url);
    const { stream, messages } = JSON.parse(body.toString()) as Ask;
    const step = stepOf(JSON.stringify(messages));
    if (step === 'fail') return failed(response, 400, 'invalid_request_error', FAILURE);
    const text = step === 'echo' ? `your key is ${KEY}, is it not` : PLAIN;
    return stream === true ? events(response, text) : sendJson(response, 200, message(text));
  },
};

function failed(response: ServerResponse, status: number, type: string, text: string): void {
  sendJson(response, status, { type: 'error', error: { type, message: text }, request_id: 'req_vendor' });
}

function message(text: string) {
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-test',
    content: text === '' ? [] : [{ type: 'text', text }],
    stop_reason: text === '' ? null : 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 1, output_tokens: 1, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 },
  };
}

function events(response: ServerResponse, text: string): void {
  const list: object[] = [
    { type: 'message_start', message: message('') },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    ...text.split(/(?<= )/).map((words) => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text: words },
    })),
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: 5 },
    },
    { type: 'message_stop' },
  ];
  sendEvents(response, list, 'named');
}
