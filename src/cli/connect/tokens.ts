// The answer of a token endpoint on its way into the protocol library, and failures of the protocol as one sentence each.
import { AuthorizationResponseError, ResponseBodyError } from 'oauth4webapi';
import { EXIT } from '../exit-codes.ts';
import { CommandFailure } from '../failure.ts';

export const REQUEST_TIMEOUT_MS = 20_000;
const MAX_ANSWER_BYTES = 256 * 1024;

/**
 * Without what nobody here uses and many servers get wrong: who the person is (`id_token`), and a token type in the
 * vendor's own words. Throws a failure for what is no JSON.
 */
export async function plainTokenResponse(response: Response, name: string): Promise<Response> {
  const text = await response.text();
  const body = text.length > MAX_ANSWER_BYTES ? undefined : jsonObject(text);
  if (body === undefined) {
    const what = text === '' ? 'nothing' : text.trimStart().startsWith('<') ? 'a web page (HTML)' : 'no JSON';
    throw new CommandFailure(
      EXIT.vendor,
      `The token endpoint of ${name} answered ${String(response.status)} with ${what}. Is --token-url right?`,
    );
  }
  const { id_token: _, token_type: type, ...rest } = body;
  const token_type = typeof type === 'string' && /^dpop$/i.test(type) ? type : 'bearer';
  return new Response(JSON.stringify({ ...rest, ...('access_token' in rest ? { token_type } : {}) }), {
    status: response.status,
    headers: { 'content-type': 'application/json' },
  });
}

/** What the vendor refused, in its own word where that is one of OAuth's; never its text. */
export function flowFailure(error: unknown, name: string): unknown {
  if (error instanceof CommandFailure) return error;
  if (error instanceof ResponseBodyError || error instanceof AuthorizationResponseError) {
    const code = /^[a-z_]{1,40}$/.test(error.error) ? error.error : 'an error of its own';
    return new CommandFailure(
      EXIT.vendor,
      `${name} refused: ${code}. ${ADVICE[error.error] ?? 'Nothing was stored.'}`,
    );
  }
  if (error instanceof Error) {
    return new CommandFailure(
      EXIT.vendor,
      `${name} could not be connected: ${error.message}. Nothing was stored.`,
      {
        cause: error,
      },
    );
  }
  return error;
}

const ADVICE: Readonly<Record<string, string>> = {
  access_denied: 'It was not allowed in the browser; nothing was stored.',
  invalid_client: 'Check the client id and the client secret, and --client-auth (basic or body).',
  unauthorized_client: 'The client may not use this way: look at its settings at the vendor.',
  invalid_scope: 'Ask for other scopes: --scope.',
  invalid_grant: 'The code was not taken: start again. Is the redirect address registered with the vendor?',
  expired_token: 'The code was not typed in time: start again.',
  redirect_uri_mismatch:
    'Register the redirect address with the vendor, or give the registered one: --redirect-uri.',
};

function jsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
