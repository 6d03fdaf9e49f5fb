// What the checks of the database share: one look at it, or the reason why there was none.
import { Problem } from '../../core/problem.ts';
import type { DatabaseInspection } from '../../inspect.ts';
import { type Check, type Configured, type Finding, withConfiguration } from './check.ts';

interface Look {
  readonly database: DatabaseInspection | undefined;
  /** A sentence without a password. */
  readonly trouble: string | undefined;
}

export async function lookAt(inspect: () => Promise<DatabaseInspection | undefined>): Promise<Look> {
  try {
    return { database: await inspect(), trouble: undefined };
  } catch (error) {
    return { database: undefined, trouble: sentenceOf(error) };
  }
}

/** A check of a Postgres database that could be looked at; elsewhere it finds nothing. */
export function onPostgres(
  judge: (
    database: DatabaseInspection,
    configured: Configured,
  ) => readonly Finding[] | Promise<readonly Finding[]>,
): Check['run'] {
  return withConfiguration(async (configured) => {
    const { database } = await lookAt(() => configured.inspector.database());
    return database === undefined ? [] : await judge(database, configured);
  });
}

/** Errors of the driver are told by their code alone: their text may quote what was sent. */
function sentenceOf(error: unknown): string {
  if (error instanceof Problem) return error.message;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'no code';
  if (code === '42501')
    return 'The role may not read the tables: run doorward migrate, which gives it its rights.';
  return `The database could not be looked at (${code}).`;
}
