// Dials an upstream and hangs up, for `doorward doctor --online`: the same address checks and the same trust as a call,
// and not one byte of a request.
import type { AddressPolicy } from '../core/ip-range.ts';
import type { Origin } from '../core/service.ts';
import { openSocket } from './dial.ts';
import { DEFAULT_TLS, secureContextOf, type TlsSettings } from './trust.ts';
import type { Proxy } from './tunnel.ts';

interface Attempt {
  readonly origin: Origin;
  /** In canonical form, as the resolver gives it. */
  readonly address: string;
  readonly policy: AddressPolicy;
  /** Further CA certificates, PEM. */
  readonly ca: readonly string[];
  readonly timeoutMs: number;
  /** Of a service with settings of its own; its client certificate is not known here. */
  readonly tls?: TlsSettings | undefined;
  readonly proxy?: Proxy | undefined;
}

/** Resolves when a connection stood, over TLS with a certificate that holds. Throws a `Problem` otherwise. */
export function tryConnection({ ca, tls = DEFAULT_TLS, ...dial }: Attempt): Promise<void> {
  const secureContext = secureContextOf(tls, ca);
  return new Promise((resolve, reject) => {
    openSocket({ ...dial, secureContext }, (problem, socket) => {
      if (problem !== null) return reject(problem);
      socket.destroy();
      resolve();
    });
  });
}
