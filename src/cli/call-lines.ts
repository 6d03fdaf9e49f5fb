// Log lines from audit events: a call's intent and outcome become one line, a refusal is one already.
import { AuditEvent } from '../core/audit-event.ts';
import { describePrincipal } from './audit-line.ts';
import type { EventRecord } from './audit-events.ts';

export interface LogLine {
  readonly at: string;
  readonly agent: string;
  readonly service: string;
  readonly method: string;
  readonly path: string;
  /** Undefined where nothing was decided: a token, a request of nobody. */
  readonly decision: 'allow' | 'deny' | undefined;
  /** The upstream's status, or the problem. */
  readonly answer: string;
  readonly totalMs: number | undefined;
  readonly isGood: boolean;
  /** The beginnings of both bodies, of services that keep them. */
  readonly preview?:
    | { readonly request?: string | undefined; readonly answer?: string | undefined }
    | undefined;
}

/** False for the tokens that every administrative command takes: they would drown the calls. */
export function concernsAgents(record: EventRecord): boolean {
  const parsed = AuditEvent.safeParse(record);
  return !parsed.success || parsed.data.kind !== 'token.issued' || parsed.data.principal.type === 'agent';
}

type Intent = Extract<AuditEvent, { kind: 'call.intent' }>;

export interface LineReader {
  /** The lines an event completes: none or one. */
  read(record: EventRecord): readonly LogLine[];
  /** Calls whose outcome has not come yet. */
  unfinished(): readonly LogLine[];
}

/** Keeps intents until their outcome comes. */
export function createLineReader(): LineReader {
  const open = new Map<string, Intent>();
  return {
    read: (record) => {
      const parsed = AuditEvent.safeParse(record);
      if (!parsed.success) return [];
      const event = parsed.data;
      if (event.kind === 'call.intent') open.set(event.id, event);
      if (event.kind !== 'call.outcome') return otherLine(event);
      const intent = open.get(event.intent);
      open.delete(event.intent);
      const { result, status, problem, totalMs, preview } = event;
      const isCut = result === 'cut';
      const said = problem ?? (result === 'answered' || isCut ? undefined : result);
      const answer = [status, isCut ? 'cut' : undefined, said].filter((part) => part !== undefined).join(' ');
      const isGood = result === 'answered' && (status ?? 0) < 400;
      const decision = result === 'refused' ? 'deny' : 'allow'; // rights may go between the intent and the first byte
      return [
        { ...whatWasCalled(intent ?? event), at: event.at, decision, answer, totalMs, isGood, preview },
      ];
    },
    unfinished: () =>
      [...open.values()].map((intent) => ({
        ...whatWasCalled(intent),
        at: intent.at,
        decision: 'allow',
        answer: 'running',
        totalMs: undefined,
        isGood: true,
      })),
  };
}

const NOTHING_CALLED = { service: '-', method: '-', path: '-' } as const;

function whatWasCalled(event: AuditEvent) {
  const agent = describePrincipal(event);
  if (event.kind !== 'call.intent') return { agent, ...NOTHING_CALLED };
  return { agent, service: event.service.name, method: event.method, path: event.path };
}

function otherLine(event: AuditEvent): readonly LogLine[] {
  const { at } = event;
  const general = {
    at,
    agent: describePrincipal(event),
    ...NOTHING_CALLED,
    decision: undefined,
    totalMs: undefined,
  };
  switch (event.kind) {
    case 'call.refused': {
      const { service = '-', method = '-', path = '-', problem } = event;
      return [{ ...general, service, method, path, decision: 'deny', answer: problem, isGood: false }];
    }
    case 'authentication.failed': {
      const answer = `${event.reason} ×${String(event.count)}`;
      return [{ ...general, agent: event.peer, answer, isGood: false }];
    }
    case 'token.issued':
      return event.principal.type !== 'agent' ? [] : [{ ...general, answer: 'token issued', isGood: true }];
    default:
      return [];
  }
}
