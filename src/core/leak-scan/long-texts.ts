// Echoes in a long text that is there as a whole, looked for in steps. A stream may let go of a few bytes of an echo before the
// piece comes that shows it for one; of a text nothing has left yet, so that an echo over a border is masked whole.
import type { Looked } from '../inspection/border-scan.ts';
import { PIECE_BYTES, scannedInSteps, type Steps } from '../inspection/steps.ts';
import type { LeakMatch } from './findings.ts';
import { createLeakScan, type ScanTable } from './scanner.ts';

/** Beside an echo: whether a word or an escape goes on there is asked of what stands there. */
const AROUND_BYTES = 64;

export function* leaksInSteps(
  table: ScanTable,
  text: Buffer,
  onMatch: (match: LeakMatch) => void,
): Steps<Looked> {
  const overBorders: LeakMatch[] = [];
  const scan = createLeakScan(table, (match) => {
    const last = match.offset + match.length - 1;
    if (Math.floor(match.offset / PIECE_BYTES) < Math.floor(last / PIECE_BYTES)) overBorders.push(match);
    onMatch(match);
  });
  const looked = yield* scannedInSteps(scan, text);
  for (const match of overBorders) maskAgain(table, { text, masked: looked.bytes }, match);
  return looked;
}

function maskAgain(
  table: ScanTable,
  { text, masked }: { readonly text: Buffer; readonly masked: Buffer },
  { offset, length }: LeakMatch,
): void {
  const from = Math.max(0, offset - AROUND_BYTES);
  const part = text.subarray(from, offset + length + AROUND_BYTES);
  const scan = createLeakScan(table, () => undefined);
  const whole = Buffer.concat([scan.push(part), scan.end()]);
  for (let at = offset; at < offset + length; at += 1) {
    const byte = whole[at - from] ?? 0;
    if (byte !== text[at]) masked[at] = byte;
  }
}
