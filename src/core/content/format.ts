// How one kind of content is written: its shapes, and the proof that a text of that shape is one.
import type { ContentClass } from './classes.ts';

export interface Shape {
  /** Lengths that the first run of letters and digits may have: what lets most text pass at the price of one look. */
  readonly first: readonly number[];
  /** Sticky. It must not reach over more than it says: what follows decides only by the boundary. */
  readonly pattern: RegExp;
  /** It is written in small letters too. */
  readonly hasLower?: true;
  /** Needed in front, near by, for a shape that ordinary numbers have too. */
  readonly hint?: RegExp;
  /** It may have taken in words that follow: groups are let go from its end as long as it is none. */
  readonly shrinks?: true;
}

export interface Format {
  readonly class: ContentClass;
  /** No text with fewer digits is one. */
  readonly leastDigits: number;
  readonly shapes: readonly Shape[];
  /** Of the letters, as capitals, and digits alone. */
  isOne(compact: string): boolean;
  /** Characters at the end that a mask leaves. */
  readonly kept?: number;
}

/** The letters and digits of a match. */
export function compact(text: string): string {
  return /[^A-Z0-9]/.test(text) ? text.replaceAll(/[^A-Za-z0-9]/g, '').toUpperCase() : text;
}
