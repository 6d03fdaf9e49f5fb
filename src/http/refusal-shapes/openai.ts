// OpenAI, and the many APIs that answer alike: `{"error": {message, type, param, code}}`. Of the body the SDKs keep `error`
// alone. They heed `x-should-retry` whatever the status is; Codex does not, and takes every status but 400 for a passing one.
import type { RefusalFamily } from './shape.ts';

const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
};

const CODEX = /^codex/i;

export const openai: RefusalFamily = {
  clients: /^(?:Async)?OpenAI\/|^codex/i,
  refuse: ({ status, sentence, code, client, doorward }) => {
    const type = TYPES[status] ?? (status >= 500 ? 'server_error' : 'invalid_request_error');
    const { rule } = doorward;
    const ours = { ...(rule === undefined ? {} : { rule }), doorward };
    const final = CODEX.test(client) ? { status: 400 } : {};
    return { ...final, body: { error: { message: sentence, type, param: null, code, ...ours } } };
  },
};
