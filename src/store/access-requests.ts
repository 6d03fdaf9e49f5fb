// Rows of access requests: what agents asked for, and what was decided.
import { and, asc, eq, gt, isNull, lt, lte, type SQL } from 'drizzle-orm';
import type { Id } from '../core/ids.ts';
import { accessRequest } from './asked-tables.ts';
import { agent } from './tables.ts';
import type { Queryable, Transaction } from './transaction.ts';

export type AccessRequestRow = typeof accessRequest.$inferSelect;

export interface NamedAccessRequest {
  readonly request: AccessRequestRow;
  readonly agentName: string;
}

type State = 'pending' | 'granted' | 'denied' | 'lapsed';

interface Filter {
  readonly state?: State;
  readonly agentId?: Id<'agt'>;
  /** What was asked at this moment or before has lapsed where nobody decided. */
  readonly lapsed: Date;
  readonly after?: string;
  readonly limit: number;
}

export async function insertAccessRequest(tx: Transaction, row: AccessRequestRow): Promise<void> {
  await tx.insert(accessRequest).values(row);
}

/** Requests of agents that are there, in the order of their ids, which is that of their birth. */
export async function listAccessRequests(
  db: Queryable,
  vaultId: Id<'vlt'>,
  { state, agentId, lapsed, after, limit }: Filter,
): Promise<NamedAccessRequest[]> {
  return await db
    .select({ request: accessRequest, agentName: agent.name })
    .from(accessRequest)
    .innerJoin(agent, and(eq(agent.vaultId, accessRequest.vaultId), eq(agent.id, accessRequest.agentId)))
    .where(
      and(
        eq(accessRequest.vaultId, vaultId),
        isNull(agent.removedAt),
        agentId === undefined ? undefined : eq(accessRequest.agentId, agentId),
        state === undefined ? undefined : inState(state, lapsed),
        after === undefined ? undefined : gt(accessRequest.id, after as Id<'arq'>), // any text may be compared with
      ),
    )
    .orderBy(asc(accessRequest.id))
    .limit(limit);
}

export async function findAccessRequest(
  db: Queryable,
  vaultId: Id<'vlt'>,
  id: Id<'arq'>,
): Promise<NamedAccessRequest | undefined> {
  const [found] = await db
    .select({ request: accessRequest, agentName: agent.name })
    .from(accessRequest)
    .innerJoin(agent, and(eq(agent.vaultId, accessRequest.vaultId), eq(agent.id, accessRequest.agentId)))
    .where(and(eq(accessRequest.vaultId, vaultId), eq(accessRequest.id, id), isNull(agent.removedAt)));
  return found;
}

export async function decideAccessRequest(
  tx: Transaction,
  { vaultId, id, decidedAt, decision, decidedBy }: AccessRequestRow,
): Promise<void> {
  await tx
    .update(accessRequest)
    .set({ decidedAt, decision, decidedBy })
    .where(and(eq(accessRequest.vaultId, vaultId), eq(accessRequest.id, id)));
}

/** What an agent asked before a moment is of no use to anybody; the audit log keeps it. */
export async function deleteAccessRequests(
  tx: Transaction,
  vaultId: Id<'vlt'>,
  { agentId, before }: { readonly agentId: Id<'agt'>; readonly before: Date },
): Promise<void> {
  await tx
    .delete(accessRequest)
    .where(
      and(
        eq(accessRequest.vaultId, vaultId),
        eq(accessRequest.agentId, agentId),
        lt(accessRequest.createdAt, before),
      ),
    );
}

function inState(state: State, lapsed: Date): SQL | undefined {
  switch (state) {
    case 'pending':
      return and(isNull(accessRequest.decidedAt), gt(accessRequest.createdAt, lapsed));
    case 'lapsed':
      return and(isNull(accessRequest.decidedAt), lte(accessRequest.createdAt, lapsed));
    case 'granted':
    case 'denied':
      return eq(accessRequest.decision, state);
  }
}
