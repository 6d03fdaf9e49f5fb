// An authorization server on loopback: authorization codes with PKCE, device codes and its own metadata, over the token
// endpoint that spends refresh tokens.
import { createHash, randomBytes } from 'node:crypto';
import { CLIENT, sendJson, startTokenEndpoint, type TokenEndpoint } from './token-endpoint.ts';

export interface AuthorizationServer extends TokenEndpoint {
  /** Of the newest authorization request. */
  authorization: URLSearchParams | undefined;
  /** What it says of itself in an answer; undefined: nothing. */
  iss: string | undefined;
  /** How often a device code is pending before it is allowed. */
  pending: number;
  /** Left out of an answer to a code. */
  withoutRefreshToken: boolean;
  withoutEnd: boolean;
}

export async function startAuthorizationServer(): Promise<AuthorizationServer> {
  const endpoint = await startTokenEndpoint();
  const codes = new Map<string, URLSearchParams>();
  const server: AuthorizationServer = Object.assign(endpoint, {
    authorization: undefined,
    iss: endpoint.url,
    pending: 1,
    withoutRefreshToken: false,
    withoutEnd: false,
  });
  server.answer = (request, response) => {
    const { pathname, searchParams } = new URL(request.url, server.url);
    const { form } = request;
    const grantType = form.get('grant_type');
    if (pathname === '/.well-known/oauth-authorization-server') {
      sendJson(response, 200, metadata(server.url));
    } else if (pathname === '/authorize') {
      server.authorization = searchParams;
      const code = randomBytes(12).toString('hex');
      codes.set(code, searchParams);
      const back = new URL(searchParams.get('redirect_uri') ?? '');
      back.searchParams.set('code', code);
      back.searchParams.set('state', searchParams.get('state') ?? '');
      if (server.iss !== undefined) back.searchParams.set('iss', server.iss);
      response.writeHead(302, { location: back.href }).end();
    } else if (pathname === '/device') {
      sendJson(response, 200, {
        device_code: 'device-1',
        user_code: 'WDJB-MJHT',
        verification_uri: `${server.url}/activate`,
        expires_in: 60,
        interval: 0.05,
      });
    } else if (grantType === 'authorization_code' || grantType?.endsWith(':device_code') === true) {
      if (grantType === 'authorization_code' && !isRedeemable(form, codes.get(form.get('code') ?? ''))) {
        sendJson(response, 400, { error: 'invalid_grant' });
      } else if (grantType !== 'authorization_code' && server.pending > 0) {
        server.pending -= 1;
        sendJson(response, 400, { error: 'authorization_pending' });
      } else {
        codes.delete(form.get('code') ?? '');
        sendJson(response, 200, {
          access_token: 'at-first-0123456789abcdef0123',
          token_type: 'Bearer',
          ...(server.withoutEnd ? {} : { expires_in: 3600 }),
          ...(server.withoutRefreshToken ? {} : { refresh_token: server.refreshToken }),
        });
      }
    } else {
      server.grant(request, response);
    }
  };
  return server;
}

function isRedeemable(form: URLSearchParams, asked: URLSearchParams | undefined): boolean {
  const challenge = createHash('sha256')
    .update(form.get('code_verifier') ?? '')
    .digest('base64url');
  return (
    asked !== undefined &&
    asked.get('client_id') === CLIENT.client_id &&
    asked.get('code_challenge_method') === 'S256' &&
    asked.get('code_challenge') === challenge &&
    asked.get('redirect_uri') === form.get('redirect_uri')
  );
}

function metadata(issuer: string): object {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    device_authorization_endpoint: `${issuer}/device`,
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
  };
}
