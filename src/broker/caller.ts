// What a call shows of who makes it, and whose call it is once that is known.
import type { Agent, Placeholder, Run } from '../core/entities.ts';
import type { AgentPrincipal } from '../core/principal.ts';
import type { Scope } from '../core/scope.ts';

export interface CallingAgent {
  readonly agent: Agent;
  readonly principal: AgentPrincipal;
  /** Undefined: all of the agent's grants. */
  readonly scope: Scope | undefined;
  readonly run: Run | undefined;
  /** What it called with, where that is bound to one service. */
  readonly placeholder: Placeholder | undefined;
  /** The token as it was sent. */
  readonly token: string;
  /** The token and every placeholder there was: whatever carries one of them is not passed on. */
  readonly withheld: readonly string[];
}

/** One text of a call that is, or may be, a token. */
export interface Presented {
  readonly text: string;
  /** A token by its look, a placeholder by its hash, or whatever else stands in a slot. */
  readonly kind: 'token' | 'placeholder' | 'other';
  readonly placeholder: Placeholder | undefined;
  /** `common` to all services, this service's `own`, or undefined: not where a credential goes. */
  readonly slot: 'common' | 'own' | undefined;
  /** Such as `header authorization`, `query key` or `path`; never the value. */
  readonly where: string;
}
