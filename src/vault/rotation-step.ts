// What every step of a rotation shares: one transaction with its audit events, and a compare-and-set of the rotation's row on
// the step before, so that a crash between two steps leaves one current version and loses no value.
import type { AuditInput } from '../core/audit-event.ts';
import type { Id, IdSource } from '../core/ids.ts';
import type { Principal } from '../core/principal.ts';
import { Problem } from '../core/problem.ts';
import { type RotationRow, stepRotation } from '../store/rotations.ts';
import { findSecretById } from '../store/secrets.ts';
import type { Transaction } from '../store/transaction.ts';
import type { Append } from './audit/admin-lane.ts';
import type { AuditLog } from './audit/audit-log.ts';
import type { Keyring } from './keyring.ts';
import { ProbeRecord } from './probe.ts';

export interface StepDeps {
  readonly ids: IdSource;
  readonly keyring: Keyring;
  readonly vaultId: Id<'vlt'>;
  readonly audit: Pick<AuditLog, 'transaction'>;
  readonly replica: Id<'rep'>;
}

/** Who takes a step, as the audit log tells it. */
export interface By {
  readonly principal: Principal;
  readonly request?: Id<'req'>;
  readonly client?: string;
}

export const SYSTEM: By = { principal: { type: 'system' } };

export interface StepContext {
  readonly tx: Transaction;
  readonly append: Append;
  /** The secret's. */
  readonly name: string;
  readonly probe: ProbeRecord | undefined;
  /** The compare-and-set of the rotation's row. */
  readonly change: (change: Parameters<typeof stepRotation>[2]) => Promise<RotationRow>;
}

/** One step: `work` in a transaction with its audit events. */
export async function step<T>(
  deps: StepDeps,
  row: RotationRow,
  work: (context: StepContext) => Promise<T>,
): Promise<T> {
  return await deps.audit.transaction(async (tx, append) => {
    const name = (await findSecretById(tx, row.vaultId, row.secretId))?.name ?? '';
    const change: StepContext['change'] = async (to) => {
      if (!(await stepRotation(tx, row, to))) throw takenOver(name);
      return { ...row, ...to };
    };
    return await work({ tx, append, name, probe: probeOf(row), change });
  });
}

export function probeOf(row: RotationRow): ProbeRecord | undefined {
  return row.probe === null ? undefined : ProbeRecord.parse(row.probe);
}

export function eventBase(
  { vaultId }: StepDeps,
  by: By,
): Pick<AuditInput, 'vault' | 'principal'> & Omit<By, 'principal'> {
  return { vault: vaultId, ...by };
}

export function subject(row: RotationRow, name: string) {
  const { id: rotation, secretId: id, fromVersion: from, toVersion: to } = row;
  return { rotation, secret: { id, name, from, to } };
}

/** A query may carry anything, so the log has the path only. */
export function probeEvent({ service: id, name, method, path }: ProbeRecord) {
  return { service: { id, name }, method, path: path.split('?', 1)[0] ?? path };
}

export function underWay(name: string): Problem {
  return new Problem('rotation-under-way', {
    detail: `A rotation of ${name} is under way and goes on by itself. See: doorward secret versions ${name}`,
  });
}

export function takenOver(name: string): Problem {
  return new Problem('rotation-under-way', {
    detail: `Another server went on with this rotation of ${name}. See: doorward secret versions ${name}`,
  });
}

export function versionMoved(number: number): Problem {
  return new Problem('wrong-state', {
    detail: `Version ${number} changed its state while the rotation was under way.`,
  });
}
