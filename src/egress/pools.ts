// Connection pools, one per vault, service and revision (the pool key), scheme, host, port and pinned
// address, so that no connection ever serves two of them. The least recently used are closed. The number of
// connections has no limit: a stream holds its own, and a limit would let streams starve other calls.
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import type { AddressPolicy } from '../core/ip-range.ts';
import type { Origin } from '../core/service.ts';
import type { Clock } from '../core/time.ts';
import { Connection } from './connection.ts';
import { bareHost } from './resolve.ts';

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
}

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
  /** In the order of last use. */
  readonly #pools = new Map<string, Pool>();
  readonly #connections = new Set<Connection>();

  constructor(deps: PoolsDeps) {
    this.#deps = deps;
    const ca = deps.ca ?? [];
    this.#secureContext = createSecureContext({
      minVersion: 'TLSv1.2',
      ...(ca.length === 0 ? {} : { ca: [...rootCertificates, ...ca] }),
    });
  }

  get size(): number {
    return this.#pools.size;
  }

  has(request: Omit<PoolRequest, 'dialTimeoutMs'>): boolean {
    return this.#pools.has(poolId(request));
  }

  /** A free connection, or one that will dial at its first request. It is the caller's until it is released. */
  take(request: PoolRequest): Connection {
    const pool = this.#pool(request);
    return pool.idle.pop() ?? this.#connect(request, pool);
  }

  /** Closes one pool, so that another address is preferred. */
  drop(request: Omit<PoolRequest, 'dialTimeoutMs'>): void {
    this.#close(poolId(request));
  }

  /** Closes the pools whose key begins with `prefix`: their connections end with the requests they carry. */
  closePrefix(prefix: string): void {
    for (const [id, pool] of this.#pools) {
      if (pool.poolKey.startsWith(prefix)) this.#close(id);
    }
  }

  async destroy(): Promise<void> {
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
    this.#pools.delete(id);
    this.#pools.set(id, pool);
    return pool;
  }

  #connect(request: PoolRequest, pool: Pool): Connection {
    const { origin, address, dialTimeoutMs: timeoutMs } = request;
    const dial = {
      origin,
      address,
      timeoutMs,
      policy: this.#deps.policy,
      secureContext: this.#secureContext,
    };
    const connection = new Connection(poolUrl(origin), dial, {
      onUsable: (usable) => {
        if (pool.isClosed) void usable.destroy();
        else pool.idle.push(usable);
      },
      onDestroyed: (destroyed) => this.#connections.delete(destroyed),
      onDisconnected: (closed) => {
        const at = pool.idle.lastIndexOf(closed);
        if (at === -1) return;
        pool.idle.splice(at, 1);
        void closed.destroy();
      },
    });
    this.#connections.add(connection);
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
    pool.isClosed = true;
    for (const connection of pool.idle.splice(0)) void connection.destroy();
  }
}

function poolId({ poolKey, origin, address }: Omit<PoolRequest, 'dialTimeoutMs'>): string {
  return `${poolKey} ${poolUrl(origin)} ${address}`;
}

function poolUrl({ scheme, host, port }: Origin): string {
  const bare = bareHost(host);
  return `${scheme}://${bare.includes(':') ? `[${bare}]` : bare}:${port}`;
}
