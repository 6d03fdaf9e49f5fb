// HTTP as a client writes and reads it, without `fetch` in between: raw header pairs both ways, trailers, sockets.
import { Agent, type IncomingMessage, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { isPassing, patiently } from './patience.ts';

export interface RawAnswer {
  readonly status: number;
  readonly reason: string;
  /** Names in lower case, in the order received. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  readonly trailers: Readonly<Record<string, string | undefined>>;
  header(name: string): string | undefined;
  text(): string;
  json(): Record<string, unknown>;
}

export interface RawRequest {
  readonly method?: string;
  /** Name, value, name, value. */
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
  readonly socketPath?: string;
  /** The Host header, where it is not the address that is dialled. */
  readonly as?: string;
  readonly agent?: Agent;
}

/** One request over a connection of its own; rejects when the answer is cut. Comes again where it is told to. */
export async function send(url: string, path: string, options: RawRequest = {}): Promise<RawAnswer> {
  const ask = async () => await collect(await open(url, path, options));
  return await patiently(ask, (answer) => isPassing(answer.status, answer.header('doorward-error')));
}

/** Resolves with the head; the body is the caller's to read. */
export function open(url: string, path: string, options: RawRequest = {}): Promise<IncomingMessage> {
  const { hostname, port, host } = new URL(url);
  const { method = 'GET', headers = [], body, socketPath, as = host } = options;
  const { agent = new Agent({ keepAlive: false }) } = options;
  return new Promise((resolve, reject) => {
    const length = body === undefined ? [] : ['content-length', String(Buffer.byteLength(body))];
    const request = httpRequest(
      {
        path,
        method,
        agent,
        headers: ['host', as, ...headers, ...length],
        setHost: false,
        ...(socketPath === undefined
          ? {
              host: hostname,
              port,
            }
          : { socketPath }),
      },
      resolve,
    );
    request.on('error', reject);
    request.end(body);
  });
}

export async function collect(response: IncomingMessage): Promise<RawAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  const headers: (readonly [string, string])[] = [];
  for (let at = 0; at + 1 < response.rawHeaders.length; at += 2) {
    headers.push([(response.rawHeaders[at] ?? '').toLowerCase(), response.rawHeaders[at + 1] ?? '']);
  }
  const body = Buffer.concat(chunks);
  return {
    status: response.statusCode ?? 0,
    reason: response.statusMessage ?? '',
    headers,
    body,
    trailers: response.trailers,
    header: (name) => headers.find(([found]) => found === name)?.[1],
    text: () => body.toString('latin1'),
    json: () => JSON.parse(body.toString()) as Record<string, unknown>,
  };
}

/** Writes `text` as it is and gives everything that comes back until the peer closes (or `untilMs` has passed). */
export function speak(url: string, text: string, untilMs = 20_000): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let heard = '';
    const done = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(heard);
    };
    const timer = setTimeout(done, untilMs);
    socket.on('data', (chunk) => (heard += chunk.toString('latin1')));
    socket.on('error', done);
    socket.on('close', done);
    socket.write(text, 'latin1');
  });
}
