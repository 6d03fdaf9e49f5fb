// What follows from an answer that held an echo: an alarm where it was blocked, and the end of a grant whose answers keep
// holding some.
import type { BrokerDeps } from '../deps.ts';
import { tellGuardAlarm } from './guard-alarm.ts';
import type { Inspected } from './inspected.ts';

/** Once for each answer. */
export function answerHadEcho(deps: BrokerDeps, { allowed, call, waitFor }: Inspected): void {
  const { caller, service, decision } = allowed;
  const { action, freezeAfter } = service.protection.leaks;
  const { secretId } = service;
  const alarmed = { call, caller, service };
  if (action === 'block') {
    tellGuardAlarm(deps, alarmed, { alarm: 'secret-in-answer', done: 'call-blocked', secretId });
  }
  if (freezeAfter === 0 || !deps.repeatedLeaks.isTooMany(decision.grant, freezeAfter)) return;
  tellGuardAlarm(deps, alarmed, { alarm: 'leaks-repeated', done: 'grant-frozen', secretId });
  waitFor(deps.freezing.freezeGrant({ grantId: decision.grant, reason: 'leaks-repeated' }));
}
