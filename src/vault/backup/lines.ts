// Bytes in any pieces, as lines. The end of a line is one line feed, the last line included.
import { damaged } from './failure.ts';
import { MAX_LINE_BYTES } from './format.ts';

const LINE_FEED = 0x0a;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** As many lines at a time as a piece brings. */
export async function* linesOf(plain: AsyncIterable<Uint8Array>): AsyncGenerator<readonly string[]> {
  let pieces: Uint8Array[] = [];
  let pending = 0;
  for await (const piece of plain) {
    const end = piece.lastIndexOf(LINE_FEED);
    if (end === -1) {
      pending += piece.length;
      if (pending > MAX_LINE_BYTES) throw damaged('a line is too long');
      pieces.push(piece);
      continue;
    }
    const whole = Buffer.concat([...pieces, piece.subarray(0, end)]);
    pieces = [piece.subarray(end + 1)];
    pending = piece.length - end - 1;
    yield decode(whole).split('\n');
  }
  if (pending > 0) throw damaged('its last line is not whole');
}

function decode(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw damaged('it is not text inside', cause);
  }
}
