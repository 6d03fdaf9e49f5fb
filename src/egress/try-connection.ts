// Dials an upstream and hangs up, for `doorward doctor --online`: the same address checks and the same trust as a call,
// and not one byte of a request.
import { createSecureContext, rootCertificates } from 'node:tls';
import type { AddressPolicy } from '../core/ip-range.ts';
import type { Origin } from '../core/service.ts';
import { openSocket } from './dial.ts';

interface Attempt {
  readonly origin: Origin;
  /** In canonical form, as the resolver gives it. */
  readonly address: string;
  readonly policy: AddressPolicy;
  /** Further CA certificates, PEM. */
  readonly ca: readonly string[];
  readonly timeoutMs: number;
}

/** Resolves when a connection stood, over TLS with a certificate that holds. Throws a `Problem` otherwise. */
export function tryConnection({ ca, ...dial }: Attempt): Promise<void> {
  const secureContext = createSecureContext({
    minVersion: 'TLSv1.2',
    ...(ca.length === 0 ? {} : { ca: [...rootCertificates, ...ca] }),
  });
  return new Promise((resolve, reject) => {
    openSocket({ ...dial, secureContext }, (problem, socket) => {
      if (problem !== null) return reject(problem);
      socket.destroy();
      resolve();
    });
  });
}
