// A request with its credential placed: path, query and headers as they go out.
import { type CanonicalAddress, joinBasePath } from '../core/address.ts';
import { assertHeaderValue, type HeaderPairs } from '../core/headers.ts';
import type { Placement } from '../providers/credentials/kind.ts';

export interface BareRequest {
  /** Of the service: `''`, or without a trailing slash. */
  readonly basePath: string;
  /** Below the service; its query is `query`. */
  readonly address: CanonicalAddress;
  /** `name=value`, encoded. */
  readonly query: readonly string[];
  readonly headers: HeaderPairs;
}

/** Throws `invalid-request` for a value that can not stand in a header. */
export function withCredential(
  { basePath, address, query, headers }: BareRequest,
  placement: Placement,
): { readonly path: string; readonly headers: HeaderPairs } {
  for (const [name, value] of placement.headers) assertHeaderValue(name, value);
  const parts = placement.query === undefined ? query : [...query, placement.query.join('=')];
  const whole = joinBasePath(basePath + (placement.path ?? ''), address);
  return {
    path: parts.length === 0 ? whole : `${whole}?${parts.join('&')}`,
    headers: placement.headers.length === 0 ? headers : [...headers, ...placement.headers],
  };
}
