// One file searched for keys, piece by piece: of any size, and binary ones too, for databases and bundles hold keys as well.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { type KeyHit, type KeySearch, LONGEST_HIT } from './key-search.ts';

export interface Finding extends Omit<KeyHit, 'end'> {
  readonly path: string;
  /** From 1; of a binary file there are none. */
  readonly line: number | undefined;
}

const PIECE_BYTES = 1024 * 1024;
/** What is searched again with the next piece: a hit, and what stands around it. */
const OVERLAP = 2 * LONGEST_HIT;
const LINE_FEED = 10;

/** Undefined: it can not be read. `onRead` is told the bytes of each piece. */
export async function scanFile(
  path: string,
  search: KeySearch,
  onRead: (bytes: number) => void,
): Promise<Finding[] | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => undefined,
  );
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    const buffer = Buffer.allocUnsafe(Math.min(PIECE_BYTES, size + 1) + OVERLAP);
    const reader = createReader(path, search);
    let kept = 0;
    while (true) {
      const { bytesRead } = await file.read(buffer, kept, buffer.length - kept);
      onRead(bytesRead);
      const isLast = bytesRead === 0;
      const length = kept + bytesRead;
      kept = reader.take(buffer.subarray(0, length), isLast);
      if (isLast) return reader.findings;
      buffer.copyWithin(0, length - kept, length);
    }
  } catch {
    return undefined;
  } finally {
    await file.close();
  }
}

interface Reader {
  readonly findings: Finding[];
  /** Searches a piece; the answer is how many of its last bytes are to come first in the next one. */
  take(piece: Buffer, isLast: boolean): number;
}

function createReader(path: string, search: KeySearch): Reader {
  const findings: Finding[] = [];
  let lines = 0;
  /** Where the piece begins in the file. */
  let base = 0;
  let isFirst = true;
  let isBinary = false;
  let isWide = false;
  /** Bytes at the start of a piece that were searched with the one before. */
  let searched = 0;
  return {
    findings,
    take: (piece, isLast) => {
      if (isFirst) {
        isWide = /^(?:\u00ff\u00fe|\u00fe\u00ff)/.test(piece.toString('latin1', 0, 2));
        isBinary = !isWide && piece.subarray(0, 8192).includes(0);
        isFirst = false;
      }
      const end = isLast ? piece.length : Math.max(searched, piece.length - LONGEST_HIT);
      // UTF-16 without its zero bytes is Latin-1, as far as keys go.
      const whole = piece.toString('latin1');
      const text = isWide ? whole.replaceAll('\0', '') : whole;
      const [from, to] = isWide ? [shrunk(whole, searched), shrunk(whole, end)] : [searched, end];
      const lineOf = isBinary ? () => undefined : lineReader(piece, text, { from, lines, isWide });
      for (const hit of search.find(text, from)) {
        if (hit.at >= to) continue;
        const { kind, services, masked } = hit;
        const at = base + (isWide ? 2 * hit.at : hit.at);
        findings.push({ at, kind, services, masked, path, line: lineOf(hit.at) });
      }
      lines += countLines(piece, searched, end);
      const kept = Math.min(piece.length, piece.length - end + LONGEST_HIT);
      searched = kept - (piece.length - end);
      base += piece.length - kept;
      return isLast ? 0 : kept;
    },
  };
}

/** Length of the text before an offset once its zero bytes are gone. */
function shrunk(text: string, offset: number): number {
  return text.slice(0, offset).replaceAll('\0', '').length;
}

/** Lines of rising offsets, counted on from where the piece was searched to. */
function lineReader(
  piece: Buffer,
  text: string,
  { from, lines, isWide }: { readonly from: number; readonly lines: number; readonly isWide: boolean },
): (at: number) => number {
  const bytes = isWide ? Buffer.from(text, 'latin1') : piece;
  let at = from;
  let line = lines + 1;
  return (offset) => {
    line += countLines(bytes, at, offset);
    at = offset;
    return line;
  };
}

function countLines(bytes: Buffer, from: number, to: number): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED, from); at !== -1 && at < to; at = bytes.indexOf(LINE_FEED, at + 1))
    count += 1;
  return count;
}
