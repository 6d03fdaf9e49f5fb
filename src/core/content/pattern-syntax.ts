// Own patterns, written as regular expressions: the part of the syntax whose search takes a time that grows with the text
// alone. No back references, no looking around, and no repetition without a limit on what it is made of.

/** What matches one byte; bytes above 0x7f occur only in whole UTF-8 characters. */
export type ByteSet = Uint8Array;

export type PatternNode =
  | { readonly kind: 'bytes'; readonly set: ByteSet }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly parts: readonly PatternNode[] }
  /** `most` is infinite for `*` and `+`. */
  | { readonly kind: 'repeat'; readonly part: PatternNode; readonly least: number; readonly most: number };

export interface ParsedPattern {
  readonly node: PatternNode;
  /** `\b` at its beginning and at its end. */
  readonly isWordStart: boolean;
  readonly isWordEnd: boolean;
}

/** Says in a sentence what is wrong with a pattern. */
export class PatternError extends Error {}

const MAX_PATTERN_LENGTH = 512;
const MAX_REPEATS = 256;
const MAX_DEPTH = 32;
const HIGH = { first: 0x80, last: 0xbf } as const;

/** Throws a `PatternError`. */
export function parsePattern(text: string): ParsedPattern {
  if (text.length > MAX_PATTERN_LENGTH) throw new PatternError('it is longer than 512 characters');
  const ignoresCase = text.startsWith('(?i)');
  let body = ignoresCase ? text.slice(4) : text;
  const isWordStart = body.startsWith('\\b');
  if (isWordStart) body = body.slice(2);
  const isWordEnd = /(?:^|[^\\])(?:\\\\)*\\b$/.test(body);
  if (isWordEnd) body = body.slice(0, -2);
  const parser = new Parser(body, ignoresCase);
  return { node: parser.parse(), isWordStart, isWordEnd };
}

class Parser {
  readonly #characters: readonly string[];
  readonly #ignoresCase: boolean;
  #at = 0;
  #depth = 0;

  constructor(text: string, ignoresCase: boolean) {
    this.#characters = Array.from(text);
    this.#ignoresCase = ignoresCase;
  }

  parse(): PatternNode {
    const node = this.#choice();
    if (this.#at < this.#characters.length) throw new PatternError('a ) closes nothing');
    return node;
  }

  #choice(): PatternNode {
    const parts = [this.#sequence()];
    while (this.#take('|')) parts.push(this.#sequence());
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'choice', parts };
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = [];
    for (;;) {
      const next = this.#characters[this.#at];
      if (next === undefined || next === '|' || next === ')') break;
      parts.push(this.#repeated(this.#atom()));
    }
    return { kind: 'sequence', parts };
  }

  #repeated(part: PatternNode): PatternNode {
    const range = this.#range();
    if (range === undefined) return part;
    if ('?+*{'.includes(this.#characters[this.#at] ?? ' ')) {
      throw new PatternError('a repetition can not be repeated, and every match is the longest');
    }
    return { kind: 'repeat', part, ...range };
  }

  #range(): { least: number; most: number } | undefined {
    if (this.#take('*')) return { least: 0, most: Number.POSITIVE_INFINITY };
    if (this.#take('+')) return { least: 1, most: Number.POSITIVE_INFINITY };
    if (this.#take('?')) return { least: 0, most: 1 };
    if (!this.#take('{')) return undefined;
    const end = this.#characters.indexOf('}', this.#at);
    const inside = end < 0 ? '' : this.#characters.slice(this.#at, end).join('');
    this.#at = end + 1;
    const [, first, comma, last] = /^(\d{1,3})(?:(,)(\d{0,3}))?$/.exec(inside) ?? [];
    if (first === undefined)
      throw new PatternError('a { begins no repetition such as {2,4}; write \\{ for the sign');
    const least = Number(first);
    const most = comma === undefined ? least : last === '' ? Number.POSITIVE_INFINITY : Number(last);
    if (most < least || Math.max(least, most === Number.POSITIVE_INFINITY ? 0 : most) > MAX_REPEATS) {
      throw new PatternError('a repetition counts upwards, to at most 256');
    }
    return { least, most };
  }

  #atom(): PatternNode {
    const character = this.#characters[this.#at++] ?? '';
    if (character === '(') return this.#group();
    if (character === '[') return this.#class();
    if (character === '.') return anyBut(bytesOf('\n'));
    if (character === '\\') return this.#escaped();
    if ('*+?{'.includes(character)) throw new PatternError(`a ${character} repeats nothing`);
    if ('^$'.includes(character))
      throw new PatternError('^ and $ are not offered: bodies have no lines; use \\b');
    return this.#literal(character);
  }

  #group(): PatternNode {
    if (this.#take('?') && !this.#take(':')) {
      throw new PatternError('of groups there are ( ) and (?: ), and (?i) at the beginning');
    }
    if (++this.#depth > MAX_DEPTH) throw new PatternError('its groups are nested too deeply');
    const node = this.#choice();
    if (!this.#take(')')) throw new PatternError('a ( is not closed');
    this.#depth -= 1;
    return node;
  }

  #escaped(): PatternNode {
    const character = this.#characters[this.#at++];
    if (character === undefined) throw new PatternError('it ends with a backslash');
    const set = namedSet(character.toLowerCase());
    if (set !== undefined) return character === character.toLowerCase() ? single(set) : anyBut(set);
    return this.#literal(escapedCharacter(character));
  }

  #class(): PatternNode {
    const isNegated = this.#take('^');
    const set = new Uint8Array(256);
    const others: PatternNode[] = [];
    for (let isFirst = true; isFirst || this.#characters[this.#at] !== ']'; isFirst = false) {
      const named = this.#namedInClass();
      if (named !== undefined) {
        join(set, named);
        continue;
      }
      const from = this.#classCharacter();
      const isRange = this.#characters[this.#at] === '-' && this.#characters[this.#at + 1] !== ']';
      if (isRange) this.#at += 1;
      const to = isRange ? this.#classCharacter() : from;
      if (isRange || from.length === 1) addRange(set, from, to);
      if (!isAscii(from)) others.push(this.#literal(from));
    }
    this.#at += 1;
    if (this.#ignoresCase) addOtherCase(set);
    if (!isNegated)
      return others.length === 0 ? single(set) : { kind: 'choice', parts: [single(set), ...others] };
    if (others.length > 0) throw new PatternError('a [^ ] can leave out ASCII characters only');
    return anyBut(set);
  }

  #namedInClass(): ByteSet | undefined {
    if (this.#characters[this.#at] !== '\\') return undefined;
    const name = this.#characters[this.#at + 1] ?? '';
    const set = namedSet(name);
    if (set !== undefined) this.#at += 2;
    else if (namedSet(name.toLowerCase()) !== undefined)
      throw new PatternError(`\\${name} can not stand in [ ]`);
    return set;
  }

  #classCharacter(): string {
    const character = this.#characters[this.#at++];
    if (character === undefined) throw new PatternError('a [ is not closed');
    if (character !== '\\') return character;
    const escaped = this.#characters[this.#at++];
    if (escaped === undefined) throw new PatternError('it ends with a backslash');
    return escapedCharacter(escaped);
  }

  #literal(character: string): PatternNode {
    if (isAscii(character)) {
      const set = bytesOf(character);
      if (this.#ignoresCase) addOtherCase(set);
      return single(set);
    }
    const parts = [...Buffer.from(character)].map((byte) => single(setOf(byte, byte)));
    return { kind: 'sequence', parts };
  }

  #take(character: string): boolean {
    if (this.#characters[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }
}

function escapedCharacter(character: string): string {
  const controls: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
  const control = controls[character];
  if (control !== undefined) return control;
  if (!/[A-Za-z0-9]/.test(character)) return character;
  throw new PatternError(
    character === 'b' ? '\\b stands only at the beginning and the end' : `\\${character} is not offered`,
  );
}

function isAscii(character: string): boolean {
  return character.charCodeAt(0) < 0x80;
}

function single(set: ByteSet): PatternNode {
  return { kind: 'bytes', set };
}

function setOf(first: number, last: number): ByteSet {
  return new Uint8Array(256).fill(1, first, last + 1);
}

function bytesOf(character: string): ByteSet {
  return setOf(character.charCodeAt(0), character.charCodeAt(0));
}

function namedSet(name: string): ByteSet | undefined {
  const set = new Uint8Array(256);
  if (name === 's') for (const byte of Buffer.from(' \t\n\r\f\v')) set[byte] = 1;
  else if (name === 'd' || name === 'w') set.fill(1, 0x30, 0x3a);
  else return undefined;
  if (name === 'w') set.fill(1, 0x41, 0x5b).fill(1, 0x61, 0x7b).fill(1, 0x5f, 0x60);
  return set;
}

function addRange(set: ByteSet, from: string, to: string): void {
  if (!isAscii(from) && from === to) return;
  if (!isAscii(from) || !isAscii(to))
    throw new PatternError('a range in [ ] goes over ASCII characters only');
  if (from > to) throw new PatternError(`the range ${from}-${to} runs backwards`);
  set.fill(1, from.charCodeAt(0), to.charCodeAt(0) + 1);
}

function join(set: ByteSet, other: ByteSet): void {
  for (let byte = 0; byte < 256; byte++) if (other[byte] === 1) set[byte] = 1;
}

function addOtherCase(set: ByteSet): void {
  for (let upper = 0x41; upper <= 0x5a; upper++) {
    const isIn = set[upper] === 1 || set[upper + 0x20] === 1;
    if (isIn) set[upper] = set[upper + 0x20] = 1;
  }
}

/** One character, of one byte or several, that is not in the set. */
function anyBut(set: ByteSet): PatternNode {
  const ascii = new Uint8Array(256);
  for (let byte = 0; byte < 0x80; byte++) ascii[byte] = set[byte] === 1 ? 0 : 1;
  const trail = single(setOf(HIGH.first, HIGH.last));
  const sequence = (first: number, last: number, trails: number): PatternNode => ({
    kind: 'sequence',
    parts: [single(setOf(first, last)), ...Array.from({ length: trails }, () => trail)],
  });
  return {
    kind: 'choice',
    parts: [single(ascii), sequence(0xc2, 0xdf, 1), sequence(0xe0, 0xef, 2), sequence(0xf0, 0xf4, 3)],
  };
}
