// Ends one grant: by itself, or because its agent or its service goes.
import type { GrantRow } from '../store/authority-rows.ts';
import { updateGrant } from '../store/grants.ts';
import { grantMacColumns } from '../vault/mac-columns.ts';
import { rowMac } from '../vault/row-mac.ts';
import type { Change } from './operation.ts';

/** Marks a grant removed, within a change that may remove more. */
export async function removeGrant({ deps, tx, now, raiseEpoch }: Change, grant: GrantRow): Promise<void> {
  const changedEpoch = await raiseEpoch();
  const removed = { ...grant, removedAt: now, revision: grant.revision + 1, changedEpoch };
  await updateGrant(tx, { ...removed, mac: rowMac(deps.keyring, 'service_grant', grantMacColumns(removed)) });
}
