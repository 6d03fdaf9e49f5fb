// The end of placeholders, by whatever ends them: a command, the end of what they belong to, or their time.
import type { Id } from '../core/ids.ts';
import type { PlaceholderRow } from '../store/authority-rows.ts';
import { expiredPlaceholders, placeholdersOf, updateRemovedPlaceholder } from '../store/placeholders.ts';
import type { PlaceholderOwner } from '../store/placeholders.ts';
import type { TablesDatabase, Transaction } from '../store/transaction.ts';
import { raiseEpoch } from '../store/vaults.ts';
import type { AuditLog } from './audit/audit-log.ts';
import type { Keyring } from './keyring.ts';
import { placeholderMacColumns } from './mac-columns.ts';
import { rowMac } from './row-mac.ts';

interface Ending {
  readonly keyring: Keyring;
  readonly removedAt: Date;
  /** The epoch that the change raised. */
  readonly changedEpoch: bigint;
}

/** Marks placeholders removed, within the change that ends them: nothing can be called with them after it. */
export async function removePlaceholders(
  tx: Transaction,
  rows: readonly PlaceholderRow[],
  { keyring, removedAt, changedEpoch }: Ending,
): Promise<void> {
  for (const row of rows) {
    const mac = rowMac(keyring, 'placeholder', placeholderMacColumns({ ...row, removedAt }));
    await updateRemovedPlaceholder(tx, row, { removedAt, mac, changedEpoch });
  }
}

/** All of an agent, a service or a run; how many. */
export async function removePlaceholdersOf(
  tx: Transaction,
  { vaultId, ...owner }: { readonly vaultId: Id<'vlt'> } & PlaceholderOwner,
  ending: Ending,
): Promise<number> {
  const rows = await placeholdersOf(tx, vaultId, owner);
  await removePlaceholders(tx, rows, ending);
  return rows.length;
}

interface ExpiryDeps {
  readonly db: TablesDatabase;
  readonly audit: Pick<AuditLog, 'transaction'>;
  readonly keyring: Keyring;
  readonly vaultId: Id<'vlt'>;
}

/** How long one is kept after its end: seen elsewhere, it still tells whose it was. */
const KEPT_MS = 24 * 3_600_000;
const AT_ONCE = 100;

/** Forgets up to a hundred that ended a day ago; how many. No right changes: they were worthless from their end on. */
export async function forgetExpiredPlaceholders(deps: ExpiryDeps, now: Date): Promise<number> {
  const { db, vaultId, keyring } = deps;
  const filter = { before: new Date(now.getTime() - KEPT_MS), limit: AT_ONCE };
  if ((await expiredPlaceholders(db, vaultId, filter)).length === 0) return 0;
  return await deps.audit.transaction(async (tx) => {
    const rows = await expiredPlaceholders(tx, vaultId, filter);
    if (rows.length === 0) return 0;
    await removePlaceholders(tx, rows, {
      keyring,
      removedAt: now,
      changedEpoch: await raiseEpoch(tx, vaultId),
    });
    return rows.length;
  });
}
