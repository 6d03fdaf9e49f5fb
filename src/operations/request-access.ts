// An agent asks for what it lacks. Whether there is such a service is not told: the answer is the same either way, and what
// the agent has itself is all that is looked at.
import { parsePattern } from '../core/address-pattern.ts';
import type { Agent } from '../core/entities.ts';
import { type Id, newId } from '../core/ids.ts';
import { coversAll } from '../core/pattern-cover.ts';
import type { AgentPrincipal } from '../core/principal.ts';
import { Problem } from '../core/problem.ts';
import { addSeconds } from '../core/time.ts';
import {
  type AccessRequestRow,
  deleteAccessRequests,
  insertAccessRequest,
  listAccessRequests,
  type NamedAccessRequest,
} from '../store/access-requests.ts';
import type { Queryable } from '../store/transaction.ts';
import { lockVault } from '../store/vaults.ts';
import { frozenByDecoy, touchDecoy } from '../vault/decoys.ts';
import { lapsedBefore, resolveAsked, toAsked, toRequestRecord } from './asked-access.ts';
import type { AccessRequestInput, AccessRequestRecord } from './contracts/access-requests.ts';
import { methodsOutside } from './grant-constraints.ts';
import type { OperationDeps } from './operation.ts';
import { translated } from './run.ts';

/** An agent that showed who it is. */
export interface AskingAgent {
  readonly agent: Agent;
  readonly principal: AgentPrincipal;
  readonly request: Id<'req'>;
  readonly client: string | undefined;
}

type AskedAccess =
  /** `isNew` is false where the same was asked before and is not decided yet. */
  | { readonly result: 'pending'; readonly isNew: boolean; readonly request: AccessRequestRecord }
  /** The agent's grant covers it already. */
  | { readonly result: 'covered' };

const MAX_PENDING = 20;
const KEPT_SECONDS = 30 * 86_400;

/** Throws `frozen`, `invalid-input` or `too-many-pending`. */
export async function requestAccess(
  deps: OperationDeps,
  asking: AskingAgent,
  input: AccessRequestInput,
): Promise<AskedAccess> {
  requireThawed(deps, asking.agent);
  const service = deps.authority.serviceByName(input.service);
  if (service?.protection.decoy === true) {
    await touchDecoy(deps, service, { ...asking, where: 'access request' });
    throw frozenByDecoy();
  }
  const allow = toAsked(input);
  if (isCovered(deps, asking.agent, { ...input, asked: allow })) return { result: 'covered' };
  const now = deps.ids.clock.now();
  const row: AccessRequestRow = {
    vaultId: deps.vaultId,
    id: newId(deps.ids, 'arq'),
    agentId: asking.agent.id,
    service: input.service,
    allow,
    reason: input.reason,
    createdAt: now,
    decidedAt: null,
    decision: null,
    decidedBy: null,
  };
  try {
    // Looked at before a transaction is begun: who asks again and again costs no more than a read.
    const before = await findSame(deps, deps.database.admin, row);
    const { request, isNew } =
      before === undefined ? await put(deps, asking, row) : { request: before, isNew: false };
    return {
      result: 'pending',
      isNew,
      request: toRequestRecord({ request, agentName: asking.agent.name }, now),
    };
  } catch (error) {
    throw translated(error);
  }
}

/** The agent's requests that wait for somebody. */
export async function pendingRequestsOf(deps: OperationDeps, agent: Agent): Promise<AccessRequestRecord[]> {
  const now = deps.ids.clock.now();
  const rows = await pendingOf(deps, deps.database.admin, agent.id).catch((error: unknown) => {
    throw translated(error);
  });
  return rows.map((row) => toRequestRecord(row, now));
}

async function put(
  deps: OperationDeps,
  { principal, request, client }: AskingAgent,
  row: AccessRequestRow,
): Promise<{ readonly request: AccessRequestRow; readonly isNew: boolean }> {
  const { vaultId } = deps;
  return await deps.audit.transaction(async (tx, append) => {
    await lockVault(tx, vaultId); // of several at once, none may be one too many
    const same = await findSame(deps, tx, row);
    if (same !== undefined) return { request: same, isNew: false };
    await deleteAccessRequests(tx, vaultId, {
      agentId: row.agentId,
      before: addSeconds(row.createdAt, -KEPT_SECONDS),
    });
    await insertAccessRequest(tx, row);
    await append({
      kind: 'access-request.create',
      vault: vaultId,
      principal,
      request,
      ...(client === undefined ? {} : { client }),
      target: { type: 'access-request', id: row.id },
      // The reason is anybody's text and stays out of the log.
      after: { service: row.service, allow: row.allow, reasonLength: row.reason.length },
    });
    return { request: row, isNew: true };
  });
}

/** The same request, where it is pending. Throws `too-many-pending` where there is no room for another. */
async function findSame(
  deps: OperationDeps,
  db: Queryable,
  { agentId, service, allow }: AccessRequestRow,
): Promise<AccessRequestRow | undefined> {
  const pending = await pendingOf(deps, db, agentId);
  const wanted = comparable({ service, allow });
  const same = pending.find(({ request }) => comparable(request) === wanted);
  if (same === undefined && pending.length >= MAX_PENDING) {
    throw new Problem('too-many-pending', {
      detail: `This agent has ${MAX_PENDING} access requests that nobody has decided yet. An administrator looks at them with: doorward access list`,
    });
  }
  return same?.request;
}

function pendingOf(deps: OperationDeps, db: Queryable, agentId: Id<'agt'>): Promise<NamedAccessRequest[]> {
  return listAccessRequests(db, deps.vaultId, {
    state: 'pending',
    agentId,
    lapsed: lapsedBefore(deps.ids.clock.now()),
    limit: MAX_PENDING,
  });
}

function comparable({ service, allow }: Pick<AccessRequestRow, 'service' | 'allow'>): string {
  return JSON.stringify([service, allow === null ? null : allow.toSorted()]);
}

function requireThawed({ authority }: OperationDeps, agent: Agent): void {
  if (authority.frozen !== undefined) {
    throw new Problem('frozen', {
      detail:
        'The whole vault is frozen, as it is after a restore. Retrying does not help; ask an administrator.',
    });
  }
  if (agent.frozen) {
    throw new Problem('frozen', {
      detail: 'An administrator has frozen this agent. Retrying does not help; ask them.',
    });
  }
}

/** Whether the agent's own grant allows all of it now. */
function isCovered(
  { authority, ids }: OperationDeps,
  agent: Agent,
  { service: name, asked }: { readonly service: string; readonly asked: readonly string[] | null },
): boolean {
  const service = authority.serviceByName(name);
  const grant = service === undefined ? undefined : authority.grant(agent.id, service.id);
  if (service === undefined || grant === undefined) return false;
  if (grant.expiresAt !== undefined && grant.expiresAt <= ids.clock.now()) return false;
  const { allow, unknownActions } = resolveAsked(asked, service.catalogueId);
  const isWithin = coversAll(grant.allow, allow?.map(parsePattern));
  return unknownActions.length === 0 && isWithin && methodsOutside(grant.constraints, allow).length === 0;
}
