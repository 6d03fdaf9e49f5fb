// Host names to addresses an upstream may have. Every address of a name is checked, and one that is
// blocked fails them all: a name with a public and a private address is an attack, not a choice.
import { lookup as systemLookup } from 'node:dns/promises';
import { type AddressPolicy, canonicalIp, findBlock } from '../core/ip-range.ts';
import { Problem } from '../core/problem.ts';
import type { Clock } from '../core/time.ts';

export interface Resolver {
  /**
   * Canonical addresses of `host`, at least one, in the order the system prefers.
   * Throws `address-blocked`, `upstream-unreachable` or `upstream-timeout`.
   */
  resolve(host: string, port: number, policy: AddressPolicy): Promise<readonly string[]>;
  /** The same, without waiting, where they are known and have passed this policy. */
  known(host: string, port: number, policy: AddressPolicy): readonly string[] | undefined;
}

interface ResolverDeps {
  readonly clock: Clock;
  readonly lookup?: (host: string) => Promise<readonly string[]>;
  readonly timeoutMs?: number;
}

interface Known {
  readonly addresses: readonly string[];
  readonly untilMs: number;
  /** The policy and port the addresses passed last, so that a call need not check them anew. */
  passed?: { readonly policy: AddressPolicy; readonly port: number };
}

const CACHE_MS = 30_000;
const CACHE_ENTRIES = 1024;
const LOOKUP_TIMEOUT_MS = 5000;
const HOST_NAME =
  /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;
/** Resolvers take a name that ends like this for a number: `0x7f.1`, `127.1`, `2130706433`. */
const NUMBER_LIKE = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/;

/** A host of a service as it is dialled: IPv6 literals without brackets. */
export function bareHost(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}

export function createResolver(deps: ResolverDeps): Resolver {
  const lookup = deps.lookup ?? lookupAll;
  const timeoutMs = deps.timeoutMs ?? LOOKUP_TIMEOUT_MS;
  const known = new Map<string, Known>();
  const running = new Map<string, Promise<Known>>();

  function remember(host: string, addresses: readonly string[], untilMs: number): Known {
    const oldest = known.size >= CACHE_ENTRIES ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
    const entry: Known = { addresses, untilMs };
    known.set(host, entry);
    return entry;
  }

  function lookupOnce(host: string): Promise<Known> {
    const before = running.get(host);
    if (before !== undefined) return before;
    const task = lookUp(host, lookup, timeoutMs)
      .then((addresses) => remember(host, addresses, deps.clock.monotonicMs() + CACHE_MS))
      .finally(() => running.delete(host));
    running.set(host, task);
    return task;
  }

  function findKnown(host: string): Known | undefined {
    const cached = known.get(host);
    return cached !== undefined && deps.clock.monotonicMs() < cached.untilMs ? cached : undefined;
  }

  async function find(host: string): Promise<Known> {
    const cached = findKnown(host);
    if (cached !== undefined) return cached;
    const bare = bareHost(host);
    const literal = literalAddress(bare);
    return literal === undefined ? lookupOnce(bare) : remember(host, [literal], Number.POSITIVE_INFINITY);
  }

  return {
    async resolve(host, port, policy) {
      const entry = await find(host);
      if (!hasPassed(entry, port, policy)) {
        assertAllowed(bareHost(host), entry.addresses, { port, policy });
        entry.passed = { policy, port };
      }
      return entry.addresses;
    },
    known(host, port, policy) {
      const entry = findKnown(host);
      return entry !== undefined && hasPassed(entry, port, policy) ? entry.addresses : undefined;
    },
  };
}

function hasPassed({ passed }: Known, port: number, policy: AddressPolicy): boolean {
  return passed?.policy === policy && passed.port === port;
}

/** The host itself if it is an address in canonical form, undefined if it is a name. Throws for what is neither. */
function literalAddress(host: string): string | undefined {
  if (canonicalIp(host) === host) return host;
  if (!HOST_NAME.test(host) || NUMBER_LIKE.test(host)) {
    throw new Problem('address-blocked', {
      detail:
        'The host of the service is neither a lower-case host name nor an IP address in canonical form.',
    });
  }
  return undefined;
}

async function lookUp(
  host: string,
  lookup: (host: string) => Promise<readonly string[]>,
  timeoutMs: number,
): Promise<readonly string[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Problem('upstream-timeout', { detail: `The name ${host} was not resolved in time.` }));
    }, timeoutMs);
  });
  try {
    const found = await Promise.race([lookup(host), late]);
    if (found.length === 0) throw unresolved(host);
    // What is in no canonical form is kept as it is and fails the check.
    return found.map((address) => canonicalIp(address) ?? address);
  } catch (cause) {
    throw cause instanceof Problem ? cause : unresolved(host, cause);
  } finally {
    clearTimeout(timer);
  }
}

function assertAllowed(
  host: string,
  addresses: readonly string[],
  { port, policy }: { readonly port: number; readonly policy: AddressPolicy },
): void {
  for (const address of addresses) {
    const block = findBlock(address, policy, port);
    if (block !== undefined) {
      const advice = block.isAllowable
        ? 'If that is meant, an admin adds its range to DOORWARD_EGRESS_ALLOW_CIDRS.'
        : 'No setting allows that.';
      throw new Problem('address-blocked', {
        detail: `The address of ${host} is not allowed: ${block.reason}. ${advice}`,
        internal: `${host} has the blocked address ${address}`,
        extensions: { rule: 'egress/address' },
      });
    }
  }
}

async function lookupAll(host: string): Promise<readonly string[]> {
  const found = await systemLookup(host, { all: true, verbatim: true });
  return found.map(({ address }) => address);
}

function unresolved(host: string, cause?: unknown): Problem {
  return new Problem('upstream-unreachable', { detail: `The name ${host} does not resolve.`, cause });
}
