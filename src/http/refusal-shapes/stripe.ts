// Stripe: `{"error": {type, message, code, doc_url, …}}`. Its SDKs choose the class by the status, take the request's id from
// the header `request-id`, and repeat 409 and 5xx unless `stripe-should-retry` is `false`.
import type { RefusalFamily } from './shape.ts';

const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  429: 'rate_limit_error',
};

export const stripe: RefusalFamily = {
  clients: /^Stripe\//i,
  refuse: ({ status, sentence, code, page, request, doorward }) => {
    const type = TYPES[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error');
    return {
      headers: { 'request-id': request, 'stripe-should-retry': 'false' },
      body: { error: { type, message: sentence, code, doc_url: page, doorward } },
    };
  },
};
