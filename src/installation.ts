// What a server opens before anything else of its own: the database, brought up to date, and the keys that open what is in it.
import type { ServerConfig } from './config.ts';
import type { IdSource } from './core/ids.ts';
import type { Ground } from './ground.ts';
import { type AskPassphrase, databaseOptionsOf, passphraseOf } from './opening.ts';
import { ROOT_KEY_PROVIDERS } from './providers/root-keys/registry.ts';
import { openDatabase } from './store/database.ts';
import { migrate } from './store/migrate.ts';
import { unseal } from './vault/sealing.ts';

export type Installation = Awaited<ReturnType<typeof openInstallation>> & Pick<Ground, 'closers'>;

/** Adds what it opens to `closers`. */
export async function openInstallation(
  config: ServerConfig,
  world: { readonly passphrase?: AskPassphrase },
  { ids, servers, socketPath, opening, closers }: Ground & { readonly ids: IdSource },
) {
  const databaseOptions = databaseOptionsOf(config);
  await migrate(databaseOptions);
  const database = await openDatabase(databaseOptions, opening);
  closers.add(() => database.close());

  const passphrase = config.rootKeyProvider === 'passphrase' ? passphraseOf(config, world) : undefined;
  const { keyring, vaultId, isFirstStart } = await unseal({
    db: database.admin,
    ids,
    openProvider: (mayCreate) =>
      ROOT_KEY_PROVIDERS[config.rootKeyProvider](
        { rootKeyFile: config.rootKeyFile, passphrase, mayCreate },
        ids.randomness,
      ),
    owner: { path: config.ownerCredentialFile, passphrase },
  });
  closers.add(() => keyring.dispose());
  return { ids, servers, socketPath, database, keyring, vaultId, isFirstStart };
}
