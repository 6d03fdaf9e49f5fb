// One character written as an escape: `%6f`, `&#111;`, `&#x6f;`, `\u006f`, `\x6f`, `\n`; also escaped twice, as `%256f` and
// `&amp;#111;` are.

/** The character that an escape at `at` stands for and the length of the escape; undefined: there is none. */
export interface Escape {
  readonly point: number;
  readonly length: number;
}

const PERCENT = 0x25;
const AMPERSAND = 0x26;
const BACKSLASH = 0x5c;
/** Text is escaped four times over at most: a run of them without an end must not be walked along from each of them. */
const MOST_BACKSLASHES = 16;

export function escapeAt(text: string, at: number): Escape | undefined {
  const code = text.charCodeAt(at);
  if (code === PERCENT) return percentAt(text, at);
  if (code === AMPERSAND) return entityAt(text, at);
  return code === BACKSLASH ? backslashAt(text, at) : undefined;
}

function percentAt(text: string, at: number): Escape | undefined {
  let from = at + 1;
  while (text.startsWith('25', from) && hex(text, from + 2, 2) !== undefined) from += 2;
  const first = hex(text, from, 2);
  if (first === undefined) return undefined;
  const more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
  if (more === 0) return { point: first, length: from + 2 - at };
  let point = first & (0x3f >> more);
  let end = from + 2;
  for (let i = 0; i < more; i += 1) {
    const next = text.charCodeAt(end) === PERCENT ? hex(text, end + 1, 2) : undefined;
    if (next === undefined || (next & 0xc0) !== 0x80) return undefined;
    point = (point << 6) | (next & 0x3f);
    end += 3;
  }
  return isCharacter(point) ? { point, length: end - at } : undefined;
}

function entityAt(text: string, at: number): Escape | undefined {
  let from = at + 1;
  while (text.startsWith('amp;', from)) from += 4;
  if (text[from] !== '#') return undefined;
  const found = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}));?/i.exec(text.slice(from, from + 10));
  if (found === null) return undefined;
  const [whole, hexadecimal, decimal = ''] = found;
  const point = hexadecimal === undefined ? Number(decimal) : Number.parseInt(hexadecimal, 16);
  return isCharacter(point) ? { point, length: from + whole.length - at } : undefined;
}

function backslashAt(text: string, at: number): Escape | undefined {
  let from = at + 1;
  while (text.charCodeAt(from) === BACKSLASH && from <= at + MOST_BACKSLASHES) from += 1;
  // Of text within text: a line's end, and not a letter that the next word would begin with.
  if (text[from] === 'n' || text[from] === 't' || text[from] === 'r')
    return { point: 10, length: from + 1 - at };
  const digits = text[from] === 'u' ? 4 : text[from] === 'x' ? 2 : 0;
  const point = digits === 0 ? undefined : hex(text, from + 1, digits);
  return point === undefined || !isCharacter(point) ? undefined : { point, length: from + 1 + digits - at };
}

/** The number that `count` hexadecimal digits from `at` on are. */
function hex(text: string, at: number, count: number): number | undefined {
  let value = 0;
  for (let i = at; i < at + count; i += 1) {
    const code = text.charCodeAt(i);
    const digit =
      code >= 48 && code <= 57 ? code - 48 : (code | 32) >= 97 && (code | 32) <= 102 ? (code | 32) - 87 : -1;
    if (digit < 0) return undefined;
    value = value * 16 + digit;
  }
  return value;
}

function isCharacter(point: number): boolean {
  return point > 0 && point <= 0x10_ffff && (point < 0xd800 || point > 0xdfff);
}
