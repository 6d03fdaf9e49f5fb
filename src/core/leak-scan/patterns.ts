// The literal byte patterns one secret value can be echoed as: itself, in UTF-16, hex, and base64 at its three alignments.
// Derived byte by byte, never through strings: strings cannot be wiped.
import { looksRandom } from './looks-random.ts';
import { utf16Of } from './utf16.ts';

export interface ScanTarget {
  /** Secret version id, or a label. */
  readonly id: string;
  readonly value: Buffer;
  /** Leading bytes that everybody may know, as `sk-proj-`: never secret by themselves. */
  readonly publicPrefixLength?: number;
  /**
   * Look for fragments of ten bytes too (default no). Only done for values of at least 16 bytes that look random;
   * ask for it only where the bytes behind the public prefix are all secret.
   */
  readonly fragments?: boolean;
  /** Only an echo where no longer word holds it (default no): see `isGuessable`. */
  readonly isToken?: boolean;
}

/** What a value is echoed as. */
export type View =
  | 'raw'
  | 'fragment'
  | 'percent'
  | 'json'
  | 'html'
  | 'quoted-printable'
  | 'base64'
  | 'wrapped'
  | 'hex'
  | 'utf16';

export interface Pattern {
  readonly targetId: string;
  /** `fragment` patterns match in any run of at least FRAGMENT_LENGTH of their bytes, the others only whole. */
  readonly view: View;
  readonly bytes: Buffer;
  /** Leading bytes everybody may know: they never count towards hold-back. */
  readonly publicLength: number;
  /** Only an echo where nothing of a word stands before or behind it. */
  readonly isToken: boolean;
}

/** Nine bytes of a value may pass, ten may not. */
export const FRAGMENT_LENGTH = 10;
/** Fragments of shorter values would be most of the value's own text. */
const FRAGMENT_VALUE_LENGTH = 16;
/** Hex and base64 of shorter values are so short that they stand in ordinary text. */
const ENCODED_VALUE_LENGTH = 4;
const ENCODED_PATTERN_LENGTH = 4;

const LETTERS_AND_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const BASE64 = Buffer.from(`${LETTERS_AND_DIGITS}+/`);
const BASE64URL = Buffer.from(`${LETTERS_AND_DIGITS}-_`);
const HEX_LOWER = Buffer.from('0123456789abcdef');
const HEX_UPPER = Buffer.from('0123456789ABCDEF');

/** Every pattern of one target, without duplicates; an empty value has none. */
export function patternsOf(target: ScanTarget): Pattern[] {
  const { id: targetId, value } = target;
  if (value.length === 0) return [];
  const publicLength = clampPublic(target.publicPrefixLength ?? 0, value.length);
  const isToken = target.isToken === true;
  const patterns: Pattern[] = [{ targetId, view: 'raw', bytes: Buffer.from(value), publicLength, isToken }];
  const add = (view: Pattern['view'], bytes: Buffer, known: number): void => {
    if (patterns.some((other) => other.bytes.equals(bytes))) return;
    patterns.push({ targetId, view, bytes, publicLength: clampPublic(known, bytes.length), isToken });
  };
  if (value.some((byte) => byte >= 0x80)) {
    // A header read as Latin-1 and written as UTF-8, as many servers do.
    add('raw', latin1AsUtf8(value), latin1AsUtf8(value.subarray(0, publicLength)).length);
  }
  if (value.length >= ENCODED_VALUE_LENGTH) {
    for (const digits of [HEX_LOWER, HEX_UPPER]) add('hex', toHex(value, digits), publicLength * 2);
    if (isToken) addWholeBase64(value, add);
    else addEncoded(value, publicLength, add);
  }
  const secretPart = value.subarray(publicLength);
  if (
    target.fragments === true &&
    value.length >= FRAGMENT_VALUE_LENGTH &&
    secretPart.length >= FRAGMENT_LENGTH &&
    looksRandom(secretPart)
  ) {
    patterns.push({
      targetId,
      view: 'fragment',
      bytes: Buffer.from(secretPart),
      publicLength: 0,
      isToken: false,
    });
  }
  return patterns;
}

type Add = (view: View, bytes: Buffer, known: number) => void;

function addEncoded(value: Buffer, publicLength: number, add: Add): void {
  for (const alphabet of [BASE64, BASE64URL]) {
    for (const alignment of [0, 1, 2]) {
      const core = toBase64Core(value, alignment, alphabet);
      if (core.length < ENCODED_PATTERN_LENGTH) continue;
      add('base64', core, toBase64Core(value.subarray(0, publicLength), alignment, alphabet).length);
    }
  }
  for (const wide of utf16Of(value)) add('utf16', wide, publicLength * 2);
}

/** Of a value that is an ordinary word, base64 is only told from that of longer texts when it stands alone. */
function addWholeBase64(value: Buffer, add: Add): void {
  const padded = Buffer.concat([value, Buffer.alloc(1)]);
  const length = Math.ceil((value.length * 8) / 6);
  for (const alphabet of [BASE64, BASE64URL]) {
    add('base64', toBase64Core(padded, 0, alphabet).subarray(0, length), 0);
  }
}

/** Four bytes at least stay secret, so that hold-back has something to begin at. */
function clampPublic(publicLength: number, length: number): number {
  return Math.max(0, Math.min(publicLength, length - 4));
}

function latin1AsUtf8(value: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(value.length * 2);
  let length = 0;
  for (const byte of value) {
    if (byte >= 0x80) {
      bytes[length++] = 0xc0 | (byte >> 6);
      bytes[length++] = 0x80 | (byte & 0x3f);
    } else {
      bytes[length++] = byte;
    }
  }
  return bytes.subarray(0, length);
}

function toHex(value: Uint8Array, digits: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(value.length * 2);
  let length = 0;
  for (const byte of value) {
    bytes[length++] = digits[byte >> 4] ?? 0;
    bytes[length++] = digits[byte & 15] ?? 0;
  }
  return bytes;
}

/**
 * The characters that depend on the value alone when `alignment` (0, 1 or 2) bytes of something else stand
 * before it in its group of three: the first and last character may share bits with a neighbour and are left out.
 */
function toBase64Core(value: Uint8Array, alignment: number, alphabet: Buffer): Buffer {
  const first = Math.ceil((8 * alignment) / 6);
  const end = Math.floor((8 * (alignment + value.length)) / 6);
  const bytes = Buffer.allocUnsafe(Math.max(0, end - first));
  for (let index = first; index < end; index++) {
    const bit = 6 * index - 8 * alignment;
    const at = bit >> 3;
    const pair = ((value[at] ?? 0) << 8) | (value[at + 1] ?? 0);
    bytes[index - first] = alphabet[(pair >> (10 - (bit & 7))) & 63] ?? 0;
  }
  return bytes;
}
