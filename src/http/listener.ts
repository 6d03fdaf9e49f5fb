// The one request listener: checks what must hold for every request, then the call road or the rest of the service.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { BrokerDeps } from '../broker/deps.ts';
import { newId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { drainingProblem, handleCall, isCallTarget } from './broker-endpoint.ts';
import { sendProblem } from './send-problem.ts';

export interface ListenerDeps {
  readonly broker: BrokerDeps;
  /** Everything that is not a call. */
  readonly service: RequestListener;
  /** Host header values served on TCP: against DNS rebinding, a page must not reach a broker on loopback by a name of its own. */
  readonly allowedHosts: ReadonlySet<string>;
  readonly isDraining: () => boolean;
  /** Where the pages of problems are. */
  readonly publicUrl: string;
}

const MAX_HEADERS = 200;

export function createListener(deps: ListenerDeps): RequestListener {
  return (request, response) => {
    const refused = refusal(deps, request);
    if (refused !== undefined) {
      sendProblem(
        { request, response, id: newId(deps.broker.ids, 'req'), publicUrl: deps.publicUrl },
        refused,
      );
    } else if (isCallTarget(request.url)) {
      answerCall(deps, request, response);
    } else {
      deps.service(request, response);
    }
  };
}

function answerCall(deps: ListenerDeps, request: IncomingMessage, response: ServerResponse): void {
  const { publicUrl } = deps;
  if (deps.isDraining()) {
    sendProblem({ request, response, id: newId(deps.broker.ids, 'req'), publicUrl }, drainingProblem());
    return;
  }
  const answered = handleCall(deps.broker, { request, response, publicUrl }).catch((error: unknown) => {
    deps.broker.log.error({ error }, 'a call was not answered');
    response.destroy();
  });
  deps.broker.live.finishing(answered); // from its first step on, a stopping server waits for it
}

/** Host header values by which this server may be called. */
export function allowedHosts(publicUrl: string, own: { readonly url: string; readonly port: number }) {
  const hosts = [new URL(publicUrl).host, new URL(own.url).host];
  for (const name of ['localhost', '127.0.0.1', '[::1]']) hosts.push(`${name}:${own.port}`);
  return new Set(hosts.map((host) => host.toLowerCase()));
}

function refusal(deps: ListenerDeps, request: IncomingMessage): Problem | undefined {
  if (request.url?.startsWith('/') !== true) {
    return new Problem('invalid-request', {
      detail: 'The request target must be a path; this is no forward proxy.',
    });
  }
  if (request.rawHeaders.length > MAX_HEADERS * 2) {
    return new Problem('headers-too-large', { detail: `A request has at most ${MAX_HEADERS} headers here.` });
  }
  const { expect } = request.headers;
  if (expect !== undefined && expect.toLowerCase() !== '100-continue') {
    return new Problem('expectation-failed', { detail: 'The only expectation met here is 100-continue.' });
  }
  const hosts = request.rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host');
  if (hosts.length > 1 || (hosts.length === 0 && request.httpVersion !== '1.0')) {
    return new Problem('invalid-request', { detail: 'Send one Host header.' });
  }
  const isTcp = request.socket.remoteAddress !== undefined;
  const host = request.headers.host?.toLowerCase() ?? '';
  if (isTcp && !deps.allowedHosts.has(host)) {
    return new Problem('host-not-allowed', {
      detail:
        'This host name is not served here. Use the address the server printed, or set DOORWARD_PUBLIC_URL.',
    });
  }
  return undefined;
}
