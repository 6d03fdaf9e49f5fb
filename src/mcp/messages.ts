// The messages of one HTTP request, before the SDK sees them: several at once only where each gets an answer of its own.

const MAX_TOGETHER = 20;

/**
 * Of a batch (revision 2025-03-26) only the requests are left where there are any: a notification beside them, such as one
 * that cancels a request, would leave the client without the answer it waits for.
 */
export function answerable(body: unknown): { readonly body: unknown } | { readonly refusal: string } {
  if (!Array.isArray(body)) return { body };
  const messages: readonly unknown[] = body;
  if (messages.length === 0 || messages.length > MAX_TOGETHER) {
    return { refusal: `Invalid Request: a batch has 1 to ${MAX_TOGETHER} messages here` };
  }
  const ids = messages.flatMap((message) => idOf(message) ?? []);
  if (new Set(ids).size !== ids.length)
    return { refusal: 'Invalid Request: an id stands twice in the batch' };
  return { body: ids.length === 0 ? messages : messages.filter((message) => idOf(message) !== undefined) };
}

/** Of a request: its method says that it is no answer. */
function idOf(message: unknown): unknown {
  const isRequest = typeof message === 'object' && message !== null && 'id' in message && 'method' in message;
  return isRequest ? message.id : undefined;
}
