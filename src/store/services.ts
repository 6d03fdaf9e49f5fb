// Rows of services.
import { and, asc, eq, gt, inArray, isNull, sql } from 'drizzle-orm';
import type { Id } from '../core/ids.ts';
import type { ServiceRow } from './authority-rows.ts';
import { service, serviceGrant } from './tables.ts';
import type { Queryable, Transaction } from './transaction.ts';

export async function insertService(tx: Transaction, row: typeof service.$inferInsert): Promise<void> {
  await tx.insert(service).values(row);
}

export async function findServiceByName(
  db: Queryable,
  vaultId: Id<'vlt'>,
  name: string,
): Promise<ServiceRow | undefined> {
  const wanted = and(eq(service.vaultId, vaultId), eq(service.name, name), isNull(service.removedAt));
  return (await db.select().from(service).where(wanted))[0];
}

export async function listServices(
  db: Queryable,
  vaultId: Id<'vlt'>,
  page: { after: string; limit: number },
): Promise<ServiceRow[]> {
  const wanted = and(eq(service.vaultId, vaultId), gt(service.name, page.after), isNull(service.removedAt));
  return await db.select().from(service).where(wanted).orderBy(asc(service.name)).limit(page.limit);
}

/** Live services that send any of these secrets. */
export async function servicesOfSecrets(
  db: Queryable,
  vaultId: Id<'vlt'>,
  secretIds: readonly Id<'sec'>[],
): Promise<ServiceRow[]> {
  if (secretIds.length === 0) return [];
  const wanted = and(
    eq(service.vaultId, vaultId),
    inArray(service.secretId, [...secretIds]),
    isNull(service.removedAt),
  );
  return await db.select().from(service).where(wanted).orderBy(asc(service.name));
}

/** Live services whose client certificate is the secret of that name. */
export async function servicesShowing(
  db: Queryable,
  vaultId: Id<'vlt'>,
  secretName: string,
): Promise<ServiceRow[]> {
  const shown = sql`${service.protection} #>> '{transport,clientCertificate}' = ${secretName}`;
  const wanted = and(eq(service.vaultId, vaultId), shown, isNull(service.removedAt));
  return await db.select().from(service).where(wanted).orderBy(asc(service.name));
}

export async function updateService(tx: Transaction, row: ServiceRow): Promise<void> {
  await tx
    .update(service)
    .set(row)
    .where(and(eq(service.vaultId, row.vaultId), eq(service.id, row.id)));
}

/** Live services that the agent has a live grant on. */
export async function servicesOfAgent(
  db: Queryable,
  vaultId: Id<'vlt'>,
  agentId: Id<'agt'>,
): Promise<ServiceRow[]> {
  const rows = await db
    .select({ row: service })
    .from(serviceGrant)
    .innerJoin(
      service,
      and(eq(service.vaultId, serviceGrant.vaultId), eq(service.id, serviceGrant.serviceId)),
    )
    .where(
      and(
        eq(serviceGrant.vaultId, vaultId),
        eq(serviceGrant.agentId, agentId),
        isNull(serviceGrant.removedAt),
      ),
    )
    .orderBy(asc(service.name));
  return rows.map(({ row }) => row);
}
