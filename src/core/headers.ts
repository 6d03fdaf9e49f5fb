// Which headers pass on the way out and on the way in. Headers are pairs in the order received, names in
// lower case; what passes is rebuilt from them, never forwarded as raw bytes.
import {
  CREDENTIAL_SLOTS,
  HOP_BY_HOP,
  NEVER_IN,
  NEVER_IN_PREFIXES,
  NEVER_OUT,
  NEVER_OUT_PREFIXES,
} from './header-names.ts';
import { Problem } from './problem.ts';

export type HeaderPairs = readonly (readonly [name: string, value: string])[];

const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}$/;
// Values are latin1 strings, as Node reads and writes them (RFC 9110 §5.5).
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
/** Without these a body means something else, or nothing. */
const OF_EVERY_LIST = ['accept', 'content-type', 'content-encoding'];
const OF_RANGES: ReadonlySet<string> = new Set(['range', 'if-range']);
const NEVER_OUT_SLOTS: ReadonlySet<string> = new Set(CREDENTIAL_SLOTS);
/** Clients and upstreams have the same few names in every call: what these say is found out once. */
const MAX_KNOWN = { names: 1024, length: 64 } as const;

/** What a name says of its header. */
interface NameFacts {
  readonly isName: boolean;
  /** As `Connection` and the slots of services are compared with it. */
  readonly compared: string;
  /** Never goes out; never, but where ranges may be asked for; never comes in. */
  readonly isKeptHere: boolean;
  readonly isRange: boolean;
  readonly isKeptOut: boolean;
}

const NO_NAMES: ReadonlySet<string> = new Set();

/** Pairs from Node's flat `rawHeaders`. */
export function pairsFromRaw(rawHeaders: readonly string[]): HeaderPairs {
  const pairs: (readonly [string, string])[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    pairs.push([(rawHeaders[at] ?? '').toLowerCase(), rawHeaders[at + 1] ?? '']);
  }
  return pairs;
}

interface OutgoingOptions {
  /** The service's own slots. */
  readonly dropNames?: Iterable<string>;
  /** Ranges may be asked for. */
  readonly passesRanges?: boolean;
  /** Only these pass, and what says how the body is to be read. Undefined: all that harm nothing. */
  readonly only?: readonly string[] | undefined;
}

/**
 * The agent's headers that may go to an upstream, and `accept-encoding: identity`, so that answers can be
 * scanned as they come. Throws `invalid-request`.
 */
export function outgoingHeaders(pairs: HeaderPairs, options: OutgoingOptions = {}): HeaderPairs {
  const { only, passesRanges = false } = options;
  const listed = only === undefined ? undefined : new Set([...OF_EVERY_LIST, ...only]);
  const dropped = new Set(namedByConnection(pairs));
  for (const name of options.dropNames ?? []) dropped.add(comparable(name));
  const out: (readonly [string, string])[] = [];
  for (const [name, value] of pairs) {
    assertHeaderValue(name, value);
    const { compared, isKeptHere, isRange } = factsOf(name);
    if (isKeptHere || (isRange && !passesRanges) || dropped.has(compared)) continue;
    if (listed?.has(name) !== false) out.push([name, value]);
  }
  out.push(['accept-encoding', 'identity']);
  return out;
}

/**
 * The upstream's headers (or trailers) that may go to the agent. `content-encoding` stays, for the caller
 * to act on. Throws `upstream-invalid`.
 */
export function incomingHeaders(pairs: HeaderPairs): HeaderPairs {
  const dropped = namedByConnection(pairs);
  return pairs.filter(([name, value]) => {
    const { isName, compared, isKeptOut } = factsOf(name);
    if (!isName || NOT_IN_VALUE.test(value)) {
      throw new Problem('upstream-invalid', { detail: 'The upstream sent a malformed header.' });
    }
    return !isKeptOut && !dropped.has(compared);
  });
}

/** Refuses names that are no token and values with control characters. Throws `invalid-request`. */
export function assertHeaderValue(name: string, value: string): void {
  if (!isHeaderName(name)) {
    throw new Problem('invalid-request', { detail: 'A header name is not a token (RFC 9110 §5.6.2).' });
  }
  if (NOT_IN_VALUE.test(value)) {
    throw new Problem('invalid-request', {
      detail: `The value of ${name.toLowerCase()} holds a control character or one outside latin1.`,
    });
  }
}

export function isHeaderName(text: string): boolean {
  return factsOf(text).isName;
}

const known = new Map<string, NameFacts>();

function factsOf(name: string): NameFacts {
  const before = known.get(name);
  if (before !== undefined) return before;
  const compared = comparable(name);
  const isRange = OF_RANGES.has(name);
  const facts = {
    isName: HEADER_NAME.test(name),
    compared,
    isKeptHere:
      HOP_BY_HOP.has(compared) ||
      NEVER_OUT_SLOTS.has(compared) ||
      (NEVER_OUT.has(compared) && !isRange) ||
      startsWithAny(compared, NEVER_OUT_PREFIXES),
    isRange,
    isKeptOut:
      HOP_BY_HOP.has(compared) || NEVER_IN.has(compared) || startsWithAny(compared, NEVER_IN_PREFIXES),
  };
  if (!facts.isName || name.length > MAX_KNOWN.length) return facts;
  if (known.size === MAX_KNOWN.names) known.clear();
  known.set(name, facts);
  return facts;
}

/** What `Connection` names is hop-by-hop as well, whatever it is (RFC 9110 §7.6.1). */
function namedByConnection(pairs: HeaderPairs): ReadonlySet<string> {
  let names: Set<string> | undefined;
  for (const [name, value] of pairs) {
    if (name !== 'connection') continue;
    names ??= new Set();
    for (const token of value.split(',')) names.add(comparable(token.trim()));
  }
  return names ?? NO_NAMES;
}

function comparable(name: string): string {
  const lower = name.toLowerCase();
  return lower.includes('_') ? lower.replaceAll('_', '-') : lower;
}

function startsWithAny(name: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => name.startsWith(prefix));
}
