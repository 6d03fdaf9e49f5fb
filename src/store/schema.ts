// The whole database schema.
import * as askedTables from './asked-tables.ts';
import * as auditTables from './audit-tables.ts';
import * as installationTables from './installation-tables.ts';
import * as vaultTables from './tables.ts';

export const SCHEMA = { ...installationTables, ...vaultTables, ...askedTables, ...auditTables };
