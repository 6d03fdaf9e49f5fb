// What the driver's errors mean to those above.

interface DriverError {
  /** SQLSTATE, or the driver's own word. */
  readonly code: string;
  /** Undefined where the server did not say it. */
  readonly severity: unknown;
}

/** The driver's error itself, also where drizzle or a retry has wrapped it. */
function driverError(error: unknown): DriverError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string') {
      return { code: cause.code, severity: 'severity' in cause ? cause.severity : undefined };
    }
  }
  return undefined;
}

function sqlState(error: unknown): string | undefined {
  return driverError(error)?.code;
}

/** A unique constraint refused the row: the name is taken, or somebody was faster. */
export function isUniqueViolation(error: unknown): boolean {
  return sqlState(error) === '23505';
}

const SERVER_GONE = /^(08|53|57P|58|25006|CONNECT|ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE|CONNECTION_)/;

/** What ends the session, whatever its code: a server without room can not even begin one, and calls that an internal error. */
const SESSION_ENDED = new Set<unknown>(['FATAL', 'PANIC']);

/** The database can not be reached, is shutting down, read-only, or out of space: nothing the caller did. */
export function isDatabaseUnavailable(error: unknown): boolean {
  const { code = '', severity } = driverError(error) ?? {};
  return SERVER_GONE.test(code) || SESSION_ENDED.has(severity);
}

/** The database has no room left for what was to be written: its disk, or the share of it, is full. */
export function hasNoRoom(error: unknown): boolean {
  return sqlState(error) === '53100';
}
