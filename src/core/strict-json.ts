// JSON as a request may carry it: whatever two parsers could read in two ways is refused instead of guessed. Refusals
// never quote the text, which may hold a value.
import { Problem } from './problem.ts';

/** Deeper than any input of ours, shallow enough for every parser on the way. */
const MAX_DEPTH = 32;
const LONE_SURROGATE = /\p{Surrogate}/u;
const BYTE_ORDER_MARK = '\ufeff';

/**
 * The value of a JSON text (RFC 8259). Throws `invalid-request` on anything else, and on a byte order mark, on an object
 * that names a member twice, on halves of surrogate pairs and beyond `maxDepth` levels.
 */
export function parseStrictJson(text: string, maxDepth = MAX_DEPTH): unknown {
  if (text.startsWith(BYTE_ORDER_MARK)) {
    throw refusal('begins with a byte order mark: send the JSON without it');
  }
  const value = parse(text);
  checkTokens(text, maxDepth);
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw refusal('is not valid JSON'); // the parser's own message quotes the text
  }
}

/** Walks the tokens of a text that is known to be JSON. */
function checkTokens(text: string, maxDepth: number): void {
  /** The names seen in each open object; undefined for an open array. */
  const open: (Set<string> | undefined)[] = [];
  let isName = false;
  for (let at = 0; at < text.length; at += 1) {
    switch (text[at]) {
      case '{':
      case '[':
        isName = text[at] === '{';
        open.push(isName ? new Set() : undefined);
        if (open.length > maxDepth) throw refusal(`is nested deeper than ${maxDepth} levels`);
        break;
      case '}':
      case ']':
        open.pop();
        isName = false;
        break;
      case ',':
        isName = open.at(-1) !== undefined;
        break;
      case '"': {
        const end = endOfString(text, at);
        checkString(text.slice(at, end + 1), isName ? open.at(-1) : undefined);
        isName = false;
        at = end;
        break;
      }
    }
  }
}

/** Where the string that begins at `start` has its closing quote. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}

function checkString(literal: string, names: Set<string> | undefined): void {
  const hasEscapes = literal.includes('\\');
  if (names === undefined && !hasEscapes) return; // decoded UTF-8 holds no half of a pair
  const string = String(JSON.parse(literal));
  if (hasEscapes && LONE_SURROGATE.test(string)) throw refusal('holds half of a surrogate pair');
  if (names?.has(string) === true) throw refusal('names a member twice in one object');
  names?.add(string);
}

function refusal(what: string): Problem {
  return new Problem('invalid-request', { detail: `The body ${what}.` });
}
