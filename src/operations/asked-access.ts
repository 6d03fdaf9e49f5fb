// What an access request asks for: patterns as they are, and actions as the catalogue has them for the service. Actions are
// looked up where somebody decides, so that asking tells nobody what services there are.
import { readEntry } from '../catalogue/catalogue.ts';
import { parsePattern } from '../core/address-pattern.ts';
import { addSeconds } from '../core/time.ts';
import type { AccessRequestRow, NamedAccessRequest } from '../store/access-requests.ts';
import type { AccessRequestInput, AccessRequestRecord } from './contracts/access-requests.ts';

const ACTION = 'action:';
const LAPSES_AFTER_SECONDS = 7 * 86_400;

/** Patterns in canonical form and actions, as a request keeps them; null: every method and path. Throws `invalid-input`. */
export function toAsked({ allow, actions }: AccessRequestInput): readonly string[] | null {
  if (allow === undefined && actions === undefined) return null;
  const patterns = (allow ?? []).map((text) => parsePattern(text).text);
  return [...new Set([...patterns, ...(actions ?? []).map((name) => `${ACTION}${name}`)])];
}

interface Resolved {
  /** Null: every method and path. */
  readonly allow: readonly string[] | null;
  readonly risks: readonly string[];
  readonly unknownActions: readonly string[];
}

/** What it comes to at a service that was made from this entry of the catalogue. */
export function resolveAsked(asked: readonly string[] | null, catalogueId: string | null): Resolved {
  if (asked === null) return { allow: null, risks: [], unknownActions: [] };
  const known = catalogueId === null ? undefined : readEntry(catalogueId)?.actions;
  const allow = new Set<string>();
  const risks = new Set<string>();
  const unknownActions: string[] = [];
  for (const text of asked) {
    const name = text.startsWith(ACTION) ? text.slice(ACTION.length) : undefined;
    if (name === undefined) {
      allow.add(text);
      continue;
    }
    const action = known !== undefined && Object.hasOwn(known, name) ? known[name] : undefined;
    if (action === undefined) unknownActions.push(name);
    else risks.add(action.risk);
    for (const pattern of action?.allow ?? []) allow.add(parsePattern(pattern).text);
  }
  return { allow: [...allow], risks: [...risks], unknownActions };
}

/** Requests that were made at this moment or before have lapsed. */
export function lapsedBefore(now: Date): Date {
  return addSeconds(now, -LAPSES_AFTER_SECONDS);
}

export function toRequestRecord({ request, agentName }: NamedAccessRequest, now: Date): AccessRequestRecord {
  const { id, service, allow, reason, createdAt, decidedAt } = request;
  return {
    id,
    agent: agentName,
    service,
    allow: allow === null ? null : [...allow],
    reason,
    state: stateOf(request, now),
    createdAt: createdAt.toISOString(),
    lapsesAt: addSeconds(createdAt, LAPSES_AFTER_SECONDS).toISOString(),
    decidedAt: decidedAt?.toISOString() ?? null,
  };
}

export function stateOf(request: AccessRequestRow, now: Date): AccessRequestRecord['state'] {
  return request.decision ?? (request.createdAt > lapsedBefore(now) ? 'pending' : 'lapsed');
}
