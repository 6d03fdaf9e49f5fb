// The two things SQL can run on: the administrative pool, or a transaction of it.
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import type { SCHEMA } from './schema.ts';

export type TablesDatabase = PostgresJsDatabase<typeof SCHEMA>;
export type Transaction = Parameters<Parameters<TablesDatabase['transaction']>[0]>[0];
export type Queryable = TablesDatabase | Transaction;
