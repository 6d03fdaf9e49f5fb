// HTTP to the server, by its admin socket or by URL. Node's own client, so that the CLI starts fast and sends
// paths exactly as given.
import { request as httpRequest } from 'node:http';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { isLoopbackHost } from '../core/loopback-host.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';

export type Address =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'url'; readonly url: string };

/** Plain http that leaves this machine: whoever stands on the way reads what is sent. */
export function isReadableOnTheWay(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol !== 'https:' && !isLoopbackHost(hostname);
}

export interface Outgoing {
  readonly method: string;
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer | Readable;
  /** How long the server may stay silent; undefined: for ever. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface Incoming {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const TIMEOUT_MS = 60_000;

/** Sends a request and reads the whole answer. */
export async function exchange(address: Address, outgoing: Outgoing): Promise<Incoming> {
  const answer = await send(address, { timeoutMs: TIMEOUT_MS, ...outgoing });
  const text = (await readAll(answer, MAX_ANSWER_BYTES)).toString();
  return { status: answer.statusCode ?? 0, contentType: answer.headers['content-type'] ?? '', text };
}

/** Sends a request; resolves with the answer's head, whose body is the caller's to read. */
export async function send(address: Address, outgoing: Outgoing): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { method, headers, body, signal } = outgoing;
    const request = open(address, outgoing.path, {
      method,
      ...(headers === undefined ? {} : { headers }),
      ...(signal === undefined ? {} : { signal }),
    });
    request.on('response', resolve);
    request.on('error', (error: NodeJS.ErrnoException) => reject(unreachable(address, error)));
    if (outgoing.timeoutMs !== undefined) {
      request.setTimeout(outgoing.timeoutMs, () => request.destroy(new Error('no answer in time')));
    }
    if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) request.end(body);
    else body.on('error', (error) => request.destroy(error)).pipe(request);
  });
}

/** Reads a stream to its end; more than `maxBytes` is refused. */
export async function readAll(stream: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer); // byte streams yield buffers
    length += bytes.length;
    if (length > maxBytes) {
      throw new CommandFailure(EXIT.failed, `More than ${String(maxBytes)} bytes came in; that is too much.`);
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function describeAddress(address: Address): string {
  return address.kind === 'socket' ? address.path : address.url;
}

function open(
  address: Address,
  path: string,
  options: { method: string; headers?: OutgoingHttpHeaders; signal?: AbortSignal },
) {
  if (address.kind === 'socket') {
    const headers = { host: 'localhost', ...options.headers };
    return httpRequest({ ...options, headers, socketPath: address.path, path, agent: false });
  }
  const { protocol, hostname, port, pathname } = new URL(address.url);
  const full = `${pathname.replace(/\/$/, '')}${path}`;
  const target = {
    ...options,
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port,
    path: full,
    agent: false as const,
  };
  return protocol === 'https:' ? httpsRequest(target) : httpRequest(target);
}

function unreachable(address: Address, error: NodeJS.ErrnoException): CommandFailure {
  const at = describeAddress(address);
  if (error.code === 'EACCES' || error.code === 'EPERM') {
    const sentence = `${at} may not be opened by this user. Run the command as the user that runs the server.`;
    return new CommandFailure(EXIT.failed, sentence, { cause: error });
  }
  const isAbsent = ['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'ENOTFOUND', 'ENOTDIR'].includes(error.code ?? '');
  const sentence = isAbsent
    ? `No Doorward server answers at ${at}. Start one with: doorward serve (npm start)`
    : `The connection to ${at} failed: ${error.message}.`;
  return new CommandFailure(EXIT.failed, sentence, { cause: error });
}
