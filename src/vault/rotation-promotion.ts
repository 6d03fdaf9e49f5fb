// The steps of a rotation that change which version is sent: promotion, the end of the grace period, and the way back.
import type { Id } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { addSeconds } from '../core/time.ts';
import { findOpenRotation, findSetAside, type RotationRow, stepRotation } from '../store/rotations.ts';
import { moveVersion, touchSecret, versionsInState } from '../store/secret-versions.ts';
import { findSecretById, type SecretRow } from '../store/secrets.ts';
import type { Transaction } from '../store/transaction.ts';
import { raiseEpoch } from '../store/vaults.ts';
import type { Append } from './audit/admin-lane.ts';
import {
  type By,
  eventBase,
  step,
  type StepDeps,
  subject,
  SYSTEM,
  takenOver,
  underWay,
  versionMoved,
} from './rotation-step.ts';

/** What promotion came to: the epoch that every replica has to know. */
export interface Promoted {
  readonly row: RotationRow;
  readonly epoch: bigint;
}

/** One compare-and-set: the staged version is current, what was current is the previous one, or revoked without grace. */
export async function promoteRotation(deps: StepDeps, row: RotationRow, by: By): Promise<Promoted> {
  const { vaultId, secretId, fromVersion, toVersion, graceSeconds } = row;
  const now = deps.ids.clock.now();
  const graceUntil = graceSeconds === 0 || fromVersion === null ? null : addSeconds(now, graceSeconds);
  return await step(deps, row, async ({ tx, append, name, change }) => {
    const changedEpoch = await raiseEpoch(tx, vaultId);
    const base = { vaultId, secretId, changedEpoch };
    await endOlder(deps, tx, { append, by, name, ...base });
    if (fromVersion === null) {
      const [current] = await versionsInState(tx, vaultId, { secretId, state: 'current' });
      if (current !== undefined) throw versionMoved(current.number);
    } else {
      const to = graceUntil === null ? { to: 'revoked' as const } : { to: 'previous' as const, graceUntil };
      if (!(await moveVersion(tx, { ...base, number: fromVersion, from: 'current', ...to }))) {
        throw versionMoved(fromVersion);
      }
    }
    if (!(await moveVersion(tx, { ...base, number: toVersion, from: 'staged', to: 'current' }))) {
      throw versionMoved(toVersion);
    }
    await touchSecret(tx, row, changedEpoch);
    const event = { ...eventBase(deps, by), ...subject(row, name) };
    await append({ kind: 'rotation.promote', ...event, graceUntil: graceUntil?.toISOString() ?? null });
    if (graceUntil !== null) {
      return { row: await change({ step: 'promoted', promotedAt: now }), epoch: changedEpoch };
    }
    await append({ kind: 'rotation.complete', ...event, reason: 'grace-over' });
    return { row: await change({ step: 'completed', promotedAt: now, endedAt: now }), epoch: changedEpoch };
  });
}

/** The end of a grace period: the version before is revoked, if it is still there. */
export async function completeRotation(deps: StepDeps, row: RotationRow): Promise<Promoted> {
  return await step(deps, row, async ({ tx, append, name, change }) => {
    const { vaultId, secretId, fromVersion } = row;
    const changedEpoch = await raiseEpoch(tx, vaultId);
    const move = { vaultId, secretId, number: fromVersion ?? 0, changedEpoch };
    const isRevoked = await moveVersion(tx, { ...move, from: 'previous', to: 'revoked' });
    if (isRevoked) await touchSecret(tx, row, changedEpoch);
    const secret = await findSecretById(tx, vaultId, secretId);
    const otherwise = secret?.destroyedAt === null ? 'disabled' : 'destroyed';
    const reason = isRevoked ? 'grace-over' : otherwise;
    await append({
      kind: 'rotation.complete',
      ...eventBase(deps, SYSTEM),
      ...subject(row, name),
      reason,
    });
    return {
      row: await change({ step: 'completed', endedAt: deps.ids.clock.now() }),
      epoch: changedEpoch,
    };
  });
}

export interface RollbackWanted {
  readonly secret: Pick<SecretRow, 'id' | 'name'>;
  /** Called with the secret as it is under lock; may throw. */
  readonly check: (secret: SecretRow) => void;
}

/** The version before is current again, the newer one disabled. Throws `wrong-state` when its grace period is over. */
export async function rollBackRotation(deps: StepDeps, wanted: RollbackWanted, by: By): Promise<Promoted> {
  const { vaultId } = deps;
  const { id: secretId, name } = wanted.secret;
  return await deps.audit.transaction(async (tx, append) => {
    const changedEpoch = await raiseEpoch(tx, vaultId);
    const secret = await findSecretById(tx, vaultId, secretId);
    if (secret !== undefined) wanted.check(secret);
    const { row, previous } = await requireWayBack(deps, tx, wanted.secret);
    const move = { vaultId, secretId, changedEpoch };
    // Where an administrator has disabled it meanwhile, it stays so.
    await moveVersion(tx, { ...move, number: row.toVersion, from: 'current', to: 'disabled' });
    await moveVersion(tx, { ...move, number: previous, from: 'previous', to: 'current' });
    await touchSecret(tx, row, changedEpoch);
    await append({ kind: 'rotation.rollback', ...eventBase(deps, by), ...subject(row, name) });
    const change = { step: 'rolled-back', endedAt: deps.ids.clock.now() } as const;
    if (!(await stepRotation(tx, row, change))) throw takenOver(name);
    return { row: { ...row, ...change }, epoch: changedEpoch };
  });
}

async function requireWayBack(
  { vaultId, ids }: StepDeps,
  tx: Transaction,
  { id: secretId, name }: RollbackWanted['secret'],
): Promise<{ row: RotationRow; previous: number }> {
  const row = await findOpenRotation(tx, vaultId, secretId);
  if (row !== undefined && row.step !== 'promoted') throw underWay(name);
  const [previous] = await versionsInState(tx, vaultId, { secretId, state: 'previous' });
  const [current] = await versionsInState(tx, vaultId, { secretId, state: 'current' });
  const isInGrace = (previous?.graceUntil?.getTime() ?? 0) > ids.clock.now().getTime();
  const isItsOwn = current === undefined || current.number === row?.toVersion;
  if (row !== undefined && previous?.number === row.fromVersion && isInGrace && isItsOwn) {
    return { row, previous: previous.number };
  }
  throw new Problem('wrong-state', {
    detail: `There is no version to go back to: no version of ${name} is in its grace period.`,
  });
}

/** Promotion ends the grace period of the rotation before: two versions at most are ever sent. */
async function endOlder(
  deps: StepDeps,
  tx: Transaction,
  of: { append: Append; by: By; name: string; vaultId: Id<'vlt'>; secretId: Id<'sec'>; changedEpoch: bigint },
): Promise<void> {
  const { append, vaultId, secretId, changedEpoch } = of;
  for (const { number } of await versionsInState(tx, vaultId, { secretId, state: 'previous' })) {
    await moveVersion(tx, { vaultId, secretId, number, from: 'previous', to: 'revoked', changedEpoch });
  }
  const aside = await findSetAside(tx, vaultId, secretId);
  if (aside === undefined) return;
  await stepRotation(tx, aside, { step: 'completed', endedAt: deps.ids.clock.now() });
  const event = { ...eventBase(deps, of.by), ...subject(aside, of.name) };
  await append({ kind: 'rotation.complete', ...event, reason: 'superseded' });
}
