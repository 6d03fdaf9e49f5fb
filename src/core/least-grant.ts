// The smallest patterns that allow what was called and lie within what is granted. Where several ids of one kind stood at the
// same place, one typed segment takes their place: the next id is called tomorrow.
import type { CanonicalAddress } from './address.ts';
import { type AddressPattern, matchesPattern, parsePattern, smallestPattern } from './address-pattern.ts';
import { coversAll, coversPattern } from './pattern-cover.ts';
import { type SegmentKind, segmentKind } from './segment-kind.ts';

export interface CalledPlace {
  readonly method: string;
  readonly address: CanonicalAddress;
}

/** So many different ids at one place, and it is a parameter. */
const ENOUGH = 3;
/** As many as a grant takes. */
export const MAX_PATTERNS = 256;

interface Place extends CalledPlace {
  /** What its segments are, ids by their kind; places of one shape differ in their ids only. */
  readonly shape: string;
  readonly kinds: readonly (SegmentKind | undefined)[];
}

/** Takes in what was called, one by one. Undefined for `granted` stands for every method and path. */
export class LeastGrant {
  readonly #granted: readonly AddressPattern[] | undefined;
  readonly #places = new Map<string, Place>();

  constructor(granted: readonly AddressPattern[] | undefined) {
    this.#granted = granted;
  }

  /** What is not granted is passed over. */
  add({ method, address }: CalledPlace): void {
    const text = `${method} ${address.path}`;
    const isGranted = () => this.#granted?.some((one) => matchesPattern(one, method, address)) !== false;
    if (this.#places.has(text) || !isGranted()) return;
    const kinds = address.segments.map(segmentKind);
    const shape = address.segments.map((segment, at) => kinds[at]?.shape ?? segment).join('/');
    const end = address.trailingSlash ? '/' : '';
    this.#places.set(text, { method, address, kinds, shape: `${method} /${shape}${end}` });
  }

  /** In canonical form, sorted. They match all that was taken in, and nothing that is not granted. */
  patterns(): readonly string[] {
    // GET covers HEAD, so that a HEAD of the same path is no place of its own.
    const places = [...this.#places.values()].filter(
      ({ method, address }) => method !== 'HEAD' || !this.#places.has(`GET ${address.path}`),
    );
    const groups = [...grouped(places, ({ shape }) => shape).values()];
    const found = groups.flatMap((group) => generalise(group, allPlaces(group), this.#granted));
    const few = found.length > MAX_PATTERNS ? coarsen(found, this.#granted) : found;
    return withoutCovered(few)
      .map(({ text }) => text)
      .toSorted();
  }
}

function allPlaces([first]: readonly Place[]): readonly number[] {
  return first?.kinds.flatMap((kind, at) => (kind === undefined ? [] : [at])) ?? [];
}

/**
 * The patterns of places of one shape, with parameters at the segments of `open`. One that saw too few ids, or would reach
 * beyond what is granted, is closed: its ids stay as they are, and what is left is looked at for each of them.
 */
function generalise(
  group: readonly Place[],
  open: readonly number[],
  granted: readonly AddressPattern[] | undefined,
): AddressPattern[] {
  const [first] = group;
  if (first === undefined) return [];
  if (open.length === 0) return group.map(toLiteral);
  const counted = open
    .map((at) => ({ at, ids: new Set(group.map(({ address }) => address.segments[at])).size }))
    .toSorted((one, other) => one.ids - other.ids || one.at - other.at);
  const [least] = counted;
  if (least === undefined) return [];
  if (least.ids >= ENOUGH) {
    const pattern = toPattern(first, open);
    if (coversAll(granted, [pattern])) return [pattern];
  }
  const rest = open.filter((at) => at !== least.at);
  const parts = grouped(group, ({ address }) => address.segments[least.at] ?? '');
  return [...parts.values()].flatMap((part) => generalise(part, rest, granted));
}

function toLiteral({ method, address }: CalledPlace): AddressPattern {
  return parsePattern(smallestPattern(method, address));
}

function toPattern({ method, address, kinds }: Place, open: readonly number[]): AddressPattern {
  const segments = address.segments.map((segment, at) => {
    const kind = open.includes(at) ? kinds[at] : undefined;
    const number = open.indexOf(at) + 1;
    return kind?.parameter(number === 1 ? 'id' : `id${number}`) ?? segment.replaceAll('*', '%2A');
  });
  return parsePattern(`${method} /${segments.join('/')}${address.trailingSlash ? '/' : ''}`);
}

/** More than a grant can hold: what was granted stands in again, or everything below a path that many have in common. */
function coarsen(
  found: readonly AddressPattern[],
  granted: readonly AddressPattern[] | undefined,
): readonly AddressPattern[] {
  if (granted !== undefined) {
    return granted.filter((one) => found.some((pattern) => coversPattern(one, pattern)));
  }
  const deepest = Math.max(...found.map(({ segments }) => segments.length));
  for (let depth = deepest - 1; depth > 0; depth -= 1) {
    const fewer = withoutCovered(found.map((pattern) => cutTo(pattern, depth)));
    if (fewer.length <= MAX_PATTERNS) return fewer;
  }
  return found.map((pattern) => cutTo(pattern, 0));
}

/** The pattern, or everything below its first `depth` segments. */
function cutTo(pattern: AddressPattern, depth: number): AddressPattern {
  if (pattern.segments.length <= depth) return pattern;
  const path = pattern.text.slice(pattern.text.indexOf('/') + 1).split('/');
  return parsePattern(`${pattern.method} /${[...path.slice(0, depth), '**'].join('/')}`);
}

/** Of patterns that allow the same, the first. */
function withoutCovered(patterns: readonly AddressPattern[]): readonly AddressPattern[] {
  const unique = [...new Map(patterns.map((pattern) => [pattern.text, pattern])).values()];
  if (unique.length > 4 * MAX_PATTERNS) return unique; // too many to hold against each other; they are cut further
  return unique.filter((pattern, at) =>
    unique.every(
      (other, otherAt) =>
        other === pattern ||
        !coversPattern(other, pattern) ||
        (coversPattern(pattern, other) && otherAt > at),
    ),
  );
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
