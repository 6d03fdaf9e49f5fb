// The catalogue of failures as RFC 9457 problem types, and the one error class that carries them.

/** Who must act: the caller, whoever writes policy, the upstream's owner, or who runs the vault. */
export type Fault = 'caller' | 'policy' | 'upstream' | 'vault';

interface ProblemKind {
  readonly status: number;
  readonly title: string;
  readonly fault: Fault;
}

export const PROBLEMS = {
  'invalid-request': { status: 400, title: 'The request is not valid', fault: 'caller' },
  'ambiguous-credential': { status: 400, title: 'Several different credentials were sent', fault: 'caller' },
  'invalid-address': { status: 400, title: 'The address is not in canonical form', fault: 'caller' },
  'invalid-input': { status: 422, title: 'A field is missing or not valid', fault: 'caller' },
  unauthenticated: { status: 401, title: 'A valid token is needed', fault: 'caller' },
  'admin-required': { status: 401, title: 'The owner credential is needed', fault: 'caller' },
  forbidden: { status: 403, title: 'The permission is missing', fault: 'policy' },
  'no-grant': { status: 403, title: 'No grant on this service', fault: 'policy' },
  'not-allowed': { status: 403, title: 'No rule allows this call', fault: 'policy' },
  frozen: { status: 403, title: 'Frozen by an administrator', fault: 'policy' },
  'host-not-allowed': { status: 421, title: 'This host name is not served here', fault: 'caller' },
  'not-found': { status: 404, title: 'Not found', fault: 'caller' },
  'already-exists': { status: 409, title: 'The name is taken', fault: 'caller' },
  'in-use': { status: 409, title: 'Something else still needs it', fault: 'caller' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here', fault: 'caller' },
  'body-too-large': { status: 413, title: 'The body is too large', fault: 'caller' },
  'expectation-failed': { status: 417, title: 'The expectation is not met here', fault: 'caller' },
  'secret-in-request': { status: 403, title: 'The request carries a secret', fault: 'policy' },
  'too-many-attempts': { status: 429, title: 'Too many failed attempts', fault: 'caller' },
  'address-blocked': { status: 502, title: 'The upstream address is not allowed', fault: 'vault' },
  'upstream-unreachable': { status: 502, title: 'The upstream could not be reached', fault: 'upstream' },
  'upstream-invalid': { status: 502, title: 'The upstream answer could not be passed on', fault: 'upstream' },
  'upstream-timeout': { status: 504, title: 'The upstream took too long', fault: 'upstream' },
  'secret-unavailable': { status: 503, title: 'The secret can not be used', fault: 'vault' },
  'audit-unavailable': { status: 503, title: 'The call could not be recorded', fault: 'vault' },
  'database-unavailable': { status: 503, title: 'The database does not answer', fault: 'vault' },
  draining: { status: 503, title: 'The server is shutting down', fault: 'vault' },
  'not-settled': { status: 503, title: 'The change is made, but not known everywhere yet', fault: 'vault' },
  'not-ready': { status: 503, title: 'The server is not ready', fault: 'vault' },
  internal: { status: 500, title: 'Something went wrong inside Doorward', fault: 'vault' },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;

export const PROBLEM_TYPE_BASE = 'https://doorward.dev/problems/';

interface ProblemOptions {
  /** Public sentence: what happened and what to do next. Never holds a value. */
  readonly detail?: string;
  /** Only for the server's log. */
  readonly internal?: string;
  /** Typed extension members of the problem body, e.g. `rule`. */
  readonly extensions?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** A request that is over, with the answer its caller gets. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly detail: string | undefined;
  readonly internal: string | undefined;
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    super(options.detail ?? PROBLEMS[code].title, { cause: options.cause });
    this.code = code;
    this.detail = options.detail;
    this.internal = options.internal;
    this.extensions = options.extensions ?? {};
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }

  get fault(): Fault {
    return PROBLEMS[this.code].fault;
  }

  /** The `application/problem+json` body (RFC 9457 §3). `requestId` becomes `instance`. */
  toBody(requestId: string): Record<string, unknown> {
    const kind = PROBLEMS[this.code];
    return {
      type: `${PROBLEM_TYPE_BASE}${this.code}`,
      title: kind.title,
      status: kind.status,
      ...(this.detail === undefined ? {} : { detail: this.detail }),
      instance: requestId,
      code: this.code,
      fault: kind.fault,
      ...this.extensions,
    };
  }
}
