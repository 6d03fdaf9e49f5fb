// The jobs of a replica, one line each.
import type { Id, IdSource } from '../core/ids.ts';
import { addSeconds, type Clock } from '../core/time.ts';
import type { Database } from '../store/database.ts';
import { IDEMPOTENCY_KEY_SECONDS, removeIdempotencyKeys } from '../store/idempotency-keys.ts';
import type { AuditLog } from '../vault/audit/audit-log.ts';
import { reapIntents } from '../vault/audit/reap.ts';
import type { Credentials } from '../vault/credential.ts';
import type { Keyring } from '../vault/keyring.ts';
import { OlderFingerprints } from '../vault/fingerprint-older.ts';
import { endLapsedRuns } from '../vault/lapsed-runs.ts';
import { forgetExpiredPlaceholders } from '../vault/placeholders.ts';
import type { Rotations } from '../vault/rotation.ts';
import type { Job } from './scheduler.ts';

export interface JobDeps {
  readonly database: Database;
  readonly ids: IdSource;
  readonly audit: AuditLog;
  readonly credentials: Credentials;
  readonly keyring: Keyring;
  readonly rotations: Rotations;
  readonly clock: Clock;
  readonly replica: Id<'rep'>;
  readonly vaultId: Id<'vlt'>;
}

/**
 * After a lease has lapsed. On Postgres a replica that was only slow may come back and tell its outcomes itself. Embedded
 * there is no other: whatever lease still runs is that of a process that has died.
 */
const REAP_GRACE_SECONDS = { embedded: -60, postgres: 10 } as const;

function forgetIdempotencyKeys({ database, vaultId, clock }: JobDeps): Promise<void> {
  const before = addSeconds(clock.now(), -IDEMPOTENCY_KEY_SECONDS);
  return removeIdempotencyKeys(database.admin, vaultId, before);
}

export function jobs(deps: JobDeps): readonly Job[] {
  const { database, audit, credentials, replica, rotations } = deps;
  const older = new OlderFingerprints({ ...deps, db: database.admin });
  return [
    // Audit events see to their own durability; this bounds the embedded database's log while nothing is audited.
    { name: 'log-settling', everyMs: 30_000, run: () => database.makeRecentDurable() },
    { name: 'credential-wiping', everyMs: 1000, run: async () => credentials.purge() },
    {
      name: 'intent-reaping',
      everyMs: 15_000,
      run: () => reapIntents({ database, audit, replica, graceSeconds: REAP_GRACE_SECONDS[database.kind] }),
    },
    { name: 'rotations', everyMs: 2000, run: () => rotations.goOn() },
    { name: 'lapsed-runs', everyMs: 20_000, run: () => endLapsedRuns({ ...deps, db: database.admin }) },
    {
      name: 'expired-placeholders',
      everyMs: 60_000,
      run: async () => {
        await forgetExpiredPlaceholders({ ...deps, db: database.admin }, deps.clock.now());
      },
    },
    { name: 'older-fingerprints', everyMs: 60_000, run: () => older.make() },
    { name: 'idempotency-keys', everyMs: 600_000, run: () => forgetIdempotencyKeys(deps) },
  ];
}
