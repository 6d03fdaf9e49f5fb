// A JSON text on its way, in whatever pieces: every string that is a value, with the path to it, and another one to put in
// its place where there is a reason. What is no JSON passes as it is, and its strings are seen all the same.

export type Path = readonly (string | number)[];

interface JsonVisitor {
  /** A string that is a value, or the next part of one that is too long to be held. Gives what stands in its place. */
  string(path: Path, value: string, isPart: boolean): string | undefined;
  /** An object or array ends. */
  close?(path: Path): void;
}

/** A longer string comes in parts, which can not be replaced. */
const MAX_STRING_BYTES = 1024 * 1024;
/** Deeper down paths are not told apart. */
const MAX_DEPTH = 128;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

interface Frame {
  readonly isObject: boolean;
  key: string | number;
  isName: boolean;
}

export class JsonWalk {
  readonly #visitor: JsonVisitor;
  readonly #frames: Frame[] = [];
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #literal: Buffer[] = [];
  #literalBytes = 0;
  #isPart = false;
  #out: Buffer[] = [];

  constructor(visitor: JsonVisitor) {
    this.#visitor = visitor;
  }

  /** What may go on: all but a string that has not ended. */
  push(chunk: Buffer): Buffer {
    let from = 0;
    let at = 0;
    while (at < chunk.length) {
      if (this.#isInString) {
        at = this.#toEndOfString(chunk, at);
        if (this.#isInString) this.#keep(chunk.subarray(from, at));
        else this.#endString(chunk.subarray(from, at));
        from = at;
      } else if (chunk[at] === QUOTE) {
        this.#out.push(chunk.subarray(from, at));
        this.#isInString = true;
        from = at;
        at += 1;
        if (at === chunk.length) this.#keep(chunk.subarray(from, at));
      } else {
        this.#token(chunk[at] ?? 0);
        at += 1;
      }
    }
    if (!this.#isInString) this.#out.push(chunk.subarray(from));
    return this.#taken();
  }

  end(): Buffer {
    if (this.#isInString) this.#endString(Buffer.alloc(0));
    return this.#taken();
  }

  #taken(): Buffer {
    const out = this.#out;
    this.#out = [];
    return out.length === 1 ? (out[0] ?? Buffer.alloc(0)) : Buffer.concat(out);
  }

  #toEndOfString(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === QUOTE) {
        this.#isInString = false;
        return at + 1;
      }
    }
    return chunk.length;
  }

  #keep(bytes: Buffer): void {
    this.#literal.push(Buffer.from(bytes)); // a piece of a chunk must not keep the chunk
    this.#literalBytes += bytes.length;
    if (this.#literalBytes < MAX_STRING_BYTES || this.#isEscaped) return;
    const literal = Buffer.concat(this.#literal);
    this.#visit(literal, true);
    this.#out.push(literal);
    this.#isPart = true;
    this.#literal = [];
    this.#literalBytes = 0;
  }

  #endString(last: Buffer): void {
    const literal = this.#literal.length === 0 ? last : Buffer.concat([...this.#literal, last]);
    this.#literal = [];
    this.#literalBytes = 0;
    this.#isInString = this.#isEscaped = false;
    const frame = this.#frames[this.#depth - 1];
    if (frame?.isObject === true && frame.isName) {
      frame.key = valueOf(literal);
      frame.isName = false;
      this.#out.push(literal);
    } else {
      const replaced = this.#visit(literal, this.#isPart);
      this.#out.push(replaced === undefined ? literal : Buffer.from(JSON.stringify(replaced)));
    }
    this.#isPart = false;
  }

  #visit(literal: Buffer, isPart: boolean): string | undefined {
    const value = valueOf(literal);
    const replaced = this.#visitor.string(this.#path(), value, isPart);
    return isPart || replaced === value ? undefined : replaced;
  }

  #token(byte: number): void {
    switch (byte) {
      case 0x7b: // {
      case 0x5b: // [
        if (this.#depth < MAX_DEPTH) {
          const isObject = byte === 0x7b;
          this.#frames[this.#depth] = { isObject, key: isObject ? '' : 0, isName: isObject };
        }
        this.#depth += 1;
        return;
      case 0x7d: // }
      case 0x5d: // ]
        if (this.#depth > 0) this.#depth -= 1;
        this.#visitor.close?.(this.#path());
        return;
      case 0x2c: // ,
        this.#next();
    }
  }

  #next(): void {
    const frame = this.#depth > MAX_DEPTH ? undefined : this.#frames[this.#depth - 1];
    if (frame === undefined) return;
    if (frame.isObject) frame.isName = true;
    else if (typeof frame.key === 'number') frame.key += 1;
  }

  #path(): Path {
    const path: (string | number)[] = [];
    for (let i = 0; i < Math.min(this.#depth, MAX_DEPTH); i += 1) path.push(this.#frames[i]?.key ?? '');
    return path;
  }
}

/** Of a literal with or without its quotes; of one that no parser takes, its text as it stands. */
function valueOf(literal: Buffer): string {
  const text = literal.toString('utf8');
  const from = text.startsWith('"') ? 1 : 0;
  const to = text.length > from && text.endsWith('"') ? text.length - 1 : text.length;
  const inner = text.slice(from, to);
  if (!inner.includes('\\')) return inner;
  try {
    return String(JSON.parse(`"${inner}"`));
  } catch {
    return inner;
  }
}

/** Every string of a value that was parsed, with the path to it. */
export function visitStrings(
  value: unknown,
  visit: (path: Path, text: string) => void,
  path: Path = [],
): void {
  if (typeof value === 'string') visit(path, value);
  else if (typeof value === 'object' && value !== null && path.length < MAX_DEPTH) {
    const isArray = Array.isArray(value);
    for (const [key, member] of Object.entries(value)) {
      visitStrings(member, visit, [...path, isArray ? Number(key) : key]);
    }
  }
}
