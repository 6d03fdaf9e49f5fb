// Runs whose process vanished without ending them: closed some time after their lease lapsed, so that they are not kept
// in memory for ever. Their placeholders were worthless from the lapse on.
import type { Id } from '../core/ids.ts';
import type { Clock } from '../core/time.ts';
import { listLapsedRuns, updateEndedRun } from '../store/runs.ts';
import type { TablesDatabase } from '../store/transaction.ts';
import { raiseEpoch } from '../store/vaults.ts';
import type { AuditLog } from './audit/audit-log.ts';
import type { Keyring } from './keyring.ts';
import { runMacColumns } from './mac-columns.ts';
import { removePlaceholdersOf } from './placeholders.ts';
import { rowMac } from './row-mac.ts';

export interface LapsedRunsDeps {
  readonly db: TablesDatabase;
  readonly audit: AuditLog;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly vaultId: Id<'vlt'>;
}

const AFTER_SECONDS = 60;
const AT_ONCE = 50;

/** Ends up to 50 of them; how many. */
export async function endLapsedRuns(deps: LapsedRunsDeps): Promise<number> {
  const { vaultId, keyring } = deps;
  const filter = { afterSeconds: AFTER_SECONDS, limit: AT_ONCE };
  if ((await listLapsedRuns(deps.db, vaultId, filter)).length === 0) return 0;
  return await deps.audit.transaction(async (tx, append) => {
    const rows = await listLapsedRuns(tx, vaultId, filter);
    if (rows.length === 0) return 0;
    const changedEpoch = await raiseEpoch(tx, vaultId);
    for (const row of rows) {
      const endedAt = deps.clock.now();
      await removePlaceholdersOf(
        tx,
        { vaultId, runId: row.id },
        { keyring, removedAt: endedAt, changedEpoch },
      );
      const mac = rowMac(keyring, 'run', runMacColumns({ ...row, endedAt }));
      await updateEndedRun(tx, row, { endedAt, mac, changedEpoch });
      const target = { type: 'run', id: row.id };
      await append({
        kind: 'run.end',
        vault: vaultId,
        principal: { type: 'system' },
        target,
        after: { lapsed: true },
      });
    }
    return rows.length;
  });
}
