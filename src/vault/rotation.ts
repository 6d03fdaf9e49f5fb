// A secret's rotation from its start to the end of its grace period, and going on with those that a replica left behind.
// Every step is committed before the next begins (`rotation-step.ts`), so whoever goes on does so from the row.
import { type Id, newId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import type { Database } from '../store/database.ts';
import { isDatabaseUnavailable } from '../store/errors.ts';
import { listGraceOver, listUndecided, type RotationRow } from '../store/rotations.ts';
import type { Authority } from './authority.ts';
import type { Lease } from './lease.ts';
import { isGenuineProbe } from './probe-mac.ts';
import { type ProbeDeps, type ProbeResult, sendProbe } from './probe.ts';
import {
  completeRotation,
  type Promoted,
  promoteRotation,
  type RollbackWanted,
  rollBackRotation,
} from './rotation-promotion.ts';
import {
  beginProbe,
  failRotation,
  type RotationWanted,
  startRotation,
  takeOverRotation,
  verifyRotation,
} from './rotation-staging.ts';
import { type By, probeOf, type StepDeps, SYSTEM } from './rotation-step.ts';

export interface RotationsDeps extends StepDeps {
  readonly database: Pick<Database, 'kind' | 'admin'>;
  readonly authority: Authority;
  readonly lease: Lease;
  readonly egress: ProbeDeps['egress'];
}

/** After a replica's lease has lapsed: one that was only slow may still come back, and then loses its compare-and-set. */
const TAKE_OVER_SECONDS = 2;
const AT_ONCE = 20;

/** Nothing that the upstream or the new value did: the rotation waits and goes on. */
const PASSING: ReadonlySet<string> = new Set([
  'draining',
  'frozen',
  'not-ready',
  'database-unavailable',
  'audit-unavailable',
]);

export class Rotations {
  readonly #deps: RotationsDeps;
  /** Those that this process works on right now. */
  readonly #active = new Set<Id<'rot'>>();

  constructor(deps: RotationsDeps) {
    this.#deps = deps;
  }

  /** Every step up to the promotion. Throws `probe-failed` when the upstream did not take the new value. */
  async rotate(wanted: Omit<RotationWanted, 'id'>, by: By): Promise<RotationRow> {
    if (wanted.probe !== undefined) this.#requireNotFrozen();
    const id = newId(this.#deps.ids, 'rot');
    this.#active.add(id);
    try {
      const row = await startRotation(this.#deps, { ...wanted, id }, by);
      return await this.#decide(row, by).catch((error: unknown) => {
        throw goesOnByItself(error, wanted.secret, row);
      });
    } finally {
      this.#active.delete(id);
    }
  }

  /** Back to the version before, while its grace period lasts. */
  async rollBack(wanted: RollbackWanted, by: By): Promise<RotationRow> {
    return await this.#settled(await rollBackRotation(this.#deps, wanted, by));
  }

  /** Goes on with rotations that nobody works on, and ends grace periods that are over; how many were moved on. */
  async goOn(): Promise<number> {
    const { database, vaultId, authority, replica: self, ids } = this.#deps;
    if (authority.frozen !== undefined) return 0; // nothing is sent from a frozen vault, and nothing is decided
    const isAlone = database.kind === 'embedded';
    const free = { self, isAlone, graceSeconds: TAKE_OVER_SECONDS, limit: AT_ONCE };
    const now = ids.clock.now();
    let moved = 0;
    const failures: unknown[] = [];
    const move = async (work: () => Promise<unknown>) => {
      try {
        if (await work()) moved += 1;
      } catch (error) {
        if (!isDecided(error)) failures.push(error); // the others get their turn
      }
    };
    for (const row of await listUndecided(database.admin, vaultId, free)) {
      await move(() => this.#adopt(row));
    }
    for (const row of await listGraceOver(database.admin, vaultId, { now, limit: AT_ONCE })) {
      await move(async () => await this.#settled(await completeRotation(this.#deps, row)));
    }
    if (failures.length > 0) throw failures[0];
    return moved;
  }

  async #adopt(row: RotationRow): Promise<boolean> {
    if (this.#active.has(row.id)) return false;
    this.#active.add(row.id);
    try {
      await this.#decide(await takeOverRotation(this.#deps, row), SYSTEM);
      return true;
    } finally {
      this.#active.delete(row.id);
    }
  }

  /** From wherever the row stands to the promotion, or to the failure of the rotation. */
  async #decide(row: RotationRow, by: By): Promise<RotationRow> {
    const tried = row.step === 'staged' && row.probe !== null ? await this.#probe(row, by) : row;
    try {
      return await this.#settled(await promoteRotation(this.#deps, tried, by));
    } catch (error) {
      if (error instanceof Problem && error.code === 'wrong-state') {
        await failRotation(this.#deps, tried, { reason: error.message, by });
      }
      throw error;
    }
  }

  async #probe(row: RotationRow, by: By): Promise<RotationRow> {
    const { database, ...deps } = this.#deps;
    const begun = await beginProbe(deps, row);
    const probe = probeOf(begun);
    if (probe === undefined) throw new Problem('internal', { internal: 'the probe is gone' });
    const version = { secretId: row.secretId, number: row.toVersion };
    const sent = isGenuineProbe(deps.keyring, row, probe)
      ? sendProbe({ ...deps, db: database.admin }, version, probe)
      : Promise.reject(alteredProbe());
    const result = await sent.catch(toFailed);
    if (result.result === 'answered' && result.status >= 200 && result.status <= 299) {
      return await verifyRotation(deps, begun, result.status);
    }
    if (result.result === 'failed' && PASSING.has(result.problem.code)) throw result.problem;
    const reason = reasonOf(result);
    await failRotation(deps, begun, { reason, probed: result, by });
    throw new Problem('probe-failed', {
      detail: `${probe.method} ${probe.path} at ${probe.name}: ${reason}. The new value is kept as version ${row.toVersion}, disabled; ${stillCurrent(row)}`,
      extensions: {
        rotation: row.id,
        version: row.toVersion,
        ...(result.result === 'answered' ? { upstreamStatus: result.status } : {}),
      },
      ...(result.result === 'failed' ? { cause: result.problem } : {}),
    });
  }

  async #settled({ row, epoch }: Promoted): Promise<RotationRow> {
    await this.#deps.lease.settle(epoch);
    return row;
  }

  #requireNotFrozen(): void {
    const { frozen } = this.#deps.authority;
    if (frozen === undefined) return;
    throw new Problem('frozen', {
      detail: `The vault is frozen (${frozen.reason}), so nothing can be probed. Rotate without a probe, or end the freeze first.`,
    });
  }
}

function alteredProbe(): Problem {
  return new Problem('record-altered', {
    detail: 'the rotation was changed in the database by something other than Doorward',
  });
}

function toFailed(error: unknown): ProbeResult {
  if (error instanceof Problem) return { result: 'failed', problem: error };
  if (isDatabaseUnavailable(error)) {
    return { result: 'failed', problem: new Problem('database-unavailable', { cause: error }) };
  }
  return { result: 'failed', problem: new Problem('internal', { cause: error }) };
}

function reasonOf(result: ProbeResult): string {
  if (result.result === 'answered') return `the upstream answered ${result.status}`;
  return (result.problem.detail ?? result.problem.message).replace(/\.$/, '');
}

function stillCurrent({ fromVersion }: RotationRow): string {
  return fromVersion === null ? 'the secret stays disabled.' : `version ${fromVersion} stays current.`;
}

/** The rotation came to its end, waits for its time, or another replica goes on with it: nothing to tell anybody. */
function isDecided(error: unknown): boolean {
  if (!(error instanceof Problem)) return false;
  const { code } = error;
  return (
    code === 'probe-failed' || code === 'wrong-state' || code === 'rotation-under-way' || PASSING.has(code)
  );
}

/** Past its start a rotation is not lost by a failure of ours. */
function goesOnByItself(
  error: unknown,
  { name }: { readonly name: string },
  { toVersion }: RotationRow,
): unknown {
  const code = error instanceof Problem ? error.code : undefined;
  const isPassing = code === undefined ? isDatabaseUnavailable(error) : PASSING.has(code);
  if (!isPassing) return error;
  return new Problem(error instanceof Problem ? error.code : 'database-unavailable', {
    detail: `The new value is stored as version ${toVersion}, and the rotation goes on by itself as soon as it can. Do not repeat it; see: doorward secret versions ${name}`,
    cause: error,
  });
}
