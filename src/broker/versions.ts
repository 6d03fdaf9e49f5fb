// Which version of a secret a send uses, whether it may still be used, and which one is left to try when an upstream
// answers 401: nobody's call is to fail because a secret is being rotated.
import type { Secret, Service } from '../core/entities.ts';
import type { Id } from '../core/ids.ts';
import { isMintedKind } from '../core/material.ts';
import { Problem } from '../core/problem.ts';
import type { BrokerDeps } from './deps.ts';

export interface SecretVersion {
  readonly id: Id<'ver'>;
  readonly number: number;
}

type VersionDeps = Pick<BrokerDeps, 'authority' | 'ids'>;

/** RFC 9110 §9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** Throws `secret-unavailable`. */
export function requireCurrent({ authority }: VersionDeps, service: Service): SecretVersion {
  const current = authority.secret(service.secretId)?.current;
  if (current !== undefined) return current;
  throw new Problem('secret-unavailable', {
    detail:
      'The secret of this service is disabled: none of its versions is current. An administrator enables it (doorward secret enable NAME) or gives it a new value (doorward secret rotate NAME).',
  });
}

/** Whether it is current, or the version before within its grace period. */
export function maySend(deps: VersionDeps, service: Service, version: SecretVersion): boolean {
  const secret = deps.authority.secret(service.secretId);
  return secret?.current?.id === version.id || previousInGrace(deps, secret)?.id === version.id;
}

/** Whether a send of this service may turn out to be needed a second time, with another version. */
export function mayNeedAnother(deps: VersionDeps, service: Service, method: string): boolean {
  const secret = deps.authority.secret(service.secretId);
  return previousInGrace(deps, secret) !== undefined && isRetried(service, method);
}

/**
 * What to send after `refused` was answered 401: the current version where another was refused (the call began before a
 * promotion or a rollback), else the previous one within its grace period.
 */
export function otherVersion(
  deps: VersionDeps,
  { service, method }: { readonly service: Service; readonly method: string },
  refused: SecretVersion,
): SecretVersion | undefined {
  if (!isRetried(service, method)) return undefined;
  const secret = deps.authority.secret(service.secretId);
  return secret?.current?.id === refused.id ? previousInGrace(deps, secret) : secret?.current;
}

export function isRetried({ graceRetry }: Service, method: string): boolean {
  return graceRetry === 'any' || IDEMPOTENT.has(method);
}

/** Whether the secret is exchanged for access tokens, of which one may be refused before its end. */
export function sendsToken({ authority }: VersionDeps, { secretId }: Service): boolean {
  return isMintedKind(authority.secret(secretId)?.credentialKind ?? '');
}

/** None of a secret that has no current version: that one is disabled, and nothing of it is sent. */
function previousInGrace({ ids }: VersionDeps, secret: Secret | undefined): SecretVersion | undefined {
  const previous = secret?.current === undefined ? undefined : secret.previous;
  return previous !== undefined && ids.clock.now() < previous.graceUntil ? previous : undefined;
}
