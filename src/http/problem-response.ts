// A problem as an HTTP answer, alike on every road: RFC 9457 body, who wrote it, and whether trying again can help.
import type { Id } from '../core/ids.ts';
import { Problem, type ProblemCode, PROBLEMS } from '../core/problem.ts';

export interface ProblemResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Answers that may be different a moment later. Everything else is final, and SDKs are told so. */
const PASSING: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const DEFAULT_RETRY_SECONDS = 1;

/** `publicUrl` is where the problem's page is; while it is not known, `type` is relative to the request's own address. */
export function toProblemResponse(problem: Problem, request: Id<'req'>, publicUrl = ''): ProblemResponse {
  const { retryAfterSeconds: retryAfter, allow } = problem.extensions;
  return {
    status: problem.status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-request-id': request,
      'doorward-source': 'broker',
      'doorward-error': problem.code,
      ...(isPassing(problem.code) ? {} : { 'x-should-retry': 'false' }),
      ...(problem.status === 429 || problem.status === 503
        ? { 'retry-after': String(typeof retryAfter === 'number' ? retryAfter : DEFAULT_RETRY_SECONDS) }
        : {}),
      ...(Array.isArray(allow) ? { allow: allow.join(', ') } : {}), // RFC 9110 §15.5.6
      // RFC 6750 §3: an answer to a request without a token names no error.
      ...(problem.status === 401 ? { 'www-authenticate': challenge(problem) } : {}),
    },
    body: `${JSON.stringify({ ...problem.toBody(request, publicUrl), error: errorForSdks(problem) })}\n`,
  };
}

/** Whether the same request may be answered otherwise a moment later. */
export function isPassing(code: ProblemCode): boolean {
  return PASSING.has(PROBLEMS[code].status) && code !== 'address-blocked';
}

/** Where vendors' SDKs look for a message: without this member they show a bare status, and nobody learns the rule. */
function errorForSdks({ message, code, fault, extensions: { rule } }: Problem): Record<string, unknown> {
  return { message, type: fault, code, ...(rule === undefined ? {} : { rule }) };
}

function challenge(problem: Problem): string {
  const isMissing = problem.extensions['reason'] === 'no-token';
  return isMissing ? 'Bearer realm="doorward"' : 'Bearer realm="doorward", error="invalid_token"';
}

/** Anything thrown, as a problem; what is not one is logged and told as `internal`. */
export function asProblem(error: unknown, onUnexpected: (error: unknown) => void): Problem {
  if (error instanceof Problem) {
    if (error.code === 'internal') onUnexpected(error);
    return error;
  }
  onUnexpected(error);
  return new Problem('internal', { cause: error });
}
