// Which connections go through the proxy that an installation was told to take, and which may not.
import { type AddressPolicy, isInRanges } from '../core/ip-range.ts';
import { Problem } from '../core/problem.ts';
import type { Origin } from '../core/service.ts';
import { bareHost, type Resolver } from './resolve.ts';
import type { Proxy } from './tunnel.ts';

export interface ProxySettings {
  readonly host: string;
  readonly port: number;
  /** Addresses in these ranges are dialled directly. */
  readonly exceptCidrs: readonly string[];
}

interface ProxiedDeps {
  readonly resolver: Resolver;
  readonly policy: AddressPolicy;
  readonly proxy?: ProxySettings | undefined;
}

export interface Proxied {
  /** Through which that address is dialled; undefined: directly. */
  of(address: string): Proxy | undefined;
}

/** The proxy's own address is checked like an upstream's. Throws `address-blocked` for what may not go through it. */
export async function proxiedOf(
  { resolver, policy, proxy }: ProxiedDeps,
  origin: Origin,
  addresses: readonly string[],
): Promise<Proxied | undefined> {
  if (proxy === undefined) return undefined;
  const { host, port, exceptCidrs } = proxy;
  const found = resolver.known(host, port, policy) ?? (await resolver.resolve(host, port, policy));
  if (origin.port === port && addresses.some((address) => found.includes(address))) {
    throw blocked(origin, 'it is the proxy of DOORWARD_EGRESS_PROXY');
  }
  const isDirect = (address: string) => isInRanges(address, exceptCidrs);
  if (origin.scheme === 'http' && !addresses.every(isDirect)) {
    throw blocked(
      origin,
      'plain http is not sent through the proxy of DOORWARD_EGRESS_PROXY, which would read it. Use https, or name its range in DOORWARD_EGRESS_PROXY_EXCEPT',
    );
  }
  const through = { host: bareHost(host), port, address: found[0] ?? '' };
  return { of: (address) => (isDirect(address) ? undefined : through) };
}

function blocked({ host }: Origin, sentence: string): Problem {
  return new Problem('address-blocked', {
    detail: `The address of ${bareHost(host)} is not allowed: ${sentence}.`,
    extensions: { rule: 'egress/proxy' },
  });
}
