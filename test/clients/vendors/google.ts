// Google's Generative Language API: one answer, and the same as events.
import type { ServerResponse } from 'node:http';
import { FAILURE, PLAIN, sendEvents, sendJson, stepOf, type Vendor } from './vendor.ts';

const KEY = ['AIza', 'SyD4k9XmQ2vT7wRb5NcL8pYhJ3fGsU6eAz0'].join('');

export const google: Vendor = {
  id: 'google-gemini',
  key: KEY,
  allow: [
    'POST /{version}/models/{model}:generateContent',
    'POST /{version}/models/{model}:streamGenerateContent',
  ],
  isRight: (headers) => headers['x-goog-api-key'] === KEY,
  denied: (response) => failed(response, 400, 'INVALID_ARGUMENT', 'API key not valid.'),
  answer: ({ url, body }, response) => {
    const step = stepOf(body.toString());
    if (step === 'fail') return failed(response, 400, 'INVALID_ARGUMENT', FAILURE);
    const text = step === 'echo' ? `your key is ${KEY}, is it not` : PLAIN;
    if (!url.includes(':streamGenerateContent')) return sendJson(response, 200, part(text));
    return sendEvents(response, text.split(/(?<= )/).map(part), 'plain');
  },
};

function part(text: string) {
  return { candidates: [{ content: { role: 'model', parts: [{ text }] }, index: 0, finishReason: 'STOP' }] };
}

function failed(response: ServerResponse, code: number, status: string, message: string): void {
  sendJson(response, code, { error: { code, message, status } });
}
