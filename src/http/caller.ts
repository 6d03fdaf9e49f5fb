// Who asks for an administrative operation: the bearer of an admin token.
import type { Id } from '../core/ids.ts';
import { PERMISSIONS } from '../core/permission.ts';
import { Problem } from '../core/problem.ts';
import type { Caller } from '../operations/operation.ts';
import type { Tokens } from '../vault/tokens.ts';

/** Throws `admin-required`. The socket a request comes by authorises nothing. */
export async function requireCaller(
  tokens: Tokens,
  request: { readonly authorization: string | undefined; readonly id: Id<'req'>; readonly client: string },
): Promise<Caller> {
  const token = /^Bearer ([\w.-]+)$/.exec(request.authorization ?? '')?.[1];
  const claims = token === undefined ? undefined : tokens.verify(token);
  const admin = claims === undefined ? undefined : await tokens.admin(claims);
  if (claims === undefined || admin === undefined) {
    throw new Problem('admin-required', {
      detail:
        (token === undefined
          ? 'Administrative operations need an admin token'
          : "The token is not good here (expired, ended, or not an admin's)") +
        ': exchange the owner credential at /oauth/token (the CLI does it when it can read the owner credential file).',
      extensions: { reason: token === undefined ? 'no-token' : 'invalid-token' },
    });
  }
  return {
    principal: { type: 'admin', id: admin.id, name: admin.name, token: claims.jti },
    permissions: new Set(PERMISSIONS), // one owner so far, who may do everything
    request: request.id,
    client: request.client,
  };
}
