// The replica's lease: while it runs, memory is known to be at most one lease old, and an administrator who revokes
// waits until every live replica has acknowledged the new epoch or its lease has lapsed (decision: revocation is literal).
import type { Sql } from 'postgres';
import type { Id } from '../core/ids.ts';
import type { Clock } from '../core/time.ts';
import {
  acknowledgeEpoch,
  countBehind,
  endLease,
  LEASE_MS,
  registerReplica,
  renewLease,
} from '../store/replicas.ts';
import type { Authority } from './authority.ts';

export interface LeaseDeps {
  readonly calls: Sql;
  readonly clock: Clock;
  readonly replica: Id<'rep'>;
  readonly authority: Authority;
  readonly auditHeads: () => Readonly<Record<string, unknown>>;
  readonly onPeerHeads: (heads: readonly Record<string, unknown>[]) => void;
  readonly onError: (error: unknown) => void;
}

/** How much earlier than the database a replica takes its own lease for lapsed: covers clocks that run a little apart. */
const MARGIN_MS = 200;
const RENEW_EVERY_MS = 500;
const SETTLE_POLL_MS = 4;
/** Longest possible wait: the lease of a replica that stopped right after renewing, and some polls. */
const SETTLE_LIMIT_MS = LEASE_MS * 3;

export class Lease {
  readonly #deps: LeaseDeps;
  #validUntilMs = 0;
  #validUntilWallMs = 0;
  #acknowledged = -1n;
  #timer: NodeJS.Timeout | undefined;
  #renewing: Promise<void> | undefined;

  constructor(deps: LeaseDeps) {
    this.#deps = deps;
  }

  /** Registers the replica before memory is loaded: a revoker who does not see its row yet is seen by the load. */
  async start(): Promise<void> {
    const { calls, clock, replica, authority } = this.#deps;
    await registerReplica(calls, replica, clock.now());
    await authority.sync();
    await this.renew();
    this.#timer = setInterval(() => void this.renew().catch(this.#deps.onError), RENEW_EVERY_MS);
    this.#timer.unref();
  }

  /** Whether memory may still be acted on. Both clocks must say so: one stands still while the machine sleeps, one may be set. */
  isValid(): boolean {
    const { clock } = this.#deps;
    return clock.monotonicMs() < this.#validUntilMs && clock.now().getTime() < this.#validUntilWallMs;
  }

  /** Renews, loads what is new, acknowledges it. Concurrent calls share one round. */
  async renew(): Promise<void> {
    this.#renewing ??= this.#renewOnce().finally(() => {
      this.#renewing = undefined;
    });
    await this.#renewing;
  }

  /** After a notification: loads and acknowledges at once instead of at the next renewal. */
  async catchUp(): Promise<void> {
    await this.#deps.authority.sync();
    await this.#acknowledge();
  }

  /** Waits until no live replica acts on memory older than `epoch`. Throws when that can not be said in time. */
  async settle(epoch: bigint): Promise<void> {
    const { authority, calls, clock } = this.#deps;
    await authority.syncTo(epoch);
    await this.#acknowledge();
    const from = clock.monotonicMs();
    while ((await countBehind(calls, authority.vaultId, epoch)) > 0) {
      if (clock.monotonicMs() - from > SETTLE_LIMIT_MS)
        throw new Error('a replica did not acknowledge in time');
      await new Promise((resolve) => setTimeout(resolve, SETTLE_POLL_MS));
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#validUntilMs = 0;
    await this.#renewing?.catch(() => undefined);
    await endLease(this.#deps.calls, this.#deps.replica);
  }

  async #renewOnce(): Promise<void> {
    const { calls, clock, replica, authority, auditHeads } = this.#deps;
    const asked = clock.monotonicMs();
    const askedWall = clock.now().getTime();
    const { epoch, peerHeads } = await renewLease(calls, {
      replica,
      vaultId: authority.vaultId,
      auditHeads: auditHeads(),
    });
    this.#deps.onPeerHeads(peerHeads);
    await authority.syncTo(epoch);
    await this.#acknowledge();
    this.#validUntilMs = asked + LEASE_MS - MARGIN_MS;
    this.#validUntilWallMs = askedWall + LEASE_MS - MARGIN_MS;
  }

  async #acknowledge(): Promise<void> {
    const { calls, replica, authority } = this.#deps;
    const { epoch } = authority;
    if (epoch <= this.#acknowledged) return;
    await acknowledgeEpoch(calls, { replica, vaultId: authority.vaultId, epoch });
    if (epoch > this.#acknowledged) this.#acknowledged = epoch;
  }
}
