// What the audit log makes of a database that does not answer, or not in time.
import { Problem } from '../../core/problem.ts';

/** As long as the database itself lets a statement of a call run. What became of it is found out later. */
const STATEMENT_TIMEOUT_MS = 10_000;
export const MAX_ATTEMPTS = 3;

const LOST_CODES =
  /^(?:08...|57P0[123]|CONNECTION_(?:CLOSED|DESTROYED|ENDED)|ECONNRESET|ECONNREFUSED|EPIPE)$/;

/**
 * Whether the connection went away rather than the statement being refused. A pool may report a lost connection once
 * more to the first statement after it, so one is no sign that the database is gone.
 */
export function isConnectionLost(error: unknown): boolean {
  return error instanceof Error && 'code' in error && LOST_CODES.test(String(error.code));
}

/** A violated unique index, by its name. */
export function violatedIndex(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || error.code !== '23505') return undefined;
  return 'constraint_name' in error ? String(error.constraint_name) : undefined;
}

/** For statements that only read: sent again when the connection was lost. */
export async function readPatiently<T>(read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await withTimeout(read());
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !isConnectionLost(error)) throw error;
    }
  }
}

/** Throws `audit-unavailable` when the work takes too long; the work itself goes on. */
export async function withTimeout<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Problem('audit-unavailable', { internal: 'the database took too long' })),
      STATEMENT_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
