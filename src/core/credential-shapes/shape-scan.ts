// Looks for credentials of a known shape in a body, piece by piece. The beginning of a key is public and never waits; of
// what follows it, exactly what is undecided does, and only where it would be masked or the body cut.
import type { ShapeTable } from './shape-table.ts';

const MASKED = 0x2a; // '*'
const NOTHING = Buffer.alloc(0);

interface ShapeScanOptions {
  /** Masks what is found; else it passes as it came, without waiting. */
  readonly isMasked: boolean;
  /** Called with the id of the shape, before anything of the credential has left; may throw to cut the body. */
  readonly onFound: (id: string) => void;
}

export class ShapeScan {
  readonly #table: ShapeTable;
  readonly #options: ShapeScanOptions;
  /** The latest bytes: what left and may still matter, then what is held. */
  #carried = NOTHING;
  #heldLength = 0;
  /** Beginnings before this place of the carried bytes are decided. */
  #resumeAt = 0;
  /** A beginning among the carried bytes waits for what follows it. */
  #isOpen = false;
  /** More of a credential whose length is open. */
  #goesOn: Uint8Array | undefined;

  constructor(table: ShapeTable, options: ShapeScanOptions) {
    this.#table = table;
    this.#options = options;
  }

  push(chunk: Buffer): Buffer {
    return this.#step(chunk, false);
  }

  end(): Buffer {
    return this.#isOpen || this.#heldLength > 0 ? this.#step(NOTHING, true) : NOTHING;
  }

  #step(chunk: Buffer, isLast: boolean): Buffer {
    const data = this.#carried.length === 0 ? chunk : Buffer.concat([this.#carried, chunk]);
    const left = this.#carried.length - this.#heldLength;
    const { masked, openAt, holdFrom } = this.#look(data, left, isLast);
    const sendTo = this.#options.isMasked ? Math.min(holdFrom, data.length) : data.length;
    const sent = this.#output(data, { chunk, left, sendTo, masked });
    const decided = Math.max(this.#resumeAt, data.length - this.#table.longestBeginning + 1);
    const resumeAt = Math.min(openAt, decided);
    this.#isOpen = openAt < data.length;
    const keepFrom = Math.max(0, Math.min(resumeAt - 1, sendTo)); // with the byte before, of which a beginning depends
    this.#carried = Buffer.from(data.subarray(keepFrom));
    this.#resumeAt = resumeAt - keepFrom;
    this.#heldLength = data.length - sendTo;
    return sent;
  }

  /** What to mask, where an undecided credential begins, and from where on its secret part waits. */
  #look(data: Buffer, left: number, isLast: boolean) {
    const masked: [from: number, to: number][] = [];
    let consumed = this.#resumeAt;
    if (this.#goesOn !== undefined) {
      const end = runEnd(data, left, this.#goesOn);
      masked.push([left, end]);
      if (end < data.length) this.#goesOn = undefined;
      consumed = Math.max(consumed, end);
    }
    for (const place of this.#table.find(data)) {
      if (place.start < consumed) continue;
      const verdict = this.#table.judge(data, place, isLast);
      if (verdict.kind === 'open') {
        this.#resumeAt = consumed;
        return { masked, openAt: place.start, holdFrom: verdict.secretFrom };
      }
      if (verdict.kind === 'none') continue;
      this.#options.onFound(verdict.id);
      const end = verdict.goesOn === undefined ? verdict.end : runEnd(data, verdict.end, verdict.goesOn);
      if (end === data.length) this.#goesOn = verdict.goesOn;
      masked.push([verdict.secretFrom, end]);
      consumed = end;
    }
    this.#resumeAt = consumed;
    return { masked, openAt: Number.POSITIVE_INFINITY, holdFrom: data.length };
  }

  #output(
    data: Buffer,
    step: {
      readonly chunk: Buffer;
      readonly left: number;
      readonly sendTo: number;
      readonly masked: readonly (readonly [from: number, to: number])[];
    },
  ): Buffer {
    const { chunk, left, sendTo, masked } = step;
    const isUntouched = !this.#options.isMasked || masked.length === 0;
    if (isUntouched && this.#heldLength === 0 && sendTo === data.length) return chunk;
    const bytes = Buffer.from(data.subarray(left, sendTo));
    if (!isUntouched) {
      for (const [from, to] of masked) bytes.fill(MASKED, Math.max(0, from - left), Math.max(0, to - left));
    }
    return bytes;
  }
}

function runEnd(data: Buffer, from: number, letters: Uint8Array): number {
  let end = from;
  while (end < data.length && letters[data[end] ?? 0] === 1) end++;
  return end;
}
