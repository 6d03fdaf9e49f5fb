// Notion: `{object: "error", status, code, message}`, the code one of those its client knows. `@notionhq/client` repeats 429
// and, of calls that change nothing, 5xx.
import type { RefusalFamily } from './shape.ts';

const CODES: Readonly<Record<number, string>> = {
  400: 'validation_error',
  401: 'unauthorized',
  404: 'object_not_found',
  429: 'rate_limited',
};

export const notion: RefusalFamily = {
  clients: /^notionhq-client\//i,
  refuse: ({ status, sentence, request, doorward }) => ({
    body: {
      object: 'error',
      status,
      code: CODES[status] ?? (status < 500 ? 'restricted_resource' : 'service_unavailable'),
      message: sentence,
      request_id: request,
      doorward,
    },
  }),
};
