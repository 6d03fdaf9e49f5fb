// The steps of a rotation up to its decision: the new value is stored before anything else, then tried, then found good or
// set aside. No call is made with it yet.
import { type Id, newId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { constantTimeEqual } from '../crypto/encoding.ts';
import type { SecretBytes } from '../crypto/secret-bytes.ts';
import { putFingerprint } from '../store/fingerprints.ts';
import {
  findOpenRotation,
  findSetAside,
  insertRotation,
  type RotationRow,
  stepRotation,
} from '../store/rotations.ts';
import { insertVersion, moveVersion, nextVersionNumber, versionsInState } from '../store/secret-versions.ts';
import { findSecretById, type SecretRow, type SecretVersionRow } from '../store/secrets.ts';
import type { Transaction } from '../store/transaction.ts';
import { raiseEpoch } from '../store/vaults.ts';
import type { Append } from './audit/admin-lane.ts';
import { bindingHash } from './binding.ts';
import { fingerprintRow } from './fingerprints.ts';
import { genuineServicesOf } from './genuine-services.ts';
import { planProbe, type ProbeResult } from './probe.ts';
import { withProbeMac } from './probe-mac.ts';
import {
  type By,
  eventBase,
  probeEvent,
  probeOf,
  step,
  type StepDeps,
  subject,
  SYSTEM,
  underWay,
} from './rotation-step.ts';
import { openValue, sealValue } from './secret-values.ts';

export interface RotationWanted {
  readonly id: Id<'rot'>;
  readonly secret: Pick<SecretRow, 'id' | 'name'>;
  /** Called with the secret as it is under lock; may throw. */
  readonly check: (secret: SecretRow) => void;
  /** A new value, or the number of a disabled version whose value is used again. */
  readonly to: { readonly value: SecretBytes } | { readonly version: number };
  readonly graceSeconds: number;
  readonly probe: { readonly probe: string; readonly service: string | undefined } | undefined;
  readonly startedBy: Id<'adm'>;
}

/** Stores the value as a staged version, before anything else. Throws `rotation-under-way`. */
export async function startRotation(deps: StepDeps, wanted: RotationWanted, by: By): Promise<RotationRow> {
  const { vaultId, ids } = deps;
  const { id, graceSeconds } = wanted;
  return await deps.audit.transaction(async (tx, append) => {
    const epoch = await raiseEpoch(tx, vaultId); // takes the vault's turn: what is read below stays so
    const secret = await requireLiveSecret(deps, tx, wanted.secret);
    wanted.check(secret);
    const supersedes = await setOlderAside(deps, tx, secret);
    const services = await genuineServicesOf(tx, deps, secret.id);
    const planned = wanted.probe === undefined ? null : planProbe(services, wanted.probe);
    const [current] = await versionsInState(tx, vaultId, { secretId: secret.id, state: 'current' });
    const binding = bindingHash(services);
    if ('value' in wanted.to && current !== undefined) {
      refuseSameValue(deps, { secret, current, binding, value: wanted.to.value });
    }
    const staged = await stageVersion(deps, tx, { secret, to: wanted.to, binding, epoch });
    const of = { id, secretId: secret.id, toVersion: staged.number };
    const probe = planned === null ? null : withProbeMac(deps.keyring, of, planned);
    const row: RotationRow = {
      vaultId,
      ...of,
      fromVersion: current?.number ?? null,
      step: 'staged',
      probe,
      graceSeconds,
      replicaId: deps.replica,
      startedBy: wanted.startedBy,
      startedAt: ids.clock.now(),
      promotedAt: null,
      endedAt: null,
    };
    await insertRotation(tx, row);
    await append({
      kind: 'rotation.start',
      ...eventBase(deps, by),
      ...subject(row, secret.name),
      ...(staged.bytes === undefined ? {} : { bytes: staged.bytes }),
      graceSeconds,
      ...(probe === null ? {} : { probe: probeEvent(probe) }),
      ...(supersedes === undefined ? {} : { supersedes: supersedes.id }),
    });
    return row;
  });
}

/** The intent of a probe: durable before the probe is sent. */
export async function beginProbe(deps: StepDeps, row: RotationRow): Promise<RotationRow> {
  return await step(deps, row, async ({ append, name, probe, change }) => {
    if (probe === undefined) throw new Problem('internal', { internal: 'a rotation without a probe' });
    const event = { ...eventBase(deps, SYSTEM), ...subject(row, name), probe: probeEvent(probe) };
    const intent = await append({ kind: 'rotation.probe', ...event });
    return await change({ probe: { ...probe, intent } });
  });
}

/** The outcome of a probe that the upstream took. */
export async function verifyRotation(deps: StepDeps, row: RotationRow, status: number): Promise<RotationRow> {
  return await step(deps, row, async ({ append, name, probe, change }) => {
    await appendProbed(deps, { append, row, name }, { result: 'answered', status });
    const { intent: _, ...rest } = probe ?? {};
    return await change({ step: 'verified', probe: { ...rest, status } });
  });
}

/** The new version is disabled, its value kept; what was current stays so. */
export async function failRotation(
  deps: StepDeps,
  row: RotationRow,
  failure: { readonly reason: string; readonly probed?: ProbeResult; readonly by: By },
): Promise<RotationRow> {
  return await step(deps, row, async ({ tx, append, name, probe, change }) => {
    const { vaultId, secretId } = row;
    const changedEpoch = await raiseEpoch(tx, vaultId);
    if (failure.probed !== undefined) await appendProbed(deps, { append, row, name }, failure.probed);
    await moveVersion(tx, {
      vaultId,
      secretId,
      number: row.toVersion,
      from: 'staged',
      to: 'disabled',
      changedEpoch,
    });
    const event = { ...eventBase(deps, failure.by), ...subject(row, name) };
    await append({ kind: 'rotation.fail', ...event, reason: failure.reason });
    const status = failure.probed?.result === 'answered' ? { status: failure.probed.status } : {};
    const { intent: _, ...rest } = probe ?? {};
    const failed = await change({
      step: 'failed',
      endedAt: deps.ids.clock.now(),
      probe: probe === undefined ? null : { ...rest, ...status },
    });
    const aside = await findSetAside(tx, vaultId, secretId);
    if (aside !== undefined) await stepRotation(tx, aside, { endedAt: null });
    return failed;
  });
}

/** Makes the rotation this replica's own. A probe whose outcome nobody knows is told so. */
export async function takeOverRotation(deps: StepDeps, row: RotationRow): Promise<RotationRow> {
  return await step(deps, row, async ({ append, name, probe, change }) => {
    if (probe?.intent === undefined) return await change({ replicaId: deps.replica });
    await appendProbed(deps, { append, row, name }, 'unknown');
    const { intent: _, ...rest } = probe;
    return await change({ replicaId: deps.replica, probe: rest });
  });
}

async function requireLiveSecret(
  { vaultId }: StepDeps,
  tx: Transaction,
  { id, name }: RotationWanted['secret'],
): Promise<SecretRow> {
  const secret = await findSecretById(tx, vaultId, id);
  if (secret === undefined || secret.destroyedAt !== null) {
    throw new Problem('not-found', { detail: `There is no secret named ${name}.` });
  }
  return secret;
}

/** A rotation whose grace period still runs waits for the newer one's fate; a newer one waits for nobody's. */
async function setOlderAside(
  deps: StepDeps,
  tx: Transaction,
  secret: SecretRow,
): Promise<RotationRow | undefined> {
  const open = await findOpenRotation(tx, deps.vaultId, secret.id);
  if (open === undefined) return undefined;
  if (open.step !== 'promoted') throw underWay(secret.name);
  if (!(await stepRotation(tx, open, { endedAt: deps.ids.clock.now() }))) throw underWay(secret.name);
  return open;
}

/** A key pasted by mistake, or a request sent twice: the version before would be given up for nothing. */
function refuseSameValue(
  { keyring, vaultId }: StepDeps,
  of: { secret: SecretRow; current: SecretVersionRow; binding: Buffer; value: SecretBytes },
): void {
  const { secret, current, binding, value } = of;
  const { number, dekRecord, valueRecord } = current;
  if (dekRecord === null || valueRecord === null) return;
  const { id: secretId, credentialKind, name } = secret;
  const context = { vaultId, secretId, number, credentialKind, binding };
  let present: SecretBytes;
  try {
    present = openValue(keyring, { ...current, dekRecord, valueRecord }, context);
  } catch {
    return; // what does not open is best rotated; calls tell the reason
  }
  try {
    const isSame = present.use((bytes) => value.use((given) => constantTimeEqual(bytes, given)));
    if (!isSame) return;
  } finally {
    present.dispose();
  }
  throw new Problem('wrong-state', {
    detail: `The new value of ${name} is the one it has: version ${number}, which is current. Nothing was changed.`,
  });
}

async function stageVersion(
  deps: StepDeps,
  tx: Transaction,
  staging: { secret: SecretRow; to: RotationWanted['to']; binding: Buffer; epoch: bigint },
): Promise<{ number: number; bytes?: number }> {
  const { vaultId, ids } = deps;
  const { secret, to, binding, epoch } = staging;
  if ('version' in to) {
    const move = { vaultId, secretId: secret.id, number: to.version, changedEpoch: epoch };
    if (await moveVersion(tx, { ...move, from: 'disabled', to: 'staged' })) return { number: to.version };
    throw new Problem('wrong-state', {
      detail: `Version ${to.version} of ${secret.name} is not disabled; only a disabled version can be rotated to.`,
    });
  }
  const number = await nextVersionNumber(tx, vaultId, secret.id);
  const { credentialKind } = secret;
  const sealed = sealValue(deps, { vaultId, secretId: secret.id, number, credentialKind, binding }, to.value);
  const versionId = newId(ids, 'ver');
  await insertVersion(tx, {
    vaultId,
    id: versionId,
    secretId: secret.id,
    number,
    state: 'staged',
    ...sealed,
    changedEpoch: epoch,
    createdAt: ids.clock.now(),
  });
  const printed = { vaultId, versionId, secretId: secret.id, credentialKind, isDecoy: secret.isDecoy };
  await putFingerprint(tx, fingerprintRow(deps, { ...printed, changedEpoch: epoch }, to.value));
  return { number, bytes: to.value.length };
}

async function appendProbed(
  deps: StepDeps,
  { append, row, name }: { append: Append; row: RotationRow; name: string },
  outcome: ProbeResult | 'unknown',
): Promise<void> {
  const probe = probeOf(row);
  if (probe?.intent === undefined) return;
  await append({
    kind: 'rotation.probed',
    ...eventBase(deps, SYSTEM),
    ...subject(row, name),
    intent: probe.intent,
    probe: probeEvent(probe),
    ...(outcome === 'unknown' ? { result: outcome } : outcomeFields(outcome)),
  });
}

function outcomeFields(outcome: ProbeResult) {
  if (outcome.result === 'answered') return { result: outcome.result, status: outcome.status } as const;
  return { result: outcome.result, problem: outcome.problem.code } as const;
}
