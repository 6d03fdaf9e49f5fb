// The canonical address of a call: path and query as one strict form, made from the raw request target
// before any URL parser sees it, or refused. Nothing is resolved or repaired: what two parsers could read
// in two ways (dot segments, empty segments, doubly encoded bytes) is not an address here.
import { overridesMethod } from './method-override.ts';
import { Problem } from './problem.ts';

export interface CanonicalAddress {
  /** Starts with `/`; unreserved characters decoded, other escapes in upper-case hex. */
  readonly path: string;
  /** The segments as they stand in `path`; none for `/`. */
  readonly segments: readonly string[];
  /** True when the path ends with `/` and is longer than that. */
  readonly trailingSlash: boolean;
  /** Names and values as encoded in `search`, in order. */
  readonly query: readonly (readonly [name: string, value: string])[];
  /** The same, as an upstream would read them. */
  readonly decodedQuery: readonly (readonly [name: string, value: string])[];
  /** `''` or `?…`, rebuilt from the pairs. */
  readonly search: string;
}

export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
type Method = (typeof METHODS)[number];

const MAX_PATH_BYTES = 4096;
const MAX_QUERY_BYTES = 16_384;

const NOT_IN_TARGET = /[^\x21-\x7e]/;
const NOT_IN_PATH = /["\\#<>^{|}`]/;
const NOT_IN_QUERY = /["#<>]/;
/** Legal in some readings of a query and not in others: sent encoded, so that every reader agrees. */
const ENCODED_IN_QUERY = /['\\^`{|}]/g;
const ESCAPE = /%([0-9A-Fa-f]{2})?/g;
const ENCODED = /[+%]/;
const UNRESERVED = /[A-Za-z0-9._~-]/;
const DOTS_AND_SPACES = /^ *(?:\.[. ]*)?(?:;|$)/;

/** What a path may hold only where a service says that its upstream reads it as Doorward does. */
export interface AddressOptIns {
  /** `%2F`, as data inside its segment. */
  readonly encodedSlash: boolean;
  /** `;` and what follows it, as a part of its segment. */
  readonly pathParameters: boolean;
}

export const NO_OPT_INS: AddressOptIns = { encodedSlash: false, pathParameters: false };

/** For addresses that are not sent: those on record, and patterns, which match nothing that was refused. */
export const EVERY_OPT_IN: AddressOptIns = { encodedSlash: true, pathParameters: true };

/**
 * The canonical address of `rawTarget`, the request target below the service such as `/v1/models?x=1`.
 * An empty path counts as `/`. Throws `invalid-address`, naming the rule broken and never the input.
 */
export function canonicalAddress(rawTarget: string, optIns: AddressOptIns = NO_OPT_INS): CanonicalAddress {
  if (NOT_IN_TARGET.test(rawTarget)) {
    throw refusal(
      'characters',
      'only printable ASCII without spaces may stand in it; percent-encode the rest',
    );
  }
  const mark = rawTarget.indexOf('?');
  const rawPath = mark === -1 ? rawTarget : rawTarget.slice(0, mark);
  const rawQuery = mark === -1 ? '' : rawTarget.slice(mark + 1);
  if (rawPath.length > MAX_PATH_BYTES) {
    throw refusal('path-length', `the path is longer than ${MAX_PATH_BYTES} bytes`);
  }
  if (rawQuery.length > MAX_QUERY_BYTES) throw queryTooLong();

  const path = canonicalPath(rawPath === '' ? '/' : rawPath, optIns);
  const { query, decodedQuery, search } = canonicalQuery(rawQuery);
  assertParserAgrees(path, search);
  const trailingSlash = path.length > 1 && path.endsWith('/');
  const inner = path.slice(1, trailingSlash ? -1 : undefined);
  return { path, segments: inner === '' ? [] : inner.split('/'), trailingSlash, query, decodedQuery, search };
}

/** The method if it is one of `METHODS`, letter for letter. Throws `method-not-allowed`. */
export function requestMethod(raw: string): Method {
  const method = METHODS.find((known) => known === raw);
  if (method === undefined) {
    throw new Problem('method-not-allowed', {
      detail: `The method must be one of ${METHODS.join(', ')}, in upper case.`,
      extensions: { allow: METHODS },
    });
  }
  return method;
}

/** A service's base path (`''`, or canonical without a trailing slash) and the path below it. */
export function joinBasePath(basePath: string, address: CanonicalAddress): string {
  return basePath === '/' ? address.path : basePath + address.path;
}

/** As an upstream would read it: `+` and escapes decoded. Bytes that are no UTF-8 stay as they are. */
function decodedPart(text: string): string {
  if (!ENCODED.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

/**
 * A segment as an upstream would read it. Many servers decode `%24batch` to `$batch` before they route,
 * so rules compare this form; escapes of bytes from 0x80 stay as they are.
 */
export function decodedSegment(segment: string): string {
  if (!segment.includes('%')) return segment;
  return segment.replace(/%([2-7][0-9A-F])/g, (_escape, hex: string) => fromHex(hex));
}

function canonicalPath(rawPath: string, { encodedSlash, pathParameters }: AddressOptIns): string {
  if (!rawPath.startsWith('/')) throw refusal('leading-slash', 'the path starts with /');
  if (NOT_IN_PATH.test(rawPath)) {
    throw refusal('path-characters', '" \\ # < > ^ { | } and ` must be percent-encoded in a path');
  }
  if (!pathParameters && rawPath.includes(';')) {
    throw refusal('path-parameters', 'the path holds no ; parameters');
  }
  const path = decodeUnreserved(rawPath);
  // %25 could be decoded a second time into any of the others, so it is refused with them.
  if (/%(?:5C|25|2E|[01][0-9A-F]|7F)/.test(path) || (!encodedSlash && path.includes('%2F'))) {
    throw refusal(
      'path-escapes',
      'an encoded slash, backslash, percent sign or control character is not accepted',
    );
  }
  assertUtf8(path);
  const segments = path.slice(1).split('/');
  if (segments.slice(0, -1).includes('')) throw refusal('empty-segment', 'the path has no empty segments');
  if (segments.some((segment) => segment !== '' && !isPlain(segment))) {
    throw refusal('dot-segment', 'no segment is . or .., encoded or not, or made of dots and spaces only');
  }
  return path;
}

/** Some servers drop dots and spaces at the end of a segment, or what follows a ;. With %2F, each part is judged as a segment. */
function isPlain(segment: string): boolean {
  return segment.split('%2F').every((part) => !DOTS_AND_SPACES.test(decodedSegment(part)));
}

function canonicalQuery(rawQuery: string): Pick<CanonicalAddress, 'query' | 'decodedQuery' | 'search'> {
  if (rawQuery === '') return { query: [], decodedQuery: [], search: '' };
  if (rawQuery.includes(';')) throw refusal('query-separator', 'pairs are separated by &, never by ;');
  if (NOT_IN_QUERY.test(rawQuery)) {
    throw refusal('query-characters', '" # < and > must be percent-encoded in a query');
  }
  const encoded = decodeUnreserved(rawQuery).replace(ENCODED_IN_QUERY, toEscape);
  if (/%(?:[01][0-9A-F]|7F)/.test(encoded)) {
    throw refusal('query-escapes', 'an encoded control character is not accepted in a query');
  }
  assertUtf8(encoded);
  if (encoded.length > MAX_QUERY_BYTES) throw queryTooLong();
  const pieces = encoded.split('&').filter((piece) => piece !== '');
  const query = pieces.map((piece) => {
    const equals = piece.indexOf('=');
    if (equals === 0) throw refusal('query-name', 'each pair of the query has a name');
    return equals === -1
      ? ([piece, ''] as const)
      : ([piece.slice(0, equals), piece.slice(equals + 1)] as const);
  });
  const decodedQuery = query.map(([name, value]) => [decodedPart(name), decodedPart(value)] as const);
  if (decodedQuery.some(namesMethod)) {
    throw refusal('method-override', 'the method of a call is its own, and no parameter names another');
  }
  return { query, decodedQuery, search: pieces.length === 0 ? '' : `?${pieces.join('&')}` };
}

/** `method` is also an ordinary name: it overrides only where its value is a method. */
function namesMethod([name, value]: readonly [string, string]): boolean {
  if (overridesMethod(name)) return true;
  const method = value.trim().toUpperCase();
  return name.trim().toLowerCase() === 'method' && METHODS.some((known) => known === method);
}

/** Decodes escapes of unreserved characters (RFC 3986 §2.3) once and writes the others in upper case. */
function decodeUnreserved(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(ESCAPE, (escape, hex: string | undefined) => {
    if (hex === undefined) throw refusal('percent', 'two hex digits stand after each %');
    const character = fromHex(hex);
    return UNRESERVED.test(character) ? character : escape.toUpperCase();
  });
}

/** Overlong and broken UTF-8 is refused: lenient decoders read `%C0%AE` as a dot. */
function assertUtf8(text: string): void {
  if (!text.includes('%')) return;
  try {
    decodeURIComponent(text);
  } catch (cause) {
    throw refusal('utf-8', 'encoded bytes must be UTF-8', cause);
  }
}

/** No parser reads such a path in two ways: there is nothing in it to decode, to resolve or to end it. */
const PLAIN_PATH = /^[\w/-]*$/;

function assertParserAgrees(path: string, search: string): void {
  if (search === '' && PLAIN_PATH.test(path)) return;
  const url = new URL(`http://h${path}${search}`);
  if (url.pathname !== path || url.search !== search || url.host !== 'h') {
    throw refusal('parser-disagreement', 'it can be read in two ways');
  }
}

function fromHex(hex: string): string {
  return String.fromCharCode(Number.parseInt(hex, 16));
}

function toEscape(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function queryTooLong(): Problem {
  return refusal('query-length', `the query is longer than ${MAX_QUERY_BYTES} bytes`);
}

function refusal(rule: string, sentence: string, cause?: unknown): Problem {
  return new Problem('invalid-address', {
    detail: `The address is refused: ${sentence}.`,
    extensions: { rule: `address/${rule}` },
    cause,
  });
}
