// What rules on text ask a person about one call: what they found in it and in its answer, and what was approved before it was sent.
import type { ApprovedCall } from '../../core/approval.ts';
import type { Id } from '../../core/ids.ts';
import type { Direction, Finding } from '../../core/inspection/finding.ts';
import type { Around } from '../../core/model-text/around.ts';
import type { Approval } from '../../vault/approvals.ts';

/** A rule that asks. */
export interface AskedRule extends Pick<Finding, 'guard' | 'rule'> {
  /** Where it was found, to be looked up once nothing is read; undefined: it is about a whole body. */
  readonly around: (() => Around) | undefined;
}

const NOTHING_ASKED = {};
const NO_APPROVALS: readonly Approval[] = [];

export class Asking {
  /** The question that the call is refused for, or its answer held back. */
  question: Id<'apr'> | undefined;
  /** The answer ended for what asks in it, not for another rule. */
  isHeldBack = false;
  /** Under which the call was approved. */
  grant: ApprovedCall['grant'] | undefined;
  #asked: Partial<Record<Direction, Map<string, AskedRule>>> = NOTHING_ASKED;
  #approvals: readonly Approval[] = NO_APPROVALS;
  #isUsed = false;

  /** What is noted of a rule once is enough. */
  note(direction: Direction, { guard, rule }: Pick<Finding, 'guard' | 'rule'>, around?: () => Around): void {
    const asked = this.#asked[direction] ?? new Map<string, AskedRule>();
    if (!asked.has(rule)) asked.set(rule, { guard, rule, around });
    this.#asked = { ...this.#asked, [direction]: asked };
  }

  asked(direction: Direction): readonly AskedRule[] {
    return [...(this.#asked[direction]?.values() ?? [])];
  }

  /** What lets the call go out, or its answer pass; all of it is used up with the call's intent. */
  get approvals(): readonly Approval[] {
    return this.#approvals;
  }

  set approvals(approvals: readonly Approval[]) {
    this.#approvals = approvals;
  }

  /** What is still to be used up; nothing of a call that is sent a second time. */
  get unused(): readonly Approval[] {
    return this.#isUsed ? NO_APPROVALS : this.#approvals;
  }

  used(): void {
    this.#isUsed = true;
  }

  /** By which text of the answer passes that the rule finds. */
  passesAnswer(rule: string): Id<'apr'> | undefined {
    return this.#approvals.find(({ direction, rules }) => direction === 'answer' && rules.includes(rule))?.id;
  }

  /** Of what was let pass in the answer: asked about once more, since its approval is used up with this call. */
  get passed(): readonly string[] {
    return this.#approvals.flatMap(({ direction, rules }) => (direction === 'answer' ? rules : []));
  }
}
