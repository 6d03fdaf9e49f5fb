// Where the browser comes back to: one address on loopback, for one answer, for as long as a person may take.
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EXIT } from '../exit-codes.ts';
import { CommandFailure, usageFailure } from '../failure.ts';

export interface Loopback {
  readonly redirectUri: string;
  /** The address that the browser came back with. Rejects when nobody does. */
  readonly returned: Promise<URL>;
  close(): Promise<void>;
}

const WAIT_MS = 600_000;

/** `wanted`: the address registered with the vendor, if it must be a certain one. What brings another state is not waited for. */
export async function openLoopback(wanted: string | undefined, state: string): Promise<Loopback> {
  const asked = wanted === undefined ? new URL('http://127.0.0.1/callback') : requireLoopback(wanted);
  let settle: (url: URL) => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const returned = new Promise<URL>((resolve, reject) => {
    settle = resolve;
    fail = reject;
  });
  returned.catch(() => undefined); // whoever waits for it hears of it
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', asked.origin);
    const isAnswer = url.searchParams.has('code') || url.searchParams.has('error');
    if (request.method !== 'GET' || url.pathname !== asked.pathname || !isAnswer) {
      page(response, 404, 'There is nothing here.');
    } else if (url.searchParams.get('state') !== state) {
      page(response, 400, 'This answer belongs to another attempt. Start again: doorward connect.');
    } else {
      page(response, 200, 'Back at Doorward. You can close this page and go on in the terminal.');
      settle(url);
    }
  });
  const port = asked.port === '' ? 0 : Number(asked.port);
  await listen(server, port);
  const timer = setTimeout(
    () => fail(new CommandFailure(EXIT.failed, 'Nobody came back from the browser: nothing was stored.')),
    WAIT_MS,
  );
  const { port: bound } = server.address() as AddressInfo; // a TCP listener has one
  return {
    redirectUri: wanted ?? `http://127.0.0.1:${String(bound)}/callback`,
    returned,
    close: async () => {
      clearTimeout(timer);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function requireLoopback(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isHere = url !== undefined && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
  if (url?.protocol === 'http:' && isHere && url.search === '' && url.hash === '') return url;
  throw usageFailure('--redirect-uri must be on this machine, such as http://127.0.0.1:8910/callback.');
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new CommandFailure(
          EXIT.failed,
          `The port ${String(port)} of the redirect address can not be listened on (${error.code ?? 'unknown reason'}).`,
        ),
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
}

function page(response: ServerResponse, status: number, sentence: string): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'",
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    connection: 'close',
  });
  response.end(`<!doctype html><title>Doorward</title><p>${sentence}</p>\n`);
}
