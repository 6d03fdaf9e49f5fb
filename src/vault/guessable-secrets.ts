// Which of the secrets that services are called with are guessable. Each value is open for as long as it is looked at.
import { secretPartsOf } from '../core/fingerprints/secret-parts.ts';
import type { Secret } from '../core/entities.ts';
import type { Id } from '../core/ids.ts';
import { isGuessable } from '../core/leak-scan/guessable.ts';
import { isMintedKind } from '../core/material.ts';
import { Problem } from '../core/problem.ts';
import type { Database } from '../store/database.ts';
import { readVersionRecords, type VersionRecord } from '../store/secrets.ts';
import type { Authority } from './authority.ts';
import { bindingHash } from './binding.ts';
import type { Keyring } from './keyring.ts';
import { openValues } from './open-values.ts';

interface Deps {
  readonly database: Pick<Database, 'calls'>;
  readonly vaultId: Id<'vlt'>;
  readonly authority: Authority;
  readonly keyring: Keyring;
}

/** Their names, in order. */
export async function guessableSecrets(deps: Deps): Promise<readonly string[]> {
  const { authority, database, vaultId } = deps;
  const used = new Set(authority.services().map(({ secretId }) => secretId));
  const names: string[] = [];
  for (const id of used) {
    const secret = authority.secret(id);
    if (secret?.current === undefined || isMintedKind(secret.credentialKind)) continue;
    const records = await readVersionRecords(database.calls, vaultId, [secret.current.id]);
    if (isPlain(deps, secret, records)) names.push(secret.name);
  }
  return names.toSorted();
}

/** What does not open is told elsewhere. */
function isPlain(
  { authority, keyring, vaultId }: Deps,
  { id, credentialKind }: Secret,
  records: readonly VersionRecord[],
): boolean {
  const services = authority.servicesOf(id);
  const context = { vaultId, secretId: id, credentialKind, binding: bindingHash(services) };
  try {
    const values = openValues(keyring, records, context);
    try {
      const isPair = services.some(({ auth }) => auth.kind === 'basic');
      return [...values.values()].some((value) => value.use((bytes) => hasPlainPart(bytes, isPair)));
    } finally {
      for (const value of values.values()) value.dispose();
    }
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
}

function hasPlainPart(bytes: Buffer, isPair: boolean): boolean {
  const [whole, ...parts] = secretPartsOf(bytes);
  const isMadeOfParts = isPair || bytes[0] === 0x7b;
  const looked = isMadeOfParts && parts.length > 0 ? parts : [whole ?? bytes];
  return looked.some((part) => isGuessable(part));
}
