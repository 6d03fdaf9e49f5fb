// What an agent may call, as its grants and the scope of its token have it now. Never more than that: other services, other
// agents and where a service is are nobody's business here.
import type { CallingAgent } from '../broker/caller.ts';
import type { CatalogueEntry } from '../catalogue/entry.ts';
import { readEntry } from '../catalogue/catalogue.ts';
import { type AddressPattern, parsePattern } from '../core/address-pattern.ts';
import type { Grant, Service } from '../core/entities.ts';
import { coversPattern } from '../core/pattern-cover.ts';
import { type Scope, scopeAllows } from '../core/scope.ts';
import type { McpDeps } from './deps.ts';

export interface GrantedService {
  readonly service: Service;
  readonly grant: Grant;
  readonly entry: CatalogueEntry | undefined;
  /** Which methods the token is good for. */
  readonly access: 'read' | 'write' | 'read and write';
  readonly actions: readonly GrantedAction[];
}

export interface GrantedAction {
  readonly name: string;
  readonly risk: CatalogueEntry['actions'][string]['risk'];
  readonly summary: string;
  /** Those of its patterns that are granted. */
  readonly patterns: readonly AddressPattern[];
}

/** In the order of their names. Grants that have ended are left out. */
export function grantedServices({ broker }: McpDeps, { agent, scope }: CallingAgent): GrantedService[] {
  const { authority, ids } = broker;
  const now = ids.clock.now();
  return authority
    .grantsOf(agent.id)
    .flatMap((grant) => {
      const service = authority.service(grant.serviceId);
      const isOver = grant.expiresAt !== undefined && grant.expiresAt <= now;
      const access = service === undefined ? undefined : accessOf(scope, service.name);
      if (service === undefined || access === undefined || isOver) return [];
      const entry = service.catalogueId === null ? undefined : readEntry(service.catalogueId);
      return [{ service, grant, entry, access, actions: actionsOf({ service, grant, entry, scope }) }];
    })
    .toSorted((one, other) => (one.service.name < other.service.name ? -1 : 1));
}

function accessOf(scope: Scope | undefined, service: string): GrantedService['access'] | undefined {
  const read = scope === undefined || scopeAllows(scope, service, 'GET');
  const write = scope === undefined || scopeAllows(scope, service, 'POST');
  if (read && write) return 'read and write';
  if (write) return 'write';
  return read ? 'read' : undefined;
}

interface Considered extends Pick<GrantedService, 'service' | 'grant' | 'entry'> {
  readonly scope: Scope | undefined;
}

function actionsOf({ service, grant, entry, scope }: Considered): GrantedAction[] {
  return Object.entries(entry?.actions ?? {}).flatMap(([name, { risk, summary, allow }]) => {
    const patterns = allow.map(parsePattern).filter((pattern) => {
      const isGranted = grant.allow?.some((one) => coversPattern(one, pattern)) ?? true;
      const isGuarded = service.guards.some((guard) => coversPattern(guard, pattern));
      return isGranted && !isGuarded && isInScope(scope, service.name, pattern);
    });
    return patterns.length === 0 ? [] : [{ name, risk, summary, patterns }];
  });
}

function isInScope(scope: Scope | undefined, service: string, { method }: AddressPattern): boolean {
  if (scope === undefined) return true;
  const methods = method === '*' ? ['GET', 'POST'] : [method];
  return methods.every((one) => scopeAllows(scope, service, one));
}
