// What can not be the beginning of a mark, told from the few characters around it: most colons and brackets are none, and
// patterns take long to say so.
import { isAlphanumeric, isLetter, type Units } from './units.ts';

const COLON = 0x3a;
const AT = 0x40;
const SLASH = 0x2f;
/** From here on something unseen may stand within an address. */
const FIRST_UNSEEN = 0x200b;
const FULL_WIDTH_BAR = 0xff5c;

/** The last three letters of all words that a line can begin with which is somebody's turn. */
const TURN_ENDINGS: ReadonlySet<number> = new Set(
  'tem per min tor mpt age ion ons ote ide ice ate and ert log nse man ser ant'
    .split(' ')
    .map((letters) => endingOf(letters.charCodeAt(0), letters.charCodeAt(1), letters.charCodeAt(2))),
);
/** What may stand between such a word and its colon. */
const CLOSERS = signs('*])>"\'`');
/** What such a line may have before its word is looked at elsewhere: this much of a text has to be there to judge. */
const MOST_CLOSERS = 8;
const AFTER_ANGLE = signs('|</sdaiutfe');
const AFTER_BRACKET = signs('/#isatbend');
const IN_NAMES = signs('_.+-');

/** Whether the mark at `at` is worth looking at. */
export function mayBeMark(units: Units, at: number): boolean {
  const next = units[at + 1] ?? 0;
  switch (units[at]) {
    case COLON:
      return next === SLASH || next >= FIRST_UNSEEN || mayEndTurn(units, at);
    case 0x3c: // <
      return next === FULL_WIDTH_BAR || isOneOf(AFTER_ANGLE, next | (isLetter(next) ? 32 : 0));
    case 0x5b: // [
      return isOneOf(AFTER_BRACKET, next | (isLetter(next) ? 32 : 0));
    case 0x5d: // ]
      return next === 0x28;
    case AT:
      return at > 0 && isInName(units[at - 1] ?? 0) && (isAlphanumeric(next) || next === 0x2d);
    default:
      return false;
  }
}

function mayEndTurn(units: Units, colon: number): boolean {
  let at = colon - 1;
  while (at >= 0 && isCloser(units[at] ?? 0)) at -= 1;
  if (at < 2 || colon - at > MOST_CLOSERS) return true;
  const last = (units[at] ?? 0) | 32;
  const before = (units[at - 1] ?? 0) | 32;
  if (last === 0x69) return before === 0x61; // ai
  return TURN_ENDINGS.has(endingOf((units[at - 2] ?? 0) | 32, before, last));
}

function endingOf(first: number, second: number, third: number): number {
  return (first << 16) ^ (second << 8) ^ third;
}

function isCloser(code: number): boolean {
  return (
    code <= 0x20 ||
    code === 0xa0 ||
    isOneOf(CLOSERS, code) ||
    (code >= 0x1680 && code <= 0x3000) ||
    code === 0xfeff
  );
}

function isInName(code: number): boolean {
  return isAlphanumeric(code) || isOneOf(IN_NAMES, code);
}

function isOneOf(table: Uint8Array, code: number): boolean {
  return code < 128 && table[code] === 1;
}

function signs(text: string): Uint8Array {
  const table = new Uint8Array(128);
  for (const one of text) table[one.charCodeAt(0)] = 1;
  return table;
}
