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
    case 'integrity.alarm':
      return `${event.table} ${event.row}: ${event.reason}`;
    case 'chain.open':
      return event.lane;
    case 'server.start':
      return `${event.version} on ${event.database}`;
    case 'chain.close':
    case 'server.stop':
      return null;
    default:
      return `${event.target.type} ${event.target.name ?? event.target.id}`;
  }
}
