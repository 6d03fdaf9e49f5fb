// How a character may be written in another way: by the escapes of JSON, of forms and of markup; of addresses anywhere. More than one backslash or
// `%25` is read too: JSON in a JSON string, a form value that was encoded twice.

/** The bytes that escapes begin with, and which there are. */
export interface Writing {
  readonly kind: 'plain' | 'json' | 'form' | 'markup';
  readonly triggers: readonly number[];
  /** Not 0 for each byte that may not stand for itself: triggers, NUL and whatever is no ASCII. */
  readonly special: Uint8Array;
}

const BACKSLASH = 0x5c;
const PERCENT = 0x25;
const PLUS = 0x2b;
const AMPERSAND = 0x26;

/** `\u0040`, `\x40` and `%40`: code, and JSON that does not say so. */
const PLAIN = writing('plain', BACKSLASH, PERCENT);
const JSON_WRITING = writing('json', BACKSLASH, PERCENT);
const FORM = writing('form', PERCENT, PLUS);
const MARKUP = writing('markup', BACKSLASH, PERCENT, AMPERSAND);

function writing(kind: Writing['kind'], ...triggers: readonly number[]): Writing {
  const special = new Uint8Array(256).fill(1, 0x80);
  for (const byte of [0, ...triggers]) special[byte] = 1;
  return { kind, triggers, special };
}

/** By the media type of a body. */
export function writingOf(contentType: string): Writing {
  if (contentType === 'application/x-www-form-urlencoded') return FORM;
  if (/[/+](?:json|x-ndjson|json-seq|jsonl|event-stream)$/.test(contentType)) return JSON_WRITING;
  return /[/+](?:html|xml)$/.test(contentType) ? MARKUP : PLAIN;
}

export const NOT_AN_ESCAPE = -1;
export const UNFINISHED = -2;

const MOST_BACKSLASHES = 8;
const LONGEST_ENTITY = 10;
const ENTITIES: ReadonlyMap<string, number> = new Map([
  ['commat', 0x40],
  ['period', 0x2e],
  ['nbsp', 0xa0],
  ['hyphen', 0x2010],
  ['plus', 0x2b],
  ['sol', 0x2f],
]);
/** What a letter behind a backslash stands for in JSON: all of it ends what is looked for, but for the slash. */
const SHORT: ReadonlyMap<number, number> = new Map(
  Array.from('"bfnrt', (letter): [number, number] => [letter.charCodeAt(0), 0x0a]).concat([[0x2f, 0x2f]]),
);

/** The code point times 16 and the length of its escape, NOT_AN_ESCAPE or UNFINISHED. */
export function readEscape(source: Buffer, at: number, kind: Writing['kind']): number {
  const byte = source[at];
  if (byte === 0) return 1; // a byte of UTF-16
  if (byte === PLUS) return escapeOf(1, 0x20);
  if (byte === PERCENT) return readPercent(source, at);
  return byte === AMPERSAND ? readEntity(source, at) : readBackslash(source, at, kind === 'json');
}

function escapeOf(length: number, code: number): number {
  return length > 15 ? NOT_AN_ESCAPE : code * 16 + length;
}

function readBackslash(source: Buffer, at: number, isJson: boolean): number {
  let behind = at + 1;
  while (source[behind] === BACKSLASH && behind - at < MOST_BACKSLASHES) behind += 1;
  const letter = source[behind];
  if (letter === undefined) return UNFINISHED;
  const length = behind - at + 1;
  if (letter === 0x75) return hexEscape(source, behind + 1, 4, length);
  if (letter === 0x78 && !isJson) return hexEscape(source, behind + 1, 2, length);
  const meaning = isJson ? SHORT.get(letter) : undefined;
  return meaning === undefined ? NOT_AN_ESCAPE : escapeOf(length, meaning);
}

function readPercent(source: Buffer, at: number): number {
  let behind = at + 1;
  while (behind - at < 5 && source[behind] === 0x32 && source[behind + 1] === 0x35) behind += 2;
  const escape = hexEscape(source, behind, 2, behind - at);
  if (escape !== NOT_AN_ESCAPE || behind === at + 1) return escape;
  return hexEscape(source, at + 1, 2, 1); // `%25` that stands for itself
}

function hexEscape(source: Buffer, at: number, digits: number, before: number): number {
  let code = 0;
  for (let index = at; index < at + digits; index++) {
    const byte = source[index];
    if (byte === undefined) return UNFINISHED;
    const value = hexDigit(byte);
    if (value < 0) return NOT_AN_ESCAPE;
    code = code * 16 + value;
  }
  return escapeOf(before + digits, code);
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function readEntity(source: Buffer, at: number): number {
  let end = at + 1;
  while (end - at <= LONGEST_ENTITY && isOfEntity(source[end])) end += 1;
  if (end === source.length && end - at <= LONGEST_ENTITY) return UNFINISHED;
  if (source[end] !== 0x3b) return NOT_AN_ESCAPE;
  const name = source.toString('latin1', at + 1, end);
  const digits = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(name);
  const code =
    digits === null
      ? ENTITIES.get(name)
      : Number.parseInt(digits[1] ?? digits[2] ?? '', digits[1] === undefined ? 10 : 16);
  return code === undefined || code > 0x10ffff ? NOT_AN_ESCAPE : escapeOf(end - at + 1, code);
}

function isOfEntity(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const letter = byte | 0x20;
  return byte === 0x23 || (byte >= 0x30 && byte <= 0x39) || (letter >= 0x61 && letter <= 0x7a);
}
