// The versions of a secret: listed, and switched off and on again. A secret without a current version is disabled.
import { Problem } from '../core/problem.ts';
import type { SecretRow, SecretVersionRow } from '../store/secrets.ts';
import { findOpenRotation, rotationsOfVersions } from '../store/rotations.ts';
import {
  findVersion,
  listVersions,
  moveVersion,
  touchSecret,
  versionsInState,
} from '../store/secret-versions.ts';
import { underWay } from '../vault/rotation-step.ts';
import { secretDisable, secretEnable, secretVersions } from './contracts/rotations.ts';
import { type Change, changing, reading } from './operation.ts';
import { openPage } from './paging.ts';
import { requireSecret } from './secrets.ts';

export const listSecretVersions = reading(secretVersions, async (deps, input) => {
  const db = deps.database.admin;
  const { id: secretId } = await requireSecret(db, deps, input.name);
  const { after, limit, finish } = openPage(deps, secretVersions, input);
  const before = after === undefined ? undefined : Number(after);
  const found = await listVersions(db, deps.vaultId, { secretId, before, limit });
  const { rows, nextCursor } = finish(found, ({ number }) => String(number));
  const numbers = rows.map(({ number }) => number);
  const rotations = await rotationsOfVersions(db, deps.vaultId, { secretId, numbers });
  const items = rows.map(({ number, state, createdAt, graceUntil }) => {
    const rotation = rotations.get(number);
    return {
      number,
      state,
      createdAt: createdAt.toISOString(),
      graceUntil: graceUntil?.toISOString() ?? null,
      rotation: rotation === undefined ? null : { id: rotation.id, step: rotation.step },
    };
  });
  return { items, nextCursor };
});

export const disableSecret = changing(secretDisable, async (change, { name, version }) => {
  const { deps, tx, changedEpoch, precondition } = change;
  const secret = await requireSecret(tx, deps, name);
  precondition.require(secret);
  const wanted = version === undefined ? await versionsInUse(change, secret) : [version];
  const [first] = wanted;
  if (first === undefined)
    throw wrongState(`The secret ${name} has no current version: it is disabled already.`);
  for (const number of wanted) {
    const found = await findVersion(tx, { vaultId: deps.vaultId, secretId: secret.id, number });
    const { state: from } = requireSwitchable(found, name, number);
    const move = { vaultId: deps.vaultId, secretId: secret.id, number, from, changedEpoch };
    await moveVersion(tx, { ...move, to: 'disabled' });
  }
  return await switched(change, secret, { number: first, changedEpoch, to: 'disabled' });
});

export const enableSecret = changing(secretEnable, async (change, { name, version }) => {
  const { deps, tx, changedEpoch, precondition } = change;
  const secret = await requireSecret(tx, deps, name);
  precondition.require(secret);
  const open = await findOpenRotation(tx, deps.vaultId, secret.id);
  if (open !== undefined && open.step !== 'promoted') throw underWay(name);
  const of = { secretId: secret.id };
  const [current] = await versionsInState(tx, deps.vaultId, { ...of, state: 'current' });
  const disabled = await versionsInState(tx, deps.vaultId, { ...of, state: 'disabled' });
  if (current !== undefined) throw hasCurrent(name, current.number, version ?? disabled[0]?.number);
  const number = version ?? theOnly(disabled, name);
  const move = { vaultId: deps.vaultId, secretId: secret.id, number, changedEpoch };
  if (!(await moveVersion(tx, { ...move, from: 'disabled', to: 'current' }))) {
    throw wrongState(`Version ${number} of ${name} is not disabled. See: doorward secret versions ${name}`);
  }
  return await switched(change, secret, { number, changedEpoch, to: 'current' });
});

/** What may be sent, or is about to be: the current version, and the staged one of a rotation that is not decided. */
async function versionsInUse({ deps, tx }: Change, { id: secretId }: SecretRow): Promise<number[]> {
  const current = await versionsInState(tx, deps.vaultId, { secretId, state: 'current' });
  const staged = await versionsInState(tx, deps.vaultId, { secretId, state: 'staged' });
  return [...current, ...staged].map(({ number }) => number);
}

function requireSwitchable(
  version: SecretVersionRow | undefined,
  name: string,
  number: number,
): SecretVersionRow {
  if (version === undefined) {
    throw new Problem('not-found', { detail: `The secret ${name} has no version ${number}.` });
  }
  if (version.state === 'disabled') throw wrongState(`Version ${number} of ${name} is disabled already.`);
  if (version.state === 'revoked' || version.state === 'destroyed') {
    throw wrongState(`Version ${number} of ${name} is ${version.state}: it is never sent again.`);
  }
  return version;
}

function theOnly(disabled: readonly SecretVersionRow[], name: string): number {
  const [first, ...others] = disabled;
  if (first === undefined) {
    throw wrongState(`No version of ${name} is disabled. Store a value: doorward secret rotate ${name}`);
  }
  if (others.length === 0) return first.number;
  const numbers = disabled.map(({ number }) => number).join(', ');
  throw wrongState(
    `Several versions of ${name} are disabled (${numbers}): say which is to be current, such as doorward secret enable ${name} --version ${first.number}`,
  );
}

function hasCurrent(name: string, current: number, wanted: number | undefined): Problem {
  const hint =
    wanted === undefined
      ? ''
      : ` To make version ${wanted} current instead: doorward secret rotate ${name} --version ${wanted}`;
  return wrongState(`Version ${current} of ${name} is current, so the secret is enabled.${hint}`);
}

async function switched(
  { deps, tx }: Change,
  secret: SecretRow,
  { number, changedEpoch, to }: { number: number; changedEpoch: bigint; to: 'disabled' | 'current' },
) {
  const { id, name, vaultId } = secret;
  await touchSecret(tx, { vaultId, secretId: id }, changedEpoch);
  const [current] = await versionsInState(tx, deps.vaultId, { secretId: id, state: 'current' });
  const currentVersion = current?.number ?? null;
  return {
    output: { id, name, version: number, state: to, currentVersion, revision: secret.revision + 1 },
    target: { type: 'secret', id, name },
    after: { version: number, state: to, currentVersion },
  };
}

function wrongState(detail: string): Problem {
  return new Problem('wrong-state', { detail });
}
