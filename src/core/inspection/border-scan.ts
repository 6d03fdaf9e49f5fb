// Texts that come one after another, each passed on as soon as it is complete: each is looked through by itself, and where it
// goes on what the texts before it began, together with their end. What only both hold is told, and masked in the later one.

/** What a look at one text gives: the text, as long as it was, and how much of its end may be the beginning of something. */
export interface Looked {
  readonly bytes: Buffer;
  readonly undecided: number;
}

/** Looks through one text as a whole. Of what lies across `border` the part in front of it has left, so that nothing is shown. */
export type Look<Found> = (text: Buffer, onFound: (found: Found) => void, border?: number) => Looked;

interface BorderScanOptions<Found> {
  readonly look: Look<Found>;
  /** May throw, so that the text goes no further. */
  readonly onFound: (found: Found) => void;
  /** What two findings of one kind have in common. */
  readonly kindOf: (found: Found) => string;
  /** Somebody else looks through each text by itself. */
  readonly isBordersOnly?: boolean;
  /** Of a text that does not end closed so much may go on in the next: what is looked for begins in ways that nobody waits for. */
  readonly openBytes?: number;
}

const NOTHING = Buffer.alloc(0);
/** Kept of the texts before, and looked at of the next one. */
const MAX_TAIL_BYTES = 2048;
const HEAD_BYTES = 2048;
/** Memory for the two of them, until both were looked at. */
const ROOM = Buffer.alloc(MAX_TAIL_BYTES + HEAD_BYTES);
/** In front of what is undecided: whether a word begins there is asked of what stands before it. */
const CONTEXT_BYTES = 64;
/** No beginning ends in them, and JSON, markup and lines do. */
const CLOSED: ReadonlySet<number> = new Set(Buffer.from('}])>\r\n'));

export class BorderScan<Found> {
  readonly #options: BorderScanOptions<Found>;
  #tail: Buffer = NOTHING;

  constructor(options: BorderScanOptions<Found>) {
    this.#options = options;
  }

  /** What may go on in the text's place. `looked`: what a look at it gave, and told of, where somebody has looked already. */
  pass(text: Buffer, looked?: Looked): Buffer {
    const { look, onFound, isBordersOnly = false } = this.#options;
    if (text.length === 0) return text;
    if (isBordersOnly && this.#tail.length === 0) {
      this.#keep(text, (looked ?? look(text, () => undefined)).undecided);
      return text;
    }
    // A short text by itself tells nothing that is needed before something is found across the border.
    if (isBordersOnly && text.length <= HEAD_BYTES) return this.#across(text, text, undefined);
    const alone = (found: Found) => {
      if (!isBordersOnly) onFound(found);
    };
    const { bytes, undecided } = looked ?? look(text, alone);
    const passed = isBordersOnly ? text : bytes;
    if (this.#tail.length > 0) return this.#across(text, passed, undecided);
    this.#keep(text, undecided);
    return passed;
  }

  /** `undecided`: of a text that is longer than its head. */
  #across(text: Buffer, passed: Buffer, undecided: number | undefined): Buffer {
    const { look, onFound, kindOf } = this.#options;
    const tail = this.#tail;
    const isHead = text.length <= HEAD_BYTES;
    const head = isHead ? text : text.subarray(0, HEAD_BYTES);
    tail.copy(ROOM);
    head.copy(ROOM, tail.length);
    const both = ROOM.subarray(0, tail.length + head.length);
    let joined: Tally<Found> | undefined;
    const together = look(both, (found) => (joined ??= new Tally(kindOf)).add(found), tail.length);
    // Of what stands before a long text nothing is kept.
    const all = text.length >= MAX_TAIL_BYTES ? text : isHead ? both : Buffer.concat([tail, text]);
    this.#keep(all, isHead || undecided === undefined ? together.undecided : undecided);
    if (joined === undefined) return passed;
    const apart = new Tally(kindOf);
    look(tail, (found) => apart.add(found));
    look(head, (found) => apart.add(found));
    for (const found of joined.without(apart)) onFound(found);
    // Also where none is new: what was found before may go on.
    return withMasks(passed, { text: head, masked: together.bytes.subarray(tail.length) });
  }

  #keep(text: Buffer, undecided: number): void {
    const openBytes = CLOSED.has(text.at(-1) ?? 0) ? 0 : (this.#options.openBytes ?? 0);
    if (undecided === 0 && openBytes === 0) this.#tail = NOTHING;
    else {
      const length = Math.min(Math.max(undecided + CONTEXT_BYTES, openBytes), MAX_TAIL_BYTES);
      this.#tail = Buffer.from(text.subarray(Math.max(0, text.length - length)));
    }
  }
}

/** What was found, by its kind. */
class Tally<Found> {
  readonly #kindOf: (found: Found) => string;
  readonly #found = new Map<string, Found[]>();

  constructor(kindOf: (found: Found) => string) {
    this.#kindOf = kindOf;
  }

  add(found: Found): void {
    const kind = this.#kindOf(found);
    const known = this.#found.get(kind);
    if (known === undefined) this.#found.set(kind, [found]);
    else known.push(found);
  }

  /** What is here more often than there. */
  without(other: Tally<Found>): Found[] {
    return [...this.#found].flatMap(([kind, found]) => found.slice(other.#found.get(kind)?.length ?? 0));
  }
}

/** Of what stands there and what was masked when more of the text was seen, the masks of both. */
function withMasks(
  passed: Buffer,
  { text, masked }: { readonly text: Buffer; readonly masked: Buffer },
): Buffer {
  if (masked.equals(text)) return passed;
  const bytes = Buffer.from(passed);
  for (const [at, byte] of masked.entries()) if (byte !== text[at]) bytes[at] = byte;
  return bytes;
}
