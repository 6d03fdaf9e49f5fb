// Opens connections to one pinned address. The address is dialled as it is, the certificate is checked for
// the host it was resolved from, and the peer's address is checked once more when the connection stands.
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext } from 'node:tls';
import { type AddressPolicy, blockedReason, canonicalIp } from '../core/ip-range.ts';
import { Problem } from '../core/problem.ts';
import type { Origin } from '../core/service.ts';
import { toProblem } from './failure.ts';
import { bareHost } from './resolve.ts';

export interface Dial {
  readonly origin: Origin;
  /** The pinned address, in canonical form. */
  readonly address: string;
  readonly timeoutMs: number;
  readonly policy: AddressPolicy;
  readonly secureContext: SecureContext;
}

export type DialCallback = (...result: [null, Socket] | [Error, null]) => void;

const KEEP_ALIVE_PROBE_MS = 60_000;

/** Dials once and reports a socket or a `Problem`, exactly once. The function it returns ends the attempt. */
export function openSocket(dial: Dial, callback: DialCallback): (reason: Problem) => void {
  const { origin } = dial;
  const host = bareHost(origin.host);
  const target = { host: dial.address, port: origin.port, noDelay: true, keepAlive: true };
  const socket: Socket =
    origin.scheme === 'https'
      ? connectTls({
          ...target,
          // For an address literal the certificate is checked against `host`, which is that address.
          ...(isIP(host) === 0 ? { servername: host } : {}),
          secureContext: dial.secureContext,
          // Said outright, so that NODE_TLS_REJECT_UNAUTHORIZED cannot say otherwise.
          rejectUnauthorized: true,
          ALPNProtocols: ['http/1.1'],
        })
      : connectTcp({ ...target, keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS });

  let isSettled = false;
  const settle = (problem?: Problem): void => {
    if (isSettled) return;
    isSettled = true;
    clearTimeout(timer);
    if (problem === undefined) {
      callback(null, socket);
    } else {
      socket.destroy();
      callback(problem, null);
    }
  };
  const timer = setTimeout(() => {
    settle(new Problem('upstream-timeout', { detail: `${host}: no connection in time.` }));
  }, dial.timeoutMs);

  // The listener stays: an error between this and undici's own listeners must not end the process.
  socket.on('error', (error) => settle(toProblem(error, host, 'before-head')));
  socket.once('close', () =>
    settle(new Problem('upstream-unreachable', { detail: `${host}: it closed the connection.` })),
  );
  socket.once(origin.scheme === 'https' ? 'secureConnect' : 'connect', () =>
    settle(peerProblem(dial, socket)),
  );
  return settle;
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
  // undici would drop such a connection and dial again without end.
  if (socket.readableLength > 0) {
    return new Problem('upstream-invalid', { detail: `${host}: it sent bytes before it was asked.` });
  }
  return undefined;
}
