// Addresses in the head of an answer, read as the upstream means them: what leads to the service leads through the broker
// again, since a client that follows it (the next page, where an upload goes on) has no key to show at the service. An upstream
// never leads a client to another service of the broker, where it would show its token.
import type { Service } from '../core/entities.ts';
import type { HeaderPairs } from '../core/headers.ts';
import { baseUrlText } from '../core/service.ts';

export interface AnsweredCall {
  readonly service: Service;
  /** Canonical, below the service. */
  readonly path: string;
  /** Where the caller calls the service, without a slash at its end; undefined where every address there is the service's. */
  readonly base: string | undefined;
}

export function withWayBack(headers: HeaderPairs, { service, path, base }: AnsweredCall): HeaderPairs {
  if (base === undefined || !headers.some(([name]) => isAddress(name) || name === 'link')) return headers;
  const way = { service, base, from: baseUrlText(service) + path };
  return headers.flatMap(([name, value]) => {
    if (isAddress(name)) {
      const to = leadBack(value, way);
      return to === undefined ? [] : [[name, to] as const];
    }
    if (name !== 'link') return [[name, value] as const];
    return [
      [name, value.replaceAll(LINK_TARGET, (_all, to: string) => `<${leadBack(to, way) ?? ''}>`)] as const,
    ];
  });
}

interface Way {
  readonly service: Service;
  readonly base: string;
  /** What a relative reference is relative to: the address that was called, as the upstream knows it. */
  readonly from: string;
}

/** RFC 8288 §3: a target stands between angle brackets. */
const LINK_TARGET = /<([^<>]*)>/g;

function isAddress(name: string): boolean {
  return name === 'location' || name === 'content-location';
}

/** Undefined: it can not be read, or leads to the broker itself. */
function leadBack(to: string, { service, base, from }: Way): string | undefined {
  if (!URL.canParse(to, from)) return undefined;
  const url = new URL(to, from);
  const rest = restBelow(service, url);
  if (rest !== undefined) return base + rest;
  return url.origin === new URL(base).origin ? undefined : url.href;
}

/** What stands behind the service's base URL; below a path with the credential in it callers have other addresses. */
function restBelow({ origin, basePath, auth }: Service, url: URL): string | undefined {
  const { pathname, search, hash } = url;
  const own = new URL(baseUrlText({ origin, basePath: '' })).origin;
  if (url.origin !== own || auth.kind === 'path' || !pathname.startsWith(basePath)) return undefined;
  const rest = pathname.slice(basePath.length);
  return rest === '' || rest.startsWith('/') ? rest + search + hash : undefined;
}
