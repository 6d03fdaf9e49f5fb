// The client credentials grant (RFC 6749 §4.4): an agent's key or the owner credential for an access token, audited.
import type { Agent, Service } from '../core/entities.ts';
import type { Id } from '../core/ids.ts';
import type { Principal } from '../core/principal.ts';
import { parseScope } from '../core/scope.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { AuditLog } from './audit/audit-log.ts';
import type { Authority } from './authority.ts';
import type { AutomaticFreeze } from './automatic-freeze.ts';
import { touchDecoy } from './decoys.ts';
import type { IssuedToken, Tokens } from './tokens.ts';

export interface ClientCredentialsDeps {
  readonly tokens: Tokens;
  readonly authority: Authority;
  readonly audit: AuditLog;
  readonly metrics: Metrics;
  readonly freezing: AutomaticFreeze;
}

export interface ClientCredentialsRequest {
  /** An agent's name or id, or the owner's name. */
  readonly name: string;
  readonly credential: string;
  readonly scope: string | undefined;
  readonly request: Id<'req'>;
  readonly client: string;
}

type Refusal = 'invalid_client' | 'invalid_scope' | 'unauthorized_client';

/** Unknown, wrong and frozen clients are one and the same refusal. */
export type ClientCredentialsResult =
  | { readonly result: 'issued'; readonly issued: IssuedToken }
  | { readonly result: 'refused'; readonly error: Refusal };

export async function grantClientCredentials(
  deps: ClientCredentialsDeps,
  request: ClientCredentialsRequest,
): Promise<ClientCredentialsResult> {
  const { name, credential, scope } = request;
  const agent = deps.tokens.authenticateAgent(name, credential);
  if (agent !== undefined) {
    if (deps.authority.frozen !== undefined) return refused('unauthorized_client'); // as after a restore
    for (const service of decoysIn(deps.authority, scope)) {
      const principal = { type: 'agent', id: agent.id, name: agent.name } as const;
      const { request: id, client } = request;
      await touchDecoy(deps, service, { agent, principal, request: id, client, where: 'scope' });
      return refused('invalid_scope');
    }
    if (scope !== undefined && !isGranted(deps.authority, agent, scope)) return refused('invalid_scope');
    return await issue(deps, request, {
      issued: deps.tokens.issueForAgent(agent, scope),
      principal: { type: 'agent', id: agent.id, name: agent.name },
    });
  }
  const admin = await deps.tokens.authenticateOwner(name, credential);
  if (admin === undefined) {
    deps.audit.noteFailedAuthentication(request.client, 'invalid-client');
    return refused('invalid_client');
  }
  if (scope !== undefined) return refused('invalid_scope'); // an admin's rights are permissions, not scopes
  return await issue(deps, request, {
    issued: deps.tokens.issueForAdmin(admin),
    principal: { type: 'admin', id: admin.id, name: admin.name },
  });
}

async function issue(
  deps: ClientCredentialsDeps,
  { request, client }: ClientCredentialsRequest,
  { issued, principal }: { issued: IssuedToken; principal: Extract<Principal, { id: string }> },
): Promise<ClientCredentialsResult> {
  await deps.audit.append({
    kind: 'token.issued',
    vault: deps.authority.vaultId,
    principal,
    request,
    client,
    jti: issued.id,
    subject: principal.id,
    expiresAt: issued.expiresAt.toISOString(),
  });
  deps.metrics.tokenIssued(principal.type);
  return { result: 'issued', issued };
}

function decoysIn(authority: Authority, text: string | undefined): readonly Service[] {
  const names = text === undefined ? [] : [...(parseScope(text)?.keys() ?? [])];
  return names.flatMap((name) => {
    const service = authority.serviceByName(name);
    return service?.protection.decoy === true ? [service] : [];
  });
}

/** Every service named must be granted: a token never asks for more than its agent has. */
function isGranted(authority: Authority, agent: Agent, text: string): boolean {
  const scope = parseScope(text);
  if (scope === undefined) return false;
  return [...scope.keys()].every((name) => {
    const service = authority.serviceByName(name);
    return service !== undefined && authority.grant(agent.id, service.id) !== undefined;
  });
}

function refused(error: Refusal): ClientCredentialsResult {
  return { result: 'refused', error };
}
