// What the rooms above tell of themselves as they work, whoever listens: nobody, or the exposition in prometheus.ts.
import type { AuditInput } from '../core/audit-event.ts';
import type { CountedFinding } from '../core/inspection/finding.ts';

type GuardAlarm = Extract<AuditInput, { kind: 'guard.alarm' }>;

export interface EndedCall {
  /** Of a service there is; what callers made up is no label. */
  readonly service: string | undefined;
  /** `error`: ended before anything was decided or allowed to leave, for a reason of ours. */
  readonly decision: 'allow' | 'deny' | 'unauthenticated' | 'error';
  /** Of the upstream's answer, or of our refusal; undefined where the caller left before either. */
  readonly status: number | undefined;
  /** From the first byte of the request to the last of the answer. */
  readonly seconds: number;
  /** Echoes of a secret that were masked in the answer. */
  readonly redacted: number;
  /** What its guards found, as its event tells it. */
  readonly findings: readonly CountedFinding[];
}

export interface Metrics {
  /** Once for every send; a call that is sent again with the previous version counts twice, as in the audit log. */
  callEnded(call: EndedCall): void;
  tokenIssued(subject: 'agent' | 'admin'): void;
  /** A placeholder turned up at another service than its own: once for each time. */
  placeholderElsewhere(): void;
  guardAlarm(alarm: GuardAlarm['alarm'], done: GuardAlarm['done']): void;
  /** A guard has taken it out of service: once, by the replica that wrote it. */
  frozenByGuard(target: 'agent' | 'grant'): void;
}

/** Where nobody asked for metrics. */
export const NO_METRICS: Metrics = {
  callEnded: () => undefined,
  tokenIssued: () => undefined,
  placeholderElsewhere: () => undefined,
  guardAlarm: () => undefined,
  frozenByGuard: () => undefined,
};
