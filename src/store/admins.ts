// Rows of admins.
import { eq } from 'drizzle-orm';
import type { Id } from '../core/ids.ts';
import { admin } from './installation-tables.ts';
import type { Queryable } from './transaction.ts';

export type AdminRow = typeof admin.$inferSelect;

export async function findAdminByName(db: Queryable, name: string): Promise<AdminRow | undefined> {
  return (await db.select().from(admin).where(eq(admin.name, name)))[0];
}

export async function findAdmin(db: Queryable, id: Id<'adm'>): Promise<AdminRow | undefined> {
  return (await db.select().from(admin).where(eq(admin.id, id)))[0];
}
