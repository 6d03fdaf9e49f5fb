// Tells that somebody should look at this now: an event, and a line in the server's log. Never the text that was found.
import type { AuditInput } from '../../core/audit-event.ts';
import type { Service } from '../../core/entities.ts';
import type { Id } from '../../core/ids.ts';
import type { BrokeredCall } from '../call.ts';
import type { CallingAgent } from '../caller.ts';
import type { BrokerDeps } from '../deps.ts';
import { toldPlace } from './told-place.ts';

type AlarmEvent = Extract<AuditInput, { kind: 'guard.alarm' }>;

export interface GuardAlarm {
  readonly alarm: AlarmEvent['alarm'];
  readonly done: AlarmEvent['done'];
  readonly secretId?: Id<'sec'> | undefined;
  /** Such as `header x-note`. */
  readonly where?: string;
}

export interface AlarmedCall {
  readonly call: BrokeredCall;
  readonly caller: CallingAgent;
  /** Undefined: the caller has no grant on one of that name. */
  readonly service: Service | undefined;
}

/** In the background, since the call has its own answer; a shutdown waits for it. */
export function tellGuardAlarm(deps: BrokerDeps, alarmed: AlarmedCall, found: GuardAlarm): void {
  deps.live.finishing(guardAlarmTold(deps, alarmed, found));
}

/** Resolves once the event is written, or can not be. Never throws. */
export async function guardAlarmTold(
  deps: BrokerDeps,
  { call, caller, service }: AlarmedCall,
  found: GuardAlarm,
): Promise<void> {
  const { authority, audit, log, metrics } = deps;
  const { agent, principal } = caller;
  const { alarm, done, secretId } = found;
  const secret = secretId === undefined ? undefined : authority.secret(secretId);
  metrics.guardAlarm(alarm, done);
  const where = found.where === undefined ? undefined : toldPlace(found.where, deps);
  log.warn(
    { alarm, done, where, agent: agent.name, service: service?.name, secret: secret?.name },
    'guard alarm',
  );
  const writing = audit.append({
    kind: 'guard.alarm',
    vault: authority.vaultId,
    principal,
    request: call.request,
    client: call.client,
    alarm,
    done,
    agent: { id: agent.id, name: agent.name },
    ...(service === undefined ? {} : { service: { id: service.id, name: service.name } }),
    ...(secretId === undefined
      ? {}
      : { secret: { id: secretId, ...(secret === undefined ? {} : { name: secret.name }) } }),
    ...(where === undefined ? {} : { where }),
  });
  await writing.catch((error: unknown) => log.error({ error, alarm }, 'a guard alarm was not recorded'));
}
