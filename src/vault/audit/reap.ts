// Gives the intents of replicas that have ended their outcome: nobody knows what became of those calls, and the log
// says so. Safe on many replicas at once: a replica's row is locked while it is reaped, and an intent has one outcome.
import type { Id } from '../../core/ids.ts';
import { Problem } from '../../core/problem.ts';
import { hasEndedReplica, listOpenIntents, markReaped, takeEndedReplica } from '../../store/audit-reading.ts';
import type { OpenIntent } from '../../store/audit-reading.ts';
import type { Database } from '../../store/database.ts';
import type { Append } from './admin-lane.ts';
import type { AuditLog } from './audit-log.ts';

/** Few enough that administrative work waits for one transaction of these no longer than for one of its own. */
const INTENTS_PER_TRANSACTION = 200;

export interface ReapDeps {
  readonly database: Database;
  readonly audit: AuditLog;
  /** The replica that reaps; it never reaps itself. */
  readonly replica: Id<'rep'>;
  /** How long a lease must have ended; 0 unless told. A replica that comes back can still tell its outcomes. */
  readonly graceSeconds?: number;
}

/** Returns how many intents were given an outcome. */
export async function reapIntents(deps: ReapDeps): Promise<number> {
  const { database, audit, replica, graceSeconds = 0 } = deps;
  let reaped = 0;
  while (await hasEndedReplica(database.adminSql, replica, graceSeconds)) {
    const count = await audit.transaction(async (tx, append) => {
      const ended = await takeEndedReplica(tx, replica, graceSeconds);
      if (ended === undefined) return undefined;
      const intents = await listOpenIntents(tx, ended.chains, INTENTS_PER_TRANSACTION);
      const written = await settle(intents, append);
      if (intents.length < INTENTS_PER_TRANSACTION) await markReaped(tx, ended.id);
      return written;
    });
    if (count === undefined) break; // another replica is at it
    reaped += count;
  }
  return reaped;
}

async function settle(intents: readonly OpenIntent[], append: Append): Promise<number> {
  let written = 0;
  for (const { id: intent, vault, kind } of intents) {
    const outcome = { vault, principal: { type: 'system' }, intent, result: 'unknown' } as const;
    try {
      await append(
        kind === 'secret.mint'
          ? { kind: 'secret.minted', ...outcome }
          : { kind: 'call.outcome', ...outcome, requestBytes: 0, responseBytes: 0, totalMs: 0 },
      );
      written += 1;
    } catch (error) {
      // Its own replica came back and was faster; then the log knows better.
      if (!(error instanceof Problem && error.code === 'already-exists')) throw error;
    }
  }
  return written;
}
