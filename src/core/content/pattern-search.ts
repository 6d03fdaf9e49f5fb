// Looks for an own pattern. One machine reads the text until a match ends; a second one, backwards, says where it began, and
// a third how far it goes.
import { Automaton, DEAD, UNKNOWN } from './automaton.ts';
import { parsePattern, PatternError } from './pattern-syntax.ts';
import { isLetterOrDigit, wholeCharacter } from './segments.ts';
import { type Match, type SearchedText, type TextSearch, WINDOW_BYTES } from './text-search.ts';

export class PatternSearch implements TextSearch {
  readonly #rule: string;
  readonly #isWordStart: boolean;
  readonly #isWordEnd: boolean;
  /** Says that a match ends. */
  readonly #finder: Automaton;
  /** Says where it begins. */
  readonly #backward: Automaton;
  /** Says how far it goes. */
  readonly #forward: Automaton;

  /** Throws a `PatternError`. */
  constructor(rule: string, pattern: string) {
    const { node, isWordStart, isWordEnd } = parsePattern(pattern);
    this.#rule = rule;
    this.#isWordStart = isWordStart;
    this.#isWordEnd = isWordEnd;
    this.#finder = new Automaton(node, { isUnanchored: true });
    this.#backward = new Automaton(node, { isReversed: true });
    this.#forward = new Automaton(node);
  }

  search(text: SearchedText, from: number, found: (match: Match) => void): number {
    let start = from;
    for (;;) {
      const { end, idle } = this.#find(text, start);
      if (end === undefined) {
        if (idle + WINDOW_BYTES > text.length) return text.isLast ? text.length : idle;
        start = wholeCharacter(text.bytes, idle + WINDOW_BYTES / 2); // a match this long is none
        continue;
      }
      const first = this.#beginningOf(text, idle, end);
      const last = this.#endOf(text, first);
      if (last === undefined) return first;
      if (this.#isBounded(text, first, last)) {
        found({ rule: this.#rule, start: first, end: last, keptFrom: last, isGrouped: false });
        start = last;
      } else {
        start = first + 1;
      }
    }
  }

  /** Where the first match ends, and behind which place it begins. */
  #find({ bytes, length }: SearchedText, from: number): { end: number | undefined; idle: number } {
    const machine = this.#finder;
    const { start } = machine;
    let { table } = machine;
    let idle = from;
    let state = start;
    for (let at = from; at < length; at++) {
      const byte = bytes[at] ?? 0;
      const next = table[(state << 8) | byte] ?? UNKNOWN;
      state = next === UNKNOWN ? machine.explore(state, byte) : next;
      if (next === UNKNOWN) ({ table } = machine);
      if (state === start) idle = at + 1;
      else if (machine.isAccepting(state)) return { end: at + 1, idle };
      else if (at + 1 - idle >= WINDOW_BYTES) break;
    }
    return { end: undefined, idle };
  }

  #beginningOf({ bytes }: SearchedText, from: number, end: number): number {
    let state = this.#backward.start;
    let first = end;
    for (let at = end - 1; at >= from && state !== DEAD; at--) {
      state = this.#backward.step(state, bytes[at] ?? 0);
      if (this.#backward.isAccepting(state)) first = at;
    }
    return first;
  }

  /** Undefined: more text may make it longer, or end the word. */
  #endOf({ bytes, length, isLast }: SearchedText, first: number): number | undefined {
    const most = first + WINDOW_BYTES / 2;
    let state = this.#forward.start;
    let last = first;
    for (let at = first; at < Math.min(length, most); at++) {
      state = this.#forward.step(state, bytes[at] ?? 0);
      if (this.#forward.isAccepting(state)) last = at + 1;
      if (state === DEAD) return last;
    }
    if (isLast || (length > most && last < length)) return last;
    return undefined;
  }

  #isBounded({ bytes, length }: SearchedText, first: number, last: number): boolean {
    const isCut = (at: number) => at > 0 && at < length && isWord(bytes[at - 1]) && isWord(bytes[at]);
    return !(this.#isWordStart && isCut(first)) && !(this.#isWordEnd && isCut(last));
  }
}

function isWord(byte: number | undefined): boolean {
  return byte === 0x5f || isLetterOrDigit(byte);
}

/** Why a pattern can not be searched for; undefined when it can. */
export function patternTrouble(pattern: string): string | undefined {
  try {
    void new PatternSearch('', pattern);
    return undefined;
  } catch (error) {
    if (error instanceof PatternError) return error.message;
    throw error;
  }
}
