// /metrics on a listener of its own: whoever may scrape reaches nothing else, and whoever may call reaches no metrics.
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Id } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import type { Log } from '../telemetry/log.ts';
import type { Exposition } from '../telemetry/prometheus.ts';
import { stopListening } from './http-server.ts';
import { sendProblem } from './send-problem.ts';
import { listenOn } from './server.ts';

interface MetricsListener {
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

const MAX_HEADER_BYTES = 8 * 1024;
const REQUEST_TIMEOUT_MS = 10_000;
const METHODS = ['GET', 'HEAD'];

export async function openMetricsListener(options: {
  readonly host: string;
  readonly port: number;
  readonly exposition: Pick<Exposition, 'text' | 'contentType'>;
  readonly requestId: () => Id<'req'>;
  /** Where the pages of problems are: not here. */
  readonly publicUrl: string;
  readonly log: Log;
}): Promise<MetricsListener> {
  const { host, port } = options;
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      requestTimeout: REQUEST_TIMEOUT_MS,
      headersTimeout: REQUEST_TIMEOUT_MS,
    },
    metricsRoute(options),
  );
  await listenOn(server, { host, port }, 'DOORWARD_METRICS_LISTEN');
  const bound = server.address() as AddressInfo; // a TCP server has one
  return {
    address: bound.address,
    port: bound.port,
    close: async () => {
      const closed = stopListening(server);
      server.closeAllConnections();
      await closed;
    },
  };
}

function metricsRoute({
  exposition,
  requestId,
  publicUrl,
  log,
}: Pick<
  Parameters<typeof openMetricsListener>[0],
  'exposition' | 'requestId' | 'publicUrl' | 'log'
>): RequestListener {
  return (request, response) => {
    const refuse = (problem: Problem) =>
      sendProblem({ request, response, id: requestId(), publicUrl }, problem);
    if (request.url?.split('?', 1)[0] !== '/metrics') {
      refuse(new Problem('not-found', { detail: 'There is nothing here but /metrics.' }));
      return;
    }
    if (!METHODS.includes(request.method ?? '')) {
      refuse(
        new Problem('method-not-allowed', {
          detail: `This address has ${METHODS.join(', ')}.`,
          extensions: { allow: METHODS },
        }),
      );
      return;
    }
    answer(exposition, request, response).catch((error: unknown) => {
      log.error({ error }, 'the metrics could not be told');
      refuse(new Problem('internal'));
    });
  };
}

async function answer(
  { text, contentType }: Pick<Exposition, 'text' | 'contentType'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await text();
  response.writeHead(200, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}
