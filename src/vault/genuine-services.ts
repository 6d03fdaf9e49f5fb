// Services as they may be built on. Of those that a secret is bound to, one that somebody else wrote would have the value
// sealed for where that one leads; of an agent's, it would name variables for its programs.
import type { Id } from '../core/ids.ts';
import type { ServiceRow } from '../store/authority-rows.ts';
import { servicesOfAgent, servicesOfSecrets } from '../store/services.ts';
import type { Queryable } from '../store/transaction.ts';
import { isGenuine, requireGenuine, SERVICE } from './genuine-rows.ts';
import type { Keyring } from './keyring.ts';

interface Deps {
  readonly vaultId: Id<'vlt'>;
  readonly keyring: Keyring;
}

/** Throws `record-altered` where any of them is not Doorward's own. */
export async function genuineServicesOf(
  db: Queryable,
  { vaultId, keyring }: Deps,
  secretId: Id<'sec'>,
): Promise<ServiceRow[]> {
  const services = await servicesOfSecrets(db, vaultId, [secretId]);
  for (const row of services) requireGenuine(keyring, SERVICE, { row, name: `The service ${row.name}` });
  return services;
}

/** Those that the agent has a grant on; what is not Doorward's own is as good as removed. */
export async function genuineServicesOfAgent(
  db: Queryable,
  { vaultId, keyring }: Deps,
  agentId: Id<'agt'>,
): Promise<ServiceRow[]> {
  const services = await servicesOfAgent(db, vaultId, agentId);
  return services.filter((row) => isGenuine(keyring, SERVICE, row));
}
