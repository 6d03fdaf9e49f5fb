// Public metadata: the keys of our tokens (RFC 7517), the authorization server (RFC 8414), and what its tokens are for
// (RFC 9728).
import type { Hono } from 'hono';
import type { Tokens } from '../vault/tokens.ts';
import type { Environment } from './environment.ts';

/** What is protected stands behind it, as a path: nothing for the whole server. */
export const PROTECTED_RESOURCE = '/.well-known/oauth-protected-resource';

const CACHE = { 'cache-control': 'public, max-age=300' };

export function mountWellKnown(app: Hono<Environment>, tokens: Tokens): void {
  app.get('/.well-known/jwks.json', (context) => context.json({ keys: tokens.publicKeys }, 200, CACHE));
  app.get('/.well-known/oauth-authorization-server', (context) =>
    context.json(
      {
        issuer: tokens.issuer,
        token_endpoint: `${tokens.issuer}/oauth/token`,
        jwks_uri: `${tokens.issuer}/.well-known/jwks.json`,
        grant_types_supported: ['client_credentials'],
        token_endpoint_auth_methods_supported: ['client_secret_basic'],
        response_types_supported: [],
      },
      200,
      CACHE,
    ),
  );
  for (const path of ['', '/mcp']) {
    app.get(`${PROTECTED_RESOURCE}${path}`, (context) =>
      context.json(
        {
          resource: `${tokens.issuer}${path}`,
          resource_name: 'Doorward',
          authorization_servers: [tokens.issuer],
          bearer_methods_supported: ['header'],
        },
        200,
        CACHE,
      ),
    );
  }
}
