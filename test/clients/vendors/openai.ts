// OpenAI: chat completions, and responses as Codex and the AI SDK use them.
import type { ServerResponse } from 'node:http';
import { FAILURE, PLAIN, sendEvents, sendJson, stepOf, type Vendor } from './vendor.ts';

const KEY = `sk-proj-${'Qx7RmT2vLp9Zc4Ks8WbNfY3hJd6GuA1e'.repeat(2)}`;

interface Ask {
  readonly stream?: boolean;
}

export const openai: Vendor = {
  id: 'openai',
  key: KEY,
  allow: ['POST /v1/chat/completions', 'POST /v1/responses'],
  isRight: ({ authorization }) => authorization === `Bearer ${KEY}`,
  denied: (response) => failed(response, 401, 'invalid_api_key', 'Incorrect API key provided'),
  answer: ({ url, body }, response) => {
    const { stream } = JSON.parse(body.toString()) as Ask;
    const step = stepOf(lastAsked(body.toString()));
    if (step === 'fail') return failed(response, 400, 'bad_thing', FAILURE);
    const text = step === 'echo' ? `your key is ${KEY}, is it not` : PLAIN;
    if (url === '/v1/chat/completions')
      return stream === true ? chunks(response, text) : completion(response, text);
    if (url === '/v1/responses')
      return stream === true ? events(response, text) : sendJson(response, 200, whole(text));
    return failed(response, 404, 'not_found', url);
  },
};

/** The end of a conversation: earlier turns and instructions may hold any word. */
function lastAsked(body: string): string {
  const { messages, input } = JSON.parse(body) as { messages?: unknown[]; input?: unknown };
  return JSON.stringify(messages?.at(-1) ?? (Array.isArray(input) ? input.at(-1) : input) ?? '');
}

function failed(response: ServerResponse, status: number, code: string, message: string): void {
  sendJson(response, status, { error: { message, type: 'invalid_request_error', param: null, code } });
}

const COMPLETION = { id: 'chatcmpl-1', created: 1_700_000_000, model: 'gpt-test' };

function completion(response: ServerResponse, content: string): void {
  sendJson(response, 200, {
    ...COMPLETION,
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content, refusal: null },
        finish_reason: 'stop',
        logprobs: null,
      },
    ],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  });
}

function chunks(response: ServerResponse, text: string): void {
  const of = (delta: object, finish: string | null = null) => ({
    ...COMPLETION,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  const words = text.split(/(?<= )/);
  sendEvents(
    response,
    [of({ role: 'assistant', content: '' }), ...words.map((content) => of({ content })), of({}, 'stop')],
    'ended',
  );
}

const MESSAGE = { id: 'msg_1', type: 'message', role: 'assistant' };

function whole(text: string) {
  return {
    id: 'resp_1',
    object: 'response',
    created_at: 1_700_000_000,
    status: 'completed',
    model: 'gpt-test',
    error: null,
    incomplete_details: null,
    output: [{ ...MESSAGE, status: 'completed', content: [{ type: 'output_text', text, annotations: [] }] }],
    usage: {
      input_tokens: 1,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 1,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 2,
    },
  };
}

function events(response: ServerResponse, text: string): void {
  const at = { item_id: 'msg_1', output_index: 0, content_index: 0 };
  const done = whole(text);
  const { output, ...head } = done;
  const item = { ...MESSAGE, status: 'in_progress', content: [] };
  const list: object[] = [
    { type: 'response.created', response: { ...head, status: 'in_progress', output: [], usage: null } },
    { type: 'response.output_item.added', output_index: 0, item },
    { type: 'response.content_part.added', ...at, part: { type: 'output_text', text: '', annotations: [] } },
    ...text.split(/(?<= )/).map((delta) => ({ type: 'response.output_text.delta', ...at, delta })),
    { type: 'response.output_text.done', ...at, text },
    { type: 'response.content_part.done', ...at, part: { type: 'output_text', text, annotations: [] } },
    { type: 'response.output_item.done', output_index: 0, item: output[0] },
    { type: 'response.completed', response: done },
  ];
  sendEvents(
    response,
    list.map((event, at) => ({ ...event, sequence_number: at })),
    'named',
  );
}
