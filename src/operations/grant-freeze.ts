// Freezing and unfreezing of one grant, by an administrator; what guards freeze by themselves is in the vault.
import { writeGrant } from '../vault/changed-rows.ts';
import { grantFreeze, grantUnfreeze } from './contracts/grants.ts';
import { requireGrant, requireGrantToStop, toGrantRecord } from './grants.ts';
import { type Change, changing } from './operation.ts';

export const freezeGrant = changing(grantFreeze, (change, { reason, ...pair }) =>
  setFrozen(change, pair, { at: change.now, reason: reason ?? 'by an administrator' }),
);
export const unfreezeGrant = changing(grantUnfreeze, (change, pair) => setFrozen(change, pair, undefined));

/** Freezing what is frozen keeps its first moment and reason, and is told all the same, so that it can be repeated. */
async function setFrozen(
  change: Change,
  pair: { readonly agent: string; readonly service: string },
  frozen: { readonly at: Date; readonly reason: string } | undefined,
) {
  const { deps, tx, changedEpoch, precondition } = change;
  const named = await (frozen === undefined ? requireGrant : requireGrantToStop)(tx, deps, pair);
  const { grant: before } = named;
  precondition.require(before);
  const wasFrozen = before.frozenAt !== null;
  const frozenAt = frozen === undefined ? null : (before.frozenAt ?? frozen.at);
  const frozenReason = frozen === undefined ? null : wasFrozen ? before.frozenReason : frozen.reason;
  const grant = await writeGrant({ tx, keyring: deps.keyring, changedEpoch }, before, {
    frozenAt,
    frozenReason,
  });
  return {
    output: toGrantRecord({ ...named, grant }),
    target: { type: 'grant', id: grant.id },
    before: { frozen: wasFrozen, reason: before.frozenReason, revision: before.revision },
    after: { frozen: frozen !== undefined, reason: frozenReason, revision: grant.revision },
  };
}
