// Looks for stored values, and for texts that are known as they are, in a stream of a request: nothing goes on that may be
// the beginning of one, and what holds one goes no further.
import { findOwner, undecidedFrom } from './search.ts';
import type { FingerprintTable, Owner } from './table.ts';
import { jsonView, percentView, type View } from './views.ts';

/** A text that stands in memory anyhow, such as the caller's own token. */
export interface Needle {
  readonly label: string;
  readonly bytes: Buffer;
}

/** What looks for more in the same bytes: a placeholder by its prefix. */
export interface MoreToFind {
  find(bytes: Buffer, isLast: boolean): string | undefined;
  /** From where on the bytes may be the beginning of one. */
  undecidedFrom(bytes: Buffer): number;
}

export interface LookupParts {
  readonly table: FingerprintTable;
  readonly needles: readonly Needle[];
  readonly more?: MoreToFind | undefined;
}

export type Hit = { readonly owner: Owner } | { readonly label: string };

const NOTHING = Buffer.alloc(0);
const NO_VIEWS: readonly View[] = [];

/** Looks through one text that is there as a whole. */
export function findInText(parts: LookupParts, text: Buffer): Hit | undefined {
  return new Lookup(parts).look(text, true);
}

export class Lookup {
  readonly #parts: LookupParts;
  #held: Buffer = NOTHING;
  #before: number | undefined;

  constructor(parts: LookupParts) {
    this.#parts = parts;
  }

  /** What is sure to be harmless, or what was found. After a find nothing more is to be pushed; `rest` has what was held. */
  push(chunk: Buffer): Buffer | Hit {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const views = viewsOf(bytes);
    const hit = this.#find(bytes, views, false);
    if (hit !== undefined) {
      this.#held = bytes;
      return hit;
    }
    const from = this.#undecided(bytes, views);
    // A copy: what a caller does with its chunk later is its own business.
    this.#held = from === bytes.length ? NOTHING : Buffer.from(bytes.subarray(from));
    if (from > 0) this.#before = bytes[from - 1];
    return bytes.subarray(0, from);
  }

  /** What was held back, or what was found in it. */
  end(): Buffer | Hit {
    return this.look(this.#held, true) ?? this.rest();
  }

  rest(): Buffer {
    const bytes = this.#held;
    this.#held = NOTHING;
    return bytes;
  }

  look(bytes: Buffer, isLast: boolean): Hit | undefined {
    return this.#find(bytes, viewsOf(bytes), isLast);
  }

  #find(bytes: Buffer, views: readonly View[], isLast: boolean): Hit | undefined {
    let hit = this.#findIn(bytes, isLast);
    for (const view of views) hit ??= this.#findIn(view.bytes, isLast);
    return hit;
  }

  #findIn(bytes: Buffer, isLast: boolean): Hit | undefined {
    const { table, needles, more } = this.#parts;
    const owner = findOwner(table, { bytes, before: this.#before, isLast });
    if (owner !== undefined) return { owner };
    for (const needle of needles) if (bytes.includes(needle.bytes)) return { label: needle.label };
    const label = more?.find(bytes, isLast);
    return label === undefined ? undefined : { label };
  }

  #undecided(bytes: Buffer, views: readonly View[]): number {
    let from = this.#undecidedOf(bytes);
    for (const view of views) {
      from = Math.min(from, view.unfinishedAt, view.sourceOf(this.#undecidedOf(view.bytes)));
    }
    // The next look must not begin inside an escape: it would read something else.
    for (const view of views) from = view.wholeAt(from);
    return from;
  }

  #undecidedOf(bytes: Buffer): number {
    const { table, needles, more } = this.#parts;
    let from = undecidedFrom(table, bytes);
    for (const needle of needles) from = Math.min(from, partialFrom(bytes, needle.bytes));
    return more === undefined ? from : Math.min(from, more.undecidedFrom(bytes));
  }
}

function viewsOf(bytes: Buffer): readonly View[] {
  const percent = percentView(bytes);
  const json = jsonView(bytes);
  if (percent === undefined) return json === undefined ? NO_VIEWS : [json];
  return json === undefined ? [percent] : [percent, json];
}

/** Where the bytes end in a beginning of `needle`; their length where they do not. */
function partialFrom(bytes: Buffer, needle: Buffer): number {
  const first = needle[0];
  if (first === undefined) return bytes.length;
  let at = bytes.indexOf(first, Math.max(0, bytes.length - needle.length + 1));
  while (at !== -1) {
    if (needle.compare(bytes, at, bytes.length, 0, bytes.length - at) === 0) return at;
    at = bytes.indexOf(first, at + 1);
  }
  return bytes.length;
}
