// The outgoing request, rebuilt from configuration and canonical parts. The credential goes in last.
import type { Service } from '../core/entities.ts';
import type { Id } from '../core/ids.ts';
import { type HeaderPairs, outgoingHeaders } from '../core/headers.ts';
import type { OutgoingRequest } from '../egress/flow.ts';
import { type Credential, slotsOf } from '../vault/credential.ts';
import { withCredential } from '../vault/placed.ts';
import type { BrokeredCall } from './call.ts';
import type { CallBody } from './call-body.ts';
import type { Allowed } from './decide.ts';
import type { SecretVersion } from './versions.ts';

const NO_QUERY: readonly string[] = [];

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
  const { headers, query } = forwarded(call, allowed);
  const base = {
    origin: service.origin,
    method: target.method,
    ...transportOf(allowed, credential, vaultId),
    ...body.outgoing(),
  };
  const bare = { basePath: service.basePath, address: target.address, query, headers };
  return credential.place(version.id, (placement) => {
    const { path, headers: placed } = withCredential(bare, placement);
    return { path, headers: placed, ...base };
  });
}

/** What goes out of a call beside its body, without the credential. */
export function forwarded(
  call: BrokeredCall,
  allowed: Allowed,
): { readonly headers: HeaderPairs; readonly query: readonly string[] } {
  const slots = slotsOf(allowed.service);
  return {
    headers: call.memory.passedOn.of([call.headers, allowed.service, ...allowed.caller.withheld], () =>
      withRequired(keptHeaders(call, allowed, slots.headers), allowed.service),
    ),
    query: keptQuery(allowed, slots.query),
  };
}

/** The agent's headers but for slots, and for those that carry its token or a placeholder. */
function keptHeaders(
  call: BrokeredCall,
  { caller, service }: Allowed,
  slots: readonly string[],
): HeaderPairs {
  const { headers: which, allowHeaders, ranges } = service.protection.address;
  const headers = outgoingHeaders(call.headers, {
    dropNames: slots,
    passesRanges: ranges === 'pass',
    only: which === 'listed' ? allowHeaders : undefined,
  });
  return headers.filter(([, value]) => !carries(value, caller.withheld));
}

/** With what the API wants beside the credential, where the caller has said nothing of it. */
function withRequired(headers: HeaderPairs, { headers: required }: Service): HeaderPairs {
  const missing = Object.entries(required).filter(([name]) => !headers.some(([given]) => given === name));
  return missing.length === 0 ? headers : [...headers, ...missing];
}

/** Connections of one vault, service and revision, never shared with another; of one client certificate where there is one. */
function transportOf(
  { service }: Allowed,
  { clientCertificate }: Credential,
  vaultId: string,
): Pick<OutgoingRequest, 'poolKey' | 'timeouts' | 'tls'> {
  const { ca, caUse, minTls, timeouts } = service.protection.transport;
  const key = `${vaultId}:${service.id}:${service.revision}`;
  const poolKey = clientCertificate === undefined ? key : `${key}:${clientCertificate.version}`;
  const isPlain = ca === null && minTls === '1.2' && clientCertificate === undefined;
  return { poolKey, timeouts, ...(isPlain ? {} : { tls: { ca, caUse, minTls, clientCertificate } }) };
}

/**
 * The agent's parameters, as written, but for those that carry the agent's token or a placeholder and those an upstream could take
 * for the credential's: many servers do not tell letters' cases apart, and some not `.`, `-` and `_`.
 */
function keptQuery({ target, caller }: Allowed, slots: readonly string[]): readonly string[] {
  const { address } = target;
  if (address.search === '') return NO_QUERY;
  const parts = address.search.slice(1).split('&');
  const taken = new Set(slots.map(comparable));
  return parts.filter(
    (part, at) =>
      !taken.has(comparable(address.decodedQuery[at]?.[0] ?? '')) && !carries(decoded(part), caller.withheld),
  );
}

function carries(text: string, withheld: readonly string[]): boolean {
  return withheld.some((token) => text.includes(token));
}

function decoded(part: string): string {
  try {
    return part.includes('%') ? decodeURIComponent(part) : part;
  } catch {
    return part;
  }
}

function comparable(name: string): string {
  return name.trim().toLowerCase().replaceAll(/[-. ]/g, '_').replace(/\[.*$/, '');
}
