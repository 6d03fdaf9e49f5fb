// A JSON text on its way, in whatever pieces: every string that is a value, with the path to it, and another one to put in
// its place where there is a reason. What is no JSON passes as it is, and its strings are seen all the same.
import type { StringEnds } from './string-ends.ts';

export type Path = readonly (string | number)[];

interface JsonVisitor {
  /** Whether `string` is to be asked of what stands there; unless told it is. */
  isWanted?(path: Path): boolean;
  /** `path` is good until this returns. A string that is a value, or the next part of one that is too long to be held. Gives what stands in its place. */
  string(path: Path, value: string, isPart: boolean): string | undefined;
}

/** A longer string comes in parts, which can not be replaced. */
const MAX_STRING_BYTES = 1024 * 1024;
/** Deeper down paths are not told apart. */
const MAX_DEPTH = 128;

/** Longer names are rare, and so are longer values that come again. */
const MAX_SHORT = 48;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** What one walk tells the next of a string. */
const ESCAPES = 1;
const ASCII = 2;

const NOTHING = Buffer.alloc(0);
/** By byte: 1 for what the walk has to know outside of strings. */
const IS_TOKEN = new Uint8Array(256);
for (const byte of Buffer.from('{}[],')) IS_TOKEN[byte] = 1;

export class JsonWalk {
  readonly #visitor: JsonVisitor;
  readonly #names = new ShortTexts();
  readonly #values = new ShortTexts();
  /** Where the walk is; of an array the number of the element, of an object the name of the member. */
  readonly #path: (string | number)[] = [];
  #depth = 0;
  #isName = false;
  #isInString = false;
  #isEscaped = false;
  /** There is an escape in the string, or something that is no ASCII. */
  #hasEscapes = false;
  #isAscii = true;
  #literal: Buffer[] = [];
  #literalBytes = 0;
  #isPart = false;
  #out: Buffer[] = [];

  constructor(visitor: JsonVisitor) {
    this.#visitor = visitor;
  }

  /** What may go on: all but a string that has not ended. `ends` are of the chunk, for this walk to find or to use. */
  push(chunk: Buffer, ends?: StringEnds): Buffer {
    /** What goes on and is not in `#out` yet. */
    let from = 0;
    let at = 0;
    while (at < chunk.length) {
      const start = at;
      if (!this.#isInString) {
        const byte = chunk[at] ?? 0;
        if (byte !== QUOTE) {
          if (IS_TOKEN[byte] === 1) this.#token(byte);
          at += 1;
          continue;
        }
        this.#isInString = true;
        this.#hasEscapes = false;
        this.#isAscii = true;
        at += 1;
      }
      const known = ends?.endOf(start) ?? 0;
      at = known === 0 ? this.#toEndOfString(chunk, at) : this.#over(known, ends?.traits);
      if (this.#isInString) {
        this.#out.push(chunk.subarray(from, start));
        this.#keep(chunk.subarray(start));
        return this.#taken();
      }
      if (this.#literal.length > 0) {
        this.#out.push(this.#kept(chunk.subarray(start, at)));
        from = at;
      } else {
        ends?.add(start, at, (this.#hasEscapes ? ESCAPES : 0) | (this.#isAscii ? ASCII : 0));
        const replaced = this.#string(chunk, start, at);
        if (replaced === undefined) continue;
        this.#out.push(chunk.subarray(from, start), replaced);
        from = at;
      }
    }
    this.#out.push(from === 0 ? chunk : chunk.subarray(from));
    return this.#taken();
  }

  end(): Buffer {
    if (this.#isInString) {
      this.#out.push(this.#kept(NOTHING));
      this.#isInString = this.#isEscaped = false;
    }
    return this.#taken();
  }

  #taken(): Buffer {
    const out = this.#out;
    this.#out = [];
    return out.length === 1 ? (out[0] ?? NOTHING) : Buffer.concat(out);
  }

  /** Past a string of which that is known. */
  #over(end: number, traits = 0): number {
    this.#isInString = false;
    this.#hasEscapes = (traits & ESCAPES) !== 0;
    this.#isAscii = (traits & ASCII) !== 0;
    return end;
  }

  #toEndOfString(chunk: Buffer, from: number): number {
    const { length } = chunk;
    let seen = 0;
    let at = this.#isEscaped ? from + 1 : from;
    while (at < length) {
      const byte = chunk[at] ?? 0;
      if (byte === QUOTE) {
        this.#isInString = false;
        break;
      }
      seen |= byte;
      at += 1;
      if (byte !== BACKSLASH) continue;
      this.#hasEscapes = true;
      at += 1; // whatever it is
    }
    if (seen >= 0x80) this.#isAscii = false;
    this.#isEscaped = at > length;
    return this.#isInString ? length : at + 1;
  }

  #keep(bytes: Buffer): void {
    this.#literal.push(Buffer.from(bytes)); // a piece of a chunk must not keep the chunk
    this.#literalBytes += bytes.length;
    if (this.#literalBytes < MAX_STRING_BYTES || this.#isEscaped) return;
    const literal = Buffer.concat(this.#literal);
    if (this.#isWanted()) this.#visitor.string(this.#path, valueOf(literal, 0, literal.length), true);
    this.#out.push(literal);
    this.#isPart = true;
    this.#literal = [];
    this.#literalBytes = 0;
  }

  /** The string that was kept, with its last piece. */
  #kept(last: Buffer): Buffer {
    const literal = Buffer.concat([...this.#literal, last]);
    this.#literal = [];
    this.#literalBytes = 0;
    this.#hasEscapes = true; // not known of its earlier pieces
    return this.#string(literal, 0, literal.length) ?? literal;
  }

  /** A whole string, or the last part of one. Gives what stands in its place. */
  #string(bytes: Buffer, from: number, to: number): Buffer | undefined {
    const isPart = this.#isPart;
    this.#isPart = false;
    if (this.#isName) {
      this.#isName = false;
      this.#set(this.#text(this.#names, bytes, from, to));
      return undefined;
    }
    if (!this.#isWanted()) return undefined;
    const value = this.#text(this.#values, bytes, from, to);
    const replaced = this.#visitor.string(this.#path, value, isPart);
    return isPart || replaced === undefined || replaced === value
      ? undefined
      : Buffer.from(JSON.stringify(replaced));
  }

  #isWanted(): boolean {
    return this.#visitor.isWanted?.(this.#path) ?? true;
  }

  #text(known: ShortTexts, bytes: Buffer, from: number, to: number): string {
    if (this.#hasEscapes) return valueOf(bytes, from, to);
    if (!this.#isAscii) return bytes.toString('utf8', from + 1, to - 1);
    return known.of(bytes, from + 1, to - 1);
  }

  #set(key: string | number): void {
    if (this.#depth > 0 && this.#depth <= MAX_DEPTH) this.#path[this.#depth - 1] = key;
  }

  #token(byte: number): void {
    switch (byte) {
      case 0x7b: // {
      case 0x5b: // [
        this.#depth += 1;
        this.#isName = byte === 0x7b && this.#depth <= MAX_DEPTH;
        this.#set(this.#isName ? '' : 0);
        return;
      case 0x7d: // }
      case 0x5d: // ]
        if (this.#depth > 0) this.#depth -= 1;
        if (this.#path.length > this.#depth) this.#path.length = this.#depth;
        this.#isName = false;
        return;
      case 0x2c: // ,
        this.#next();
    }
  }

  #next(): void {
    if (this.#depth === 0 || this.#depth > MAX_DEPTH) return;
    const key = this.#path[this.#depth - 1];
    if (typeof key === 'number') this.#set(key + 1);
    else this.#isName = true;
  }
}

/** Names and short values come up again and again: they are made into strings once. All of ASCII. */
class ShortTexts {
  readonly #texts: string[] = [];

  of(bytes: Buffer, from: number, to: number): string {
    const length = to - from;
    if (length > MAX_SHORT) return bytes.toString('latin1', from, to);
    let hash = length;
    for (let at = from; at < to; at += 1) hash = Math.imul(hash, 31) + (bytes[at] ?? 0);
    const slot = (hash ^ (hash >>> 8)) & 0xff;
    const known = this.#texts[slot] ?? '';
    if (isSame(known, bytes, from, to)) return known;
    return (this.#texts[slot] = bytes.toString('latin1', from, to));
  }
}

function isSame(name: string, bytes: Buffer, from: number, to: number): boolean {
  if (name.length !== to - from) return false;
  for (let at = 0; at < name.length; at += 1) if (name.charCodeAt(at) !== bytes[from + at]) return false;
  return true;
}

/** Of a literal with or without its quotes; of one that no parser takes, its text as it stands. */
function valueOf(bytes: Buffer, from: number, to: number): string {
  const start = bytes[from] === QUOTE ? from + 1 : from;
  const end = to > start && bytes[to - 1] === QUOTE ? to - 1 : to;
  const isQuoted = start > from && end < to;
  const literal = isQuoted ? bytes.toString('utf8', from, to) : `"${bytes.toString('utf8', start, end)}"`;
  const inner = () => literal.slice(1, -1);
  if (!literal.includes('\\')) return inner();
  try {
    return String(JSON.parse(literal));
  } catch {
    return inner();
  }
}

/** Every string of a value that was parsed, with the path to it, which is good until the next. */
export function visitStrings(
  value: unknown,
  visit: (path: Path, text: string) => void,
  path: (string | number)[] = [],
): void {
  if (typeof value === 'string') visit(path, value);
  else if (typeof value === 'object' && value !== null && path.length < MAX_DEPTH) {
    const isArray = Array.isArray(value);
    for (const key in value) {
      path.push(isArray ? Number(key) : key);
      visitStrings((value as Record<string, unknown>)[key], visit, path);
      path.pop();
    }
  }
}
