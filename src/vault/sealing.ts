// Start of an installation: the root key opens a slot, the slot's store key opens every other key. On an empty database
// all of it is made first. A root key that opens no slot stops the start: nothing is ever made over existing data.
import { rm } from 'node:fs/promises';
import { type Id, type IdSource, newId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { hashOpaqueToken } from '../crypto/opaque-token.ts';
import type { RootKeyProvider } from '../providers/root-keys/provider.ts';
import { findInstallation, type InstallationRows, insertInstallation } from '../store/installation.ts';
import type { TablesDatabase } from '../store/transaction.ts';
import { Keyring, SYSTEM_KEY_PURPOSES } from './keyring.ts';
import { type OwnerCredentialOptions, readOrCreateOwnerCredential } from './owner-credential.ts';
import { rowMac } from './row-mac.ts';

export interface SealingDeps {
  readonly db: TablesDatabase;
  readonly ids: IdSource;
  readonly openProvider: (mayCreate: boolean) => Promise<RootKeyProvider>;
  readonly owner: OwnerCredentialOptions;
}

export interface Unsealed {
  readonly keyring: Keyring;
  readonly vaultId: Id<'vlt'>;
  readonly rootKeyProvider: string;
  readonly isFirstStart: boolean;
}

const OWNER_NAME = 'owner';
const DEFAULT_VAULT_NAME = 'default';

export async function unseal(deps: SealingDeps): Promise<Unsealed> {
  const before = await findInstallation(deps.db);
  const provider = await deps.openProvider(before === undefined);
  const isFirstStart = before === undefined && (await createInstallation(deps, provider));
  const rows = before ?? (await findInstallation(deps.db));
  if (rows === undefined) throw new Problem('not-ready', { internal: 'the installation row vanished' });
  const vault = rows.vaults[0];
  if (vault === undefined) throw new Problem('not-ready', { internal: 'the installation has no vault' });
  const keyring = new Keyring(rows.installation.id, await openSlot(rows, provider), deps.ids.randomness);
  for (const row of rows.systemKeys) keyring.loadSystemKey(row);
  for (const row of rows.keks) keyring.loadKek(row);
  return { keyring, vaultId: vault.id, rootKeyProvider: provider.name, isFirstStart };
}

/** The store key out of the slot that the provider opens. Throws `not-ready` where it opens none. */
export async function openSlot(
  rows: { readonly installation: { readonly id: Id<'ins'> }; readonly slots: InstallationRows['slots'] },
  provider: RootKeyProvider,
): Promise<Buffer> {
  for (const slot of rows.slots) {
    if (slot.provider !== provider.name || slot.providerKeyId !== provider.keyId) continue;
    const storeKey = await provider.unwrap(slot, { installation: rows.installation.id, slot: slot.id });
    if (storeKey !== undefined) return storeKey;
  }
  const slots = rows.slots.map((slot) => `${slot.id} (${slot.provider})`).join(', ');
  const detail =
    provider.name === 'passphrase'
      ? `The passphrase is not the one of this installation: it opens none of its slots: ${slots}. Give the one it was made with; nothing was changed.`
      : `The ${provider.name} root key opens none of this installation's slots: ${slots}. Give the root key it was made with; nothing was changed.`;
  throw new Problem('not-ready', { detail });
}

async function createInstallation(deps: SealingDeps, provider: RootKeyProvider): Promise<boolean> {
  const { ids } = deps;
  const createdAt = ids.clock.now();
  const installation = newId(ids, 'ins');
  const storeKey = ids.randomness.bytes(32);
  const slotId = newId(ids, 'slt');
  const wrapped = await provider.wrap(storeKey, { installation, slot: slotId });
  const keyring = new Keyring(installation, storeKey, ids.randomness); // takes the store key: wrapped above, zeroed here
  const systemKeys = SYSTEM_KEY_PURPOSES.map((purpose) =>
    keyring.createSystemKey(newId(ids, 'key'), purpose),
  );
  for (const row of systemKeys) keyring.loadSystemKey(row);
  const vaultId = newId(ids, 'vlt');
  const { credential, created } = await readOrCreateOwnerCredential(deps.owner, ids.randomness);
  const owner = ownerRow(keyring, newId(ids, 'adm'), credential);
  const inserted = await insertInstallation(deps.db, {
    installation: { id: installation, createdAt },
    slot: { id: slotId, provider: provider.name, providerKeyId: provider.keyId, ...wrapped, createdAt },
    systemKeys: systemKeys.map((row) => ({ ...row, createdAt })),
    vault: { id: vaultId, name: DEFAULT_VAULT_NAME, epoch: 0n, createdAt },
    kek: { ...keyring.createKek(newId(ids, 'kek'), vaultId), createdAt },
    owner: { ...owner, createdAt },
  });
  keyring.dispose();
  if (!inserted && created) await rm(deps.owner.path, { force: true }); // another replica was first: ours is worth nothing
  return inserted;
}

function ownerRow(keyring: Keyring, id: Id<'adm'>, credential: string) {
  const credentialHash = keyring
    .systemKey('token-pepper')
    .use((pepper) => hashOpaqueToken(pepper, credential));
  const columns = { id, name: OWNER_NAME, credentialHash, generation: 1, revision: 1 };
  return { ...columns, mac: rowMac(keyring, 'admin', columns) };
}
