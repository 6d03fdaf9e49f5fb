// Opens connections to one pinned address. The address is dialled as it is, the certificate is checked for
// the host it was resolved from, and the peer's address is checked once more when the connection stands.
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type SecureContext, TLSSocket } from 'node:tls';
import { type AddressPolicy, blockedReason, canonicalIp } from '../core/ip-range.ts';
import { Problem } from '../core/problem.ts';
import type { Origin } from '../core/service.ts';
import { toProblem } from './failure.ts';
import { bareHost } from './resolve.ts';
import { openTunnel, type Proxy } from './tunnel.ts';

export interface Dial {
  readonly origin: Origin;
  /** The pinned address, in canonical form. */
  readonly address: string;
  readonly timeoutMs: number;
  readonly policy: AddressPolicy;
  readonly secureContext: SecureContext;
  /** Through which it is dialled. */
  readonly proxy?: Proxy | undefined;
}

export type DialCallback = (...result: [null, Socket] | [Error, null]) => void;

const KEEP_ALIVE_PROBE_MS = 60_000;

/** Dials once and reports a socket or a `Problem`, exactly once. The function it returns ends the attempt. */
export function openSocket(dial: Dial, callback: DialCallback): (reason: Problem) => void {
  const { origin, proxy } = dial;
  const host = bareHost(origin.host);
  const sockets: Socket[] = [];
  let isSettled = false;
  const settle = (problem?: Problem): void => {
    if (isSettled) return;
    isSettled = true;
    clearTimeout(timer);
    const socket = sockets[0];
    if (problem === undefined && socket !== undefined) callback(null, socket);
    else {
      for (const each of sockets) each.destroy();
      callback(problem ?? new Problem('internal', { internal: 'nothing was dialled' }), null);
    }
  };
  const timer = setTimeout(() => {
    settle(new Problem('upstream-timeout', { detail: `${host}: no connection in time.` }));
  }, dial.timeoutMs);
  const watch = (socket: Socket, check: () => Problem | undefined): void => {
    sockets.unshift(socket);
    // The listener stays: an error between this and undici's own listeners must not end the process.
    socket.on('error', (error) => settle(toProblem(error, host, 'before-head')));
    socket.once('close', () =>
      settle(new Problem('upstream-unreachable', { detail: `${host}: it closed the connection.` })),
    );
    socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => settle(check()));
  };

  const target = { host: dial.address, port: origin.port, noDelay: true, keepAlive: true };
  if (proxy !== undefined) {
    const tunnel = openTunnel(proxy, dial, (problem) => {
      if (problem !== undefined) settle(problem);
      else if (!isSettled) watch(overTls(dial, { socket: tunnel }), () => earlyBytes(host, sockets[0]));
    });
    sockets.push(tunnel);
    tunnel.on('error', (error) => settle(proxyProblem(error, host)));
    tunnel.once('close', () => settle(proxyProblem(undefined, host)));
  } else if (origin.scheme === 'https') {
    const socket = overTls(dial, target);
    watch(socket, () => peerProblem(dial, socket));
  } else {
    const socket = connectTcp({ ...target, keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS });
    watch(socket, () => peerProblem(dial, socket));
  }
  return settle;
}

/** Over TCP, or inside a tunnel. */
function overTls(
  { origin, address, secureContext }: Dial,
  over: Pick<ConnectionOptions, 'port' | 'socket'> & {
    readonly noDelay?: boolean;
    readonly keepAlive?: boolean;
  },
): TLSSocket {
  const host = bareHost(origin.host);
  return connectTls({
    ...over,
    host: address,
    // For an address literal the certificate is checked against `host`, which is that address.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    secureContext,
    // Said outright, so that NODE_TLS_REJECT_UNAUTHORIZED cannot say otherwise.
    rejectUnauthorized: true,
    ALPNProtocols: ['http/1.1'],
  });
}

function proxyProblem(error: unknown, host: string): Problem {
  return new Problem('upstream-unreachable', {
    detail: `${host}: the proxy of DOORWARD_EGRESS_PROXY did not connect, or closed the connection.`,
    cause: error,
  });
}

function peerProblem(dial: Dial, socket: Socket): Problem | undefined {
  const host = bareHost(dial.origin.host);
  const peer = canonicalIp(socket.remoteAddress ?? '');
  const reason =
    peer === dial.address
      ? blockedReason(peer, dial.policy, dial.origin.port)
      : 'the connection leads to another address';
  if (reason !== undefined) {
    return new Problem('address-blocked', { detail: `The address of ${host} is not allowed: ${reason}.` });
  }
  return earlyBytes(host, socket);
}

/** undici would drop such a connection and dial again without end. */
function earlyBytes(host: string, socket: Socket | undefined): Problem | undefined {
  if (socket === undefined || socket.readableLength === 0) return undefined;
  return new Problem('upstream-invalid', { detail: `${host}: it sent bytes before it was asked.` });
}
