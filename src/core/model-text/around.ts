// Where in a text something was found, for whoever has to show it. Rules are told of a text as a whole, however long it is; so a
// text in which one was found is read once more, a few letters at a time.
import type { Rule } from './rule.ts';
import type { TextReader } from './text-reader.ts';

/** A text, and where in it ended what was found. */
export interface Around {
  readonly text: string;
  readonly end: number;
}

/** So exactly it is told. */
const STEP = 32;

/** By the id of each rule, where its first finding was complete. */
export function endsIn(
  text: string,
  open: (onFinding: (rule: Rule) => void) => TextReader,
): ReadonlyMap<string, number> {
  const ends = new Map<string, number>();
  let end = 0;
  const reader = open(({ id }) => {
    if (!ends.has(id)) ends.set(id, end);
  });
  while (end < text.length) {
    const piece = text.slice(end, end + STEP);
    end += piece.length;
    reader.push(piece);
  }
  reader.end();
  return ends;
}
