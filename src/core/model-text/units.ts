// A text's code units in an array, which can be walked much faster than a string that was put together from others.

export type Units = Uint16Array<ArrayBuffer>;

/** No longer text is read at once. */
export const MAX_UNITS = 32 * 1024;
/** Shorter ones are copied faster unit by unit. */
const SHORT = 32;
const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Soft hyphens, and ASCII in full width. Other characters that are not seen are counted where words are read. */
const UNPLAIN = /\u00ad|[\uff01-\uff5e]/;
const UNPLAIN_ALL = new RegExp(UNPLAIN, 'g');
/** Of two units at once, what no ASCII has. */
const BEYOND_ASCII = 0xff80ff80;
const BEYOND_LATIN = 0xff00ff00;
const SOFT_HYPHEN = '\u00ad';

interface Room {
  readonly units: Units;
  readonly pairs: Uint32Array;
  readonly bytes: Buffer;
}

const rooms: Room[] = [];

/** A text with its units, which are good until the next one of the same depth: reading is only interrupted by deeper reading. */
export interface InUnits {
  readonly text: string;
  /** Ended by zeros. */
  readonly units: Units;
}

/** With plain signs for those of full width, and without soft hyphens within words and addresses. */
export function inUnits(text: string, depth: number): InUnits {
  const room = (rooms[depth] ??= newRoom());
  fill(room, text);
  const seen = allUnits(room, text.length);
  if ((seen & BEYOND_ASCII) === 0) return { text, units: room.units };
  const isUnplain = (seen & BEYOND_LATIN) === 0 ? text.includes(SOFT_HYPHEN) : UNPLAIN.test(text);
  if (!isUnplain) return { text, units: room.units };
  const plain = text.replace(UNPLAIN_ALL, (sign) => {
    const code = sign.charCodeAt(0);
    return code >= 0xff01 ? String.fromCharCode(code - 0xfee0) : '';
  });
  fill(room, plain);
  return { text: plain, units: room.units };
}

function fill({ units, bytes }: Room, text: string): void {
  const { length } = text;
  if (length > MAX_UNITS) throw new RangeError('too long a text to be read at once');
  if (length < SHORT || !IS_LITTLE_ENDIAN) {
    for (let at = 0; at < length; at += 1) units[at] = text.charCodeAt(at);
  } else bytes.write(text, 0, 'utf16le');
  units[length] = units[length + 1] = 0;
}

/** The bits of all of them, two at once. */
function allUnits({ pairs }: Room, length: number): number {
  let seen = 0;
  for (let at = 0; at * 2 < length; at += 1) seen |= pairs[at] ?? 0;
  return seen;
}

function newRoom(): Room {
  const units = new Uint16Array(MAX_UNITS + 2);
  return { units, pairs: new Uint32Array(units.buffer), bytes: Buffer.from(units.buffer) };
}

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

export function isAlphanumeric(code: number): boolean {
  return isDigit(code) || isLetter(code);
}

/** Of a to z. */
export function isLetter(code: number): boolean {
  return (code | 32) >= 97 && (code | 32) <= 122;
}
