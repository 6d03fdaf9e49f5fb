// A request's bytes as an upstream may read them: percent escapes undone, JSON string escapes undone. A view knows where each
// of its bytes came from. The `+` of forms stays: windows take it for a space.
import {
  type Encoding,
  escapeLength,
  escapeMeaning,
  jsonEncoding,
  NO_ESCAPE,
  percentEncoding,
  UNFINISHED,
} from '../leak-scan/encodings.ts';

export interface View {
  readonly bytes: Buffer;
  /** Where a byte of the view begins in what it was made from; its length for the end. */
  sourceOf(at: number): number;
  /** The place in the source, or the beginning of the escape that stands across it. */
  wholeAt(source: number): number;
  /** Where the source ends inside what may be an escape; its length where it does not. */
  readonly unfinishedAt: number;
}

const UTF8_BYTES = 4;
/** So few bytes are copied sooner than a call is made for them. */
const COPIED_BYTEWISE = 48;

/** Undefined: it would be the bytes themselves. */
export function percentView(source: Buffer): View | undefined {
  return source.includes(percentEncoding.trigger) ? read(source, percentEncoding) : undefined;
}

/** Undefined: it would be the bytes themselves. */
export function jsonView(source: Buffer): View | undefined {
  return source.includes(jsonEncoding.trigger) ? read(source, jsonEncoding) : undefined;
}

function read(source: Buffer, encoding: Encoding): View {
  const bytes = Buffer.allocUnsafe(source.length);
  const escapes: Escape[] = [];
  let from = 0;
  let length = 0;
  let unfinishedAt = source.length;
  for (;;) {
    const at = source.indexOf(encoding.trigger, from);
    const end = at === -1 ? source.length : at;
    if (end - from > COPIED_BYTEWISE) length += source.copy(bytes, length, from, end);
    else for (let place = from; place < end; place += 1) bytes[length++] = source[place] ?? 0;
    from = end;
    if (at === -1) break;
    const escape = encoding.readEscape(source, at);
    if (escape === UNFINISHED) {
      unfinishedAt = at;
      break;
    }
    if (escape === NO_ESCAPE) {
      bytes[length++] = encoding.trigger;
      from = at + 1;
      continue;
    }
    const written = writeMeaning(bytes, length, { meaning: escapeMeaning(escape), isUtf8: encoding.isUtf8 });
    escapes.push([at, length, escapeLength(escape), written]);
    length += written;
    from = at + escapeLength(escape);
  }
  return {
    bytes: bytes.subarray(0, length),
    sourceOf: (at) => sourceOf(escapes, at),
    wholeAt: (place) => {
      const escape = escapes[lastAtMost(escapes, 0, place)];
      return escape !== undefined && place < escape[0] + escape[2] ? escape[0] : place;
    },
    unfinishedAt,
  };
}

function writeMeaning(
  bytes: Buffer,
  at: number,
  { meaning, isUtf8 }: { readonly meaning: number; readonly isUtf8: boolean },
): number {
  if (!isUtf8 || meaning < 0x80) {
    bytes[at] = meaning;
    return 1;
  }
  // An escape is longer than what it stands for, so that there is room.
  return Buffer.from(String.fromCodePoint(meaning), 'utf8').copy(bytes, at, 0, UTF8_BYTES);
}

/** Where it begins in the source and in the view, and how long it is in both. */
type Escape = readonly [source: number, view: number, sourceLength: number, viewLength: number];
type Escapes = readonly Escape[];

function sourceOf(escapes: Escapes, at: number): number {
  const escape = escapes[lastAtMost(escapes, 1, at)];
  if (escape === undefined) return at;
  const [source, view, sourceLength, viewLength] = escape;
  return at < view + viewLength ? source : source + sourceLength + (at - view - viewLength);
}

/** Index of the last escape that begins at or before `place`, in the source (0) or in the view (1); -1 for none. */
function lastAtMost(escapes: Escapes, column: 0 | 1, place: number): number {
  let low = 0;
  let high = escapes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((escapes[middle]?.[column] ?? 0) <= place) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
