// A body that the grant has rules for is held, decided as a whole, and sent as Doorward writes it.
import { bodyRulesOf } from '../core/constraint-check.ts';
import { rewriteJson } from '../core/body-rules/read-body.ts';
import { Problem } from '../core/problem.ts';
import type { CallingAgent } from './caller.ts';
import { bodyTooSlow, type CallBody, MAX_HELD_BODY_BYTES, WHOLE_BODY_LIMIT_MS } from './call-body.ts';
import { type Allowed, decideCall, type Target } from './decide.ts';
import type { BrokerDeps } from './deps.ts';

interface Ruled {
  readonly caller: CallingAgent;
  readonly target: Target;
  readonly body: CallBody;
}

/** Whether the body can be told, and the call decided, only once it is held. */
export function isBodyRuled({ constraints, target }: Allowed, body: CallBody): boolean {
  return !body.canBeSentAgain && bodyRulesOf(constraints, target.address).length > 0;
}

/** Decides once more, with the body. Throws as `decideCall`, `body-too-large`, `request-timeout` or `not-ready`. */
export async function decideRuledBody(
  deps: BrokerDeps,
  { caller, target, body }: Ruled,
  allowed: Allowed,
): Promise<Allowed> {
  await body.hold(WHOLE_BODY_LIMIT_MS);
  const { held } = body;
  if (held === undefined) throw notHeld(allowed, body);
  const decided = decideCall(deps, caller, target);
  if (held.length > 0) body.rewrite(rewriteJson);
  return decided;
}

function notHeld({ decision }: Allowed, { isTooLong, isTooSlow }: CallBody): Problem {
  if (isTooSlow) return bodyTooSlow('the call can be decided');
  if (!isTooLong) {
    return new Problem('not-ready', {
      detail:
        'The body must be read whole before the call can be decided, and too many are read at once. Try again.',
    });
  }
  return new Problem('body-too-large', {
    detail: `The grant has a rule for the body of this call, and only one of at most ${MAX_HELD_BODY_BYTES} bytes is read whole to be decided.`,
    extensions: { rule: 'constraint:body', revision: decision.grantRevision },
  });
}
