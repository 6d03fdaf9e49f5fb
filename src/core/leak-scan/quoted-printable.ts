// Quoted-printable (RFC 2045 §6.7), as an echo is read through it: `=41`, and a line's end behind `=`, which only wraps.
import {
  byteSet,
  CUT_OFF,
  type Encoding,
  escapeOf,
  NO_ESCAPE,
  NOT_HEX,
  NOTHING,
  readHex,
  UNFINISHED,
} from './encodings.ts';

const EQUALS = 0x3d;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
/** White space that a transport may have put behind the sign. */
const MOST_PADDING = 8;

export const quotedPrintableEncoding: Encoding = {
  view: 'quoted-printable',
  trigger: EQUALS,
  otherTrigger: EQUALS,
  begins: byteSet(EQUALS),
  isUtf8: false,
  readEscape(source, at) {
    const byte = readHex(source, at + 1, 2);
    if (byte === CUT_OFF) return UNFINISHED;
    return byte === NOT_HEX ? readSoftBreak(source, at) : escapeOf(3, byte);
  },
};

function readSoftBreak(source: Buffer, at: number): number {
  let end = at + 1;
  while (end <= at + MOST_PADDING && (source[end] === SPACE || source[end] === TAB)) end++;
  if (source[end] === RETURN) end++;
  if (end === source.length) return UNFINISHED;
  return source[end] === LINE_FEED ? escapeOf(end + 1 - at, NOTHING) : NO_ESCAPE;
}
