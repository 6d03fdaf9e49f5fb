// The schema against this build.
import { type Check, type Configured, fail, type Finding, pass } from './check.ts';
import { onPostgres } from './database-answer.ts';

export const databaseSchema: Check = {
  name: 'database-schema',
  area: 'database',
  run: onPostgres(({ schema }, configured): Finding[] => {
    switch (schema) {
      case 'current':
        return [pass('The schema is that of this build')];
      case 'missing':
        return [behind('The database is empty', configured)];
      case 'older':
        return [behind('The schema is older than this build', configured)];
      case 'newer':
        return [fail('The schema was made by a newer Doorward', 'Start that version or a newer one')];
    }
  }),
};

/** The next start brings the schema up to date, where it has a role that may. */
function behind(how: string, { config }: Configured): Finding {
  if (config.migrationDatabaseUrl !== undefined) return pass(`${how}; the next start brings it up to date`);
  return fail(
    `${how}, and DOORWARD_MIGRATION_DATABASE_URL is not set here`,
    'doorward migrate, with the owning role in DOORWARD_MIGRATION_DATABASE_URL',
  );
}
