// What the events of one stream have in common: most are the one before them with other words and numbers in it. Of such a one
// the words are known without reading it as JSON.
import { type Path, visitStrings } from '../model-text/json-walk.ts';

/** A text of an event that goes on in others. */
export interface EventText {
  /** Of the text that it goes on with. */
  readonly stream: string;
  readonly path: Path;
}

/** A string or a number that may be another one in the next event: where it stands in the one that is known. */
interface Hole {
  readonly from: number;
  readonly to: number;
  readonly isString: boolean;
  /** Undefined: nobody asks for it. */
  readonly text: EventText | undefined;
}

/** Longer ones are seldom like the one before. */
const MAX_EVENT_BYTES = 4 * 1024;
const MAX_LITERALS = 64;
/** They say which texts the others go on with. */
const TELLING: ReadonlySet<string | number> = new Set(['type', 'index', 'output_index', 'content_index']);

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const SPACE = 0x20;
const ZERO = 0x30;
const NINE = 0x39;
const DOT = 0x2e;
const SMALL_E = 0x65;
const LARGE_E = 0x45;
/** By byte: 1 for what stands for itself within a string of JSON. */
const IS_PLAIN = new Uint8Array(256).fill(1, SPACE);
IS_PLAIN[QUOTE] = IS_PLAIN[BACKSLASH] = 0;

export class EventShape {
  readonly #json: Buffer;
  readonly #holes: readonly Hole[];
  /** By hole: where it is in the event that was looked at last. */
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;

  private constructor(json: Buffer, holes: readonly Hole[]) {
    this.#json = Buffer.from(json);
    this.#holes = holes;
    this.#starts = new Int32Array(holes.length);
    this.#ends = new Int32Array(holes.length);
  }

  /**
   * Of an event and what it is as a value, whose strings `textOf` knows. Undefined: others like it have to be read as JSON,
   * because its strings have escapes, or do not stand in it in the order of the value's.
   */
  static of(json: Buffer, value: object, textOf: (path: Path) => string | undefined): EventShape | undefined {
    if (json.length > MAX_EVENT_BYTES) return undefined;
    const found = literalsOf(json);
    if (found === undefined || found.length > MAX_LITERALS) return undefined;
    const holes: Hole[] = found
      .filter(({ isString, name }) => !isString && !TELLING.has(name))
      .map(numberHole);
    const strings = found.filter(({ isString }) => isString);
    let at = 0;
    let isInOrder = true;
    visitStrings(value, (path, text) => {
      const { from, to } = strings[at] ?? { from: 0, to: 0 };
      at += 1;
      if (at > strings.length || json.toString('utf8', from, to) !== text) isInOrder = false;
      if (TELLING.has(path.at(-1) ?? '')) return;
      const stream = textOf(path);
      holes.push({
        from,
        to,
        isString: true,
        text: stream === undefined ? undefined : { stream, path: [...path] },
      });
    });
    if (!isInOrder || at !== strings.length) return undefined;
    return new EventShape(
      json,
      holes.toSorted((one, other) => one.from - other.from),
    );
  }

  /** Whether an event is of this shape; then `eachText` knows its texts. */
  fits(json: Buffer): boolean {
    const known = this.#json;
    const holes = this.#holes;
    let at = 0;
    let knownAt = 0;
    for (let one = 0; one < holes.length; one += 1) {
      const { from, to, isString } = holes[one] ?? NO_HOLE;
      for (; knownAt < from; knownAt += 1, at += 1) if (json[at] !== known[knownAt]) return false;
      const end = isString ? endOfString(json, at) : endOfNumber(json, at);
      if (end < 0) return false;
      this.#starts[one] = at;
      this.#ends[one] = at = end;
      knownAt = to;
    }
    if (json.length - at !== known.length - knownAt) return false;
    for (; knownAt < known.length; knownAt += 1, at += 1) if (json[at] !== known[knownAt]) return false;
    return true;
  }

  /** Of the event that did fit. */
  eachText(visit: (text: EventText, from: number, to: number) => void): void {
    for (const [one, { text }] of this.#holes.entries()) {
      if (text !== undefined) visit(text, this.#starts[one] ?? 0, this.#ends[one] ?? 0);
    }
  }
}

const NO_HOLE: Hole = { from: 0, to: 0, isString: true, text: undefined };

interface Literal {
  readonly from: number;
  readonly to: number;
  readonly isString: boolean;
  /** Of the member that it is the value of; of a string nobody asks. */
  readonly name: string;
}

function numberHole({ from, to }: Literal): Hole {
  return { from, to, isString: false, text: undefined };
}

/** The strings of a JSON text that are values, without their quotes, and the plain numbers of its members. */
function literalsOf(json: Buffer): Literal[] | undefined {
  const found: Literal[] = [];
  for (let at = json.indexOf(QUOTE); at >= 0; at = json.indexOf(QUOTE, at)) {
    const from = at + 1;
    const to = endOfString(json, from);
    if (to < 0) return undefined;
    at = behindSpaces(json, to + 1);
    if (json[at] !== COLON) {
      found.push({ from, to, isString: true, name: '' });
      continue;
    }
    // Members whose names are numbers come first in a value, wherever they stand.
    if (isDigit(json[from])) return undefined;
    at = behindSpaces(json, at + 1);
    const end = endOfNumber(json, at);
    if (end > 0) found.push({ from: at, to: end, isString: false, name: json.toString('utf8', from, to) });
  }
  return found;
}

function behindSpaces(json: Buffer, from: number): number {
  let at = from;
  while (json[at] === SPACE) at += 1;
  return at;
}

/** Of a string without escapes that begins at `from`; -1: it is another. */
function endOfString(json: Buffer, from: number): number {
  let at = from;
  while (IS_PLAIN[json[at] ?? 0] === 1) at += 1;
  return json[at] === QUOTE ? at : -1;
}

/** Of a number of digits alone that begins at `from`; -1: it is another. */
function endOfNumber(json: Buffer, from: number): number {
  let at = from;
  while (isDigit(json[at])) at += 1;
  const isLed = json[from] === ZERO && at - from > 1;
  const next = json[at];
  return at === from || isLed || next === DOT || next === SMALL_E || next === LARGE_E ? -1 : at;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}
