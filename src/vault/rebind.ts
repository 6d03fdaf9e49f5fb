// Where a secret may be sent is sealed with it: when its services change, the DEKs of all its live versions are wrapped
// anew in the same transaction. Version numbers stay.
import type { IdSource } from '../core/ids.ts';
import type { ServiceRow } from '../store/authority-rows.ts';
import { touchSecret } from '../store/secret-versions.ts';
import { liveVersions, type SecretRow, updateDek } from '../store/secrets.ts';
import type { Transaction } from '../store/transaction.ts';
import { bindingHash } from './binding.ts';
import type { Keyring } from './keyring.ts';
import { rebindValue, type VersionContext } from './secret-values.ts';

export interface Rebinding {
  readonly secret: SecretRow;
  readonly before: readonly Destinations[];
  readonly after: readonly Destinations[];
  readonly changedEpoch: bigint;
}
type Destinations = Pick<ServiceRow, 'origin' | 'basePath' | 'auth'>;

/** Throws `secret-unavailable` when a version does not open under its binding before. */
export async function rebindSecret(
  deps: { keyring: Keyring; ids: IdSource },
  tx: Transaction,
  rebinding: Rebinding,
): Promise<void> {
  const { secret, changedEpoch } = rebinding;
  const context = (number: number, services: readonly Destinations[]): VersionContext => ({
    vaultId: secret.vaultId,
    secretId: secret.id,
    number,
    credentialKind: secret.credentialKind,
    binding: bindingHash(services),
  });
  await touchSecret(tx, { vaultId: secret.vaultId, secretId: secret.id }, changedEpoch); // its record names its services
  for (const version of await liveVersions(tx, secret.vaultId, secret.id)) {
    const { dekRecord, valueRecord } = version;
    if (dekRecord === null || valueRecord === null) continue;
    const change = {
      from: context(version.number, rebinding.before),
      to: context(version.number, rebinding.after),
    };
    const rebound = rebindValue(deps, { ...version, dekRecord, valueRecord }, change);
    await updateDek(tx, version, { ...rebound, changedEpoch });
  }
}
