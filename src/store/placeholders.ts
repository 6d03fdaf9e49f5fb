// Rows of placeholders: what stands where a client expects a service's key. Only its keyed hash is ever here.
import { and, asc, eq, gt, isNull, lt } from 'drizzle-orm';
import type { Id } from '../core/ids.ts';
import type { PlaceholderRow } from './authority-rows.ts';
import { agent, placeholder, service } from './tables.ts';
import type { Queryable, Transaction } from './transaction.ts';

export interface NamedPlaceholder {
  readonly row: PlaceholderRow;
  readonly agentName: string;
  readonly serviceName: string;
}

/** Whose placeholders: all of an agent, of a service, or of a run. */
export type PlaceholderOwner =
  | { readonly agentId: Id<'agt'> }
  | { readonly serviceId: Id<'svc'> }
  | { readonly runId: Id<'run'> };

export async function insertPlaceholders(tx: Transaction, rows: readonly PlaceholderRow[]): Promise<void> {
  if (rows.length > 0) await tx.insert(placeholder).values([...rows]);
}

/** Live ones; without an owner, everybody's. */
export async function placeholdersOf(
  db: Queryable,
  vaultId: Id<'vlt'>,
  owner?: PlaceholderOwner,
): Promise<PlaceholderRow[]> {
  const owned = owner === undefined ? undefined : ownedBy(owner);
  const wanted = and(eq(placeholder.vaultId, vaultId), owned, isNull(placeholder.removedAt));
  return await db.select().from(placeholder).where(wanted);
}

/** Those whose end has passed: worthless already, and in everybody's memory until they are removed. */
export async function expiredPlaceholders(
  db: Queryable,
  vaultId: Id<'vlt'>,
  filter: { readonly before: Date; readonly limit: number },
): Promise<PlaceholderRow[]> {
  const wanted = and(
    eq(placeholder.vaultId, vaultId),
    isNull(placeholder.removedAt),
    lt(placeholder.expiresAt, filter.before),
  );
  return await db.select().from(placeholder).where(wanted).limit(filter.limit);
}

/** Live ones in the order of their ids, from `after` on: the one of that id, or those that belong to no run. */
export async function listPlaceholders(
  db: Queryable,
  vaultId: Id<'vlt'>,
  filter: { id?: Id<'plh'>; agentId?: Id<'agt'>; serviceId?: Id<'svc'>; after?: string; limit: number },
): Promise<NamedPlaceholder[]> {
  return await db
    .select({ row: placeholder, agentName: agent.name, serviceName: service.name })
    .from(placeholder)
    .innerJoin(agent, and(eq(agent.vaultId, placeholder.vaultId), eq(agent.id, placeholder.agentId)))
    .innerJoin(service, and(eq(service.vaultId, placeholder.vaultId), eq(service.id, placeholder.serviceId)))
    .where(
      and(
        eq(placeholder.vaultId, vaultId),
        isNull(placeholder.removedAt),
        filter.id === undefined ? isNull(placeholder.runId) : eq(placeholder.id, filter.id),
        filter.agentId === undefined ? undefined : eq(placeholder.agentId, filter.agentId),
        filter.serviceId === undefined ? undefined : eq(placeholder.serviceId, filter.serviceId),
        filter.after === undefined ? undefined : gt(placeholder.id, filter.after as Id<'plh'>), // any text may be compared with
      ),
    )
    .orderBy(asc(placeholder.id))
    .limit(filter.limit);
}

export async function updateRemovedPlaceholder(
  tx: Transaction,
  { vaultId, id }: Pick<PlaceholderRow, 'vaultId' | 'id'>,
  change: { readonly removedAt: Date; readonly mac: Buffer; readonly changedEpoch: bigint },
): Promise<void> {
  await tx
    .update(placeholder)
    .set(change)
    .where(and(eq(placeholder.vaultId, vaultId), eq(placeholder.id, id)));
}

function ownedBy(owner: PlaceholderOwner) {
  if ('agentId' in owner) return eq(placeholder.agentId, owner.agentId);
  return 'serviceId' in owner
    ? eq(placeholder.serviceId, owner.serviceId)
    : eq(placeholder.runId, owner.runId);
}
