// The role of the running server: one that owns nothing and can not change what the audit log holds.
import { type Check, fail, type Finding, pass, warn } from './check.ts';
import { onPostgres } from './database-answer.ts';

const TWO_ROLES =
  'Give the tables to a role of their own in DOORWARD_MIGRATION_DATABASE_URL, and DATABASE_URL a plain one: docs/deploy.md';

export const databaseRole: Check = {
  name: 'database-role',
  area: 'database',
  run: onPostgres(({ role, isSuperuser, ownedTables, auditRights }): Finding[] => {
    if (isSuperuser)
      return [
        fail(
          `The role ${role} of DATABASE_URL is a superuser: nothing guards the database against the server`,
          TWO_ROLES,
        ),
      ];
    if (ownedTables > 0) {
      return [
        warn(
          `The role ${role} owns the tables, so only triggers guard the audit log, and who owns a trigger can switch it off`,
          TWO_ROLES,
        ),
      ];
    }
    if (auditRights.length > 0) {
      return [
        fail(
          `The role ${role} may ${auditRights.join(', ')} on audit tables`,
          'doorward migrate, with DOORWARD_MIGRATION_DATABASE_URL, sets its rights again',
        ),
      ];
    }
    return [pass(`The role ${role} owns no tables and can only add to the audit log and read it`)];
  }),
};
