// Patterns of a grant or a guard: a method and a path, matched segment by segment against canonical
// addresses. A segment is a literal, `{name}`, or `{name}` with a literal suffix, where `{name:int}` and `{name:uuid}` stand
// for such a text only; `**` may end the path.
import { type CanonicalAddress, canonicalAddress, decodedSegment, EVERY_OPT_IN, METHODS } from './address.ts';
import { Problem } from './problem.ts';

const SEGMENT_TYPES = {
  text: /^[^]+$/,
  int: /^\d{1,20}$/,
  uuid: /^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/,
} as const;
type SegmentType = keyof typeof SEGMENT_TYPES;

type PatternSegment =
  | { readonly kind: 'literal'; readonly text: string }
  /** Any one segment that ends with `suffix` and has something of that type before it. */
  | {
      readonly kind: 'parameter';
      readonly name: string;
      readonly type: SegmentType;
      readonly suffix: string;
    };

export interface AddressPattern {
  /** Canonical text, such as `GET /v1/files/{id}`; parses to the same pattern. */
  readonly text: string;
  readonly method: string;
  readonly segments: readonly PatternSegment[];
  /** The path ended with `**`: any further segments, none included. */
  readonly isOpen: boolean;
  readonly trailingSlash: boolean;
}

const PATTERN = /^(?:(\S+)[ \t]+)?(\/\S*)$/;
const PARAMETER = /^\{([A-Za-z_][A-Za-z0-9_]{0,63})(?::([a-z]+))?\}([^{}]*)$/;
const MAX_PATTERN_LENGTH = 4096;

/**
 * Parses texts such as `GET /v1/models`, `POST /v1/chat/**`, `* /v1/files/{id}`, `/v1/x` (any method) and
 * `POST /v1beta/models/{model}:generateContent`. Throws `invalid-input`.
 */
export function parsePattern(text: string): AddressPattern {
  const parts = PATTERN.exec(text.trim());
  const path = parts?.[2];
  if (parts === null || path === undefined || text.length > MAX_PATTERN_LENGTH) {
    throw wrong('a pattern is a method and a path, such as GET /v1/models or POST /v1/chat/**');
  }
  const method = parsePatternMethod(parts[1] ?? '*');
  if (path.includes('?')) throw wrong('a pattern ends before the query: leave out ? and what follows');
  if (path === '/') return build(method, [], { isOpen: false, trailingSlash: false });

  const texts = path.slice(1).split('/');
  const isOpen = texts.at(-1) === '**';
  const trailingSlash = texts.at(-1) === '';
  if (isOpen || trailingSlash) texts.pop();
  return build(method, texts.map(parseSegment), { isOpen, trailingSlash });
}

/**
 * Whether the pattern covers the call. GET covers HEAD; `**` covers zero or more segments; a trailing
 * slash is literal; letters count as written.
 */
export function matchesPattern(pattern: AddressPattern, method: string, address: CanonicalAddress): boolean {
  if (!coversMethod(pattern.method, method)) return false;
  const { segments } = pattern;
  const found = address.segments;
  if (pattern.isOpen) {
    if (found.length < segments.length) return false;
  } else if (found.length !== segments.length || pattern.trailingSlash !== address.trailingSlash) {
    return false;
  }
  return segments.every((segment, index) => matchesSegment(segment, found[index] ?? ''));
}

/** Whether one segment of an address, or a literal of another pattern, is what this segment of a pattern stands for. */
export function matchesSegment(pattern: PatternSegment, segment: string): boolean {
  const decoded = decodedSegment(segment);
  if (pattern.kind === 'literal') return decoded === decodedSegment(pattern.text);
  const suffix = decodedSegment(pattern.suffix);
  if (!decoded.endsWith(suffix)) return false;
  return SEGMENT_TYPES[pattern.type].test(decoded.slice(0, decoded.length - suffix.length));
}

/**
 * Whether the pattern, as a guard, denies the call. Wider than what a grant of the same text covers: many servers take
 * letters of either case and a slash more or less at the end for the same address, and none of those ways may be open.
 */
export function guardsAgainst(guard: AddressPattern, method: string, address: CanonicalAddress): boolean {
  if (!coversMethod(guard.method, method)) return false;
  return readingsOf(address).some((found) => guardsPath(guard, found));
}

function guardsPath({ segments, isOpen }: AddressPattern, found: readonly string[]): boolean {
  if (isOpen ? found.length < segments.length : found.length !== segments.length) return false;
  return segments.every((segment, index) => guardsSegment(segment, found[index] ?? ''));
}

/**
 * The segments as an upstream may read them: as they stand, and, where the service takes encoded slashes or parameters of a
 * path, without the parameters and split at what was encoded, in either order.
 */
function readingsOf({ path, segments }: CanonicalAddress): readonly (readonly string[])[] {
  if (!/;|%(?:2F|3B)/.test(path)) return [segments];
  const decoded = segments.map(decodedSegment);
  const bare = decoded.map(withoutParameters);
  const split = decoded.flatMap((segment) => segment.split('/'));
  return [decoded, bare, split, split.map(withoutParameters), bare.flatMap((segment) => segment.split('/'))];
}

function withoutParameters(segment: string): string {
  return segment.replace(/;.*$/, '');
}

/** Types are not asked for: an upstream may take other texts for a number than this does. */
function guardsSegment(pattern: PatternSegment, segment: string): boolean {
  const decoded = folded(decodedSegment(segment));
  if (pattern.kind === 'literal') return decoded === folded(decodedSegment(pattern.text));
  const suffix = folded(decodedSegment(pattern.suffix));
  return decoded.length > suffix.length && decoded.endsWith(suffix);
}

/** The smallest pattern that covers exactly this call: what a refusal says would have to be granted. */
export function smallestPattern(method: string, address: CanonicalAddress): string {
  // An address may hold a star, which would widen the pattern.
  return `${method} ${address.path.replaceAll('*', '%2A')}`;
}

function coversMethod(pattern: string, method: string): boolean {
  return pattern === '*' || pattern === method || (pattern === 'GET' && method === 'HEAD');
}

function folded(text: string): string {
  return text.toLowerCase();
}

function parsePatternMethod(text: string): string {
  const method = text.toUpperCase();
  if (method !== '*' && !METHODS.some((known) => known === method)) {
    throw wrong(`the method of a pattern is one of ${METHODS.join(', ')}, or * for any`);
  }
  return method;
}

function parseSegment(text: string): PatternSegment {
  if (text === '**') throw wrong('** may only be the last segment of a pattern');
  if (text.includes('*'))
    throw wrong('* is no segment: write {name} for one segment, ** at the end for all below');
  if (text === '') throw wrong('a pattern has no empty segments');
  if (!/[{}]/.test(text)) return { kind: 'literal', text: canonicalPiece(text) };
  const [, name, type = 'text', suffix = ''] = PARAMETER.exec(text) ?? [];
  if (name === undefined) {
    throw wrong('braces stand at the start of a segment: {name}, or {name} and a literal end');
  }
  if (!isSegmentType(type) || (type === 'text' && text.includes(':text}'))) {
    throw wrong('the type of a segment is int or uuid: {id:int}; one without a type is {id}');
  }
  // The letter in front keeps a suffix such as `..` from being judged as a segment of its own.
  return { kind: 'parameter', name, type, suffix: canonicalPiece(`x${suffix}`).slice(1) };
}

function isSegmentType(text: string): text is SegmentType {
  return Object.hasOwn(SEGMENT_TYPES, text);
}

function canonicalPiece(text: string): string {
  try {
    return canonicalAddress(`/${text}`, EVERY_OPT_IN).path.slice(1);
  } catch (cause) {
    const why = cause instanceof Problem ? cause.detail : undefined;
    throw wrong(
      `a segment of the pattern can stand in no address${why === undefined ? '' : `. ${why}`}`,
      cause,
    );
  }
}

function build(
  method: string,
  segments: readonly PatternSegment[],
  end: Pick<AddressPattern, 'isOpen' | 'trailingSlash'>,
): AddressPattern {
  const texts = segments.map((segment) =>
    segment.kind === 'literal'
      ? segment.text
      : `{${segment.name}${segment.type === 'text' ? '' : `:${segment.type}`}}${segment.suffix}`,
  );
  if (end.isOpen) texts.push('**');
  const path = `/${texts.join('/')}${end.trailingSlash ? '/' : ''}`;
  return { text: `${method} ${path}`, method, segments, ...end };
}

function wrong(sentence: string, cause?: unknown): Problem {
  return new Problem('invalid-input', {
    detail: `The pattern is not valid: ${sentence.replace(/\.$/, '')}.`,
    cause,
  });
}
