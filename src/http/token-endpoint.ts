// POST /oauth/token: form-encoded, the client by HTTP Basic; errors as in RFC 6749 §5.2, never stored.
import type { Context, Hono } from 'hono';
import type { BrokerDeps } from '../broker/deps.ts';
import type { FailureLimit } from '../broker/failure-limit.ts';
import { Problem } from '../core/problem.ts';
import { type ClientCredentialsDeps, grantClientCredentials } from '../vault/client-credentials.ts';
import { clientOf } from './broker-endpoint.ts';
import type { Environment } from './environment.ts';
import { readBody } from './read-body.ts';

export interface TokenEndpointDeps extends ClientCredentialsDeps {
  readonly failures: FailureLimit;
  readonly decoysAtDoor: Pick<BrokerDeps['decoysAtDoor'], 'look'>;
}

type OauthError =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_scope'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'temporarily_unavailable';

const MAX_FORM_BYTES = 16_384;
const NO_STORE = { 'cache-control': 'no-store', pragma: 'no-cache' };

export function mountTokenEndpoint(app: Hono<Environment>, deps: TokenEndpointDeps): void {
  app.post('/oauth/token', async (context) => {
    const client = clientOf(context.env.incoming);
    // Whoever floods the TCP port from this machine must not keep its administrator off the admin socket.
    const peer = context.env.incoming.socket.remoteAddress === undefined ? 'admin socket' : client;
    const retryAfter = deps.failures.retryAfterSeconds(peer);
    if (retryAfter !== undefined) {
      const headers = { ...NO_STORE, 'retry-after': String(retryAfter) };
      return context.json({ error: 'temporarily_unavailable' satisfies OauthError }, 429, headers);
    }
    const form = await readForm(context);
    if (form === undefined) {
      return refuse(context, 'invalid_request', 'Send a UTF-8 form of at most 16 KiB, no parameter twice.');
    }
    const credentials = basicCredentials(context.req.header('authorization'));
    if (credentials === undefined) {
      return refuse(context, 'invalid_client', 'Send the agent name and agent key by HTTP Basic.');
    }
    if (!hasValue(form, 'grant_type')) {
      return refuse(context, 'invalid_request', 'grant_type is missing.');
    }
    if (form.get('grant_type') !== 'client_credentials') {
      return refuse(context, 'unsupported_grant_type', 'Only client_credentials is known here.');
    }
    const scope = hasValue(form, 'scope') ? (form.get('scope') ?? undefined) : undefined;
    const request = context.get('requestId');
    const granted = await grantClientCredentials(deps, { ...credentials, scope, request, client });
    if (granted.result === 'refused') {
      if (granted.error === 'invalid_client') {
        deps.failures.note(peer);
        const texts = [{ where: 'header authorization', value: credentials.credential }];
        deps.decoysAtDoor.look({ request, client, texts });
      }
      return refuse(context, granted.error, DESCRIPTION[granted.error]);
    }
    const { token, expiresInSeconds } = granted.issued;
    const body = {
      access_token: token,
      token_type: 'Bearer',
      expires_in: expiresInSeconds,
      ...(scope === undefined ? {} : { scope }),
    };
    return context.json(body, 200, NO_STORE);
  });
}

/** A parameter without a value counts as left out (RFC 6749 §3.2). */
function hasValue(form: URLSearchParams, name: string): boolean {
  return (form.get(name) ?? '') !== '';
}

const DESCRIPTION = {
  invalid_client: 'The client is not known here or its credential is wrong.',
  unauthorized_client:
    'The whole vault is frozen, as it is after a restore. An administrator can run: doorward restore accept',
  invalid_scope: 'The scope is malformed, or wider than what this client was granted.',
} as const;

function refuse(context: Context<Environment>, error: OauthError, description: string): Response {
  const isClient = error === 'invalid_client';
  return context.json({ error, error_description: description }, isClient ? 401 : 400, {
    ...NO_STORE,
    ...(isClient ? { 'www-authenticate': 'Basic realm="doorward"' } : {}),
  });
}

async function readForm(context: Context<Environment>): Promise<URLSearchParams | undefined> {
  const type = context.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') return undefined;
  const text = await readBody(context.env.incoming, MAX_FORM_BYTES).catch((error: unknown) => {
    if (!(error instanceof Problem) || error.fault !== 'caller' || error.code === 'request-timeout')
      throw error;
    return undefined;
  });
  if (text === undefined) return undefined;
  const form = new URLSearchParams(text);
  const isRepeated = new Set(form.keys()).size !== [...form.keys()].length;
  return isRepeated ? undefined : form;
}

/** RFC 6749 §2.3.1: both parts are form-encoded inside Basic. */
function basicCredentials(
  authorization: string | undefined,
): { name: string; credential: string } | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/]+=*)$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const pair = Buffer.from(encoded, 'base64').toString('latin1');
  const at = pair.indexOf(':');
  if (at === -1) return undefined;
  try {
    return {
      name: decodeURIComponent(pair.slice(0, at)),
      credential: decodeURIComponent(pair.slice(at + 1)),
    };
  } catch {
    return undefined;
  }
}
