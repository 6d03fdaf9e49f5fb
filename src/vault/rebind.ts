// Where a secret may be sent is sealed with it: when its services change, the DEKs of all its live versions are wrapped
// anew in the same transaction. Version numbers stay.
import type { IdSource } from '../core/ids.ts';
import type { ServiceRow } from '../store/authority-rows.ts';
import { eraseMintedToken, findMintedToken, updateMintedDek } from '../store/minted-tokens.ts';
import { touchSecret } from '../store/secret-versions.ts';
import { liveVersions, type SecretRow, type SecretVersionRow, updateDek } from '../store/secrets.ts';
import type { Transaction } from '../store/transaction.ts';
import { bindingHash } from './binding.ts';
import type { Keyring } from './keyring.ts';
import { rebindToken } from './minted-token.ts';
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
  const versions = await liveVersions(tx, secret.vaultId, secret.id);
  for (const version of versions) {
    const { dekRecord, valueRecord } = version;
    if (dekRecord === null || valueRecord === null) continue;
    const change = {
      from: context(version.number, rebinding.before),
      to: context(version.number, rebinding.after),
    };
    const rebound = rebindValue(deps, { ...version, dekRecord, valueRecord }, change);
    await updateDek(tx, version, { ...rebound, changedEpoch });
  }
  await rebindMinted(deps, tx, { rebinding, versions, context });
}

/** A token of a version that is not there any more, or that does not open, is erased: the next call asks for another one. */
async function rebindMinted(
  deps: { keyring: Keyring; ids: IdSource },
  tx: Transaction,
  { rebinding, versions, context }: MintedRebinding,
): Promise<void> {
  const { secret, changedEpoch } = rebinding;
  const key = { vaultId: secret.vaultId, secretId: secret.id };
  const row = await findMintedToken(tx, key);
  if (row === undefined || row.dekId === null) return;
  const number = versions.find(({ id }) => id === row.versionId)?.number;
  const rebound =
    number === undefined
      ? undefined
      : tryRebind(deps, row, {
          from: context(number, rebinding.before),
          to: context(number, rebinding.after),
        });
  if (rebound === undefined) await eraseMintedToken(tx, key);
  else await updateMintedDek(tx, key, { ...rebound, changedEpoch });
}

interface MintedRebinding {
  readonly rebinding: Rebinding;
  readonly versions: readonly SecretVersionRow[];
  readonly context: (number: number, services: readonly Destinations[]) => VersionContext;
}

function tryRebind(...[deps, row, change]: Parameters<typeof rebindToken>): ReturnType<typeof rebindToken> {
  try {
    return rebindToken(deps, row, change);
  } catch {
    return undefined;
  }
}
