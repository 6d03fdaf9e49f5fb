// An error as the server's log has it: what kind it is, its code, its sentence and those of its causes. The rest of what
// drivers hang on their errors is left out: queries come with their parameters, and rows with their values.

interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly cause?: LoggedError;
  /** What a problem says to this log only. */
  readonly internal?: string;
  /** Where it was thrown: for mistakes of the program, not for what goes wrong outside of it. */
  readonly stack?: readonly string[];
}

/** A database or a network that is away, a full disk, and our own problems: the place in the program says nothing. */
const OUTSIDE = /^(08|25006|53|57P|58|CONNECT|E[A-Z_]+$|(?!internal$)[a-z-]+$)/;

const MAX_CAUSES = 4;

export function loggedError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const told = describe(error, MAX_CAUSES);
  return isFromOutside(told) ? told : { ...told, stack: frames(error) };
}

function describe(error: Error, depth: number): LoggedError {
  const { cause } = error;
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const internal =
    'internal' in error && typeof error.internal === 'string' ? { internal: error.internal } : {};
  const inner = cause instanceof Error && depth > 1 ? { cause: describe(cause, depth - 1) } : {};
  return { type: error.constructor.name, message: sentence(error), ...code, ...internal, ...inner };
}

/** A query's own message is its text and its parameters; what went wrong is its cause's. */
function sentence(error: Error): string {
  return 'query' in error && 'params' in error ? 'a query failed' : error.message;
}

function isFromOutside({ code = '', cause }: LoggedError): boolean {
  return OUTSIDE.test(code) || (cause !== undefined && isFromOutside(cause));
}

/** Without its head, which repeats the message. */
function frames({ stack = '' }: Error): readonly string[] {
  return stack
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at '));
}
