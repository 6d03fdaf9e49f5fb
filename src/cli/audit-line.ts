// Audit events in a few words. Kinds this version does not know are shown with what every event has.
import { AuditEvent } from '../core/audit-event.ts';
import type { EventRecord } from './audit-events.ts';

export interface EventSummary {
  readonly id: string;
  readonly at: string;
  readonly kind: string;
  readonly who: string | null;
  readonly what: string | null;
}

export function describeEvent(record: EventRecord): EventSummary {
  const parsed = AuditEvent.safeParse(record);
  const text = (name: string) => (typeof record[name] === 'string' ? record[name] : '');
  const general = { id: text('id'), at: text('at'), kind: text('kind') };
  if (!parsed.success) return { ...general, who: null, what: null };
  return { ...general, who: describePrincipal(parsed.data), what: describeSubject(parsed.data) };
}

export function describePrincipal({ principal }: AuditEvent): string {
  return 'name' in principal ? principal.name : principal.type;
}

function describeSubject(event: AuditEvent): string | null {
  switch (event.kind) {
    case 'call.intent':
      return `${event.service.name} ${event.method} ${event.path}`;
    case 'call.refused':
      return `${event.service ?? '-'} ${event.method ?? '-'} ${event.path ?? '-'}: ${event.problem}`;
    case 'call.outcome':
      return `${event.intent}: ${String(event.status ?? event.problem ?? event.result)}`;
    case 'authentication.failed':
      return `${String(event.count)} from ${event.peer}: ${event.reason}`;
    case 'token.issued':
      return event.jti;
    case 'placeholder.elsewhere':
      return `${event.agent.name ?? event.agent.id}'s placeholder for ${event.service.name ?? event.service.id}, seen at ${event.seenAt} (${event.where})`;
    case 'secret.mint':
      return `${event.secret.name}: a token of ${event.endpoint}`;
    case 'secret.minted':
      return `${event.secret?.name ?? event.intent}: ${event.result}${event.reason === undefined ? '' : `, ${event.reason}`}`;
    case 'guard.alarm':
      return `${event.alarm}: ${event.agent?.name ?? event.agent?.id ?? event.client ?? '-'} at ${event.service?.name ?? event.service?.id ?? '-'}${event.where === undefined ? '' : ` (${event.where})`}, ${event.done}`;
    case 'integrity.alarm':
      return `${event.table} ${event.row}: ${event.reason}`;
    case 'chain.open':
      return event.lane;
    case 'server.start':
      return `${event.version} on ${event.database}${event.allowedRanges === undefined ? '' : `, upstreams may be in ${event.allowedRanges.join(', ')}`}`;
    case 'chain.close':
    case 'server.stop':
      return null;
    case 'rotation.start':
    case 'rotation.probe':
    case 'rotation.probed':
    case 'rotation.promote':
    case 'rotation.fallback':
    case 'rotation.complete':
    case 'rotation.rollback':
    case 'rotation.fail':
      return describeRotation(event);
    default:
      return `${event.target.type} ${event.target.name ?? event.target.id}`;
  }
}

type RotationEvent = Extract<AuditEvent, { kind: `rotation.${string}` }>;

function describeRotation(event: RotationEvent): string {
  const { name, from, to } = event.secret;
  return `${name} ${from === null ? '-' : String(from)}→${String(to)}${rotationDetail(event)}`;
}

function rotationDetail(event: RotationEvent): string {
  switch (event.kind) {
    case 'rotation.start':
      return event.probe === undefined ? ': stored, no probe' : ': stored';
    case 'rotation.probe':
      return `: ${probeText(event.probe)}`;
    case 'rotation.probed':
      return `: ${String(event.status ?? event.problem ?? event.result)} to ${probeText(event.probe)}`;
    case 'rotation.promote':
      return event.graceUntil === null ? ': current' : `: current, grace until ${event.graceUntil}`;
    case 'rotation.fallback':
      return `: refused, sent again with version ${String(event.secret.to)}`;
    case 'rotation.complete':
    case 'rotation.fail':
      return `: ${event.reason}`;
    case 'rotation.rollback':
      return ': taken back';
  }
}

function probeText({ service, method, path }: Extract<RotationEvent, { kind: 'rotation.probe' }>['probe']) {
  return `${service.name} ${method} ${path}`;
}
