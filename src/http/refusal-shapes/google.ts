// Google (AIP-193): `{"error": {code, message, status, details}}`, what is ours as an ErrorInfo. Its SDKs repeat nothing
// unless they are told to, and then 408, 429 and 5xx.
import type { RefusalFamily } from './shape.ts';

const STATUSES: Readonly<Record<number, string>> = {
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

export const google: RefusalFamily = {
  clients: /\bgoogle-genai-sdk\/|\bgoogle-api-[a-z]+-client\//,
  refuse: ({ status, sentence, code, doorward }) => {
    const metadata = Object.entries(doorward).map(([name, value]) => [name, textOf(value)]);
    const info = {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: code.toUpperCase().replaceAll('-', '_'),
      domain: 'doorward',
      metadata: Object.fromEntries(metadata) as Record<string, string>, // pairs of texts, made a line before
    };
    const error = { code: status, message: sentence, status: STATUSES[status] ?? 'INVALID_ARGUMENT' };
    return { body: { error: { ...error, details: [info] } } };
  },
};

/** Metadata of an ErrorInfo are texts. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
