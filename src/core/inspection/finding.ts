// What a guard found in a call: told in the audit log, in a header and to whoever listens for alerts, never with the text.
import type { Id } from '../ids.ts';

export const DIRECTIONS = ['request', 'answer'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** Which guard: a stored secret on its way out, a new credential in an answer, content, text that a model reads or writes. */
export const GUARDS = ['fingerprint', 'minting', 'content', 'text', 'schema'] as const;
type GuardName = (typeof GUARDS)[number];

/** What was done about it. */
export const FINDING_ACTIONS = ['flag', 'mask', 'redact', 'strip', 'wrap', 'ask', 'block'] as const;
export type FindingAction = (typeof FINDING_ACTIONS)[number];

export interface Finding {
  readonly direction: Direction;
  readonly guard: GuardName;
  /** A class, such as `email`, or the id of a rule. */
  readonly rule: string;
  readonly action: FindingAction;
  /** By which a person let it pass. */
  readonly approval?: Id<'apr'>;
}

/** The same finding, as often as it was made. */
export interface CountedFinding extends Finding {
  readonly count: number;
}

/** Different findings that an event tells of; more are left out, since hostile text chooses how many there are. */
const MAX_FINDINGS = 64;

const NONE: readonly CountedFinding[] = [];

export class Findings {
  /** Made with the first: nearly every call is without any. */
  #counts: Map<string, { finding: Finding; count: number }> | undefined;

  add(finding: Finding): void {
    const { direction, guard, rule, action, approval = '' } = finding;
    const key = `${direction} ${guard} ${action} ${approval} ${rule}`;
    this.#counts ??= new Map();
    const entry = this.#counts.get(key);
    if (entry !== undefined) entry.count += 1;
    else if (this.#counts.size < MAX_FINDINGS) this.#counts.set(key, { finding, count: 1 });
  }

  get isEmpty(): boolean {
    return this.#counts === undefined;
  }

  list(): readonly CountedFinding[] {
    if (this.#counts === undefined) return NONE;
    return [...this.#counts.values()].map(({ finding, count }) => ({ count, ...finding }));
  }
}
