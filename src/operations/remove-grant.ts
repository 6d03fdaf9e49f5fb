// Ends grants: one by itself, or all of an agent or a service that goes.
import type { Id } from '../core/ids.ts';
import type { GrantRow } from '../store/authority-rows.ts';
import { listGrants } from '../store/grants.ts';
import { writeGrant } from '../vault/changed-rows.ts';
import type { Change } from './operation.ts';

/** Marks a grant removed, within a change that may remove more. */
export async function removeGrant({ deps, tx, now, changedEpoch }: Change, grant: GrantRow): Promise<void> {
  await writeGrant({ tx, keyring: deps.keyring, changedEpoch }, grant, { removedAt: now });
}

const ALL_GRANTS = 1_000_000;

/** Removes every grant of an agent or of a service, within the change that ends it; the agent of each. */
export async function removeGrantsOf(
  change: Change,
  end: { readonly agentId: Id<'agt'> } | { readonly serviceId: Id<'svc'> },
): Promise<readonly Id<'agt'>[]> {
  const grants = await listGrants(change.tx, change.deps.vaultId, { ...end, limit: ALL_GRANTS });
  for (const { grant } of grants) await removeGrant(change, grant);
  return grants.map(({ grant }) => grant.agentId);
}
