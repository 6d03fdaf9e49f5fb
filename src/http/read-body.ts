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
  const bytes = await readWhole(request, maxBytes, limitMs);
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new Problem('invalid-request', { detail: 'The body is not UTF-8.', cause });
  }
}

/** Stops at the first that is wrong. The connection is left as it is: the refusal is still to be read. */
function readWhole(request: IncomingMessage, maxBytes: number, limitMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const stop = () => {
      clearTimeout(timer);
      request.off('data', onData);
      request.off('end', onEnd);
      request.off('close', onBroken);
      request.pause();
    };
    const fail = (problem: Problem) => {
      stop();
      reject(problem);
    };
    const onData = (chunk: Buffer) => {
      length += chunk.length;
      if (length > maxBytes) fail(tooLarge(maxBytes));
      else chunks.push(chunk);
    };
    const onEnd = () => {
      stop();
      resolve(Buffer.concat(chunks));
    };
    const onBroken = (cause?: unknown) =>
      fail(new Problem('invalid-request', { detail: 'The body ended early.', cause })); // nothing of ours went wrong
    const timer = setTimeout(() => fail(tooSlow(limitMs)), limitMs);
    if (request.readableEnded) onEnd();
    else if (request.destroyed) onBroken();
    else {
      request.on('error', onBroken); // stays, so that a late failure of the stream is nobody's uncaught exception
      request.on('close', onBroken);
      request.on('end', onEnd);
      request.on('data', onData);
      request.resume();
    }
  });
}

function tooSlow(limitMs: number): Problem {
  return new Problem('request-timeout', { detail: `The body must arrive within ${limitMs / 1000} s.` });
}

function tooLarge(maxBytes: number): Problem {
  return new Problem('body-too-large', { detail: `A request body has at most ${maxBytes} bytes here.` });
}
