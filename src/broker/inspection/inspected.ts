// What a guard is made for: one direction of one call.
import type { Findings } from '../../core/inspection/finding.ts';
import type { BrokeredCall } from '../call.ts';
import type { Allowed } from '../decide.ts';
import type { Asking } from './asking.ts';
import type { Previews } from './previews.ts';

export interface Inspected {
  readonly allowed: Allowed;
  readonly call: BrokeredCall;
  readonly findings: Findings;
  readonly previews: Previews;
  readonly asking: Asking;
  /** For what has to be done before the caller hears how the call ended, such as a freeze. */
  readonly waitFor: (work: Promise<unknown>) => void;
}
