// The installation's own rows: its id, root key slots, system keys, vaults and their KEKs.
import { sql } from 'drizzle-orm';
import { admin, installation, keySlot, systemKey } from './installation-tables.ts';
import { kek, vault } from './tables.ts';
import type { Queryable, TablesDatabase } from './transaction.ts';

export interface InstallationRows {
  readonly installation: typeof installation.$inferSelect;
  readonly slots: readonly (typeof keySlot.$inferSelect)[];
  readonly systemKeys: readonly (typeof systemKey.$inferSelect)[];
  readonly vaults: readonly (typeof vault.$inferSelect)[];
  readonly keks: readonly (typeof kek.$inferSelect)[];
}

export interface NewInstallation {
  readonly installation: typeof installation.$inferInsert;
  readonly slot: typeof keySlot.$inferInsert;
  readonly systemKeys: readonly (typeof systemKey.$inferInsert)[];
  readonly vault: typeof vault.$inferInsert;
  readonly kek: typeof kek.$inferInsert;
  readonly owner: typeof admin.$inferInsert;
}

export async function findInstallation(db: Queryable): Promise<InstallationRows | undefined> {
  const [found] = await db.select().from(installation);
  if (found === undefined) return undefined;
  const [slots, systemKeys, vaults, keks] = await Promise.all([
    db.select().from(keySlot),
    db.select().from(systemKey),
    db.select().from(vault).orderBy(vault.createdAt),
    db.select().from(kek),
  ]);
  return { installation: found, slots, systemKeys, vaults, keks };
}

/** Inserts the rows unless another replica was first. True when they are ours. */
export async function insertInstallation(db: TablesDatabase, rows: NewInstallation): Promise<boolean> {
  return await db.transaction(async (tx) => {
    // Two replicas may start on an empty database: the lock lets one insert, the other then finds the row.
    await tx.execute(sql`select pg_advisory_xact_lock(hashtext('doorward installation'))`);
    const existing = await tx.select({ id: installation.id }).from(installation);
    if (existing.length > 0) return false;
    await tx.insert(installation).values(rows.installation);
    await tx.insert(keySlot).values(rows.slot);
    await tx.insert(systemKey).values([...rows.systemKeys]);
    await tx.insert(vault).values(rows.vault);
    await tx.insert(kek).values(rows.kek);
    await tx.insert(admin).values(rows.owner);
    return true;
  });
}
