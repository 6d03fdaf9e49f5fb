// Rows of grants, with the names of both ends where they are listed.
import { and, asc, eq, gt, inArray, isNull } from 'drizzle-orm';
import type { Id } from '../core/ids.ts';
import type { GrantRow } from './authority-rows.ts';
import { agent, service, serviceGrant } from './tables.ts';
import type { Queryable, Transaction } from './transaction.ts';

export interface NamedGrant {
  readonly grant: GrantRow;
  readonly agentName: string;
  readonly serviceName: string;
}

export async function insertGrant(tx: Transaction, row: typeof serviceGrant.$inferInsert): Promise<void> {
  await tx.insert(serviceGrant).values(row);
}

export async function findGrantById(
  db: Queryable,
  vaultId: Id<'vlt'>,
  id: Id<'grt'>,
): Promise<GrantRow | undefined> {
  const wanted = and(
    eq(serviceGrant.vaultId, vaultId),
    eq(serviceGrant.id, id),
    isNull(serviceGrant.removedAt),
  );
  return (await db.select().from(serviceGrant).where(wanted))[0];
}

/** Live grants in the order of their ids, from `after` on. */
export async function listGrants(
  db: Queryable,
  vaultId: Id<'vlt'>,
  filter: { agentId?: Id<'agt'>; serviceId?: Id<'svc'>; after?: string; limit: number },
): Promise<NamedGrant[]> {
  return await db
    .select({ grant: serviceGrant, agentName: agent.name, serviceName: service.name })
    .from(serviceGrant)
    .innerJoin(agent, and(eq(agent.vaultId, serviceGrant.vaultId), eq(agent.id, serviceGrant.agentId)))
    .innerJoin(
      service,
      and(eq(service.vaultId, serviceGrant.vaultId), eq(service.id, serviceGrant.serviceId)),
    )
    .where(
      and(
        eq(serviceGrant.vaultId, vaultId),
        isNull(serviceGrant.removedAt),
        filter.agentId === undefined ? undefined : eq(serviceGrant.agentId, filter.agentId),
        filter.serviceId === undefined ? undefined : eq(serviceGrant.serviceId, filter.serviceId),
        filter.after === undefined ? undefined : gt(serviceGrant.id, filter.after as Id<'grt'>), // any text may be compared with
      ),
    )
    .orderBy(asc(serviceGrant.id))
    .limit(filter.limit);
}

/** Names of the services each agent has a grant on. */
export async function grantedServiceNames(
  db: Queryable,
  vaultId: Id<'vlt'>,
  agentIds: readonly Id<'agt'>[],
): Promise<ReadonlyMap<string, string[]>> {
  const names = new Map<string, string[]>();
  if (agentIds.length === 0) return names;
  const rows = await db
    .select({ agentId: serviceGrant.agentId, name: service.name })
    .from(serviceGrant)
    .innerJoin(
      service,
      and(eq(service.vaultId, serviceGrant.vaultId), eq(service.id, serviceGrant.serviceId)),
    )
    .where(
      and(
        eq(serviceGrant.vaultId, vaultId),
        inArray(serviceGrant.agentId, [...agentIds]),
        isNull(serviceGrant.removedAt),
      ),
    )
    .orderBy(asc(service.name));
  for (const row of rows) names.set(row.agentId, [...(names.get(row.agentId) ?? []), row.name]);
  return names;
}

export async function updateGrant(tx: Transaction, row: GrantRow): Promise<void> {
  await tx
    .update(serviceGrant)
    .set(row)
    .where(and(eq(serviceGrant.vaultId, row.vaultId), eq(serviceGrant.id, row.id)));
}
