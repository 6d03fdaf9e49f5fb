// Work on long texts in steps, between which everything else of the process has its turn.

/** Runs as far as the next `yield`; whoever drives it may let others in there. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** A longer text is looked at in steps, about so much of it in each. */
export const PIECE_BYTES = 64 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

export function isLong(text: Buffer): boolean {
  return text.length > PIECE_BYTES;
}

/** What comes at once or in steps, in steps. */
export function* settled<T extends Buffer | undefined>(work: T | Steps<T>): Steps<T> {
  return work === undefined || Buffer.isBuffer(work) ? work : yield* work;
}

/** A text cut anywhere. */
export function* piecesOf(text: Buffer): Generator<Buffer> {
  for (let at = 0; at < text.length; at += PIECE_BYTES) yield text.subarray(at, at + PIECE_BYTES);
}

/** JSON cut outside of its strings: a piece is as long as the strings in it need. */
export function* jsonPiecesOf(text: Buffer): Generator<Buffer> {
  let from = 0;
  for (let at = 0; at < text.length; ) {
    const quote = text.indexOf(QUOTE, at);
    const end = quote === -1 ? text.length : stringEnd(text, quote + 1);
    // Between two strings may be much that is none.
    for (const before = quote === -1 ? end : quote; before - from > PIECE_BYTES; from += PIECE_BYTES) {
      yield text.subarray(from, from + PIECE_BYTES);
    }
    if (end - from >= PIECE_BYTES) {
      yield text.subarray(from, end);
      from = end;
    }
    at = end;
  }
  if (from < text.length) yield text.subarray(from);
}

/** Behind the quote that ends a string. */
function stringEnd(text: Buffer, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const byte = text[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at += 1;
  }
  return text.length;
}

interface Scan {
  push(chunk: Buffer): Buffer;
  end(): Buffer;
}

/** What a scan that keeps lengths makes of a whole text, and how much of the end was undecided until the text was over. */
export function* scannedInSteps(
  scan: Scan,
  text: Buffer,
): Steps<{ readonly bytes: Buffer; readonly undecided: number }> {
  const bytes = Buffer.allocUnsafe(text.length);
  let decided = 0;
  for (const piece of piecesOf(text)) {
    yield;
    decided += scan.push(piece).copy(bytes, decided);
  }
  const length = decided + scan.end().copy(bytes, decided);
  return { bytes: bytes.subarray(0, length), undecided: text.length - decided };
}
