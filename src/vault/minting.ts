// Access tokens that secrets are exchanged for: had in time, once for all replicas, and never asked for in a storm. A token is
// fetched anew some time before its end while calls go on with the one there is; only without one do they wait.
import type { Secret } from '../core/entities.ts';
import type { Id } from '../core/ids.ts';
import { isMintedKind } from '../core/material.ts';
import { Problem } from '../core/problem.ts';
import type { Minted, MintAnswer, Refused } from '../providers/materials/material.ts';
import { MATERIALS } from '../providers/materials/registry.ts';
import { isRefused } from '../providers/materials/oauth2/token-answer.ts';
import { isDatabaseUnavailable } from '../store/errors.ts';
import { type MintedTokenState, readMintedToken, type SealedToken } from '../store/minted-tokens.ts';
import { MintFailures, unavailable } from './minting-failures.ts';
import { endpointOf, type MintReply, type MintRequestDeps, sendMint } from './minting-request.ts';
import { askingOf, type MintStepDeps, failMint, takeMint, type TakenMint } from './minting-steps.ts';
import { storePatiently } from './minting-store.ts';

export interface MintingDeps extends MintStepDeps, MintRequestDeps {
  /** For the server's log. */
  readonly onFailure: (secret: string, problem: Problem) => void;
}

/** What memory knows of a token: not the token. */
interface Known {
  /** The token's DEK, which no two tokens share. */
  readonly serial: Id<'dek'>;
  readonly versionId: Id<'ver'>;
  readonly expiresAtMs: number;
  /** From then on another one is fetched. */
  readonly refreshAtMs: number;
  /** An upstream answered 401 to it. */
  isRefused: boolean;
}

/** Between looks at what another replica is doing. */
const POLL_MS = { first: 20, most: 250 };
/** A request's limit, the lease after it, and some polls. */
const WAIT_LIMIT_MS = 40_000;
/** After a 401 a token is fetched anew at most this often: an upstream may answer so for reasons of its own. */
const REFUSAL_EVERY_MS = 60_000;
/** A tenth to a fifth of a token's life, at most ten minutes, before its end. */
const EARLY = { part: 0.1, mostMs: 600_000 };

export class Minting {
  readonly #deps: MintingDeps;
  readonly #known = new Map<Id<'sec'>, Known>();
  readonly #flights = new Map<Id<'sec'>, Promise<void>>();
  readonly #refusedAtMs = new Map<Id<'sec'>, number>();
  readonly #failures: MintFailures;
  #isClosed = false;

  constructor(deps: MintingDeps) {
    this.#deps = deps;
    this.#failures = new MintFailures(deps.ids);
  }

  /** Undefined: nothing to wait for. Else resolves when there is a token; throws `secret-unavailable`. */
  ready(secretId: Id<'sec'>): Promise<void> | undefined {
    const secret = this.#deps.authority.secret(secretId);
    if (secret?.current === undefined || !isMintedKind(secret.credentialKind)) return undefined;
    const known = this.#known.get(secretId);
    if (known === undefined || !this.#isUsable(secret, known)) return this.#fetch(secret);
    if (this.#isDue(secret, known) && this.#failures.of(secret) === undefined) {
      this.#fetch(secret).catch(() => undefined); // told where it failed; calls go on with the token there is
    }
    return undefined;
  }

  /** The version that the token was made with, where that is not the current one any more. */
  versionOf(secretId: Id<'sec'>): { readonly id: Id<'ver'>; readonly number: number } | undefined {
    const { current, previous } = this.#deps.authority.secret(secretId) ?? {};
    if (current === undefined) return undefined;
    return previous !== undefined && this.#known.get(secretId)?.versionId === previous.id
      ? previous
      : undefined;
  }

  /** Changes with each token. */
  serial(secretId: Id<'sec'>): string {
    return this.#known.get(secretId)?.serial ?? '';
  }

  /** The token's row, for whoever opens it; memory follows it. */
  async read(secretId: Id<'sec'>): Promise<MintedTokenState | undefined> {
    const { database, vaultId } = this.#deps;
    const row = await readMintedToken(database.calls, { vaultId, secretId }, askingOf(this.#deps));
    if (row !== undefined) this.#note(secretId, row);
    return row;
  }

  /**
   * The upstream answered 401 to this token. True: another one may help, and the next `ready` waits for it.
   */
  refuse(secretId: Id<'sec'>, serial: string): boolean {
    const known = this.#known.get(secretId);
    if (known !== undefined && known.serial !== serial) return true;
    const nowMs = this.#deps.ids.clock.monotonicMs();
    const lastMs = this.#refusedAtMs.get(secretId);
    if (known === undefined || (lastMs !== undefined && nowMs - lastMs < REFUSAL_EVERY_MS)) return false;
    this.#refusedAtMs.set(secretId, nowMs);
    known.isRefused = true;
    return true;
  }

  /** What was stored does not open: it is as good as none. */
  forget(secretId: Id<'sec'>): void {
    const known = this.#known.get(secretId);
    if (known !== undefined) known.isRefused = true;
  }

  /** Waits for answers under way: a new refresh token in one could not be had again. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#flights.values());
  }

  #isUsable(secret: Secret, known: Known): boolean {
    const now = this.#deps.ids.clock.now();
    if (known.isRefused || known.expiresAtMs <= now.getTime()) return false;
    const { current, previous } = secret;
    if (current === undefined) return false;
    return current.id === known.versionId || (previous?.id === known.versionId && now < previous.graceUntil);
  }

  #isDue(secret: Secret, known: Known): boolean {
    return (
      this.#deps.ids.clock.now().getTime() >= known.refreshAtMs || secret.current?.id !== known.versionId
    );
  }

  #note(secretId: Id<'sec'>, row: SealedToken): void {
    const { dekId, versionId, expiresAt } = row;
    if (dekId === null || versionId === null || expiresAt === null) {
      this.#known.delete(secretId);
      return;
    }
    if (this.#known.get(secretId)?.serial === dekId) return;
    const { clock, randomness } = this.#deps.ids;
    const expiresAtMs = expiresAt.getTime();
    const leftMs = Math.max(0, expiresAtMs - clock.now().getTime());
    const jitter = 1 + randomness.bytes(2).readUInt16BE() / 0x1_0000;
    const refreshAtMs = expiresAtMs - Math.min(EARLY.mostMs, leftMs * EARLY.part) * jitter;
    this.#known.set(secretId, { serial: dekId, versionId, expiresAtMs, refreshAtMs, isRefused: false });
  }

  /** One for all calls of this process. */
  #fetch(secret: Secret): Promise<void> {
    const running = this.#flights.get(secret.id);
    if (running !== undefined) return running;
    if (this.#isClosed) return Promise.reject(new Problem('draining'));
    const flight = this.#obtain(secret.id)
      .catch((error: unknown) => {
        throw this.#failed(secret, error);
      })
      .finally(() => this.#flights.delete(secret.id));
    this.#flights.set(secret.id, flight);
    return flight;
  }

  #failed(secret: Secret, error: unknown): unknown {
    const problem = error instanceof Problem ? error : new Problem('internal', { cause: error });
    const failure = this.#failures.of(secret);
    if (failure !== problem) this.#deps.onFailure(secret.name, problem);
    return isDatabaseUnavailable(error) ? new Problem('database-unavailable', { cause: error }) : error;
  }

  /** Adopts what another replica has fetched, waits for one that does, or fetches one. */
  async #obtain(secretId: Id<'sec'>): Promise<void> {
    const { authority, ids } = this.#deps;
    const fromMs = ids.clock.monotonicMs();
    let pollMs = POLL_MS.first;
    for (;;) {
      const row = await this.read(secretId);
      if (row !== undefined) await authority.syncTo(row.changedEpoch); // its version may be one that memory has not seen
      const secret = authority.secret(secretId);
      if (secret === undefined) throw new Problem('secret-unavailable', { internal: 'the secret is gone' });
      const known = this.#known.get(secretId);
      if (known !== undefined && this.#isUsable(secret, known) && !this.#isDue(secret, known)) return;
      const failure = this.#failures.of(secret);
      if (failure !== undefined) throw failure;
      const backsOff =
        row?.refreshingBy === null && row.refreshingUntil !== null && row.refreshingUntil > ids.clock.now();
      if (backsOff) throw unavailable(secret.name, 'another server has just failed to get one');
      if (row?.isBusy !== true) {
        const taken = await this.#take(secret, row);
        if (taken !== undefined && (await this.#mint(taken, secret))) return;
      }
      if (this.#isClosed) throw new Problem('draining');
      if (ids.clock.monotonicMs() - fromMs > WAIT_LIMIT_MS) {
        throw unavailable(secret.name, 'another server has been asking for one for too long');
      }
      await new Promise((resolve) => setTimeout(resolve, pollMs));
      pollMs = Math.min(pollMs * 2, POLL_MS.most);
    }
  }

  /** What can not be asked with is told until it changes. */
  async #take(secret: Secret, seen: MintedTokenState | undefined): Promise<TakenMint | undefined> {
    try {
      return await takeMint(this.#deps, secret.id, seen);
    } catch (error) {
      const isValue =
        error instanceof Problem && (error.code === 'invalid-input' || error.code === 'secret-unavailable');
      if (!isValue || secret.current === undefined) throw error;
      const said = (error.detail ?? error.message).replace(/\.$/, '');
      const problem = unavailable(secret.name, said, 'Store it anew: doorward secret rotate NAME');
      this.#failures.note(secret.current.id, secret, { problem, kind: 'final' });
      this.#deps.onFailure(secret.name, problem);
      throw problem;
    }
  }

  /** Whether there is a token now. */
  async #mint(taken: TakenMint, secret: Secret): Promise<boolean> {
    const reply = await sendMint(this.#deps, taken.secret.id, taken.request);
    if (reply.result !== 'answered') return await this.#refused(taken, secret, { refused: refusedBy(reply) });
    const { status } = reply.answer;
    const read = this.#read(taken, reply.answer);
    if (isRefused(read)) return await this.#refused(taken, secret, { refused: read, status });
    return await this.#store(taken, { minted: read, status });
  }

  #read(taken: TakenMint, answer: MintAnswer): Minted | Refused {
    const kind = taken.secret.credentialKind;
    if (!isMintedKind(kind)) throw new Problem('internal', { internal: 'nothing to mint from' });
    return MATERIALS[kind].read(answer, taken.fields, this.#deps.ids.clock.now());
  }

  /** False: it counts no more, so that what there is by now has to be looked at. */
  async #store(
    taken: TakenMint,
    brought: { readonly minted: Minted; readonly status: number },
  ): Promise<boolean> {
    const stored = await storePatiently(this.#deps, taken, brought);
    if (stored.result === 'superseded') return false;
    this.#note(taken.secret.id, stored.row);
    this.#failures.forget(taken.secret.id);
    await this.#deps.authority.syncTo(stored.epoch);
    return true;
  }

  /** Throws: there is no token. */
  async #refused(
    taken: TakenMint,
    secret: Secret,
    { refused, status }: { readonly refused: Refused; readonly status?: number },
  ): Promise<never> {
    const said = `${endpointOf(taken.request.url)} ${refused.reason}`;
    const problem = unavailable(secret.name, said, refused.advice);
    const notBefore = this.#failures.note(taken.version.id, secret, { problem, kind: refused.kind });
    await failMint(this.#deps, taken, {
      ...(status === undefined ? { result: 'failed' } : { result: 'refused', status }),
      reason: refused.code,
      notBefore,
    });
    this.#deps.onFailure(secret.name, problem);
    throw problem;
  }
}

/** What kept a whole answer from coming. */
function refusedBy(reply: Exclude<MintReply, { readonly result: 'answered' }>): Refused {
  if (reply.result === 'too-much') {
    return {
      kind: 'passing',
      code: 'too-much',
      reason: 'answered with far more than a token',
      advice: 'Check the address of its token endpoint.',
    };
  }
  const { problem } = reply;
  const detail = (problem.detail ?? problem.message).replace(/\.$/, '');
  return { kind: 'passing', code: problem.code, reason: `did not answer: ${detail}` };
}
