// The replica's lease: while it runs, memory is known to be at most one lease old, and an administrator who revokes
// waits until every live replica has acknowledged the new epoch or its lease has lapsed (decision: revocation is literal).
//
// No two clocks are compared. A replica counts its lease from the moment it asked for it; a revoker counts the same
// time, and a margin more, from the moment it saw that lease in the database. Only that clocks run alike is relied on.
import type { Id } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import type { Clock } from '../core/time.ts';
import type { Database } from '../store/database.ts';
import {
  acknowledgeEpoch,
  endLease,
  LEASE_MS,
  listBehind,
  type Peer,
  readEpoch,
  registerReplica,
  renewLease,
} from '../store/replicas.ts';
import type { Authority } from './authority.ts';
import { withinMs } from './time-limit.ts';

export interface LeaseDeps {
  readonly calls: Database['calls'];
  readonly clock: Clock;
  readonly replica: Id<'rep'>;
  readonly authority: Authority;
  /** Nobody else can write to the database (the embedded one): memory can't be stale, and there is nobody to wait for. */
  readonly isAlone: boolean;
  readonly auditHeads: () => Readonly<Record<string, unknown>>;
  readonly onPeerHeads: (heads: readonly Readonly<Record<string, unknown>>[]) => void;
  /** Rights have not been known for so long that open streams have to end too. May come more than once. */
  readonly onBlind: () => void;
  readonly onError: (error: unknown) => void;
}

/** How much earlier than a revoker a replica takes its lease for lapsed: covers a stall between the last look and the write. */
const MARGIN_MS = 200;
const RENEW_EVERY_MS = 500;
/** A connection may hang for minutes; the next round takes another one. */
const ROUND_LIMIT_MS = 2000;
/** After the lease has lapsed. With it, streams of a replica that is cut off end within two seconds of the revocation. */
const BLIND_AFTER_MS = 1000;
/** For whoever finds it lapsed and could go on with another. */
const REGAIN_LIMIT_MS = 1000;
const SETTLE_POLL_MS = { first: 2, most: 50 };
/** Longest wait: the lease of a replica that stopped right after renewing, and some polls. */
const SETTLE_LIMIT_MS = LEASE_MS * 3;

export class Lease {
  readonly #deps: LeaseDeps;
  /** Each peer's lease as last seen, and since when it has stood so. */
  readonly #peers = new Map<string, { readonly lease: string; readonly sinceMs: number }>();
  #validUntilMs = 0;
  #validUntilWallMs = 0;
  #acknowledged = -1n;
  /** The lease was renewed, or may have been, and memory was not brought up to date after it. */
  #owesLoad = false;
  #isStopped = false;
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
    await this.renew().catch(() => this.renew()); // a start on a busy machine may stand still for one
    this.#timer = setInterval(() => this.#tick(), RENEW_EVERY_MS);
    this.#timer.unref();
  }

  /** Whether memory may still be acted on. Both clocks must say so: one stands still while the machine sleeps, one may be set. */
  isValid(): boolean {
    const { clock, isAlone } = this.#deps;
    if (this.#isStopped || this.#validUntilMs === 0) return false;
    if (isAlone) return true;
    return clock.monotonicMs() < this.#validUntilMs && clock.now().getTime() < this.#validUntilWallMs;
  }

  /** Renews, loads what is new, acknowledges it. Concurrent calls share one round. */
  async renew(): Promise<void> {
    this.#renewing ??= withinMs(ROUND_LIMIT_MS, 'renewing the lease', this.#renewOnce()).finally(() => {
      this.#renewing = undefined;
    });
    await this.#renewing;
  }

  /**
   * Waits a moment for another lease where it has lapsed, as it has after the machine stood still. Never throws: whoever
   * asks looks at `isValid` afterwards.
   */
  async regain(): Promise<void> {
    const { clock } = this.#deps;
    const untilMs = clock.monotonicMs() + REGAIN_LIMIT_MS;
    for (let leftMs = REGAIN_LIMIT_MS; leftMs > 0; leftMs = untilMs - clock.monotonicMs()) {
      if (this.#isStopped || this.isValid()) return;
      // One round may not be enough: it may have begun before the machine stood still.
      const round = withinMs(leftMs, 'another lease', this.renew());
      const hasFailed = await round.then(
        () => false,
        () => true,
      );
      if (hasFailed) return;
    }
  }

  /** After a notification: loads and acknowledges at once instead of at the next renewal. */
  async catchUp(): Promise<void> {
    const { authority, calls } = this.#deps;
    await authority.syncTo(await readEpoch(calls, authority.vaultId)); // of its own changes a replica knows already
    await this.#acknowledge();
  }

  /**
   * Waits until no replica acts on memory older than `epoch`, which is committed. Throws `not-settled` when that can
   * not be said in time.
   */
  async settle(epoch: bigint): Promise<void> {
    const { clock } = this.#deps;
    const from = clock.monotonicMs();
    let pollMs = SETTLE_POLL_MS.first;
    for (;;) {
      const asking = withinMs(SETTLE_LIMIT_MS, 'asking the replicas', this.#isKnownEverywhere(epoch));
      const isKnown = await asking.catch((error: unknown) => ({ error }));
      if (isKnown === true) return;
      if (clock.monotonicMs() - from > SETTLE_LIMIT_MS) {
        throw new Problem('not-settled', {
          detail:
            'The change is made and recorded, but a replica may not know of it yet. To be sure, look at the record or repeat the command.',
          ...(isKnown === false ? {} : { cause: isKnown.error }),
        });
      }
      await new Promise((resolve) => setTimeout(resolve, pollMs));
      pollMs = Math.min(pollMs * 2, SETTLE_POLL_MS.most);
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#isStopped = true;
    await this.#renewing?.catch(() => undefined);
    const { calls, replica, authority } = this.#deps;
    await endLease(calls, { replica, vaultId: authority.vaultId });
  }

  #tick(): void {
    const { clock, isAlone, onBlind, onError } = this.#deps;
    if (!isAlone && clock.monotonicMs() > this.#validUntilMs + BLIND_AFTER_MS) onBlind();
    this.renew().catch(onError);
  }

  async #renewOnce(): Promise<void> {
    const { calls, clock, replica, authority, auditHeads } = this.#deps;
    // A replica that can't load must let its lease lapse: revokers would wait for its acknowledgement in vain.
    if (this.#owesLoad) await this.catchUp();
    if (this.#isStopped) return;
    const askedMs = clock.monotonicMs();
    const askedWallMs = clock.now().getTime();
    this.#owesLoad = true;
    const peers = await renewLease(calls, { replica, auditHeads: auditHeads() });
    this.#watch(peers);
    const known = authority.epoch;
    const epoch = await readEpoch(calls, authority.vaultId);
    if (epoch < known) throw new Error(`the vault's epoch went back from ${known} to ${epoch}`);
    await authority.syncTo(epoch);
    await this.#acknowledge();
    this.#owesLoad = false;
    // A round that was given up may come to its end after a later one.
    const validUntilMs = askedMs + LEASE_MS - MARGIN_MS;
    if (validUntilMs > this.#validUntilMs) {
      this.#validUntilMs = validUntilMs;
      this.#validUntilWallMs = askedWallMs + LEASE_MS - MARGIN_MS;
    }
    this.#deps.onPeerHeads(peers.map(({ heads }) => heads));
  }

  async #acknowledge(): Promise<void> {
    const { calls, replica, authority } = this.#deps;
    const { epoch } = authority;
    if (epoch <= this.#acknowledged) return;
    await acknowledgeEpoch(calls, { replica, vaultId: authority.vaultId, epoch });
    if (epoch > this.#acknowledged) this.#acknowledged = epoch;
  }

  async #isKnownEverywhere(epoch: bigint): Promise<boolean> {
    const { authority, calls, replica, isAlone } = this.#deps;
    await authority.syncTo(epoch);
    if (isAlone) return true;
    await this.#acknowledge();
    const behind = await listBehind(calls, { replica, vaultId: authority.vaultId, epoch });
    this.#watch(behind);
    return behind.every((peer) => this.#hasLapsed(peer));
  }

  /** Remembers since when a lease has stood; the time is one after the answer came, so it is never too early. */
  #watch(peers: readonly Peer[]): void {
    const sinceMs = this.#deps.clock.monotonicMs();
    for (const { id, lease } of peers) {
      if (this.#peers.get(id)?.lease !== lease) this.#peers.set(id, { lease, sinceMs });
    }
  }

  #hasLapsed({ id }: Peer): boolean {
    const seen = this.#peers.get(id);
    return seen !== undefined && this.#deps.clock.monotonicMs() - seen.sinceMs >= LEASE_MS;
  }
}
