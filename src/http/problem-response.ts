// A problem as an HTTP answer, alike on every road: RFC 9457 body, who wrote it, and whether trying again can help.
import type { Id } from '../core/ids.ts';
import { Problem, PROBLEM_PATH, type ProblemCode, PROBLEMS } from '../core/problem.ts';
import type { RefusalShape } from '../core/service.ts';
import { REFUSAL_FAMILIES } from './refusal-shapes/registry.ts';

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
  const body = { ...problem.toBody(request, publicUrl), error: errorForSdks(problem) };
  return {
    status: problem.status,
    headers: {
      'content-type': 'application/problem+json',
      ...headersOf(problem, problem.status, request),
      ...(isPassing(problem.code) ? {} : NEVER_AGAIN),
    },
    body: `${JSON.stringify(body)}\n`,
  };
}

/**
 * The same in the words of a vendor, for its clients. They are told not to repeat anything, also what may pass: whoever
 * called decides, with the answer in hand.
 */
export function toShapedResponse(
  problem: Problem,
  shape: RefusalShape,
  to: {
    readonly request: Id<'req'>;
    readonly publicUrl?: string | undefined;
    /** What the client says of itself. */
    readonly client?: string | undefined;
  },
): ProblemResponse {
  const { request, publicUrl = '', client = '' } = to;
  const { title: _title, detail: _detail, ...doorward } = problem.toBody(request, publicUrl);
  const {
    status = problem.status,
    headers,
    body,
  } = REFUSAL_FAMILIES[shape].refuse({
    status: problem.status,
    sentence: problem.message,
    code: problem.code,
    page: `${publicUrl}${PROBLEM_PATH}${problem.code}`,
    request,
    client,
    doorward,
  });
  return {
    status,
    headers: {
      'content-type': 'application/json',
      ...headersOf(problem, status, request),
      ...NEVER_AGAIN,
      ...headers,
    },
    body: `${JSON.stringify(body)}\n`,
  };
}

const NEVER_AGAIN = { 'x-should-retry': 'false' } as const;

/** `status`: the one that is answered. */
function headersOf(problem: Problem, status: number, request: Id<'req'>): Record<string, string> {
  const { retryAfterSeconds: retryAfter, allow } = problem.extensions;
  return {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': request,
    'doorward-request-id': request, // the same name as on an upstream's answer: what `doorward explain` takes
    'doorward-source': 'broker',
    'doorward-error': problem.code,
    ...(status === 429 || status === 503
      ? { 'retry-after': String(typeof retryAfter === 'number' ? retryAfter : DEFAULT_RETRY_SECONDS) }
      : {}),
    ...(status === 408 ? { connection: 'close' } : {}), // RFC 9110 §15.5.9: the rest is not waited for
    ...(Array.isArray(allow) ? { allow: allow.join(', ') } : {}), // RFC 9110 §15.5.6
    // RFC 6750 §3: an answer to a request without a token names no error.
    ...(status === 401 ? { 'www-authenticate': challenge(problem) } : {}),
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
