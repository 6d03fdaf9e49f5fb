// A real loopback upstream: remembers every request it saw, checks the credential, answers as told.
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

export type Respond = (request: SeenRequest, response: ServerResponse, raw: IncomingMessage) => void;

export interface Upstream {
  readonly url: string;
  readonly seen: SeenRequest[];
  /** What answers from now on; at first it echoes method, URL, headers and body length as JSON. */
  respond: Respond;
  close(): Promise<void>;
}

/** A service's protection, for tests that call its echoing upstream more often than agents may be told their key. */
export const ECHOING = { leaks: { freezeAfter: 1_000_000 } };

const echo: Respond = (request, response) => {
  const { method, url, headers, body } = request;
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ method, url, headers, bytes: body.length }));
};

export async function startUpstream(): Promise<Upstream> {
  const seen: SeenRequest[] = [];
  const server = createServer((raw, response) => {
    const chunks: Buffer[] = [];
    raw.on('data', (chunk: Buffer) => chunks.push(chunk));
    raw.on('error', () => undefined);
    raw.on('end', () => {
      const { method = '', url = '', headers, rawHeaders } = raw;
      const request = { method, url, headers, rawHeaders, body: Buffer.concat(chunks) };
      seen.push(request);
      upstream.respond(request, response, raw);
    });
  });
  server.keepAliveTimeout = 0; // a connection that it closed of itself might just be in use again
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const upstream: Upstream = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    respond: echo,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return upstream;
}
