// What follows from an answer that held an echo: an alarm where it was blocked or replicas have to know of it, and the end of
// a grant whose answers keep holding some.
import type { BrokerDeps } from '../deps.ts';
import { guardAlarmTold, tellGuardAlarm } from './guard-alarm.ts';
import type { Inspected } from './inspected.ts';

/** Once for each answer. */
export function answerHadEcho(deps: BrokerDeps, inspected: Inspected): void {
  const { allowed, call, waitFor } = inspected;
  const { caller, service, decision } = allowed;
  const { action, freezeAfter } = service.protection.leaks;
  const { repeatedLeaks, live } = deps;
  const isManyHere = freezeAfter > 0 && repeatedLeaks.note(decision.grant) >= freezeAfter;
  const isShared = repeatedLeaks.isShared(freezeAfter);
  if (action !== 'block' && !isShared) {
    if (isManyHere) freeze(deps, inspected);
    return;
  }
  const done = action === 'block' ? 'call-blocked' : 'told';
  const telling = guardAlarmTold(
    deps,
    { call, caller, service },
    { alarm: 'secret-in-answer', done, secretId: service.secretId },
  );
  live.finishing(telling);
  if (isShared) waitFor(telling.then(() => freezeIfMany(deps, inspected, isManyHere)));
  else if (isManyHere) freeze(deps, inspected);
}

/** Once this answer is told: how many there were is counted over all replicas. */
async function freezeIfMany(deps: BrokerDeps, inspected: Inspected, isManyHere: boolean): Promise<void> {
  const { caller, service } = inspected.allowed;
  const { freezeAfter } = service.protection.leaks;
  const pair = { agent: caller.agent.id, service: service.id };
  try {
    if ((await deps.repeatedLeaks.countInAll(pair)) >= freezeAfter) freeze(deps, inspected);
  } catch (error) {
    deps.log.warn({ error }, 'leaks of other replicas could not be counted');
    if (isManyHere) freeze(deps, inspected);
  }
}

function freeze(deps: BrokerDeps, { allowed, call, waitFor }: Inspected): void {
  const { caller, service, decision } = allowed;
  const { secretId } = service;
  const alarmed = { call, caller, service };
  deps.repeatedLeaks.forget(decision.grant);
  tellGuardAlarm(deps, alarmed, { alarm: 'leaks-repeated', done: 'grant-frozen', secretId });
  waitFor(deps.freezing.freezeGrant({ grantId: decision.grant, reason: 'leaks-repeated' }));
}
