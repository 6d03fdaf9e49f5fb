// Somebody who can write to the database as they like, past every right and trigger.
import postgres from 'postgres';
import type { World } from '../support/world.ts';

export interface Attacker {
  sql(
    statement: string,
    parameters?: readonly (string | number | Buffer | null)[],
  ): Promise<Record<string, unknown>[]>;
  /** Makes every replica look at the rows of `table` again, as a change by an administrator would. */
  stir(table: string): Promise<void>;
  close(): Promise<void>;
}

export function createAttacker(world: World): Attacker {
  const { superuserUrl } = world.database;
  const own =
    superuserUrl === undefined ? undefined : postgres(superuserUrl, { max: 1, onnotice: () => undefined });
  const sql = own ?? world.apps[0]?.operations.database.adminSql;
  if (sql === undefined) throw new Error('the world has no application');
  const attacker: Attacker = {
    sql: async (statement, parameters = []) => [...(await sql.unsafe(statement, [...parameters]))],
    stir: async (table) => {
      await attacker.sql('update vault set epoch = epoch + 1');
      await attacker.sql(`update ${table} set changed_epoch = (select epoch from vault)`);
      for (const app of world.apps) await app.authority.sync();
    },
    close: async () => {
      await own?.end();
    },
  };
  return attacker;
}
