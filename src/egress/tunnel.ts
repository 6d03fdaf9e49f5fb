// The way out through a proxy (RFC 9110 §9.3.6): a tunnel to the very address that was resolved and checked here, so that
// the proxy looks up no name; TLS runs from end to end inside it, so that it reads nothing.
import { connect, type Socket } from 'node:net';
import { type AddressPolicy, blockedReason, canonicalIp } from '../core/ip-range.ts';
import { Problem } from '../core/problem.ts';
import type { Origin } from '../core/service.ts';
import { bareHost } from './resolve.ts';

/** The proxy as it was resolved for one dial. */
export interface Proxy {
  readonly host: string;
  readonly port: number;
  /** The pinned address, in canonical form. */
  readonly address: string;
}

interface Tunnelled {
  readonly origin: Origin;
  readonly address: string;
  readonly policy: AddressPolicy;
}

const MAX_ANSWER_BYTES = 16 * 1024;
const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})(?: |\r)/;

/** A socket to the proxy; `onOpen` hears once of the tunnel, or of why there is none. Errors of the socket are its owner's. */
export function openTunnel(
  proxy: Proxy,
  to: Tunnelled,
  onOpen: (problem: Problem | undefined) => void,
): Socket {
  const socket = connect({ host: proxy.address, port: proxy.port, noDelay: true, keepAlive: true });
  let answer = '';
  const settle = (problem?: Problem): void => {
    socket.off('data', onData);
    onOpen(problem);
  };
  const onData = (chunk: Buffer): void => {
    answer += chunk.toString('latin1');
    const end = answer.indexOf('\r\n\r\n');
    if (end === -1 && answer.length <= MAX_ANSWER_BYTES) return;
    const status = STATUS_LINE.exec(answer)?.[1];
    const isOpen = status?.startsWith('2') === true;
    if (end === -1 || status === undefined) settle(failed(to, 'the proxy gave no answer that is HTTP'));
    else if (!isOpen) settle(failed(to, `the proxy opened no tunnel to its address (${status})`));
    else if (end + 4 < answer.length) settle(failed(to, 'the proxy sent bytes before they were asked for'));
    else settle();
  };
  socket.once('connect', () => {
    const blocked = blockedPeer(proxy, to.policy, socket);
    if (blocked !== undefined) return settle(blocked);
    const target = `${to.address.includes(':') ? `[${to.address}]` : to.address}:${to.origin.port}`;
    socket.on('data', onData);
    socket.write(`CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\n\r\n`);
  });
  return socket;
}

function blockedPeer(proxy: Proxy, policy: AddressPolicy, socket: Socket): Problem | undefined {
  const peer = canonicalIp(socket.remoteAddress ?? '');
  const reason =
    peer === proxy.address
      ? blockedReason(peer, policy, proxy.port)
      : 'the connection leads to another address';
  if (reason === undefined) return undefined;
  return new Problem('address-blocked', { detail: `The address of the proxy is not allowed: ${reason}.` });
}

function failed({ origin }: Tunnelled, sentence: string): Problem {
  return new Problem('upstream-unreachable', { detail: `${bareHost(origin.host)}: ${sentence}.` });
}
