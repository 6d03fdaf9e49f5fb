// Freezes by Doorward itself, when a guard says that an agent or a grant has gone wrong: the freeze an administrator would
// make, as principal `system`. Whoever asks may wait until every replica knows; a failure is told, never thrown at a call.
import type { AuditInput } from '../core/audit-event.ts';
import type { Id } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import type { Clock } from '../core/time.ts';
import { findAgents } from '../store/agents.ts';
import { findGrantById } from '../store/grants.ts';
import type { Transaction } from '../store/transaction.ts';
import { raiseEpoch } from '../store/vaults.ts';
import type { Log } from '../telemetry/log.ts';
import type { AuditLog } from './audit/audit-log.ts';
import type { Authority } from './authority.ts';
import { type RowChange, writeAgent, writeGrant } from './changed-rows.ts';
import type { Keyring } from './keyring.ts';
import type { Lease } from './lease.ts';

export interface AutomaticFreezeDeps {
  readonly audit: AuditLog;
  readonly authority: Authority;
  readonly clock: Clock;
  readonly keyring: Keyring;
  readonly lease: Lease;
  readonly log: Log;
}

type FreezeEvent = Pick<Extract<AuditInput, { target: object }>, 'kind' | 'target' | 'before' | 'after'>;
type Frozen = 'agent' | 'grant';
type Freezing = (change: RowChange & { readonly now: Date }) => Promise<FreezeEvent | undefined>;

/** Doubled after each try: a database that is just away must not leave an agent at large. */
const RETRY_MS = { first: 100, last: 3_200 };

export class AutomaticFreeze {
  readonly #deps: AutomaticFreezeDeps;
  /** One at a time of each: what a hostile agent does a thousand times is written once. */
  readonly #running = new Map<string, Promise<void>>();
  #onFrozen: (target: Frozen) => void = () => undefined;

  constructor(deps: AutomaticFreezeDeps) {
    this.#deps = deps;
  }

  /** Hears of each freeze that was written here. One listener. */
  onFrozen(listener: (target: Frozen) => void): void {
    this.#onFrozen = listener;
  }

  /** Resolves once no replica starts a call of that agent any more. Never throws. */
  async freezeAgent({
    agentId,
    reason,
  }: {
    readonly agentId: Id<'agt'>;
    readonly reason: string;
  }): Promise<void> {
    const { authority } = this.#deps;
    if (authority.agent(agentId)?.frozen !== false) return;
    await this.#once(agentId, async ({ now, ...change }) => {
      const [row] = await findAgents(change.tx, authority.vaultId, [agentId]);
      if (row === undefined || row.frozenAt !== null) return undefined;
      const { revision } = await writeAgent(change, row, { frozenAt: now });
      return {
        kind: 'agent.freeze',
        target: { type: 'agent', id: row.id, name: row.name },
        before: { frozen: false, revision: row.revision },
        after: { frozen: true, revision, reason },
      };
    });
  }

  /** Resolves once no replica starts a call under that grant any more. Never throws. */
  async freezeGrant({
    grantId,
    reason,
  }: {
    readonly grantId: Id<'grt'>;
    readonly reason: string;
  }): Promise<void> {
    const { vaultId } = this.#deps.authority;
    await this.#once(grantId, async ({ now, ...change }) => {
      const row = await findGrantById(change.tx, vaultId, grantId);
      if (row === undefined || row.frozenAt !== null) return undefined;
      const { revision } = await writeGrant(change, row, { frozenAt: now, frozenReason: reason });
      return {
        kind: 'grant.freeze',
        target: { type: 'grant', id: row.id },
        before: { frozen: false, revision: row.revision },
        after: { frozen: true, revision, reason, agent: row.agentId, service: row.serviceId },
      };
    });
  }

  async #once(target: string, freezing: Freezing): Promise<void> {
    const running =
      this.#running.get(target) ??
      this.#try(freezing)
        .catch((error: unknown) =>
          this.#deps.log.error({ target, error }, 'what a guard wanted frozen may not be, or not everywhere'),
        )
        .finally(() => this.#running.delete(target));
    this.#running.set(target, running);
    await running;
  }

  async #try(freezing: Freezing): Promise<void> {
    for (let waitMs = RETRY_MS.first; ; waitMs *= 2) {
      try {
        const { epoch, frozen } = await this.#deps.audit.transaction((tx, append) =>
          this.#write(tx, append, freezing),
        );
        if (frozen !== undefined) this.#onFrozen(frozen);
        await this.#deps.lease.settle(epoch);
        return;
      } catch (error) {
        // Committed, and told already that a replica may not know: trying once more would find it frozen.
        const isCommitted = error instanceof Problem && error.code === 'not-settled';
        if (isCommitted || waitMs > RETRY_MS.last) throw error;
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
  }

  /** The epoch to wait for, and what was frozen, if it was not before. */
  async #write(
    tx: Transaction,
    append: (event: AuditInput) => Promise<unknown>,
    freezing: Freezing,
  ): Promise<{ readonly epoch: bigint; readonly frozen: Frozen | undefined }> {
    const { authority, clock, keyring } = this.#deps;
    const vault = authority.vaultId;
    // Raised before anything is read: it takes the vault's turn.
    const changedEpoch = await raiseEpoch(tx, vault);
    const event = await freezing({ tx, keyring, changedEpoch, now: clock.now() });
    if (event !== undefined) await append({ ...event, vault, principal: { type: 'system' } });
    // The epoch also of a freeze before this one that others may not know of yet.
    const frozen = event === undefined ? undefined : event.kind === 'agent.freeze' ? 'agent' : 'grant';
    return { epoch: changedEpoch, frozen };
  }
}
