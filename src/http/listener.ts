// The request listeners: what must hold for every request, then the call road or the rest of the service. A service's own
// listener has the call road alone.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { BrokerDeps } from '../broker/deps.ts';
import { newId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { type CallTarget, callTarget, drainingProblem, handleCall } from './broker-endpoint.ts';
import { callUrlOf, serviceOfHost } from './call-domain.ts';
import { isProbe } from './probe.ts';
import { type Asked, sendProblem } from './send-problem.ts';

export interface CallListenerDeps {
  readonly broker: BrokerDeps;
  readonly isDraining: () => boolean;
  /** Where the pages of problems are. */
  readonly publicUrl: string;
}

export interface ListenerDeps extends CallListenerDeps {
  /** Everything that is not a call. */
  readonly service: RequestListener;
  /** Host header values served on TCP: against DNS rebinding, a page must not reach a broker on loopback by a name of its own. */
  readonly allowedHosts: ReadonlySet<string>;
  /** Hosts below it are services. */
  readonly callDomain?: string | undefined;
}

const MAX_HEADERS = 200;
const HOST = 'host';

export function createListener(deps: ListenerDeps): RequestListener {
  return (request, response) => {
    toOriginForm(request);
    const { url = '' } = request;
    const host = hostOf(request);
    const named = serviceOfHost(host, deps.callDomain);
    const isTcp = request.socket.remoteAddress !== undefined;
    const isServed = named !== undefined || !isTcp || deps.allowedHosts.has(host) || isProbe(request, host);
    const refused = wrongHead(request) ?? (isServed ? undefined : hostNotAllowed(MAIN_ADVICE));
    const target = named === undefined ? belowPublicUrl(deps, url) : ofHost(deps, named, url);
    if (refused !== undefined) refuse(deps, { request, response }, refused);
    else if (target !== undefined) answerCall(deps, { request, response }, target);
    else answerOther(deps.service, request, response);
  };
}

/** Everything at its root is a call to one service; nothing else is there. */
export function createServiceListener(
  deps: CallListenerDeps,
  { service, isHost }: { readonly service: string; readonly isHost: (host: string) => boolean },
): RequestListener {
  return (request, response) => {
    toOriginForm(request);
    const refused = wrongHead(request) ?? (isHost(hostOf(request)) ? undefined : hostNotAllowed(OWN_ADVICE));
    if (refused !== undefined) refuse(deps, { request, response }, refused);
    else
      answerCall(deps, { request, response }, { service, address: request.url ?? '', base: baseOf(request) });
  };
}

function belowPublicUrl({ publicUrl }: ListenerDeps, url: string): CallTarget | undefined {
  const target = callTarget(url);
  if (target === undefined) return undefined;
  const { service, address } = target;
  return { service, address, base: `${publicUrl}/call/${service}` };
}

function ofHost({ publicUrl, callDomain }: ListenerDeps, service: string, address: string): CallTarget {
  return { service, address, base: callUrlOf(service, { publicUrl, domain: callDomain }) };
}

/** By what a caller of a service's own listener goes; on a unix socket that is the vendor's name, and leads here as it is. */
function baseOf(request: IncomingMessage): string | undefined {
  return request.socket.remoteAddress === undefined ? undefined : `http://${hostOf(request)}`;
}

interface Pair {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

function answerCall(deps: CallListenerDeps, { request, response }: Pair, target: CallTarget): void {
  const { publicUrl } = deps;
  if (deps.isDraining()) {
    refuse(deps, { request, response }, drainingProblem());
    return;
  }
  // From its first step on, a stopping server waits for it.
  deps.broker.live.finishing(answered(deps.broker, { request, response, publicUrl }, target));
}

async function answered(broker: BrokerDeps, asked: Omit<Asked, 'id'>, target: CallTarget): Promise<void> {
  try {
    await handleCall(broker, asked, target);
  } catch (error) {
    broker.log.error({ error }, 'a call was not answered');
    asked.response.destroy();
  }
}

function answerOther(service: RequestListener, request: IncomingMessage, response: ServerResponse): void {
  if (request.headers.expect !== undefined && request.httpVersion === '1.1') response.writeContinue();
  service(request, response);
}

function refuse({ broker, publicUrl }: CallListenerDeps, pair: Pair, problem: Problem): void {
  sendProblem({ ...pair, id: newId(broker.ids, 'req'), publicUrl }, problem);
}

/** Host header values by which this server may be called. */
export function allowedHosts(publicUrl: string, own: { readonly url: string; readonly port: number }) {
  const hosts = [new URL(publicUrl).host, new URL(own.url).host];
  for (const name of LOOPBACK_NAMES) hosts.push(`${name}:${own.port}`);
  return new Set(hosts.map((host) => host.toLowerCase()));
}

export const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'] as const;

/** An absolute target is served where it names the very host that the Host header does (RFC 9112 §3.2.2). */
function toOriginForm(request: IncomingMessage): void {
  if (request.url?.startsWith('/') === true) return;
  const [, authority, rest = ''] = /^https?:\/\/([^/?#@]+)(.*)$/is.exec(request.url ?? '') ?? [];
  if (authority === undefined || authority.toLowerCase() !== hostOf(request)) return;
  request.url = rest.startsWith('/') ? rest : `/${rest}`;
}

function hostOf({ headers: { host = '' } }: IncomingMessage): string {
  return host.toLowerCase();
}

const MAIN_ADVICE = 'Use the address the server printed, or set DOORWARD_PUBLIC_URL.';
const OWN_ADVICE =
  'This listener is of one service, and is called by its own address; a unix socket, by the host name of the vendor.';

function hostNotAllowed(advice: string): Problem {
  return new Problem('host-not-allowed', { detail: `This host name is not served here. ${advice}` });
}

/** What must hold for every request, whatever it asks for. */
export function wrongHead(request: IncomingMessage): Problem | undefined {
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
  const hosts = countHosts(request.rawHeaders);
  if (hosts > 1 || (hosts === 0 && request.httpVersion !== '1.0')) {
    return new Problem('invalid-request', { detail: 'Send one Host header.' });
  }
  return undefined;
}

function countHosts(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (name.length === HOST.length && name.toLowerCase() === HOST) count += 1;
  }
  return count;
}
