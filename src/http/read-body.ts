// A request body as text: capped, and refused when it is not UTF-8.
import type { IncomingMessage } from 'node:http';
import { Problem } from '../core/problem.ts';

/** What administration and token requests carry is short: whoever needs longer for it holds the connection, no more. */
const BODY_LIMIT_MS = 30_000;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Throws `body-too-large` before it has read more than `maxBytes`, `invalid-request` for what is not UTF-8, `request-timeout`. */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
  limitMs = BODY_LIMIT_MS,
): Promise<string> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Buffer[] = [];
  let length = 0;
  const late = new Problem('request-timeout', {
    detail: `The body must arrive within ${limitMs / 1000} s.`,
  });
  const timer = setTimeout(() => request.destroy(late), limitMs);
  try {
    // Leaving the loop must not cut the connection: the refusal is still to be read.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxBytes) throw tooLarge(maxBytes);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    throw new Problem('invalid-request', { detail: 'The body ended early.', cause }); // nothing of ours went wrong
  } finally {
    clearTimeout(timer);
  }
  try {
    return utf8.decode(Buffer.concat(chunks));
  } catch (cause) {
    throw new Problem('invalid-request', { detail: 'The body is not UTF-8.', cause });
  }
}

function tooLarge(maxBytes: number): Problem {
  return new Problem('body-too-large', { detail: `A request body has at most ${maxBytes} bytes here.` });
}
