// Anthropic: `{"type": "error", "error": {type, message}, "request_id"}`. Its SDKs take the request's id from the header
// `request-id` and heed `x-should-retry`.
import type { RefusalFamily } from './shape.ts';

const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
};

export const anthropic: RefusalFamily = {
  clients: /^(?:Async)?Anthropic\/|^claude-(?:cli|code)\b/i,
  refuse: ({ status, sentence, request, doorward }) => {
    const type = TYPES[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error');
    return {
      headers: { 'request-id': request },
      body: { type: 'error', error: { type, message: sentence, doorward }, request_id: request },
    };
  },
};
