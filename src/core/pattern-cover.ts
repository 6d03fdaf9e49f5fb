// Whether one pattern allows everything that another does: what a grant covers of an action, what may be taken out of
// something asked for. It may say no where the answer is yes, never the other way round.
import { decodedSegment } from './address.ts';
import { type AddressPattern, matchesSegment } from './address-pattern.ts';

type Segment = AddressPattern['segments'][number];

/** True when every call that `narrow` matches is matched by `wide`. */
export function coversPattern(wide: AddressPattern, narrow: AddressPattern): boolean {
  if (!coversMethod(wide.method, narrow.method)) return false;
  const [own, others] = [wide.segments, narrow.segments];
  if (wide.isOpen) {
    if (others.length < own.length) return false;
  } else if (narrow.isOpen || own.length !== others.length || wide.trailingSlash !== narrow.trailingSlash) {
    return false;
  }
  return own.every((segment, at) => {
    const other = others[at];
    return other !== undefined && coversSegment(segment, other);
  });
}

/** True when each of `narrow` is covered by one of `wide`; undefined stands for every method and path. */
export function coversAll(
  wide: readonly AddressPattern[] | undefined,
  narrow: readonly AddressPattern[] | undefined,
): boolean {
  if (wide === undefined) return true;
  return narrow?.every((pattern) => wide.some((one) => coversPattern(one, pattern))) === true;
}

function coversMethod(wide: string, narrow: string): boolean {
  return wide === '*' || wide === narrow || (wide === 'GET' && narrow === 'HEAD');
}

function coversSegment(wide: Segment, narrow: Segment): boolean {
  if (wide.kind === 'literal') {
    return narrow.kind === 'literal' && decodedSegment(narrow.text) === decodedSegment(wide.text);
  }
  if (narrow.kind === 'literal') return matchesSegment(wide, narrow.text);
  const [suffix, other] = [decodedSegment(wide.suffix), decodedSegment(narrow.suffix)];
  return wide.type === 'text' ? other.endsWith(suffix) : other === suffix && narrow.type === wide.type;
}
