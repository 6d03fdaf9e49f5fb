// What the driver's errors mean to those above.

/** SQLSTATE of a driver error, also where drizzle or a retry has wrapped it. */
function sqlState(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string') return cause.code;
  }
  return undefined;
}

/** A unique constraint refused the row: the name is taken, or somebody was faster. */
export function isUniqueViolation(error: unknown): boolean {
  return sqlState(error) === '23505';
}

const SERVER_GONE = /^(08|53|57P|58|25006|CONNECT|ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE|CONNECTION_)/;

/** The database can not be reached, is shutting down, read-only, or out of space: nothing the caller did. */
export function isDatabaseUnavailable(error: unknown): boolean {
  return SERVER_GONE.test(sqlState(error) ?? '');
}
