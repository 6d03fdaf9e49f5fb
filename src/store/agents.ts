// Rows of agents.
import { and, asc, eq, gt, inArray, isNull } from 'drizzle-orm';
import type { Id } from '../core/ids.ts';
import type { AgentRow } from './authority-rows.ts';
import { agent } from './tables.ts';
import type { Queryable, Transaction } from './transaction.ts';

export async function insertAgent(tx: Transaction, row: typeof agent.$inferInsert): Promise<void> {
  await tx.insert(agent).values(row);
}

export async function findAgentByName(
  db: Queryable,
  vaultId: Id<'vlt'>,
  name: string,
): Promise<AgentRow | undefined> {
  const wanted = and(eq(agent.vaultId, vaultId), eq(agent.name, name), isNull(agent.removedAt));
  return (await db.select().from(agent).where(wanted))[0];
}

export async function findAgents(
  db: Queryable,
  vaultId: Id<'vlt'>,
  ids: readonly Id<'agt'>[],
): Promise<AgentRow[]> {
  if (ids.length === 0) return [];
  const wanted = and(eq(agent.vaultId, vaultId), inArray(agent.id, [...ids]), isNull(agent.removedAt));
  return await db.select().from(agent).where(wanted);
}

export async function listAgents(
  db: Queryable,
  vaultId: Id<'vlt'>,
  page: { after: string; limit: number },
): Promise<AgentRow[]> {
  const wanted = and(eq(agent.vaultId, vaultId), gt(agent.name, page.after), isNull(agent.removedAt));
  return await db.select().from(agent).where(wanted).orderBy(asc(agent.name)).limit(page.limit);
}

export async function updateAgent(tx: Transaction, row: AgentRow): Promise<void> {
  await tx
    .update(agent)
    .set(row)
    .where(and(eq(agent.vaultId, row.vaultId), eq(agent.id, row.id)));
}
