// Scopes (RFC 6749 §3.3): `service` or `service:access`, access `read` or `write`. A token's scope only ever narrows its agent's grants.

type Access = 'all' | 'read' | 'write';
export type Scope = ReadonlyMap<string, ReadonlySet<Access>>;

const SCOPE_TOKEN = /^([a-z0-9_-]{1,64})(?::(read|write))?$/;
const READ_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
const MAX_SCOPE_LENGTH = 2048;

/** The parsed scope, or undefined when any part of the text is not a scope: unknown parts deny, they are not skipped. */
export function parseScope(text: string): Scope | undefined {
  if (text.length > MAX_SCOPE_LENGTH) return undefined;
  const scope = new Map<string, Set<Access>>();
  for (const part of text.split(' ')) {
    const match = SCOPE_TOKEN.exec(part);
    if (match?.[1] === undefined) return undefined;
    const access: Access = match[2] === 'read' || match[2] === 'write' ? match[2] : 'all';
    scope.set(match[1], (scope.get(match[1]) ?? new Set<Access>()).add(access));
  }
  return scope;
}

/** Whether `scope` covers `method` on `service`. `write` does not include read; the service's name alone means both. */
export function scopeAllows(scope: Scope, service: string, method: string): boolean {
  const access = scope.get(service);
  if (access === undefined) return false;
  return access.has('all') || access.has(READ_METHODS.has(method) ? 'read' : 'write');
}

/** The scope that a call would have needed. */
export function neededScope(service: string, method: string): string {
  return `${service}:${READ_METHODS.has(method) ? 'read' : 'write'}`;
}
