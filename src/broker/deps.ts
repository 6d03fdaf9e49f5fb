// What a brokered call works with.
import type { IdSource } from '../core/ids.ts';
import type { Egress } from '../egress/send.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { AuditLog } from '../vault/audit/audit-log.ts';
import type { Authority } from '../vault/authority.ts';
import type { Credentials } from '../vault/credential.ts';
import type { Lease } from '../vault/lease.ts';
import type { Minting } from '../vault/minting.ts';
import type { Tokens } from '../vault/tokens.ts';
import type { HeldBodies } from './call-body.ts';
import type { Canary } from './canary.ts';
import type { FailureLimit } from './failure-limit.ts';
import type { LiveCalls } from './live-calls.ts';

export interface BrokerDeps {
  readonly ids: IdSource;
  readonly authority: Authority;
  readonly lease: Lease;
  readonly tokens: Tokens;
  readonly credentials: Credentials;
  readonly minting: Minting;
  readonly audit: AuditLog;
  readonly egress: Egress;
  readonly live: LiveCalls;
  readonly failures: FailureLimit;
  readonly canary: Canary;
  readonly heldBodies: HeldBodies;
  /** Keyed hash of what must not stand in the log itself. */
  readonly fieldHash: (field: string | Buffer) => string;
  readonly log: Log;
  readonly metrics: Metrics;
}
