// Reading and verifying the audit log. Reads are audited too: the first of an admin token for a filter, since following
// the log asks again and again.
import { LRUCache } from 'lru-cache';
import { AUDIT_KINDS } from '../core/audit-event.ts';
import type { Id } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { listEvents } from '../vault/audit/read.ts';
import { auditList, auditVerify } from './contracts/audit.ts';
import { type Caller, type OperationDeps, reading } from './operation.ts';
import { openPage } from './paging.ts';

export const listAudit = reading(auditList, async (deps, input, caller) => {
  const { after, run, since, until } = input;
  const kinds = input.kind === undefined ? undefined : kindsOf(input.kind);
  const { after: place, limit, finish } = openPage(deps, auditList, input);
  await noteRead(deps, caller, [input.kind ?? '', run ?? ''].join(' ').trim());
  const isForward = after !== undefined;
  const id = place === undefined ? undefined : (place as Id<'evt'>); // a cursor holds what was put into it
  const found = await listEvents(deps, {
    limit,
    ...(isForward ? { after: id ?? after } : { before: id }),
    kinds,
    run,
    since: since === undefined ? undefined : new Date(since),
    until: until === undefined ? undefined : new Date(until),
  });
  const { rows, nextCursor } = finish(isForward ? found : found.toReversed(), (event) => event.id);
  const events = isForward ? rows : rows.toReversed();
  return { items: events.map((event) => ({ ...event })), nextCursor, nextAfter: events.at(-1)?.id ?? null };
});

export const verifyAuditLog = reading(auditVerify, async (deps, _input, caller) => {
  await appendEvent(deps, caller, { kind: 'audit.verify' });
  const { ok, events, chains, problems } = await deps.verifyAudit();
  const isWarning = (reason: string) => reason === 'intent-without-outcome';
  return {
    ok,
    events,
    chains,
    problems: problems
      .filter(({ reason }) => !isWarning(reason))
      .map(({ chain, seq, event, reason, detail }) => ({
        chain,
        seq: seq ?? null,
        event: event ?? null,
        reason,
        detail,
      })),
    warnings: problems.filter(({ reason }) => isWarning(reason)).map(({ detail }) => detail),
  };
});

/** Kinds by name or by family: `call` stands for every `call.…`. */
function kindsOf(text: string): string[] {
  const kinds = text.split(',').map((part) => {
    const name = part.trim();
    return AUDIT_KINDS.filter((kind) => kind === name || kind.startsWith(`${name}.`));
  });
  // One that is misspelt beside another would leave out without a word what was asked for.
  if (kinds.some((named) => named.length === 0)) {
    throw new Problem('invalid-input', { detail: `kind: unknown. Known are ${AUDIT_KINDS.join(', ')}.` });
  }
  return kinds.flat();
}

const MAX_READERS = 1000;
/** Per log, so that nothing is shared between two installations in one process. */
const readers = new WeakMap<object, LRUCache<string, true>>();

export async function noteRead(deps: OperationDeps, caller: Caller, filter: string): Promise<void> {
  const known = readers.get(deps.audit) ?? new LRUCache<string, true>({ max: MAX_READERS });
  readers.set(deps.audit, known);
  const key = `${caller.principal.token ?? ''} ${filter}`;
  if (known.has(key)) return;
  await appendEvent(deps, caller, { kind: 'audit.read', ...(filter === '' ? {} : { after: { filter } }) });
  known.set(key, true);
}

async function appendEvent(
  deps: OperationDeps,
  caller: Caller,
  event: { kind: 'audit.read' | 'audit.verify'; after?: { filter: string } },
): Promise<void> {
  const { principal, request, client } = caller;
  await deps.audit.append({
    ...event,
    vault: deps.vaultId,
    principal,
    request,
    ...(client === undefined ? {} : { client }),
    target: {
      type: 'audit-log',
      id: deps.keyring.installation,
    },
  });
}
