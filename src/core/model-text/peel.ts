// Text packed into letters: base64, base64url and hexadecimal digits. What does not open into readable text is left alone.
import { isAlphanumeric } from './units.ts';

/** Shorter packings hold no phrase. */
const MIN_PACKED = 16;
const MAX_PACKED = 8 * 1024;
const HEX = /^(?:0x)?(?:[0-9a-f]{2})+$/i;
const PARTED = /[=/](?=[A-Za-z0-9])/;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;
/** Bytes looked at before all of it is made a text. */
const PROBE_BYTES = 16;
/** Letters of base64 that are looked at before all of it is opened, none of them among the last: they tell ids from text. */
const PROBE_LETTERS = 12;
const SIX_BITS = sixBits();
/** What letters of packed text are, as bits: most questions are answered by what there is none of. */
const ALPHANUMERIC = 1;
const SIGN = 2;
const SLASH = 4;
const EQUALS = 8;
const KINDS = kindsOfLetters();
/** Memory for what is opened, until it is a text. */
const ROOM = Buffer.alloc(MAX_PACKED);
const UNREADABLE = /[^\t\n\r\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffc\u{10000}-\u{10ffff}]/u;

export interface Packed {
  /** Where it ends in the text. */
  readonly end: number;
  /** Undefined: nothing to read. */
  readonly text: string | undefined;
}

/** The packed text around `at`, if there is some. */
export function unpackAt(text: string, at: number): Packed {
  let kinds = 0;
  let start = at;
  for (; start > 0 && at - start < MAX_PACKED; start -= 1) {
    const kind = kindOf(text.charCodeAt(start - 1));
    if (kind === 0) break;
    kinds |= kind;
  }
  let end = at;
  for (; end < text.length; end += 1) {
    const kind = kindOf(text.charCodeAt(end));
    if (kind === 0) break;
    kinds |= kind;
  }
  if (end - start < MIN_PACKED) return { end, text: undefined };
  return { end, text: unpack(text.slice(start, Math.min(end, start + MAX_PACKED)), kinds) };
}

/** `kinds`: of all the letters in it, and behind it where it was cut. */
function unpack(run: string, kinds: number): string | undefined {
  const mayBeHex = (kinds & ~ALPHANUMERIC) === 0 || run.length === MAX_PACKED; // which may be cut before the others
  if (mayBeHex && run.length >= 2 * MIN_PACKED && HEX.test(run))
    return readable(ROOM.write(run.replace(/^0x/i, ''), 'hex'));
  // A word before it, as in `data=aWdub3Jl` or `text/aWdub3Jl`, is no part of it.
  const isParted = (kinds & (SLASH | EQUALS)) !== 0 && PARTED.test(run);
  const parts = isParted ? [run, ...run.split(PARTED)] : [run];
  const isSure = (kinds & EQUALS) === 0;
  const longest = parts.filter(
    (part) => part.length >= MIN_PACKED && mayOpen(part) && (isSure || BASE64.test(part)),
  );
  for (const part of longest.slice(0, 4)) {
    const found = readable(ROOM.write(part.slice(0, MAX_PACKED), 'base64'));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether what the first letters hold may begin a text: no control characters, and UTF-8 (RFC 3629 §3) as far as it goes. */
function mayOpen(packed: string): boolean {
  let bits = 0;
  let kept = 0;
  /** Bytes of a character that are still to come. */
  let open = 0;
  for (let at = 0; at < PROBE_LETTERS; at += 1) {
    bits = ((bits << 6) | (SIX_BITS[packed.charCodeAt(at) & 0x7f] ?? 0)) & 0xfff;
    kept += 6;
    if (kept < 8) continue;
    kept -= 8;
    const byte = (bits >> kept) & 0xff;
    if (open > 0) {
      if (byte >> 6 !== 0b10) return false;
      open -= 1;
    } else if (byte < 0x80) {
      if (isControl(byte)) return false;
    } else if (byte < 0xc2 || byte > 0xf4) return false;
    else open = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
  }
  return true;
}

function isControl(byte: number): boolean {
  return byte < 9 || (byte > 13 && byte < 32) || byte === 127;
}

/** By letter of base64 or base64url (RFC 4648 §4, §5). */
function sixBits(): Uint8Array {
  const table = new Uint8Array(128);
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  for (let at = 0; at < letters.length; at += 1) table[letters.charCodeAt(at)] = at;
  table[0x2d] = 62;
  table[0x5f] = 63;
  return table;
}

/** So many bytes as text, where they are that: what was cut in the middle of a character may end with half of one. */
function readable(length: number): string | undefined {
  for (let at = 0; at < Math.min(length, PROBE_BYTES); at += 1) {
    if (isControl(ROOM[at] ?? 0)) return undefined;
  }
  const text = ROOM.toString('utf8', 0, length).replace(/\ufffd$/, '');
  return UNREADABLE.test(text) ? undefined : text;
}

/** Of a letter that packed text can have; 0: it is none. */
function kindOf(code: number): number {
  return code < 128 ? (KINDS[code] ?? 0) : 0;
}

function kindsOfLetters(): Uint8Array {
  const kinds = new Uint8Array(128);
  for (let code = 0; code < 128; code += 1) if (isAlphanumeric(code)) kinds[code] = ALPHANUMERIC;
  for (const sign of '+-_') kinds[sign.charCodeAt(0)] = SIGN;
  kinds[0x2f] = SLASH;
  kinds[0x3d] = EQUALS;
  return kinds;
}
