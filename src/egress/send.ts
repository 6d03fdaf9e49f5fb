// The only way out: one request to one upstream, over a pinned and checked address, streaming both ways.
// Redirects are answers like any other; nothing is retried once a connection stood.
import { Problem } from '../core/problem.ts';
import { UnderWay } from '../core/under-way.ts';
import { Exchange, type NextConnection } from './exchange.ts';
import { toProblem } from './failure.ts';
import type { Flow, OutgoingRequest, Timeouts, UpstreamHandler } from './flow.ts';
import { Pools, type PoolsDeps } from './pools.ts';
import { type Proxied, proxiedOf, type ProxySettings } from './proxied.ts';
import { bareHost, type Resolver } from './resolve.ts';

export const DEFAULT_TIMEOUTS: Timeouts = {
  connectMs: 10_000,
  firstByteMs: 300_000,
  idleMs: 300_000,
  totalMs: 3_600_000,
};

export interface Egress {
  /** Failures, also of the look-up, come by `onError`. */
  send(request: OutgoingRequest, handler: UpstreamHandler): Flow;
  /** Closes the pools whose key begins with `prefix`; their running exchanges finish. */
  closePool(prefix: string): void;
  /** Ends running exchanges as `draining` and closes every connection. */
  close(): Promise<void>;
  readonly openPools: number;
  readonly openExchanges: number;
}

interface EgressDeps extends PoolsDeps {
  readonly resolver: Resolver;
  readonly proxy?: ProxySettings | undefined;
  readonly defaultTimeouts: Timeouts;
}

const MAX_ADDRESSES_TRIED = 4;

export function createEgress(deps: EgressDeps): Egress {
  const pools = new Pools(deps);
  const running = new UnderWay<Exchange>();
  let isClosed = false;

  /** In the same turn where the addresses are known, so that most requests are written without waiting for one. */
  async function start(exchange: Exchange, request: OutgoingRequest, connectMs: number): Promise<void> {
    const { host, port } = request.origin;
    try {
      if (isClosed) throw new Problem('draining');
      const known = deps.resolver.known(host, port, deps.policy);
      if (known === undefined) exchange.startConnecting();
      const addresses = known ?? (await deps.resolver.resolve(host, port, deps.policy));
      const proxied = deps.proxy === undefined ? undefined : await proxiedOf(deps, request.origin, addresses);
      if (!exchange.isOver)
        exchange.begin(nextConnectionOf(pools, request, { addresses, connectMs, proxied }));
    } catch (error) {
      exchange.abort(toProblem(error, bareHost(host), 'before-head'));
    }
  }

  return {
    send(request, handler) {
      const timeouts = timeoutsOf(request, deps.defaultTimeouts);
      const exchange = new Exchange({ request, handler, timeouts, onOver: () => forget() });
      const forget = running.add(exchange);
      void start(exchange, request, timeouts.connectMs);
      return exchange;
    },
    closePool: (prefix) => pools.closePrefix(prefix),
    async close() {
      isClosed = true;
      for (const exchange of running) exchange.abort(new Problem('draining'));
      await pools.destroy();
    },
    get openPools() {
      return pools.size;
    },
    get openExchanges() {
      return running.size;
    },
  };
}

function timeoutsOf({ timeouts: own }: OutgoingRequest, general: Timeouts): Timeouts {
  if (own === undefined) return general;
  return {
    connectMs: own.connectMs ?? general.connectMs,
    firstByteMs: own.firstByteMs ?? general.firstByteMs,
    idleMs: own.idleMs ?? general.idleMs,
    totalMs: own.totalMs ?? general.totalMs,
  };
}

/** The address that has a pool already first, then the others; each gets its part of the time to connect. */
function nextConnectionOf(
  pools: Pools,
  request: OutgoingRequest,
  {
    addresses,
    connectMs,
    proxied,
  }: {
    readonly addresses: readonly string[];
    readonly connectMs: number;
    readonly proxied: Proxied | undefined;
  },
): NextConnection {
  const { poolKey, origin, tls } = request;
  const used =
    addresses.length === 1 ? undefined : addresses.find((address) => pools.has({ poolKey, origin, address }));
  const ordered = used === undefined ? addresses : [used, ...addresses.filter((address) => address !== used)];
  const left = ordered.slice(0, MAX_ADDRESSES_TRIED);
  const dialTimeoutMs = Math.ceil((connectMs === 0 ? 10_000 : connectMs) / left.length);
  let failed: string | undefined;
  return () => {
    if (failed !== undefined) pools.drop({ poolKey, origin, address: failed });
    const address = left.shift();
    if (address === undefined) return undefined;
    failed = address;
    const proxy = proxied?.of(address);
    return { connection: pools.take({ poolKey, origin, address, dialTimeoutMs, tls, proxy }), address };
  };
}
