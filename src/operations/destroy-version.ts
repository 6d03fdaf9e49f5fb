// One version of a secret is erased for ever: its value, its fingerprint and its access token go, its row and number stay.
// What is sent, or may be, has to stop being sent first.
import { Problem } from '../core/problem.ts';
import { eraseFingerprints } from '../store/fingerprints.ts';
import { eraseMintedTokenOf } from '../store/minted-tokens.ts';
import type { SecretVersionRow } from '../store/secrets.ts';
import { eraseVersion, findVersion, touchSecret } from '../store/secret-versions.ts';
import { versionDestroy } from './contracts/rotations.ts';
import { changing } from './operation.ts';
import { requireSecret } from './secrets.ts';

export const destroyVersion = changing(versionDestroy, async (change, { name, version: number }) => {
  const { deps, tx, now, changedEpoch, precondition } = change;
  const secret = await requireSecret(tx, deps, name);
  precondition.require(secret);
  const { id: secretId, vaultId, revision } = secret;
  const key = { vaultId, secretId };
  const found = await findVersion(tx, { ...key, number });
  if (found === undefined) {
    throw new Problem('not-found', { detail: `The secret ${name} has no version ${number}.` });
  }
  const obstacle = OBSTACLES[found.state]?.(name, number);
  if (obstacle !== undefined) throw new Problem('wrong-state', { detail: obstacle });
  await eraseVersion(tx, found, changedEpoch);
  await eraseFingerprints(tx, key, { removedAt: now, changedEpoch });
  await eraseMintedTokenOf(tx, key, found.id);
  await touchSecret(tx, key, changedEpoch);
  const state = 'destroyed' as const;
  return {
    output: { id: secretId, name, version: number, state, revision: revision + 1 },
    target: { type: 'secret', id: secretId, name },
    before: { version: number, state: found.state },
    after: { version: number, state },
  };
});

/** Why a version in this state can not be destroyed now, and what to do instead. */
const OBSTACLES: Partial<Record<SecretVersionRow['state'], (name: string, number: number) => string>> = {
  current: (name, number) =>
    `Version ${number} of ${name} is current: it is what calls send. Store another value first (doorward secret rotate ${name}), or erase the whole secret: doorward secret destroy ${name}`,
  staged: (name, number) =>
    `Version ${number} of ${name} waits for the end of its rotation. End that first: doorward secret disable ${name} --version ${number}`,
  previous: (name, number) =>
    `Version ${number} of ${name} may still be sent until its grace period is over. End that first: doorward secret disable ${name} --version ${number}`,
  destroyed: (name, number) => `Version ${number} of ${name} is destroyed already: it has no value any more.`,
};
