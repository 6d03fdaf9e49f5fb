// Addresses in the head of an answer that lead to the service itself are made to lead through the broker again: a client that
// follows one (the next page, where an upload goes on) has no key to show at the service.
import type { Service } from '../core/entities.ts';
import type { HeaderPairs } from '../core/headers.ts';
import { baseUrlText } from '../core/service.ts';

/** `base`: where the caller calls the service, without a slash at its end. */
export function withWayBack(headers: HeaderPairs, service: Service, base: string | undefined): HeaderPairs {
  // Below a path with the credential in it the caller's addresses are others than the service's.
  if (base === undefined || service.auth.kind === 'path') return headers;
  if (!headers.some(([name]) => isAddress(name) || name === 'link')) return headers;
  const way = { base, full: baseUrlText(service), below: service.basePath };
  return headers.map(([name, value]) => {
    if (isAddress(name)) return [name, leadBack(value, way)] as const;
    if (name === 'link')
      return [name, value.replaceAll(LINK_TARGET, (_all, to: string) => `<${leadBack(to, way)}>`)];
    return [name, value] as const;
  });
}

interface Way {
  readonly base: string;
  /** Of the service. */
  readonly full: string;
  readonly below: string;
}

/** RFC 8288 §3: a target stands between angle brackets. */
const LINK_TARGET = /<([^<>\s]{1,4096})>/g;

function isAddress(name: string): boolean {
  return name === 'location' || name === 'content-location';
}

/** Whatever it was in, if it leads to no place below the service. */
function leadBack(to: string, { base, full, below }: Way): string {
  const isPath = to.startsWith('/') && !to.startsWith('//');
  const rest = isPath ? after(to, below) : after(to, full);
  return rest === undefined ? to : base + rest;
}

function after(text: string, start: string): string | undefined {
  if (!text.toLowerCase().startsWith(start.toLowerCase())) return undefined;
  const rest = text.slice(start.length);
  return /^(?:$|[/?#])/.test(rest) ? rest : undefined;
}
