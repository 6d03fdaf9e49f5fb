// Rows of approvals: the questions that calls raised, and what a person said.
import { and, asc, desc, eq, gt, inArray, isNotNull, isNull, lt, lte, or, type SQL } from 'drizzle-orm';
import { type ApprovalState, lapsedAt } from '../core/approval.ts';
import type { Id } from '../core/ids.ts';
import { approval } from './asked-tables.ts';
import { agent, service } from './tables.ts';
import type { Queryable, Transaction } from './transaction.ts';

export type ApprovalRow = typeof approval.$inferSelect;

export interface NamedApproval {
  readonly approval: ApprovalRow;
  readonly agentName: string;
  readonly serviceName: string;
}

interface Filter {
  readonly state?: ApprovalState;
  readonly agentId?: Id<'agt'>;
  readonly now: Date;
  readonly after?: string;
  readonly limit: number;
}

/** More rows of one call than ever count: what is older decides nothing. */
const MAX_OF_CALL = 100;

export async function insertApproval(tx: Transaction, row: ApprovalRow): Promise<void> {
  await tx.insert(approval).values(row);
}

/** Everything asked about one call, newest first. */
export async function approvalsOfCall(
  db: Queryable,
  vaultId: Id<'vlt'>,
  callDigest: Buffer,
): Promise<ApprovalRow[]> {
  return await db
    .select()
    .from(approval)
    .where(and(eq(approval.vaultId, vaultId), eq(approval.callDigest, callDigest)))
    .orderBy(desc(approval.id))
    .limit(MAX_OF_CALL);
}

/** Locked until the transaction ends: of several that would use one up, the next sees it used. */
export async function takeApprovals(
  tx: Transaction,
  vaultId: Id<'vlt'>,
  ids: readonly Id<'apr'>[],
): Promise<ApprovalRow[]> {
  return await tx
    .select()
    .from(approval)
    .where(and(eq(approval.vaultId, vaultId), inArray(approval.id, [...ids])))
    .orderBy(asc(approval.id))
    .for('update');
}

export async function countPending(
  db: Queryable,
  vaultId: Id<'vlt'>,
  { agentId, now }: { readonly agentId: Id<'agt'>; readonly now: Date },
): Promise<number> {
  return await db.$count(
    approval,
    and(eq(approval.vaultId, vaultId), eq(approval.agentId, agentId), inState('pending', now)),
  );
}

/** Of agents and services that are there, in the order of their ids, which is that of their birth. */
export async function listApprovals(
  db: Queryable,
  vaultId: Id<'vlt'>,
  { state, agentId, now, after, limit }: Filter,
): Promise<NamedApproval[]> {
  return await named(db)
    .where(
      and(
        isOf(vaultId),
        agentId === undefined ? undefined : eq(approval.agentId, agentId),
        state === undefined ? undefined : inState(state, now),
        after === undefined ? undefined : gt(approval.id, after as Id<'apr'>), // any text may be compared with
      ),
    )
    .orderBy(asc(approval.id))
    .limit(limit);
}

export async function findApproval(
  db: Queryable,
  vaultId: Id<'vlt'>,
  id: Id<'apr'>,
): Promise<NamedApproval | undefined> {
  const [found] = await named(db).where(and(isOf(vaultId), eq(approval.id, id)));
  return found;
}

/** Writes what a row has become, where it is still as it was read: false, and nothing written, where it is not. */
export async function updateApproval(
  tx: Transaction,
  { vaultId, id, decidedAt, decision, decidedBy, usedAt, mac }: ApprovalRow,
  before: Buffer,
): Promise<boolean> {
  const written = await tx
    .update(approval)
    .set({ decidedAt, decision, decidedBy, usedAt, mac })
    .where(
      and(
        eq(approval.vaultId, vaultId),
        eq(approval.id, id),
        eq(approval.mac, before), // it covers the whole row
        isNull(approval.usedAt),
      ),
    )
    .returning({ id: approval.id });
  return written.length === 1;
}

/** What an agent's calls asked before a moment is of no use to anybody; the audit log keeps that it was asked. */
export async function deleteApprovals(
  tx: Transaction,
  vaultId: Id<'vlt'>,
  { agentId, before }: { readonly agentId: Id<'agt'>; readonly before: Date },
): Promise<void> {
  await tx
    .delete(approval)
    .where(and(eq(approval.vaultId, vaultId), eq(approval.agentId, agentId), lt(approval.createdAt, before)));
}

/** All of them, whatever their state; how many. */
export async function deleteAllApprovals(tx: Transaction, vaultId: Id<'vlt'>): Promise<number> {
  const gone = await tx.delete(approval).where(eq(approval.vaultId, vaultId)).returning({ id: approval.id });
  return gone.length;
}

function named(db: Queryable) {
  return db
    .select({ approval, agentName: agent.name, serviceName: service.name })
    .from(approval)
    .innerJoin(agent, and(eq(agent.vaultId, approval.vaultId), eq(agent.id, approval.agentId)))
    .innerJoin(service, and(eq(service.vaultId, approval.vaultId), eq(service.id, approval.serviceId)));
}

function isOf(vaultId: Id<'vlt'>): SQL | undefined {
  return and(eq(approval.vaultId, vaultId), isNull(agent.removedAt), isNull(service.removedAt));
}

/** As `approvalState` tells them. */
function inState(state: ApprovalState, now: Date): SQL | undefined {
  const { pending, approved } = lapsedAt(now);
  switch (state) {
    case 'pending':
      return and(isNull(approval.decidedAt), gt(approval.createdAt, pending));
    case 'approved':
      return and(
        eq(approval.decision, 'approved'),
        isNull(approval.usedAt),
        gt(approval.decidedAt, approved),
      );
    case 'denied':
      return eq(approval.decision, 'denied');
    case 'used':
      return isNotNull(approval.usedAt);
    case 'lapsed':
      return and(
        isNull(approval.usedAt),
        or(
          and(isNull(approval.decidedAt), lte(approval.createdAt, pending)),
          and(eq(approval.decision, 'approved'), lte(approval.decidedAt, approved)),
        ),
      );
  }
}
