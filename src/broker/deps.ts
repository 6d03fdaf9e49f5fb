// What a brokered call works with.
import type { ShapeTable } from '../core/credential-shapes/shape-table.ts';
import type { IdSource } from '../core/ids.ts';
import type { Egress } from '../egress/send.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { AuditLog } from '../vault/audit/audit-log.ts';
import type { AutomaticFreeze } from '../vault/automatic-freeze.ts';
import type { Approvals } from '../vault/approvals.ts';
import type { Authority } from '../vault/authority.ts';
import type { Credentials } from '../vault/credential.ts';
import type { DecoysAtDoor } from '../vault/decoys-at-door.ts';
import type { Lease } from '../vault/lease.ts';
import type { Minting } from '../vault/minting.ts';
import type { Tokens } from '../vault/tokens.ts';
import type { HeldBodies } from './call-body.ts';
import type { Canary } from './canary.ts';
import type { ContentGuards } from './inspection/content-guards.ts';
import type { FailureLimit } from './failure-limit.ts';
import type { RepeatedLeaks } from './inspection/repeated-leaks.ts';
import type { LiveCalls } from './live-calls.ts';
import type { PlaceholderLooks } from './placeholder-looks.ts';
import type { TextGuards } from './inspection/text-guards.ts';

export interface BrokerDeps {
  readonly ids: IdSource;
  readonly authority: Authority;
  readonly lease: Lease;
  readonly tokens: Tokens;
  readonly credentials: Credentials;
  readonly minting: Minting;
  readonly audit: AuditLog;
  readonly approvals: Approvals;
  readonly egress: Egress;
  readonly live: LiveCalls;
  readonly failures: FailureLimit;
  readonly canary: Canary;
  readonly decoysAtDoor: DecoysAtDoor;
  readonly placeholderLooks: PlaceholderLooks;
  /** For guards that take an agent or a grant out of service. */
  readonly freezing: AutomaticFreeze;
  readonly repeatedLeaks: RepeatedLeaks;
  /** What new credentials look like; made when first asked for. */
  readonly credentialShapes: () => ShapeTable;
  readonly content: ContentGuards;
  readonly texts: TextGuards;
  readonly heldBodies: HeldBodies;
  /** Keyed hash of what must not stand in the log itself. */
  readonly fieldHash: (field: string | Buffer) => string;
  readonly log: Log;
  readonly metrics: Metrics;
}
