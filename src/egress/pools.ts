// Connection pools, one per vault, service and revision (the pool key), scheme, host, port and pinned
// address, so that no connection ever serves two of them. The least recently used are closed. The number of
// connections has no limit: a stream holds its own, and a limit would let streams starve other calls.
import type { SecureContext } from 'node:tls';
import type { AddressPolicy } from '../core/ip-range.ts';
import type { Origin } from '../core/service.ts';
import type { Clock } from '../core/time.ts';
import { UnderWay } from '../core/under-way.ts';
import { Connection } from './connection.ts';
import { bareHost } from './resolve.ts';
import { DEFAULT_TLS, secureContextOf, type TlsSettings } from './trust.ts';
import type { Proxy } from './tunnel.ts';

export interface PoolsDeps {
  readonly clock: Clock;
  readonly policy: AddressPolicy;
  /** Further CA certificates, PEM, trusted beside the ones Node brings. */
  readonly ca?: readonly string[];
}

export interface PoolRequest {
  readonly poolKey: string;
  readonly origin: Origin;
  readonly address: string;
  readonly dialTimeoutMs: number;
  readonly tls?: TlsSettings | undefined;
  readonly proxy?: Proxy | undefined;
}

/** Which pool a request belongs to. */
type PoolName = Pick<PoolRequest, 'poolKey' | 'origin' | 'address'>;

const MAX_POOLS = 256;
const IDLE_POOL_MS = 120_000;

interface Pool {
  readonly poolKey: string;
  /** Free connections, the last used at the end: the others run into their keep-alive time. */
  readonly idle: Connection[];
  isClosed: boolean;
  usedMs: number;
}

export class Pools {
  readonly #deps: PoolsDeps;
  readonly #secureContext: SecureContext;
  /** Of the pools whose requests bring settings of their own, by pool key: a private key lives no longer than its pools. */
  readonly #ownContexts = new Map<string, SecureContext>();
  /** In the order of last use. */
  readonly #pools = new Map<string, Pool>();
  #latest: Pool | undefined;
  readonly #connections = new UnderWay<Connection>();
  #tidying: NodeJS.Timeout | undefined;

  constructor(deps: PoolsDeps) {
    this.#deps = deps;
    this.#secureContext = secureContextOf(DEFAULT_TLS, deps.ca ?? []);
  }

  get size(): number {
    return this.#pools.size;
  }

  has(request: PoolName): boolean {
    return this.#pools.has(poolId(request));
  }

  /**
   * A free connection, or one that will dial at its first request. It is the caller's until it is released. Throws where the
   * settings of its TLS are none.
   */
  take(request: PoolRequest): Connection {
    const pool = this.#pool(request);
    return pool.idle.pop() ?? this.#connect(request, pool, this.#contextOf(request));
  }

  /** Closes one pool, so that another address is preferred. */
  drop(request: PoolName): void {
    this.#close(poolId(request));
  }

  /** Closes the pools whose key begins with `prefix`: their connections end with the requests they carry. */
  closePrefix(prefix: string): void {
    for (const [id, pool] of this.#pools) {
      if (pool.poolKey.startsWith(prefix)) this.#close(id);
    }
  }

  async destroy(): Promise<void> {
    clearTimeout(this.#tidying);
    for (const id of this.#pools.keys()) this.#close(id);
    await Promise.all([...this.#connections].map((connection) => connection.destroy()));
  }

  #pool(request: PoolRequest): Pool {
    const id = poolId(request);
    const usedMs = this.#deps.clock.monotonicMs();
    const found = this.#pools.get(id);
    if (found === undefined) this.#closeUnused(usedMs);
    const pool = found ?? { poolKey: request.poolKey, idle: [], isClosed: false, usedMs };
    pool.usedMs = usedMs;
    if (pool !== this.#latest) {
      this.#pools.delete(id);
      this.#pools.set(id, pool);
      this.#latest = pool;
    }
    return pool;
  }

  #contextOf({ poolKey, tls }: PoolRequest): SecureContext {
    if (tls === undefined) return this.#secureContext;
    this.#tidyLater();
    const known = this.#ownContexts.get(poolKey);
    const context = known ?? secureContextOf(tls, this.#deps.ca ?? []);
    this.#ownContexts.set(poolKey, context);
    return context;
  }

  /** A private key must not outlive the use of its pools, however quiet it is here. */
  #tidyLater(): void {
    this.#tidying ??= setTimeout(() => {
      this.#tidying = undefined;
      this.#closeUnused(this.#deps.clock.monotonicMs());
      if (this.#ownContexts.size > 0) this.#tidyLater();
    }, IDLE_POOL_MS).unref();
  }

  #connect(request: PoolRequest, pool: Pool, secureContext: SecureContext): Connection {
    const { origin, address, dialTimeoutMs: timeoutMs, proxy } = request;
    const dial = { origin, address, timeoutMs, policy: this.#deps.policy, secureContext, proxy };
    const connection = new Connection(poolUrl(origin), dial, {
      onUsable: (usable) => {
        if (pool.isClosed) void usable.destroy();
        else pool.idle.push(usable);
      },
      onDestroyed: () => forget(),
      onDisconnected: (closed) => {
        const at = pool.idle.lastIndexOf(closed);
        if (at === -1) return;
        pool.idle.splice(at, 1);
        void closed.destroy();
      },
    });
    const forget = this.#connections.add(connection);
    return connection;
  }

  #closeUnused(nowMs: number): void {
    for (const [id, pool] of this.#pools) {
      if (this.#pools.size < MAX_POOLS && nowMs - pool.usedMs < IDLE_POOL_MS) return;
      this.#close(id);
    }
  }

  #close(id: string): void {
    const pool = this.#pools.get(id);
    if (pool === undefined) return;
    this.#pools.delete(id);
    if (pool === this.#latest) this.#latest = undefined;
    pool.isClosed = true;
    const { poolKey } = pool;
    if (![...this.#pools.values()].some((other) => other.poolKey === poolKey))
      this.#ownContexts.delete(poolKey);
    for (const connection of pool.idle.splice(0)) void connection.destroy();
  }
}

function poolId({ poolKey, origin, address }: PoolName): string {
  return `${poolKey} ${poolUrl(origin)} ${address}`;
}

function poolUrl({ scheme, host, port }: Origin): string {
  const bare = bareHost(host);
  return `${scheme}://${bare.includes(':') ? `[${bare}]` : bare}:${port}`;
}
