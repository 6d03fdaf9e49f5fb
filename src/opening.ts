// What an installation is opened with, alike for a server and for what is done while none runs.
import type { ServerConfig } from './config.ts';
import { Problem } from './core/problem.ts';
import type { DatabaseOptions } from './store/database-options.ts';

export function databaseOptionsOf(config: ServerConfig): DatabaseOptions {
  const { databaseUrl: url, migrationDatabaseUrl, listenDatabaseUrl } = config;
  if (url === undefined) return { kind: 'embedded', dataDirectory: config.dataDirectory };
  return {
    kind: 'postgres',
    url,
    ...(migrationDatabaseUrl === undefined ? {} : { migrationUrl: migrationDatabaseUrl }),
    // A separate address for LISTEN says that the main one leads to a pooler, which keeps no prepared statements.
    ...(listenDatabaseUrl === undefined ? {} : { listenUrl: listenDatabaseUrl, prepare: false }),
  };
}

/** Asks a person; twice where the passphrase is a new one. */
export type AskPassphrase = (isNew: boolean) => Promise<string>;

/** Asked for at most once. `isNew`: nothing can be opened yet, so that a typing error would never be noticed. */
export function passphraseOf(
  config: ServerConfig,
  world: { readonly passphrase?: AskPassphrase },
): (isNew?: boolean) => Promise<string> {
  const ask = async (isNew: boolean) => {
    const given = config.passphrase ?? (await world.passphrase?.(isNew));
    if (given !== undefined) return given;
    throw new Problem('not-ready', {
      detail: 'The passphrase provider needs DOORWARD_PASSPHRASE_FILE, or a terminal to ask on.',
    });
  };
  let answer: Promise<string> | undefined;
  return (isNew = false) => (answer ??= ask(isNew));
}
