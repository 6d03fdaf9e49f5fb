// The answer of a token endpoint (RFC 6749 §5): whatever else it may be is said in a word, and none of its text is repeated.
import { z } from 'zod';
import type { MintAnswer, Minted, Refused } from '../material.ts';

/** Codes of RFC 6749 §5.2 that the same request gets again. */
const FINAL = [
  'invalid_grant',
  'invalid_client',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_request',
];
const PASSING = ['temporarily_unavailable', 'server_error', 'slow_down'];

/** Vendors write numbers as text, and leave members out. */
const TokenAnswer = z.object({
  access_token: z
    .string()
    .min(1)
    .max(16_384)
    .regex(/^[\x21-\x7e]+$/),
  token_type: z.string().optional(),
  expires_in: z.coerce.number().positive().max(31_536_000).optional().catch(undefined),
  refresh_token: z
    .string()
    .min(1)
    .max(16_384)
    .regex(/^[\x20-\x7e]+$/)
    .optional(),
});

export interface TokenAnswer {
  readonly token: string;
  readonly expiresInSeconds: number | undefined;
  readonly refreshToken: string | undefined;
}

export function isRefused(read: Minted | TokenAnswer | Refused): read is Refused {
  return 'reason' in read;
}

export function readTokenAnswer(answer: MintAnswer): TokenAnswer | Refused {
  const json = answeredJson(answer);
  if ('reason' in json) return json;
  const { status } = answer;
  const { body } = json;
  const error = errorCode(body);
  if (error !== undefined || status >= 400) return refusedBy(status, error);
  const parsed = TokenAnswer.safeParse(body);
  if (!parsed.success) {
    return { kind: 'passing', code: 'no-token', reason: `answered ${status} without an access token` };
  }
  const { access_token: token, expires_in: expiresInSeconds, refresh_token: refreshToken } = parsed.data;
  return { token, expiresInSeconds, refreshToken };
}

/** The JSON object of an answer, or why there is none. */
export function answeredJson({
  status,
  body,
}: MintAnswer): { readonly body: Readonly<Record<string, unknown>> } | Refused {
  if (status >= 300 && status <= 399) {
    return {
      kind: 'passing',
      code: 'redirect',
      reason: `answered ${status}, a redirect, which is never followed`,
      advice: 'Check the address of its token endpoint.',
    };
  }
  const start = body.subarray(0, 64).toString('latin1').trimStart();
  if (start === '') return { kind: 'passing', code: 'empty', reason: `answered ${status} and nothing else` };
  const object = jsonObject(body);
  if (object !== undefined) return { body: object };
  const what = start.startsWith('<') ? 'a web page (HTML)' : 'something other than JSON';
  return {
    kind: 'passing',
    code: start.startsWith('<') ? 'html' : 'not-json',
    reason: `answered ${status} with ${what}`,
    ...(status < 500 ? { advice: 'Check the address of its token endpoint.' } : {}),
  };
}

function refusedBy(status: number, error: string | undefined): Refused {
  if (error === 'invalid_grant') {
    return {
      kind: 'final',
      code: error,
      reason: 'refused the refresh token, which is spent, expired or revoked (invalid_grant)',
      advice: 'Connect it again: doorward connect NAME',
    };
  }
  if (error === 'invalid_client' || error === 'unauthorized_client') {
    return {
      kind: 'final',
      code: error,
      reason: `refused the client id or the client secret (${error})`,
      advice: 'Store the right ones: doorward secret rotate NAME',
    };
  }
  if (error !== undefined && error !== 'other') {
    const kind = FINAL.includes(error) ? 'final' : 'passing';
    return { kind, code: error, reason: `answered ${status} (${error})` };
  }
  const kind = status >= 400 && status < 500 && status !== 429 && status !== 408 ? 'final' : 'passing';
  return { kind, code: `status-${status}`, reason: `answered ${status}` };
}

/** Undefined: no error. `other`: one whose text is not repeated. */
function errorCode(body: Readonly<Record<string, unknown>>): string | undefined {
  const { error } = body;
  if (error === undefined || error === null || error === false) return undefined;
  const known = [...FINAL, ...PASSING].find((code) => code === error);
  return known ?? 'other';
}

function jsonObject(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(body.toString());
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? { ...parsed }
      : undefined;
  } catch {
    return undefined;
  }
}
