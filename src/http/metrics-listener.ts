// /metrics on a listener of its own: whoever may scrape reaches nothing else, and whoever may call reaches no metrics.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Id } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import type { Log } from '../telemetry/log.ts';
import type { Exposition } from '../telemetry/prometheus.ts';
import { createHttpServer, type HttpLimits } from './http-server.ts';
import { LOOPBACK_NAMES, wrongHead } from './listener.ts';
import { sendProblem } from './send-problem.ts';
import { listenOn } from './server.ts';

interface MetricsListener {
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

const METHODS = ['GET', 'HEAD'];

export async function openMetricsListener(options: {
  readonly host: string;
  readonly port: number;
  readonly limits: HttpLimits;
  readonly exposition: Pick<Exposition, 'text' | 'contentType'>;
  readonly requestId: () => Id<'req'>;
  /** Where the pages of problems are: not here. */
  readonly publicUrl: string;
  readonly log: Log;
}): Promise<MetricsListener> {
  const { host, port, limits, requestId, publicUrl } = options;
  let names: ReadonlySet<string> | undefined;
  const http = createHttpServer({
    limits,
    listener: metricsRoute(options, (asked) => names?.has(asked) ?? true),
    requestId,
    publicUrl: () => publicUrl,
  });
  await listenOn(http.server, { host, port }, 'DOORWARD_METRICS_LISTEN');
  const bound = http.server.address() as AddressInfo; // a TCP server has one
  names = loopbackNames(bound);
  return { address: bound.address, port: bound.port, close: () => http.close(0) };
}

/**
 * Host header values served where it listens on loopback: a page that calls it by a name of its own is turned away. On
 * another address whoever scrapes may call it by any name: undefined.
 */
function loopbackNames({ address, port }: AddressInfo): ReadonlySet<string> | undefined {
  if (address !== '::1' && !address.startsWith('127.')) return undefined;
  const own = [...LOOPBACK_NAMES, address];
  return new Set(own.flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`])));
}

function metricsRoute(
  { exposition, requestId, publicUrl, log }: Parameters<typeof openMetricsListener>[0],
  isHost: (host: string) => boolean,
): RequestListener {
  return (request, response) => {
    const refuse = (problem: Problem) =>
      sendProblem({ request, response, id: requestId(), publicUrl }, problem);
    const wrong = wrongHead(request);
    if (wrong !== undefined) return refuse(wrong);
    if (!isHost((request.headers.host ?? '').toLowerCase())) {
      return refuse(
        new Problem('host-not-allowed', {
          detail: 'This listener is on loopback, and is called by a loopback address.',
        }),
      );
    }
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
