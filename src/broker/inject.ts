// The outgoing request, rebuilt from configuration and canonical parts. The credential goes in last.
import { decodedQueryNames, joinBasePath } from '../core/address.ts';
import type { Service } from '../core/entities.ts';
import type { Id } from '../core/ids.ts';
import { assertHeaderValue, type HeaderPairs, outgoingHeaders } from '../core/headers.ts';
import type { OutgoingRequest } from '../egress/flow.ts';
import { type Credential, slotsOf } from '../vault/credential.ts';
import type { BrokeredCall } from './call.ts';
import type { CallBody } from './call-body.ts';
import type { Allowed } from './decide.ts';
import type { SecretVersion } from './versions.ts';

interface InjectParts {
  readonly call: BrokeredCall;
  readonly body: CallBody;
  /** The one that the intent names. */
  readonly version: SecretVersion;
  readonly vaultId: Id<'vlt'>;
}

export function inject(
  allowed: Allowed,
  credential: Credential,
  { call, body, version, vaultId }: InjectParts,
): OutgoingRequest {
  const { service, target } = allowed;
  const slots = slotsOf(service);
  const headers = withRequired(outgoingHeaders(call.headers, { dropNames: slots.headers }), service);
  const query = keptQuery(allowed, slots.query);
  const path = joinBasePath(service.basePath, target.address);
  const base = {
    origin: service.origin,
    poolKey: poolKey(allowed, vaultId),
    method: target.method,
    ...body.outgoing,
  };
  return credential.place(version.id, (placement) => {
    if (placement.header !== undefined) assertHeaderValue(...placement.header);
    const parts = placement.query === undefined ? query : [...query, placement.query.join('=')];
    return {
      ...base,
      path: parts.length === 0 ? path : `${path}?${parts.join('&')}`,
      headers: placement.header === undefined ? headers : [...headers, placement.header],
    };
  });
}

/** With what the API wants beside the credential, where the caller has said nothing of it. */
function withRequired(headers: HeaderPairs, { headers: required }: Service): HeaderPairs {
  const missing = Object.entries(required).filter(([name]) => !headers.some(([given]) => given === name));
  return missing.length === 0 ? headers : [...headers, ...missing];
}

/** Connections of one vault, service and revision: never shared with another. */
function poolKey({ service }: Allowed, vaultId: string): string {
  return `${vaultId}:${service.id}:${service.revision}`;
}

/**
 * The agent's parameters, as written, but for those that carry the agent's own token and those an upstream could take
 * for the credential's: many servers do not tell letters' cases apart, and some not `.`, `-` and `_`.
 */
function keptQuery({ target, caller }: Allowed, slots: readonly string[]): readonly string[] {
  const { address } = target;
  const names = decodedQueryNames(address);
  const parts = address.search === '' ? [] : address.search.slice(1).split('&');
  const taken = new Set(slots.map(comparable));
  return parts.filter(
    (_part, at) => !taken.has(comparable(names[at] ?? '')) && address.query[at]?.[1] !== caller.token,
  );
}

function comparable(name: string): string {
  return name.trim().toLowerCase().replaceAll(/[-. ]/g, '_').replace(/\[.*$/, '');
}
