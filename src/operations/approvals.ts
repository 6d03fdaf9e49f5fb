// Approvals, for administrators: listed, shown with what was found, approved for one use, denied. An agent has no way here.
import { approvalState, endsAt } from '../core/approval.ts';
import type { Id } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { findApproval, listApprovals, type NamedApproval } from '../store/approvals.ts';
import type { Queryable } from '../store/transaction.ts';
import { loggedOf } from '../vault/approvals.ts';
import { requireAgent } from './agents.ts';
import {
  approvalApprove,
  approvalDeny,
  approvalList,
  type ApprovalRecord,
  approvalShow,
} from './contracts/approvals.ts';
import { type Change, changing, type OperationDeps, reading } from './operation.ts';
import { openPage } from './paging.ts';

export const listApproval = reading(approvalList, async (deps, input) => {
  const db = deps.database.admin;
  const { agent, state } = input;
  const now = deps.ids.clock.now();
  const agentId = agent === undefined ? undefined : (await requireAgent(db, deps, agent)).id;
  const { after, limit, finish } = openPage(deps, approvalList, input);
  const found = await listApprovals(db, deps.vaultId, {
    ...(agentId === undefined ? {} : { agentId }),
    ...(state === undefined ? {} : { state }),
    ...(after === undefined ? {} : { after }),
    now,
    limit,
  });
  const { rows, nextCursor } = finish(found, ({ approval }) => approval.id);
  const genuine = rows.filter(({ approval }) => deps.approvals.isGenuine(approval));
  return { items: genuine.map((row) => toApprovalRecord(row, now)), nextCursor };
});

export const showApproval = reading(approvalShow, async (deps, { id }) => {
  const named = await requireApproval(deps.database.admin, deps, id);
  return {
    approval: toApprovalRecord(named, deps.ids.clock.now()),
    excerpts: named.approval.shown.excerpts.map((excerpt) => ({ ...excerpt })),
  };
});

export const approveApproval = changing(approvalApprove, (change, { id }) => decide(change, id, 'approved'));
export const denyApproval = changing(approvalDeny, (change, { id }) => decide(change, id, 'denied'));

async function decide(change: Change, id: Id<'apr'>, decision: 'approved' | 'denied') {
  const { deps, tx, now, caller } = change;
  const named = await requireApproval(tx, deps, id);
  const state = approvalState(named.approval, now);
  if (state !== 'pending') {
    const why =
      state === 'lapsed' ? 'has lapsed; the agent asks anew by repeating its call' : `was ${state} before`;
    throw new Problem('approval-decided', { detail: `The approval ${id} ${why}.` });
  }
  const by = { decision, admin: caller.principal.id, now };
  const approval = await deps.approvals.decide(tx, named.approval, by);
  return {
    output: toApprovalRecord({ ...named, approval }, now),
    target: { type: 'approval', id },
    after: loggedOf(approval),
  };
}

/** A row that Doorward did not write is none. */
async function requireApproval(db: Queryable, deps: OperationDeps, id: Id<'apr'>): Promise<NamedApproval> {
  const named = await findApproval(db, deps.vaultId, id);
  if (named !== undefined && deps.approvals.isGenuine(named.approval)) return named;
  throw new Problem('not-found', {
    detail: `There is no approval ${id}. Those that wait: doorward approval list`,
  });
}

function toApprovalRecord({ approval, agentName, serviceName }: NamedApproval, now: Date): ApprovalRecord {
  const { id, direction, rules, shown, createdAt, decidedAt, usedAt } = approval;
  const { method, url, isUrlCut, body } = shown;
  return {
    id,
    agent: agentName,
    service: serviceName,
    direction,
    rules: [...rules],
    method,
    url,
    isUrlCut,
    body: { bytes: body.bytes, hash: body.hash },
    state: approvalState(approval, now),
    createdAt: createdAt.toISOString(),
    endsAt: endsAt(approval).toISOString(),
    decidedAt: decidedAt?.toISOString() ?? null,
    usedAt: usedAt?.toISOString() ?? null,
  };
}
