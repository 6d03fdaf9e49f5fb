// Months of the audit log that have their partition: without one for the month at hand no call can be recorded.
import { type Check, fail, type Finding, pass, warn } from './check.ts';
import { onPostgres } from './database-answer.ts';

/** As soon as fewer are left, it is time. */
const ENOUGH_MONTHS = 4;
const FIX = 'doorward migrate, with the owning role in DOORWARD_MIGRATION_DATABASE_URL';

export const auditPartitions: Check = {
  name: 'audit-partitions',
  area: 'database',
  run: onPostgres(({ schema, auditMonths }): Finding[] => {
    if (schema === 'missing') return [];
    if (auditMonths < 2) return [fail('The audit log has no room prepared for the next month', FIX)];
    if (auditMonths < ENOUGH_MONTHS)
      return [warn(`The audit log has room prepared for ${auditMonths} months only`, FIX)];
    return [pass(`The audit log has room prepared for ${auditMonths} months`)];
  }),
};
